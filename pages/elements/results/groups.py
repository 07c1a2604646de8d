"""Groups (language, place, speaker, device): who is served worse, how sure that is, and what to collect next."""

from collections import Counter
from pathlib import Path

import streamlit as st

from engine.data import versions
from engine.evaluation import charts
from engine.evaluation.intervals import pictures_for_margin
from pages.elements.i18n import _, decimal, plural
from pages.elements.i18n import number as in_words
from pages.elements.results.drawing import bold, chart, is_dark
from pages.elements.shares import interval, percent
from pages.elements.table import Cell, Column, Row, Table, show_table

# A group whose interval reaches further than this on either side cannot be judged.
WIDE = 0.10
MARGIN = 0.05


def view(facts: dict, folder: Path) -> None:
    """Accuracy per group with interval, gap to the best and number of pictures, and what to do about it."""
    rows = sorted(facts["groups"], key=lambda row: row["accuracy"])
    learned = _learned_from(folder)
    _verdict(rows, learned)
    figure = charts.groups_figure(rows, dark=is_dark(), _=_)
    chart(figure, "groups", _("Accuracy of every group with its interval"))
    show_table(_table(rows, learned), key="groups-table")


def _learned_from(folder: Path) -> Counter:
    """Return how many training pictures each group gave."""
    return Counter(picture.group for picture in versions.of_run(folder) if picture.split == "train")


def _verdict(rows: list[dict], learned: Counter) -> None:
    best, worst = rows[-1], rows[0]
    if best["interval"][0] > worst["interval"][1]:
        words = _("{worst} is clearly weaker than {best}: their intervals do not overlap.")
        words = words.format(worst=bold(worst["group"]), best=bold(best["group"]))
        st.warning(f"{words} {_collect(worst, learned)}", icon=":material/balance:")
    elif len(rows) > 1:
        words = _("No group is clearly weaker than another: the differences may be chance.")
        st.caption(f":material/balance: {words}")
    small = [row for row in rows if _reach(row) > WIDE]
    if small:
        st.info(_too_small(small), icon=":material/straighten:")


def _collect(row: dict, learned: Counter) -> str:
    """Return what to collect next for a weak group."""
    own, most = learned[row["group"]], max(learned.values(), default=0)
    if own < most / 2:
        words = _("Collect more pictures of it: it gave {own} training pictures, the largest group {most}.")
    else:
        words = _(
            "It is not short of training pictures ({own}; the largest group has {most}). Look at its mistakes: "
            "labels, quality and kinds of pictures that only this group has."
        )
    return words.format(own=in_words(own), most=in_words(most))


def _reach(row: dict) -> float:
    low, high = row["interval"]
    return max(high - row["accuracy"], row["accuracy"] - low)


def _more(row: dict) -> int:
    return max(0, pictures_for_margin(row["accuracy"], row["support"], MARGIN) - row["support"])


def _too_small(rows: list[dict]) -> str:
    head = plural(
        "{n} group has too few test pictures to be judged.",
        "{n} groups have too few test pictures to be judged.",
        len(rows),
    )
    words = _("{group}: about {n} more would narrow it to 5 in 100 on either side")
    named = [words.format(group=bold(row["group"]), n=in_words(_more(row))) for row in rows[:5]]
    return f"{head} {'; '.join(named)}."


def _table(rows: list[dict], learned: Counter) -> Table:
    before = all(row.get("before_accuracy") is not None for row in rows)
    titles = [_("Accuracy"), _("Likely between"), _("Gap to the best"), _("Test pictures"), _("Training pictures")]
    titles += [_("Before training")] if before else []
    columns = [Column(_("Group")), *(Column(title, number=True) for title in titles)]
    best = rows[-1]["accuracy"]
    return Table(columns, [_row(row, best, learned, before) for row in rows], _("Accuracy of every group"))


def _row(row: dict, best: float, learned: Counter, before: bool) -> Row:
    gap = best - row["accuracy"]
    points = _("{points} points").format(points=decimal(-100 * gap, "+.1f")) if gap else "–"
    cells = [
        Cell(row["group"]),
        Cell(percent(row["accuracy"]), row["accuracy"]),
        Cell(f"{interval(row['interval'])} %", row["interval"][0]),
        Cell(points, gap),
        Cell(in_words(row["support"]), row["support"]),
        Cell(in_words(learned[row["group"]]), learned[row["group"]]),
    ]
    return Row(cells + ([Cell(percent(row["before_accuracy"]), row["before_accuracy"])] if before else []))
