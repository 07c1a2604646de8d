"""Numbers of every class: precision, recall and F1 with their intervals, before and after training."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

import streamlit as st

from engine.evaluation import results
from engine.evaluation.charts import per_class as charts
from engine.storage.evaluation import Evaluation
from pages.components.table.table import Cell, Column, Row, Table, chosen_in, show_table
from pages.sections.evaluation.mistakes import confusion
from pages.session.i18n import _, number
from pages.shared import page
from pages.shared.figures import chart, is_dark
from pages.shared.percentages import with_interval
from pages.shared.runs.run_list import RunView

TABLE = "per-class-table"


def per_class(entry: RunView) -> None:
    """Bars of precision, recall and F1 in the order a person chooses, and the same as a table with intervals."""
    orders = {
        "worst": (_("Weakest first"), lambda row: row["f1"]),
        "name": (_("By name"), lambda row: row["class"].casefold()),
        "size": (_("Largest first"), lambda row: -row["support"]),
    }
    facts = entry.facts
    order = page.choice(_("Order"), {name: words for name, (words, _key) in orders.items()}, key="class-order")
    key = orders[order][1]
    # What was never tested is not weak: it comes last.
    rows = sorted(results.per_class(facts), key=lambda row: (not row["support"], key(row)))
    st.caption(
        _(
            "Recall: of the pictures of a class, how many it finds. Precision: of those it calls so, how many are. "
            "F1 is high only when both are. In brackets: test pictures of the class."
        )
    )
    chart(charts.per_class_figure(rows, dark=is_dark(), _=_), "per-class", _("Precision, recall and F1 of every class"))
    with st.expander(_("How sure these numbers are"), icon=":material/table_rows:"):
        st.caption(
            _(
                "Choose a class to see what it is taken for. In brackets: where each would lie with other pictures of "
                "the same kind, 19 times in 20."
            )
        )
        show_table(_class_table(rows), key=TABLE, on_choose=partial(_open, entry))


def _open(entry: RunView) -> None:
    """Lead to all mistakes of the class that was chosen."""
    if (label := chosen_in(TABLE)) is not None:
        confusion.open_class(entry, label)


def _class_table(rows: Sequence[Mapping]) -> Table:
    kinds = {"recall": _("Recall"), "precision": _("Precision"), "f1": "F1"}
    columns = [
        Column(_("Class")),
        *(Column(title, number=True) for title in kinds.values()),
        Column(_("Test pictures"), number=True),
    ]
    alt = _("Recall, precision and F1 of every class with their intervals")
    return Table(columns, [Row(_class_cells(row, kinds), row["class"]) for row in rows], alt, "rows")


def _class_cells(row: Mapping, kinds: Iterable[str]) -> list[Cell]:
    if not row["support"]:
        return [Cell(row["class"]), *(Cell("–", -1.0) for _kind in kinds), Cell(_("no test pictures"), 0)]
    shares = ((row[kind], row[f"{kind}_interval"]) for kind in kinds)
    # From nothing to all is the interval of no picture: a class that is never called has no precision.
    cells = (Cell("–" if tuple(ends) == (0, 1) else with_interval(share, ends), share) for share, ends in shares)
    return [Cell(row["class"]), *cells, Cell(number(row["support"]), row["support"])]


def before_and_after(facts: Evaluation) -> None:
    """How much of each class the network recognised before and after it learned from these pictures."""
    rows = [row for row in facts["per_class"] if row.get("before_recall") is not None and row["support"]]
    if not rows:
        st.caption(_("This run was not measured before its training."))
        return
    st.markdown(f"#### {_('Before and after training')}")
    st.caption(_("Share of each class that is recognised: the network as it came, and after your training."))
    rows = sorted(rows, key=lambda row: row["before_recall"] - row["recall"])
    figure = charts.before_and_after_figure(rows, dark=is_dark(), _=_)
    chart(figure, "before-after", _("Recall of every class before and after training"))
