"""Pictures that show several classes, or none of them: how that is written in a label, read and counted.

In a dataset of one class a picture, a label is the name of the class, whatever letters it has. Where a dataset says
that its pictures may show several, a label is their names in alphabetical order with "|" between them, and "|" alone
says that somebody looked and found none of them; no label still means that nobody has looked.
"""

import json
from collections.abc import Iterable, Sequence

from engine.data.layout import clean_name
from engine.errors import DataError

MARK = "|"
NOTHING = "|"  # none of the classes, and known to be so
NOT_YET = "?"  # in tables: nobody has looked
OPTION = "multi_label"  # of a dataset
SEPARATORS = (MARK, ";")
NAMES_WITH_MARK = (
    "The class {label} has a | in its name, which stands between two classes where pictures show several. Rename it "
    "first."
)
STILL_SEVERAL = (
    "{count} pictures show several classes or none of them. Give each of them one class first, then let a picture "
    "show one class only."
)


def applies(dataset_options: dict) -> bool:
    """Tell whether the pictures of a dataset may show several classes."""
    return bool(dataset_options.get(OPTION))


def joined(names: Iterable[str]) -> str:
    """Return the label of a picture that shows these classes; NOTHING for none."""
    return MARK.join(sorted(set(names))) or NOTHING


def names_of(label: str | None) -> tuple[str, ...]:
    """Return the classes that a label holds, in alphabetical order; () for none of them and for no label."""
    return tuple(name for name in (label or "").split(MARK) if name)


def clean(name: str) -> str:
    """Return a name that a class can have where pictures show several."""
    return clean_name(name).replace(MARK, "_")


def single(label: str | None) -> str | None:
    """Return the label of a picture that came with one class, such as that of its folder."""
    return None if label is None else clean(label)


def counts(by_label: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """Return {class: {split: pictures}} from {label: {split: pictures}}: a picture counts for each of its classes."""
    found: dict[str, dict[str, int]] = {}
    for label, splits in by_label.items():
        for name in names_of(label):
            own = found.setdefault(name, {})
            for split, number in splits.items():
                own[split] = own.get(split, 0) + number
    return dict(sorted(found.items()))


def table_separator(cells: Iterable) -> str | None:
    """Return what stands between two classes in the cells of a table, None where nothing does."""
    texts = [cell for cell in cells if isinstance(cell, str) and not cell.lstrip().startswith("[")]
    return next((mark for mark in SEPARATORS if any(mark in text for text in texts)), None)


def read_cell(cell, separator: str | None) -> tuple[str, ...] | None:
    """Return the classes in a cell: a list, a JSON list or names with a separator; None for an empty cell."""
    if isinstance(cell, str) and cell.lstrip().startswith("["):
        cell = _json_list(cell)
    if isinstance(cell, list):
        return tuple(dict.fromkeys(clean(str(name)) for name in cell if str(name).strip()))
    text = str(cell).strip()
    if not text:
        return None
    return tuple(dict.fromkeys(clean(name) for name in text.split(separator or MARK) if name.strip()))


def _json_list(cell: str):
    try:
        found = json.loads(cell)
    except (json.JSONDecodeError, RecursionError):
        return cell
    return found if isinstance(found, list) else cell


def check_can_begin(labels: Sequence[str | None]) -> None:
    """Raise DataError where a dataset with these labels cannot let its pictures show several classes."""
    for label in sorted({label for label in labels if label}):
        if MARK in label:
            raise DataError(NAMES_WITH_MARK, label=label)


def check_can_end(labels: Sequence[str | None]) -> None:
    """Raise DataError where pictures show several classes or none, so that one class each would be wrong."""
    count = sum(label is not None and len(names_of(label)) != 1 for label in labels)
    if count:
        raise DataError(STILL_SEVERAL, count=count)
