"""Results: how good a model is, in words first; then where it fails, with the pictures to see why."""

import streamlit as st

from pages.sections.evaluation import label_kinds, run_details, tabs
from pages.sections.evaluation.compare import comparison
from pages.sections.evaluation.explain import explanation
from pages.sections.evaluation.retrain import retrain
from pages.sections.evaluation.tabs import View
from pages.session import modality, state
from pages.session.i18n import _
from pages.shared import page
from pages.shared.runs import run_list

project = state.project()
entries = run_list.with_results(project) if project else []
if not entries:
    page.nothing_yet(
        _("Results"),
        ":material/insights:",
        _("There are no results yet"),
        _("They appear here as soon as a training of this project has ended."),
        button=_("Go to Train"),
        leads_to="train",
    )

actions = page.title(_("Results"))
with st.container(horizontal=True, vertical_alignment="bottom", key="run-row"):
    entry = run_list.picker(entries)
    beside = [
        View("compare", _("Compare"), lambda: comparison.view(entry, entries)),
        View("about", _("About this run"), lambda: run_details.view(entry)),
    ]
    tabs.beside_buttons(beside)
retrain.look(entry)
# One place, whatever it holds: what follows keeps its own, and with it clicks that are under way.
above = st.container()
# What changed takes a moment to find out; the tabs do not wait for it.
kind = "secondary" if retrain.is_due(entry) else "primary"  # one primary action a page: to train again, where it is due
if actions.button(_(modality.current().words.try_one), type=kind, key="to-try", icon=":material/photo_camera:"):
    state.open_run(entry.run.id)
    state.go("try")
with above:
    retrain.bar(entry)
label_kind = label_kinds.of(entry.facts["task"])
label_kind.note(entry.facts, entry.folder)
tabs.show(label_kind.tabs(entry, entries), beside, entry.run.id)
explanation.warm(entry.folder)
explanation.show(entry)
