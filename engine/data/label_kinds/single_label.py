"""Pictures that show one class each: a label is the name of the class, whatever letters it has."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from engine.data.label_kinds import multi_label
from engine.data.label_kinds.label_kind import Row, Unit, too_small
from engine.errors import DataError

TASK, SENTENCE = "one", "Every picture shows one class"
DATASET_OPTIONS = {multi_label.OPTION: False, multi_label.BOXES: False}
ADOPTED_OPTIONS: dict = {}  # one class a picture fits into every dataset
IMPORT_OPTIONS: dict = {}
DESCRIBED: dict = {}
NOT_ASKED: frozenset[str] = frozenset()
EXCLUSIVE = FEATURE_CHECKS = NEEDS_CONTRAST = BEGINS_WITH_PROBE = True
FORMS: tuple[str, ...] = ("folders",)
COLUMN, NO_LABEL = "label", ""
ONE_CLASS = "All pictures belong to one class, {label}. A network learns differences: add a second class."
EQUAL = "Classes {first} and {second} hold the very same pictures. Remove one of them, or give each its own."
STILL_SEVERAL = (
    "{count} pictures show several classes or none of them. Give each of them one class first, then let a picture "
    "show one class only."
)


def names_of(label: str | None) -> tuple[str, ...]:
    """Return the class, () without one."""
    return (label,) if label else ()


def joined(names: Iterable[str]) -> str:
    """Return the label of a picture that shows this class; "" for none."""
    return next(iter(names), "")


def counts(by_label: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    return by_label


def of_one_class(label: str | None) -> str | None:
    return label


def of_row(row: Row) -> str | None:
    return row.label


def check_can_begin(labels: Sequence[str | None]) -> None:
    """Raise DataError where pictures show several classes or none, so that one class each would be wrong."""
    count = sum(label is not None and len(multi_label.names_of(label)) != 1 for label in labels)
    if count:
        raise DataError(STILL_SEVERAL, count=count)


def problems(pictures: Mapping[str, set[int]], _everything: int) -> list[DataError]:
    """Return what is wrong where there is one class, some with too few pictures, or two with the very same ones."""
    if len(pictures) == 1:
        return [DataError(ONE_CLASS, label=next(iter(pictures)))]
    return [*too_small({label: len(own) for label, own in pictures.items()}), *_equal(pictures)]


def _equal(pictures: Mapping[str, set[int]]) -> list[DataError]:
    seen: dict[frozenset, str] = {}
    found = []
    for label, own in sorted(pictures.items()):
        other = seen.setdefault(frozenset(own), label)
        if other != label:
            found.append(DataError(EQUAL, first=other, second=label))
    return found


def weight(by_label: Counter, labels: Sequence[str | None]) -> Counter:
    return by_label


def dividing_order(units: list[Unit]) -> list[Unit]:
    return units


def became(earlier: set[str], now: set[str]) -> set[str]:
    """Return all classes that its pictures have come to: a class may have been divided."""
    return earlier | now


def told(layouts: Iterable[Mapping]) -> dict:
    return {}
