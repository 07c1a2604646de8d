"""Results: how good a model is, in words first; then where it fails, with the pictures to see why."""

import streamlit as st

from engine.evaluation.several import results as several_results
from pages.elements import page, state
from pages.elements.i18n import _
from pages.elements.results import (
    answering,
    class_threshold,
    comparison,
    delta,
    dont_know,
    galleries,
    groups,
    looks,
    more_pictures,
    parts,
    prediction_map,
    retrain,
    robustness,
    run_details,
    sureness,
    taken_out,
    why,
)
from pages.elements.results.confusion import show_confusion
from pages.elements.results.honest_number import show_honest_number
from pages.elements.results.parts import Part
from pages.elements.results.several import honest_number as several_number
from pages.elements.results.several import tabs as several_tabs
from pages.elements.runs import run_list, turns_taken
from pages.elements.runs.run_list import RunView

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
shows_several = several_results.is_of(entry.facts)
(several_number.show if shows_several else show_honest_number)(entry, run_list.measured_alike(entry, entries))
# What changed takes a moment to find out; the sentence does not wait for it.
kind = "secondary" if retrain.is_due(entry) else "primary"  # one primary action a page: to train again, where it is due
if actions.button(_("Try it on a picture"), type=kind, key="to-try", icon=":material/photo_camera:"):
    state.open_run(entry.run.id)
    state.go("try")
with above:
    retrain.bar(entry)
taken_out.warn(entry, entries)
turns_taken.nothing_gained(entry)
(several_number.note if shows_several else answering.note)(entry.facts, entry.folder)


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
        Part("sure", _("How sure"), lambda: sureness.view(entry.facts, entry.folder)),
        Part("unknown", _("“I don’t know”"), lambda: dont_know.view(entry.facts, entry.folder)),
        Part("robustness", _("Robustness"), lambda: robustness.view(entry.folder)),
        Part("looks", _("Where it looks"), lambda: looks.view(entry)),
        Part("compare", _("Compare"), lambda: comparison.view(entry, entries)),
        Part("curves", _("Curves"), lambda: run_details.curves(entry.folder)),
        Part("more", _("More pictures?"), lambda: more_pictures.view(entry)),
        Part("about", _("About this run"), lambda: run_details.about(entry)),
    ]


shown = several_tabs.parts(entry, entries) if shows_several else parts_of_one_class(delta.earlier(entry))
parts.show(shown, entry.run.id)
if shows_several:
    several_tabs.not_here()
why.warm(entry.folder)
why.show(entry)
