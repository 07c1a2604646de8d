"""All trainings of the project by what they reached, with a star; other test pictures under a heading of their own."""

import streamlit as st

from engine.evaluation import compare
from pages.components.table.table import Cell, Column, Row, Table, chosen_in, show_table
from pages.sections.evaluation.trust import decision_rule
from pages.session import state
from pages.session.i18n import _, decimal, number
from pages.shared.dataset import label_kinds
from pages.shared.figures import bold
from pages.shared.percentages import percent
from pages.shared.runs import accuracy, chosen_model, comparable_runs
from pages.shared.runs.run_list import RunView, duration, local_time, name_of

KEY = "leaderboard"


def view(entry: RunView, entries: list[RunView]) -> None:
    """Show the runs measured on the same test pictures as `entry`, the best first; then the others, by themselves."""
    groups = comparable_runs.grouped(entries, entry)
    with st.container(horizontal=True, vertical_alignment="center", key="leaderboard-row"):
        st.markdown(f"#### {_('Leaderboard')}", width="content")
        st.space("stretch")
        chosen_model.star(entry.run)
    words = _("Choose a row to open that training. All of these were measured on the same test pictures.")
    if len(groups) > 1:
        words = _("Choose a row to open that training. Only those under one heading can be compared by their numbers.")
    st.caption(words)
    if words := label_kinds.of_task(entry.facts["task"]).what_counts_as_right():
        st.caption(words)
    _changed_since(entries)
    _table(groups, entry)


def _changed_since(entries: list[RunView]) -> None:
    """Say whose thresholds somebody has set on this page: their place here does not count them."""
    names = [bold(name_of(one)) for one in entries if decision_rule.has_own_thresholds(one.folder)]
    if names:
        words = _("With thresholds set on this page since: {names}. Their figures here are those without them.")
        st.caption(f":material/tune: {words.format(names=', '.join(names))}")


def _table(groups: list[tuple[str, list[RunView]]], shown: RunView) -> None:
    columns = [
        Column(_("Name"), help=_("★ is the model of this project")),
        *accuracy.columns(),
        Column(_("Before training"), number=True),
        Column(_("Test pictures"), number=True),
        Column(_("Time"), number=True),
        Column(_("Size"), number=True),
        Column(_("Started")),
    ]
    star = chosen_model.of_project(shown.run)
    rows = [
        Row(_cells(one, chosen=one.run.id == star), one.run.id, heading)
        for heading, entries in groups
        for one in sorted(entries, key=lambda one: -one.facts["accuracy"])
    ]
    table = Table(columns, rows, _("Trainings of this project, the best first"), "rows", selected=shown.run.id)
    show_table(table, key=KEY, on_choose=_open)


def _cells(entry: RunView, *, chosen: bool) -> list[Cell]:
    facts, spent = entry.facts, compare.cost(entry.folder)
    before = facts["baselines"].get("before_fine_tuning")
    return [
        _name(entry, chosen=chosen),
        *accuracy.cells(facts),
        Cell(percent(before), -1.0 if before is None else before),
        Cell(number(facts["counts"]["test"]), facts["counts"]["test"]),
        Cell(duration(spent["seconds"]), spent["seconds"] or 0.0),
        Cell(megabytes(spent["model_mb"]), spent["model_mb"] or 0.0),
        Cell(local_time(entry.run.created)),
    ]


def _name(entry: RunView, *, chosen: bool) -> Cell:
    """Return the name, by which the row is chosen too; a star says that it is the model."""
    name = name_of(entry)
    return Cell(f"★ {name}", label=_("{name}, the model of this project").format(name=name)) if chosen else Cell(name)


def megabytes(size: float | None) -> str:
    """Return "12.3 MB", or a dash where there is no model."""
    return "–" if size is None else f"{decimal(size)} MB"


def _open() -> None:
    if run_id := chosen_in(KEY):
        state.open_run(run_id)
