"""Results: how good a model is, in words first; then where it fails, with the pictures to see why."""

import streamlit as st

from engine.evaluation import multi_label_results
from pages.sections.evaluation import groups, learning_curve, report, run_details, tabs
from pages.sections.evaluation.compare import comparison, delta
from pages.sections.evaluation.confusions import galleries, prediction_map
from pages.sections.evaluation.confusions.confusion import show_confusion
from pages.sections.evaluation.explain import explanation, mean_heat_map
from pages.sections.evaluation.headline import removed_mistakes
from pages.sections.evaluation.headline.honest_number import show_honest_number
from pages.sections.evaluation.multi_label import honest_number as multi_label_number
from pages.sections.evaluation.multi_label import tabs as multi_label_tabs
from pages.sections.evaluation.reliability import abstention, calibration, class_threshold, decision_rule, robustness
from pages.sections.evaluation.retrain import retrain
from pages.sections.evaluation.tabs import Part
from pages.session import state
from pages.session.i18n import _
from pages.shared import page
from pages.shared.runs import run_list, training_events
from pages.shared.runs.run_list import RunView

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
shows_several = multi_label_results.is_of(entry.facts)
(multi_label_number.show if shows_several else show_honest_number)(entry, run_list.measured_alike(entry, entries))
# What changed takes a moment to find out; the sentence does not wait for it.
kind = "secondary" if retrain.is_due(entry) else "primary"  # one primary action a page: to train again, where it is due
report.button(actions, entry)
if actions.button(_("Try it on a picture"), type=kind, key="to-try", icon=":material/photo_camera:"):
    state.open_run(entry.run.id)
    state.go("try")
with above:
    retrain.bar(entry)
removed_mistakes.warn(entry, entries)
training_events.nothing_gained(entry)
(multi_label_number.note if shows_several else decision_rule.note)(entry.facts, entry.folder)


def classes() -> None:
    """Numbers per class, before and after, and one class against the rest."""
    run_details.per_class(entry.facts)
    class_threshold.view(entry.facts, entry.folder)
    run_details.before_and_after(entry.facts)


def parts_of_one_class(before: RunView | None) -> list[Part]:
    """Return what there is to see where every picture shows one class; `before` is the run that this one repeats."""
    changed = [Part("changed", _("What changed"), lambda: delta.view(entry, before))]
    by_group = [Part("groups", _("Groups"), lambda: groups.view(entry.facts, entry.folder))]
    return [
        *(changed if before else []),
        Part("confusions", _("Confusions"), lambda: show_confusion(entry.facts, entry.folder)),
        Part("pictures", _("Pictures"), lambda: galleries.view(entry.facts, entry.folder)),
        Part("map", _("Map"), lambda: prediction_map.view(entry)),
        Part("classes", _("Classes"), classes),
        *(by_group if entry.facts["groups"] else []),
        Part("sure", _("How sure"), lambda: calibration.view(entry.facts, entry.folder)),
        Part("unknown", _("“I don’t know”"), lambda: abstention.view(entry.facts, entry.folder)),
        Part("robustness", _("Robustness"), lambda: robustness.view(entry.folder)),
        Part("looks", _("Where it looks"), lambda: mean_heat_map.view(entry)),
        Part("compare", _("Compare"), lambda: comparison.view(entry, entries)),
        Part("curves", _("Curves"), lambda: run_details.curves(entry.folder)),
        Part("more", _("More pictures?"), lambda: learning_curve.view(entry)),
        Part("about", _("About this run"), lambda: run_details.about(entry)),
    ]


shown = multi_label_tabs.parts(entry, entries) if shows_several else parts_of_one_class(delta.earlier(entry))
tabs.show(shown, entry.run.id)
if shows_several:
    multi_label_tabs.not_here()
explanation.warm(entry.folder)
explanation.show(entry)
