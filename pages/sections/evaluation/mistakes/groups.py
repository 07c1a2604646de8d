"""Groups (language, place, speaker, device): who is served worse, how sure that is, and what to collect next."""

from collections import Counter
from pathlib import Path

import streamlit as st

from engine.data import versions
from engine.evaluation.charts import per_class
from engine.evaluation.metrics import group_gaps
from engine.evaluation.metrics.group_gaps import Gaps
from engine.evaluation.metrics.intervals import pictures_for_margin
from engine.storage.evaluation import Evaluation, GroupReport
from pages.components.table.table import Cell, Column, Row, Table, show_table
from pages.sections.evaluation.mistakes import transfer
from pages.session.i18n import _, decimal, plural
from pages.session.i18n import number as in_words
from pages.shared.figures import bold, chart, is_dark
from pages.shared.percentages import interval, percent

# A group whose interval reaches further than this on either side is known only roughly.
WIDE = 0.10
MARGIN = 0.05
NAMED = 5  # groups in a sentence


def view(facts: Evaluation, folder: Path) -> None:
    """Accuracy per group with interval, gap to the best and number of pictures, and what to do about it."""
    rows = sorted(facts["groups"], key=lambda row: row["accuracy"])
    gaps, learned = group_gaps.between(rows), _learned_from(folder)
    _verdict(gaps, learned, apart=_are_apart(folder))
    rough = [row for row in rows if _reach(row) > WIDE]
    if rough:
        st.info(_too_small(rough), icon=":material/straighten:")
    figure = per_class.groups_figure(rows, dark=is_dark(), _=_)
    chart(figure, "groups", _("Accuracy of every group with its interval"))
    show_table(_table(rows, gaps, learned), key="groups-table")
    transfer.view(facts.get("transfer"))


def _learned_from(folder: Path) -> Counter:
    """Return how many training pictures each group gave."""
    return Counter(picture.group for picture in versions.of_run(folder) if picture.split == "train")


def _are_apart(folder: Path) -> bool:
    """Tell whether the run had every group in one part alone."""
    parts = {(picture.group, picture.split) for picture in versions.of_run(folder) if picture.group is not None}
    return len(parts) == len({group for group, _split in parts})


def _verdict(gaps: Gaps, learned: Counter, *, apart: bool) -> None:
    """Say who is served worse by more than chance, and what to do about the weakest."""
    if gaps.weak and gaps.best:
        words = _("{groups} is clearly weaker than {best}: their intervals do not overlap.")
        if len(gaps.weak) > 1:
            words = _("Clearly weaker than {best}, with intervals that do not overlap with its own: {groups}.")
        words = words.format(groups=_listed(gaps.weak), best=bold(gaps.best["group"]))
        advice = _more_groups() if apart else _collect(gaps.weak[0], learned)
        st.warning(f"{words} {advice}", icon=":material/balance:")
    elif gaps.compared > 1:
        words = _("No group is clearly weaker than another: the differences may be chance.")
        st.caption(f":material/balance: {words}")
    if gaps.tiny:
        words = _("With fewer than {n} test pictures a group is compared with no other: {groups}.")
        st.caption(words.format(n=group_gaps.FEWEST, groups=_listed(gaps.tiny)))


def _listed(rows: list[GroupReport]) -> str:
    names = ", ".join(bold(row["group"]) for row in rows[:NAMED])
    return names if len(rows) <= NAMED else _("{names} and {n} more").format(names=names, n=in_words(len(rows) - NAMED))


def _more_groups() -> str:
    """Return what helps where a group is either learned from or tested on, never both."""
    return _(
        "Groups are kept apart: nothing was learned from this one, and new pictures of it would join the test "
        "pictures. What helps is to learn from more groups like it; the number then tells how good it is on a new one."
    )


def _collect(row: GroupReport, learned: Counter) -> str:
    """Return what to collect next for a weak group."""
    name, own, most = bold(row["group"]), learned[row["group"]], max(learned.values(), default=0)
    if own < most / 2:
        words = _("Collect more pictures of {group}: it gave {own} training pictures, the largest group {most}.")
    else:
        words = _(
            "{group} is not short of training pictures ({own}; the largest group has {most}). Look at its mistakes: "
            "labels, quality and kinds of pictures that only this group has."
        )
    return words.format(group=name, own=in_words(own), most=in_words(most))


def _reach(row: GroupReport) -> float:
    low, high = row["interval"]
    return max(high - row["accuracy"], row["accuracy"] - low)


def _more(row: GroupReport) -> int:
    return max(0, pictures_for_margin(row["accuracy"], row["support"], MARGIN) - row["support"])


def _too_small(rows: list[GroupReport]) -> str:
    head = plural(
        "{n} group has too few test pictures to be known to within 10 in 100.",
        "{n} groups have too few test pictures to be known to within 10 in 100.",
        len(rows),
    )
    named = (_("{group} about {n}").format(group=bold(row["group"]), n=in_words(_more(row))) for row in rows[:NAMED])
    words = _("More of them would narrow it to 5 in 100 on either side: {groups}.")
    return f"{head} {words.format(groups=', '.join(named))}"


def _table(rows: list[GroupReport], gaps: Gaps, learned: Counter) -> Table:
    before = all(row.get("before_accuracy") is not None for row in rows)
    best = "" if gaps.best is None else _("The best: {group}.").format(group=gaps.best["group"])
    columns = [
        Column(_("Group")),
        Column(_("Accuracy"), number=True),
        Column(_("Likely between"), number=True),
        Column(_("Gap to the best"), number=True, help=best),
        Column(_("Test pictures"), number=True),
        Column(_("Training pictures"), number=True),
        *([Column(_("Before training"), number=True)] if before else []),
    ]
    return Table(columns, [_row(row, gaps, learned, before) for row in rows], _("Accuracy of every group"))


def _row(row: GroupReport, gaps: Gaps, learned: Counter, before: bool) -> Row:
    gap = gaps.gap(row)
    points = _("{points} points").format(points=decimal(100 * gap, "+.1f")) if gap else "–"
    cells = [
        Cell(row["group"]),
        Cell(percent(row["accuracy"]), row["accuracy"]),
        Cell(f"{interval(row['interval'])} %", row["interval"][0]),
        Cell(points, 0.0 if gap is None else -gap),
        Cell(in_words(row["support"]), row["support"]),
        Cell(in_words(learned[row["group"]]), learned[row["group"]]),
    ]
    return Row(cells + ([Cell(percent(row["before_accuracy"]), row["before_accuracy"])] if before else []))
