"""The questions about labels that every kind answers; what is given is labels, so that nothing else need be known."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from engine.errors import DataError

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
    may be asked what is wrong with labels, NEEDS_CONTRAST whether a class must be absent from some of the training
    pictures. BEGINS_WITH_PROBE tells whether a training begins with a linear probe, on which a search rests. FORMS are
    those of a zip of the dataset (engine.data.dataset_zip), the usual one first. COLUMN and NO_LABEL are a table's
    column and the cell of a picture without a label.
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
    NEEDS_CONTRAST: bool
    BEGINS_WITH_PROBE: bool
    FORMS: tuple[str, ...]
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

    def problems(self, pictures: Mapping[str, set[int]], everything: int) -> list[DataError]:
        """Return what a training would be refused for, given {class: its distinct pictures} and how many there are."""
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

    def told(self, layouts: Iterable[Mapping]) -> dict:
        """Return what a run tells of how its labels came in, by the layouts of all imports; {} for nothing."""
        ...


SMALL = (
    "Class {label} has {count} different pictures. At least {least} are needed, so that some can be held "
    "out for testing. Add {more} more, or remove the class."
)
SMALL_ONES = (
    "{number} classes have fewer than {least} different pictures, such as {labels}. Some must be held out for testing. "
    "Add pictures, or remove these classes."
)
NAMED = 5  # classes in a sentence


def too_small(counts: Mapping[str, int]) -> list[DataError]:
    """Return one problem for all classes that have fewer than MIN_PER_CLASS distinct pictures; none without one."""
    small = sorted(label for label, count in counts.items() if count < MIN_PER_CLASS)
    if not small:
        return []
    if len(small) == 1:
        count = counts[small[0]]
        return [DataError(SMALL, label=small[0], count=count, least=MIN_PER_CLASS, more=MIN_PER_CLASS - count)]
    named = ", ".join(small[:NAMED]) + (" …" if len(small) > NAMED else "")
    return [DataError(SMALL_ONES, number=len(small), least=MIN_PER_CLASS, labels=named, classes=small)]
