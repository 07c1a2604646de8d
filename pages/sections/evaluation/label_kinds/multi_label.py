"""What pages show of a run whose pictures may show several classes."""

from functools import partial

import streamlit as st

from pages.sections.evaluation.mistakes import class_by_class, co_occurrence, delta, groups
from pages.sections.evaluation.mistakes import multi_label_galleries as galleries
from pages.sections.evaluation.overview import overview
from pages.sections.evaluation.overview.multi_label_number import claim as claim
from pages.sections.evaluation.overview.multi_label_number import headline as headline
from pages.sections.evaluation.overview.multi_label_number import note as note
from pages.sections.evaluation.tabs import Tab, View, alone, one_of
from pages.sections.evaluation.use_it import ways
from pages.sections.try_it.multi_label_answer import heard as heard
from pages.sections.try_it.multi_label_answer import say as say
from pages.sections.try_it.multi_label_answer import shown as shown
from pages.sections.try_it.multi_label_answer import tried_note as tried_note
from pages.session import modality
from pages.session.i18n import _
from pages.shared.runs.run_list import RunView


def tabs(entry: RunView, entries: list[RunView]) -> list[Tab]:
    """Return the four tabs; what is about one answer a picture is in none of them, and Trust says why."""
    return [
        alone("overview", _("Overview"), lambda: overview.view(entry, entries, headline)),
        one_of("mistakes", _("Mistakes"), _mistakes(entry)),
        alone("trust", _("Trust"), _not_here),
        alone("use", _("Use it"), lambda: ways.view(entry)),
    ]


def _mistakes(entry: RunView) -> list[View]:
    facts, folder, before = entry.facts, entry.folder, delta.earlier(entry)
    changed = [View("changed", _("What changed"), partial(delta.view, entry, before))] if before else []
    by_group = [View("groups", _("Groups"), lambda: groups.view(facts, folder))]
    return [
        View("classes", _("Classes"), lambda: class_by_class.view(facts, folder)),
        View("pictures", _(modality.current().words.title), lambda: galleries.view(facts, folder)),
        View("together", _("Together"), lambda: co_occurrence.view(facts, folder)),
        *(by_group if facts["groups"] else []),
        *changed,
    ]


def _not_here() -> None:
    """Say what a run with one class a picture has here, and why this one has not."""
    missing = [_("How sure"), _("“I don’t know”"), _("Robustness"), _("Where it looks"), _("More pictures?"), _("Map")]
    words = _(
        "Not offered where pictures show several classes: {parts}. They judge one answer a picture; here every class "
        "has an answer and a threshold of its own, and Classes shows how far to believe each."
    )
    st.caption(f":material/info: {words.format(parts=', '.join(missing))}")
