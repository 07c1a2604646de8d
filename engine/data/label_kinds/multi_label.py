"""Pictures that show several classes, or none of them: how that is written in a label, read and counted.

A label is the names of the classes in alphabetical order with "|" between them, and "|" alone says that somebody
looked and found none of them; no label still means that nobody has looked.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from engine.data.label_kinds.label_kind import MIN_PER_CLASS, Row, Unit, too_few
from engine.data.layout import clean_name
from engine.errors import DataError

if TYPE_CHECKING:  # a recipe knows its label kind, and loads no database
    from engine.storage.registry import ItemRecord

MARK = "|"
NOTHING = "|"  # none of the classes, and known to be so
NOT_YET = "?"  # in tables: nobody has looked
OPTION = "multi_label"  # of a dataset
TASK, SENTENCE = "several", "Pictures may show several classes, or none"
DATASET_OPTIONS = ADOPTED_OPTIONS = {OPTION: True}
IMPORT_OPTIONS = {"several_classes": True}
DESCRIBED = {"several": True}
NOT_ASKED = frozenset({"conflict", "similar_names", "name_groups"})  # these take a label for one class
EXCLUSIVE = False
FEATURE_CHECKS = False  # the network would be asked which one class a picture shows
# The plural says on its way in again that there may be several, "?" that there is none yet.
COLUMN, NO_LABEL = "labels", NOT_YET
SEPARATORS = (MARK, ";")
NAMES_WITH_MARK = (
    "The class {label} has a | in its name, which stands between two classes where pictures show several. Rename it "
    "first."
)


def joined(names: Iterable[str]) -> str:
    """Return the label of a picture that shows these classes; NOTHING for none."""
    return MARK.join(sorted(set(names))) or NOTHING


def names_of(label: str | None) -> tuple[str, ...]:
    """Return the classes that a label holds, in alphabetical order; () for none of them and for no label."""
    return tuple(name for name in (label or "").split(MARK) if name)


def clean(name: str) -> str:
    """Return a name that a class can have where pictures show several."""
    return clean_name(name).replace(MARK, "_")


def of_one_class(label: str | None) -> str | None:
    """Return the label of a picture that came with one class; others can be added to it by hand."""
    return None if label is None else clean(label)


def of_row(row: Row) -> str | None:
    return None if row.labels is None else joined(row.labels)


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


def check_ready(labelled: "Sequence[ItemRecord]", clusters: Sequence[int]) -> None:
    """Raise DataError where there are fewer than two classes, or one with too few pictures with it or without it."""
    shown = {(name, cluster) for item, cluster in zip(labelled, clusters, strict=True) for name in names_of(item.label)}
    with_it, everything = Counter(name for name, _cluster in shown), len(set(clusters))
    if len(with_it) < 2:
        raise DataError(
            "Where pictures may show several classes, a training needs at least two classes. There are: {count}.",
            count=len(with_it),
        )
    for label, count in sorted(with_it.items()):
        if count < MIN_PER_CLASS:
            raise too_few(label, count)
        _check_without(label, everything - count)


def _check_without(label: str, count: int) -> None:
    if count < MIN_PER_CLASS:
        raise DataError(
            "Nearly every picture shows {label}: only {count} different ones do not. A network learns differences. Add "
            "pictures without it, at least {least}, or remove the class.",
            label=label,
            count=count,
            least=MIN_PER_CLASS,
        )


def weight(by_label: Counter, labels: Sequence[str | None]) -> Counter:
    """Count once for each class that the pictures show; those that show none count as a class of their own."""
    shown = {name for label in labels for name in names_of(label) or (NOTHING,)}
    return Counter(dict.fromkeys(sorted(shown), 1))


def dividing_order(units: list[Unit]) -> list[Unit]:
    """Return always those of the class with fewest units left (iterative stratification, Sechidis et al. 2011)."""
    left = Counter(label for unit in units for label in unit.weight)
    waiting, ordered = dict(enumerate(units)), []
    while waiting:
        rarest = min((label for label in left if left[label]), key=lambda label: (left[label], label))
        for place in [place for place, unit in waiting.items() if rarest in unit.weight]:
            unit = waiting.pop(place)
            unit.first = rarest
            ordered.append(unit)
            left.subtract(dict.fromkeys(unit.weight, 1))
    return ordered


def became(earlier: set[str], now: set[str]) -> set[str]:
    """Return what all of its pictures show since: of one picture alone, any of its classes may be meant."""
    return earlier & now
