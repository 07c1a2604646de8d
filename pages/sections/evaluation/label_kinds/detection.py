"""What pages show of a run that finds objects."""

import streamlit as st

from pages.sections.evaluation.mistakes import box_errors
from pages.sections.evaluation.overview.detection_number import claim as claim
from pages.sections.evaluation.overview.detection_number import headline as headline
from pages.sections.evaluation.overview.detection_number import note as note
from pages.sections.evaluation.tabs import Tab, View, alone, one_of
from pages.sections.evaluation.use_it import ways
from pages.sections.try_it.detection_answer import heard as heard
from pages.sections.try_it.detection_answer import say as say
from pages.sections.try_it.detection_answer import shown as shown
from pages.sections.try_it.detection_answer import tried_note as tried_note
from pages.session.i18n import _
from pages.shared.runs import run_list, training_events
from pages.shared.runs.run_list import RunView


def tabs(entry: RunView, entries: list[RunView]) -> list[Tab]:
    """Return the four tabs: mistakes are objects here, and Trust is about when an object is claimed."""
    return [
        alone("overview", _("Overview"), lambda: _overview(entry, entries)),
        one_of("mistakes", _("Mistakes"), _mistakes(entry)),
        alone("trust", _("Trust"), lambda: _trust(entry)),
        alone("use", _("Use it"), lambda: ways.view(entry)),
    ]


def _overview(entry: RunView, entries: list[RunView]) -> None:
    headline(entry, run_list.measured_alike(entry, entries))
    training_events.nothing_gained(entry)


def _mistakes(entry: RunView) -> list[View]:
    facts, folder = entry.facts, entry.folder
    return [
        View("pictures", _("Pictures"), lambda: box_errors.view(facts, folder)),
        View("classes", _("Classes"), lambda: box_errors.classes(dict(facts))),
        View("confusions", _("Confusions"), lambda: box_errors.confusion(dict(facts))),
    ]


def _trust(entry: RunView) -> None:
    box_errors.costs(entry.facts, entry.folder)
    missing = [_("“I don’t know”"), _("Robustness"), _("Where it looks"), _("More pictures?"), _("Map")]
    words = _("Not offered where objects are found: {parts}. They judge one answer a picture.")
    st.caption(f":material/info: {words.format(parts=', '.join(missing))}")
