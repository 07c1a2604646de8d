"""Cells that a spreadsheet would run as a formula get a mark on their way out, which an import takes off again."""

import re

# What spreadsheets begin a formula with (OWASP, "CSV injection"); quotes before it are our mark.
_RUNS, _MARKED = re.compile(r"'*[=+\-@\t\r]"), re.compile(r"'+[=+\-@\t\r]")
MARK = "'"


def mark(cell: str) -> str:
    """Return a cell as a spreadsheet shows it and does not run it."""
    return MARK + cell if _RUNS.match(cell) else cell


def unmark(cell: str) -> str:
    """Return what `mark` was given."""
    return cell[1:] if _MARKED.match(cell) else cell
