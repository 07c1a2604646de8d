"""The questions about labels that every kind answers; what is given is labels, so that nothing else need be known."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from engine.errors import DataError

if TYPE_CHECKING:  # a recipe knows its label kind, and loads no database
    from engine.storage.registry import ItemRecord

MIN_PER_CLASS = 3  # distinct pictures: one to learn from, one to choose with, one to measure on


class Divisible(Protocol):
    """Pictures that stay together when they are divided. `weight` counts them per class."""

    weight: Counter
    first: str | None


class Row(Protocol):
    """A row of a table: its cell read as one class, and as several."""

    @property
    def label(self) -> str | None: ...

    @property
    def labels(self) -> tuple[str, ...] | None: ...


Unit = TypeVar("Unit", bound=Divisible)


class LabelKind(Protocol):
    """A module of this package.

    TASK is its name in recipes and evaluations, SENTENCE says it in words. EXCLUSIVE: whether a picture shows exactly
    one of the classes. DATASET_OPTIONS is what a dataset of the kind keeps, ADOPTED_OPTIONS what one keeps from when
    labels of the kind come in, IMPORT_OPTIONS what pictures that come to it are read with, DESCRIBED what the account
    of an import says of it. NOT_ASKED are kinds of findings that make no sense, FEATURE_CHECKS tells whether a network
    may be asked what is wrong with labels. COLUMN and NO_LABEL are a table's column and the cell of a picture without a
    label.
    """

    TASK: str
    SENTENCE: str
    DATASET_OPTIONS: dict
    ADOPTED_OPTIONS: dict
    IMPORT_OPTIONS: dict
    DESCRIBED: dict
    NOT_ASKED: frozenset[str]
    EXCLUSIVE: bool
    FEATURE_CHECKS: bool
    COLUMN: str
    NO_LABEL: str

    def names_of(self, label: str | None) -> tuple[str, ...]:
        """Return the classes that a label holds, in alphabetical order; () for no label."""
        ...

    def joined(self, names: Iterable[str]) -> str:
        """Return the label of a picture that shows these classes."""
        ...

    def counts(self, by_label: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
        """Return {class: {split: pictures}} from {label: {split: pictures}}."""
        ...

    def of_one_class(self, label: str | None) -> str | None:
        """Return the label of a picture that came with one class, such as that of its folder."""
        ...

    def of_row(self, row: Row) -> str | None:
        """Return the label that a row of a table gives."""
        ...

    def check_can_begin(self, labels: Sequence[str | None]) -> None:
        """Raise DataError where a dataset with these labels cannot become one of this kind."""
        ...

    def check_ready(self, labelled: "Sequence[ItemRecord]", clusters: Sequence[int]) -> None:
        """Raise DataError in words when training cannot start; `clusters` tells which pictures are copies."""
        ...

    def weight(self, by_label: Counter, labels: Sequence[str | None]) -> Counter:
        """Return how much pictures with these labels, which stay together, count for each class when dividing."""
        ...

    def dividing_order(self, units: list[Unit]) -> list[Unit]:
        """Return the units, given the largest first, in the order in which they are divided."""
        ...

    def became(self, earlier: set[str], now: set[str]) -> set[str]:
        """Return what a class has become, from what it was taken for so far and the classes of one more picture."""
        ...


def too_few(label: str, count: int) -> DataError:
    """Return what to say of a class that has fewer than MIN_PER_CLASS distinct pictures."""
    return DataError(
        "Class {label} has {count} different pictures. At least {least} are needed, so that some can be held "
        "out for testing. Add {more} more, or remove the class.",
        label=label,
        count=count,
        least=MIN_PER_CLASS,
        more=MIN_PER_CLASS - count,
    )
