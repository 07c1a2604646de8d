"""A table of ours opened in a spreadsheet runs nothing, and imports again with the same words."""

import csv
import io

import pytest

from engine.data import dataset_zip
from engine.data.formula_cells import mark, unmark
from engine.data.importing import tables
from engine.data.label_kinds import single_label
from engine.storage.registry import Item

RUNS = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "'=already marked", "''+twice"]
PLAIN = ["cat", "'tis", "1-2", "a=b", "", "Käfer"]


@pytest.mark.parametrize("cell", RUNS + PLAIN)
def test_a_cell_comes_back_as_it_was(cell):
    assert unmark(mark(cell)) == cell
    assert (mark(cell) != cell) == (cell in RUNS)
    assert not mark(cell).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_the_table_of_an_export_holds_no_formula_and_is_read_as_it_was_meant():
    facts = dict.fromkeys(Item.__dataclass_fields__)
    items = [Item(**{**facts, "label": label, "group": "-g", "split": "train"}) for label in RUNS[:4]]
    names = [f"={number}/a.png" for number in range(4)]
    text = dataset_zip._table(items, names, single_label)
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    rows = tables.read("items.csv", text.encode())
    rows = getattr(rows, "rows", rows)
    assert [row.file for row in rows] == names and {row.group for row in rows} == {"-g"}
