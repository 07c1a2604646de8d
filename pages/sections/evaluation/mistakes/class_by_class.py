"""Each class for itself: how well it is found, from which probability on it counts, and the pictures behind that."""

from pathlib import Path

import numpy as np
import streamlit as st

from engine.evaluation import multi_label_results
from engine.evaluation.metrics import multi_label as multi_label_metrics
from engine.evaluation.metrics.intervals import f1_interval
from engine.evaluation.reliability import multi_label_thresholds
from engine.evaluation.results import weakest
from engine.storage.evaluation import ClassReport, Evaluation
from pages.components.gallery.gallery import page_of
from pages.components.table.table import Cell, Column, Row, Table, chosen_in, show_table
from pages.sections.evaluation.mistakes.multi_label_galleries import show_rows
from pages.session.i18n import _, decimal, number, plural
from pages.shared import page
from pages.shared.figures import bold
from pages.shared.percentages import percent, with_interval

TABLE, CELLS = "several-classes", "several-cells"
PER_PAGE = 24


def view(facts: Evaluation, folder: Path) -> None:
    """Show all classes in a table; below it one of them, with its threshold and its pictures."""

    @st.fragment
    def part() -> None:
        page.all_anew_if_gone(folder)
        key = f"{TABLE}-{folder.name}"
        names = facts["class_names"]
        opened = chosen_in(key)
        opened = opened if opened in names else names[weakest(facts["per_class"])]
        own = multi_label_thresholds.of_run(folder, facts)
        truth, probabilities = multi_label_results.scores(folder)
        st.caption(
            _("Found: of the pictures that show a class, how many it names. Right: of those it names, how many do.")
        )
        show_table(_table(facts, own, truth, probabilities, opened), key=key)
        _one(facts, folder, names.index(opened), own, truth, probabilities)

    part()


def _table(facts: Evaluation, own: list[float], truth: np.ndarray, probabilities: np.ndarray, opened: str) -> Table:
    columns = [
        Column(_("Class")),
        Column(_("Found"), number=True, help=_("Recall, with the range it would lie in 19 times in 20.")),
        Column(_("Right"), number=True, help=_("Precision, with the range it would lie in 19 times in 20.")),
        Column("F1", number=True, help=_("High only when both are, with the range it would lie in 19 times in 20.")),
        Column(_("Average precision"), number=True, help=_("Whatever the threshold; 100 % is perfect.")),
        Column(_("Before training"), number=True, help=_("Average precision of the network as it came.")),
        Column(_("Named from"), number=True, help=_("The probability from which on it names the class.")),
        Column(_("Test pictures"), number=True),
    ]
    counts = multi_label_metrics.outcomes(truth, probabilities >= np.array(own))
    rows = []
    for place, row in enumerate(facts["per_class"]):
        cells = {kind: int(counts[kind][place]) for kind in multi_label_results.KINDS}
        rows.append(Row(_cells(row, own[place], cells), row["class"]))
    return Table(columns, rows, _("Every class with how well it is found"), "rows", selected=opened)


def _cells(row: ClassReport, threshold: float, counts: dict[str, int]) -> list[Cell]:
    found, missed, alarms = counts["found"], counts["missed"], counts["false_alarms"]
    precision, recall, f1 = multi_label_metrics.precision_recall_f1(found, missed, alarms)
    before = row["before_average_precision"]
    return [
        Cell(row["class"]),
        Cell(_with_range(recall, found, found + missed), recall),
        Cell(_with_range(precision, found, found + alarms), precision),
        Cell(with_interval(f1, f1_interval(found, missed, alarms)) if found + missed else "–", f1),
        Cell(percent(row["average_precision"]), -1.0 if row["average_precision"] is None else row["average_precision"]),
        Cell(percent(before), -1.0 if before is None else before),
        Cell(f"{decimal(100 * threshold, '.0f')} %", threshold),
        Cell(number(found + missed) if found + missed else _("no test pictures"), found + missed),
    ]


def _with_range(share: float, found: int, count: int) -> str:
    if not count:
        return "–"
    return with_interval(share, multi_label_metrics.wilson_interval(found, count))


