"""What one group is worth to another: learned from one, asked about the other."""

import streamlit as st

from engine.storage.evaluation import Transfer
from pages.components.table.table import Cell, Column, Row, Table, show_table
from pages.session.i18n import _, number
from pages.shared.figures import bold
from pages.shared.percentages import interval, per_hundred, percent


def view(found: Transfer | None) -> None:
    """Show the matrix with a line about what is worst, and what each group would lose if it were missing."""
    if not found:
        return
    st.markdown(f"#### {_('What one group is worth to another')}")
    st.caption(
        _(
            "A quick model learned from the row alone and was asked about the column. It stands on the network as it "
            "came; the numbers in brackets say how sure that is."
        )
    )
    show_table(_matrix(found), key="transfer-table")
    st.markdown(_worst(found))


def _matrix(found: Transfer) -> Table:
    groups = found["groups"]
    columns = [Column(_("Learned from")), *(Column(name, number=True) for name in groups)]
    rows = [
        Row([Cell(name), *map(_cell, found["accuracy"][place], found["intervals"][place])])
        for place, name in enumerate(groups)
    ]
    without = Row([Cell(_("all but this one")), *map(_cell, found["without"], found["without_intervals"])])
    asked = Row([Cell(_("test pictures")), *(Cell(number(count), count) for count in found["test"])])
    title = _("How right a model is that learned from one group, asked about another")
    return Table(columns, [*rows, without, asked], title, sortable=False, whole=True)


def _cell(accuracy: float, between: list[float]) -> Cell:
    return Cell(f"{percent(accuracy)} ({interval(between)})", accuracy)


def _worst(found: Transfer) -> str:
    """Say which group would be hardest to do without."""
    own = [found["accuracy"][place][place] for place in range(len(found["groups"]))]
    losses = [one - other for one, other in zip(own, found["without"], strict=True)]
    place = max(range(len(losses)), key=losses.__getitem__)
    words = _(
        "If {group} were missing from training, a model of the others would be right on it {share} times in 100; one "
        "of it alone is {own} times."
    )
    return words.format(
        group=bold(found["groups"][place]),
        share=per_hundred(found["without"][place]),
        own=per_hundred(own[place]),
    )
