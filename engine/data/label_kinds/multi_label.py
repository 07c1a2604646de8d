"""Pictures that show several classes, or none of them: how that is written in a label, read and counted.

A label is the names of the classes in alphabetical order with "|" between them, and "|" alone says that somebody
looked and found none of them; no label still means that nobody has looked.
"""

import ast
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from engine.data.label_kinds.label_kind import MIN_PER_CLASS, Row, Unit, too_small
from engine.data.layout import clean_name
from engine.errors import DataError

MARK = "|"
NOTHING = "|"  # none of the classes, and known to be so
NOT_YET = "?"  # in tables: nobody has looked
OPTION = "multi_label"  # of a dataset
TASK, SENTENCE = "several", "Pictures may show several classes, or none"
BOXES = "detection"  # what a dataset no longer is, once its pictures only show classes
DATASET_OPTIONS, ADOPTED_OPTIONS = {OPTION: True, BOXES: False}, {OPTION: True}
IMPORT_OPTIONS = {"several_classes": True}
DESCRIBED = {"several": True}
NOT_ASKED = frozenset({"conflict", "similar_names", "name_groups"})  # these take a label for one class
EXCLUSIVE = False
NEEDS_CONTRAST = BEGINS_WITH_PROBE = True
FEATURE_CHECKS = False  # the network would be asked which one class a picture shows
# The plural says on its way in again that there may be several, "?" that there is none yet.
FORMS: tuple[str, ...] = ("folders",)
COLUMN, NO_LABEL = "labels", NOT_YET
SEPARATORS = (MARK, ";")
OPENING, CLOSING, MAX_LIST = "[({", "])}", 10_000  # of a list in a cell
TOO_FEW_CLASSES = "Where pictures may show several classes, a training needs at least two classes. There are: {count}."
EVERYWHERE = (
    "Nearly every picture shows {label}: only {count} different ones do not. A network learns differences. Add "
    "pictures without it, at least {least}, or remove the class."
)
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
    """Return what certainly stands between two classes in the cells of a table, None where nothing does."""
    texts = [cell for cell in cells if isinstance(cell, str) and not is_list(cell)]
    return next((mark for mark in SEPARATORS if any(mark in text for text in texts)), None)


def taken_apart(texts: Iterable[str], mark: str) -> set[str]:
    """Return the words of which cells consist if `mark` stood between classes; nothing where none holds it."""
    whole = list(texts)
    if not any(len([name for name in text.split(mark) if name.strip()]) > 1 for text in whole):
        return set()
    return {name.strip() for text in whole for name in text.split(mark) if name.strip()}


def is_list(cell) -> bool:
    """Tell whether a cell is a list, or the text of one in JSON or Python."""
    return isinstance(cell, list) or (isinstance(cell, str) and isinstance(_from_text(cell), list))


def read_cell(cell, separator: str | None) -> tuple[str, ...] | None:
    """Return the classes in a cell: a list, the text of one or names with a separator; None for an empty cell."""
    if isinstance(cell, str):
        cell = _from_text(cell)
    if isinstance(cell, list):
        return tuple(dict.fromkeys(clean(str(name)) for name in cell if str(name).strip()))
    text = str(cell).strip()
    if not text:
        return None
    return tuple(dict.fromkeys(clean(name) for name in text.split(separator or MARK) if name.strip()))


def _from_text(cell: str):
    """Return the list that a text writes in JSON or in Python ("['disc', 'red']", a set or tuple too), or the text."""
    text = cell.strip()
    if text[:1] not in OPENING or text[-1:] not in CLOSING or len(text) > MAX_LIST:
        return cell
    for reader in (json.loads, ast.literal_eval):
        try:
            found = reader(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
        if isinstance(found, list | tuple | set | frozenset):
            return sorted(map(str, found)) if isinstance(found, set | frozenset) else list(found)
    return cell


def check_can_begin(labels: Sequence[str | None]) -> None:
    """Raise DataError where a dataset with these labels cannot let its pictures show several classes."""
    for label in sorted({label for label in labels if label}):
        if MARK in label:
            raise DataError(NAMES_WITH_MARK, label=label)


def problems(pictures: Mapping[str, set[int]], everything: int) -> list[DataError]:
    """Return what is wrong where there are fewer than two classes, or some with too few pictures with or without it."""
    if len(pictures) < 2:
        return [DataError(TOO_FEW_CLASSES, count=len(pictures))]
    counts = {label: len(own) for label, own in pictures.items()}
    found = too_small(counts)
    for label, count in sorted(counts.items()):
        if count >= MIN_PER_CLASS and everything - count < MIN_PER_CLASS:
            found.append(DataError(EVERYWHERE, label=label, count=everything - count, least=MIN_PER_CLASS))
    return found


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


def told(layouts: Iterable[Mapping]) -> dict:
    return {}
