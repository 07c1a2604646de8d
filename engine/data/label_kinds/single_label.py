"""Pictures that show one class each: a label is the name of the class, whatever letters it has."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from engine.data.label_kinds import multi_label
from engine.data.label_kinds.label_kind import MIN_PER_CLASS, Row, Unit, too_few
from engine.errors import DataError

if TYPE_CHECKING:  # a recipe knows its label kind, and loads no database
    from engine.storage.registry import ItemRecord

TASK, SENTENCE = "one", "Every picture shows one class"
DATASET_OPTIONS = {multi_label.OPTION: False}
ADOPTED_OPTIONS: dict = {}  # one class a picture fits into every dataset
IMPORT_OPTIONS: dict = {}
DESCRIBED: dict = {}
NOT_ASKED: frozenset[str] = frozenset()
EXCLUSIVE = FEATURE_CHECKS = True
COLUMN, NO_LABEL = "label", ""
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


def check_ready(labelled: "Sequence[ItemRecord]", clusters: Sequence[int]) -> None:
    """Raise DataError where there is one class, one with too few pictures, or two with the very same ones."""
    distinct: dict[str, set[int]] = defaultdict(set)
    for item, cluster in zip(labelled, clusters, strict=True):
        distinct[item.label or ""].add(cluster)
    if len(distinct) == 1:
        raise DataError(
            "All pictures belong to one class, {label}. A network learns differences: add a second class.",
            label=next(iter(distinct)),
        )
    for label, pictures in sorted(distinct.items()):
        if len(pictures) < MIN_PER_CLASS:
            raise too_few(label, len(pictures))
    _refuse_equal_classes(distinct)


def _refuse_equal_classes(distinct: dict[str, set[int]]) -> None:
    seen: dict[frozenset, str] = {}
    for label, pictures in sorted(distinct.items()):
        other = seen.setdefault(frozenset(pictures), label)
        if other != label:
            raise DataError(
                "Classes {first} and {second} hold the very same pictures. Remove one of them, or give each its own.",
                first=other,
                second=label,
            )


def weight(by_label: Counter, labels: Sequence[str | None]) -> Counter:
    return by_label


def dividing_order(units: list[Unit]) -> list[Unit]:
    return units


def became(earlier: set[str], now: set[str]) -> set[str]:
    """Return all classes that its pictures have come to: a class may have been divided."""
    return earlier | now
