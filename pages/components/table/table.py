"""A real HTML table: sortable, with rows or cells that can be chosen by mouse, finger or keyboard.

st.dataframe would bring pandas (50 MB) into the server and draws on a canvas, which is hard to read aloud.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import streamlit as st

from pages.components.register import register, reported
from pages.session.safe_text import readable

_HTML = '<div class="scroll" tabindex="-1"></div>'


@dataclass(frozen=True)
class Column:
    title: str
    number: bool = False
    help: str = ""


@dataclass(frozen=True)
class Cell:
    """A text, with the number to sort by, and an id and a spoken label where the cell can be chosen."""

    text: str
    value: float | None = None
    id: list[int] | None = None
    label: str = ""


@dataclass(frozen=True)
class Row:
    """Rows of one group stand together below its name, and are sorted among themselves."""

    cells: list[Cell]
    id: str = ""
    group: str = ""


@dataclass(frozen=True)
class Table:
    """Texts are shown as they are, never as Markdown or HTML. `choose` is "", "rows" or "cells".

    whole: as high as its rows, and long texts go on in a second line; else it scrolls both ways.
    """

    columns: Sequence[Column]
    rows: Sequence[Row]
    alt: str
    choose: str = ""
    sortable: bool = True
    selected: str | list[int] | None = field(default=None)
    whole: bool = False


def show_table(table: Table, *, key: str, on_choose: Callable[[], None] | None = None) -> Any:
    """Show the table and return what was chosen last: a row's id or a cell's; None before anything was."""
    data = {name: value for name, value in asdict(table).items() if name not in ("columns", "rows")}
    data["columns"] = [asdict(column) for column in table.columns]
    data["rows"] = [
        {"id": row.id, "group": row.group, "cells": [_cell(cell) for cell in row.cells]} for row in table.rows
    ]
    result = register("table", _HTML)(
        key=key, data=data, default={"selected": None}, on_selected_change=on_choose or reported
    )
    return result.selected


def chosen_in(key: str) -> Any:
    """Return what was chosen in a table, for use in its callback: a row's id, a cell's [row, column], or None."""
    return (st.session_state.get(key) or {}).get("selected")


def plain_table(columns: Mapping[str, Sequence[str]], *, key: str, alt: str, whole: bool = False) -> None:
    """Show columns of text by title; `whole` as Table has it."""
    rows = [Row([Cell(text) for text in texts]) for texts in zip(*columns.values(), strict=True)]
    show_table(Table([Column(title) for title in columns], rows, alt, sortable=False, whole=whole), key=key)


def _cell(cell: Cell) -> dict:
    return {name: value for name, value in asdict(cell).items() if value not in (None, "")} | {
        "text": readable(cell.text)
    }