def _one(
    facts: Evaluation, folder: Path, position: int, own: list[float], truth: np.ndarray, probabilities: np.ndarray
) -> None:
    name, chosen = facts["class_names"][position], facts["thresholds"][position]
    st.markdown(f"#### {bold(name)}")
    threshold = _threshold(folder, name, own[position], chosen)
    counts = multi_label_metrics.outcomes(truth[:, [position]], probabilities[:, [position]] >= threshold)
    cells = {kind: int(counts[kind][0]) for kind in multi_label_results.KINDS}
    words = _("Named from {share} % on: {found} of {all} are found, {alarms}.")
    st.markdown(
        words.format(
            share=decimal(100 * threshold, ".0f"),
            found=cells["found"],
            all=cells["found"] + cells["missed"],
            alarms=plural("{n} false alarm", "{n} false alarms", cells["false_alarms"]),
        )
    )
    kind = _two_by_two(folder, position, cells)
    rows = multi_label_results.of_kind(truth, probabilities, position, threshold, kind)
    st.markdown(f"**{_titles()[kind]}** · {plural('{n} picture', '{n} pictures', len(rows))}")
    start = page_of(len(rows), key=f"several-page-{folder.name}-{position}-{kind}", per_page=PER_PAGE)
    show_rows(facts, folder, rows[start : start + PER_PAGE], key="several-class-pictures", about=position)


def _threshold(folder: Path, name: str, now: float, chosen: float) -> float:
    """Let the threshold be moved and kept; it then counts wherever the model is asked."""
    left, right = st.columns([2, 1], gap="large", vertical_alignment="bottom")
    wanted = left.slider(
        _("Named from this probability on"),
        1,
        99,
        min(99, max(1, round(100 * now))),
        format="%d %%",
        key=f"several-threshold-{folder.name}-{name}-{now:.4f}",
        help=_("Lower: fewer are missed, more false alarms. {share} % was chosen on the validation pictures.").format(
            share=decimal(100 * chosen, ".0f")
        ),
    )
    moved = wanted != min(99, max(1, round(100 * now)))
    with right.container(horizontal=True):
        if st.button(_("Use it"), disabled=not moved, key="several-use", help=_("Counts wherever the model is asked.")):
            multi_label_thresholds.set_one(folder, name, wanted / 100)
            st.rerun()  # all of the page: its top says what these thresholds do
        if now != chosen and st.button(_("Back"), type="tertiary", key="several-back", icon=":material/undo:"):
            multi_label_thresholds.set_one(folder, name, None)
            st.rerun()
    return wanted / 100 if moved else now


def _titles() -> dict[str, str]:
    return {
        "found": _("Found"),
        "missed": _("Missed"),
        "false_alarms": _("False alarms"),
        "rightly_not": _("Rightly left alone"),
    }


def _two_by_two(folder: Path, position: int, counts: dict[str, int]) -> str:
    """Show the class against the rest, two by two; return the kind of pictures that was chosen."""
    titles, key = _titles(), f"{CELLS}-{folder.name}-{position}"
    columns = [Column(""), Column(_("named")), Column(_("not named"))]
    lines = ((_("shows it"), ("found", "missed")), (_("does not"), ("false_alarms", "rightly_not")))
    rows = [
        Row([Cell(words), *(_cell(titles[kind], counts[kind], i, j) for j, kind in enumerate(kinds))])
        for i, (words, kinds) in enumerate(lines)
    ]
    default = [0, 1] if counts["missed"] else [1, 0] if counts["false_alarms"] else [0, 0]
    chosen = chosen_in(key) or default
    alt = _("The class against the rest: what pictures show in rows, what is named in columns")
    show_table(Table(columns, rows, alt, "cells", sortable=False, selected=chosen), key=key)
    return lines[chosen[0]][1][chosen[1]]


def _cell(title: str, count: int, i: int, j: int) -> Cell:
    return Cell(f"{number(count)} · {title}", id=[i, j], label=f"{title}: {count}")
