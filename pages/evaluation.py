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
    prediction_map,
    retrain,
    robustness,
    run_details,
    sureness,
    why,
)
from pages.elements.results.confusion import show_confusion
from pages.elements.results.honest_number import show_honest_number
from pages.elements.results.several import honest_number as several_number
from pages.elements.results.several import tabs as several_tabs
from pages.elements.runs import run_list

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
# One primary action a page: once pictures were put right, that is to train again.
kind = "secondary" if retrain.is_due(entry) else "primary"
if actions.button(_("Try it on a picture"), type=kind, key="to-try", icon=":material/photo_camera:"):
    state.open_run(entry.run.id)
    state.go("try")

retrain.bar(entry)
shows_several = several_results.is_of(entry.facts)
(several_number.show if shows_several else show_honest_number)(entry.facts, run_list.measured_alike(entry, entries))
if not shows_several:
    answering.note(entry.facts, entry.folder)


def classes() -> None:
    """Numbers per class, before and after, and one class against the rest."""
    run_details.per_class(entry.facts)
    class_threshold.view(entry.facts, entry.folder)
    run_details.before_and_after(entry.facts)


def parts_of_one_class() -> dict:
    """What there is to see where every picture shows one class."""
    before = delta.earlier(entry)
    parts = {
        _("What changed"): lambda: delta.view(entry, before),
        _("Confusions"): lambda: show_confusion(entry.facts, entry.folder),
        _("Pictures"): lambda: galleries.view(entry.facts, entry.folder),
        _("Map"): lambda: prediction_map.view(entry),
        _("Classes"): classes,
        _("Groups"): lambda: groups.view(entry.facts, entry.folder),
        _("How sure"): lambda: sureness.view(entry.facts, entry.folder),
        _("“I don’t know”"): lambda: dont_know.view(entry.facts, entry.folder),
        _("Robustness"): lambda: robustness.view(entry.folder),
        _("Where it looks"): lambda: looks.view(entry),
        _("Compare"): lambda: comparison.view(entry, entries),
        _("Curves"): lambda: run_details.curves(entry.folder),
        _("More pictures?"): lambda: more_pictures.view(entry),
        _("About this run"): lambda: run_details.about(entry),
    }
    if not entry.facts["groups"]:
        del parts[_("Groups")]
    if before is None:
        del parts[_("What changed")]
    elif st.session_state.pop(retrain.SHOW_CHANGES, None) == entry.run.id:
        st.session_state["results-parts"] = _("What changed")
    return parts


parts = several_tabs.parts(entry, entries) if shows_several else parts_of_one_class()
# Runs with other parts have other tabs: a choice that is not among them would be an error.
key = "results-parts-several" if shows_several else "results-parts"
for tab, show in zip(st.tabs(list(parts), key=key, on_change="rerun"), parts.values(), strict=True):
    if tab.open:
        with tab:
            show()
why.show(entry)
