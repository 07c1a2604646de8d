"""What pages show of a run whose pictures may show several classes."""

from functools import partial

import streamlit as st

from pages.sections.evaluation import groups, run_details
from pages.sections.evaluation.compare import comparison, delta
from pages.sections.evaluation.multi_label import class_by_class, co_occurrence, galleries
from pages.sections.evaluation.multi_label.honest_number import claim as claim
from pages.sections.evaluation.multi_label.honest_number import headline as headline
from pages.sections.evaluation.multi_label.honest_number import note as note
from pages.sections.evaluation.tabs import Tab
from pages.sections.try_it.multi_label_answer import heard as heard
from pages.sections.try_it.multi_label_answer import say as say
from pages.sections.try_it.multi_label_answer import tried_note as tried_note
from pages.session.i18n import _
from pages.shared.runs.run_list import RunView


def tabs(entry: RunView, entries: list[RunView]) -> list[Tab]:
    """Return the tabs; what is about one answer a picture is none of them (see `not_here`)."""
    facts, folder, before = entry.facts, entry.folder, delta.earlier(entry)
    changed = [Tab("changed", _("What changed"), partial(delta.view, entry, before))] if before else []
    by_group = [Tab("groups", _("Groups"), lambda: groups.view(facts, folder))]
    return [
        *changed,
        Tab("classes", _("Classes"), lambda: class_by_class.view(facts, folder)),
        Tab("pictures", _("Pictures"), lambda: galleries.view(facts, folder)),
        Tab("together", _("Together"), lambda: co_occurrence.view(facts, folder)),
        *(by_group if facts["groups"] else []),
        Tab("compare", _("Compare"), lambda: comparison.view(entry, entries)),
        Tab("curves", _("Curves"), lambda: run_details.curves(folder)),
        Tab("about", _("About this run"), lambda: run_details.about(entry)),
    ]


def not_here() -> None:
    """Say below the parts which ones a run with one class a picture has besides, and why this one has not."""
    missing = [_("How sure"), _("“I don’t know”"), _("Robustness"), _("Where it looks"), _("More pictures?"), _("Map")]
    words = _(
        "Not offered where pictures show several classes: {parts}. They judge one answer a picture; here every class "
        "has an answer and a threshold of its own, and Classes shows how far to believe each."
    )
    st.caption(f":material/info: {words.format(parts=', '.join(missing))}")
