"""Results: how good a model is, in words first; then where it fails, with the pictures to see why."""

import streamlit as st

from pages.sections.evaluation import label_kinds, report, tabs
from pages.sections.evaluation.explain import explanation
from pages.sections.evaluation.headline import caveats
from pages.sections.evaluation.retrain import retrain
from pages.session import state
from pages.session.i18n import _
from pages.shared import page
from pages.shared.runs import run_list, training_events

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
entry = run_list.picker(entries)
retrain.look(entry)
# One place, whatever it holds: what follows keeps its own, and with it clicks that are under way.
above = st.container()
label_kind = label_kinds.of(entry.facts["task"])
label_kind.headline(entry, run_list.measured_alike(entry, entries))
# What changed takes a moment to find out; the sentence does not wait for it.
kind = "secondary" if retrain.is_due(entry) else "primary"  # one primary action a page: to train again, where it is due
report.button(actions, entry)
if actions.button(_("Try it on a picture"), type=kind, key="to-try", icon=":material/photo_camera:"):
    state.open_run(entry.run.id)
    state.go("try")
with above:
    retrain.bar(entry)
caveats.mistakes_removed(entry, entries)
training_events.nothing_gained(entry)
label_kind.note(entry.facts, entry.folder)
tabs.show(label_kind.tabs(entry, entries), entry.run.id)
label_kind.not_here()
explanation.warm(entry.folder)
explanation.show(entry)
