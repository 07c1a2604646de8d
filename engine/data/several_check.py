"""What stands in the way of a training where pictures may show several classes."""

from collections import Counter
from collections.abc import Sequence

from engine.data import several
from engine.data.split import duplicate_clusters
from engine.errors import DataError
from engine.registry import ItemRecord

MIN_PER_CLASS = 3  # distinct pictures: one to learn from, one to choose with, one to measure on


def ready_to_train(items: Sequence[ItemRecord]) -> None:
    """Raise DataError in words when training cannot start; pictures without a label are left out of account."""
    labelled = [item for item in items if item.label is not None]
    if not labelled:
        raise DataError("There are no pictures with a class yet. Add pictures for at least two classes.")
    clusters = duplicate_clusters(labelled)
    shown = {(name, cluster) for item, cluster in zip(labelled, clusters, strict=True) for name in _names(item)}
    with_it, everything = Counter(name for name, _cluster in shown), len(set(clusters))
    if len(with_it) < 2:
        raise DataError(
            "Where pictures may show several classes, a training needs at least two classes. There are: {count}.",
            count=len(with_it),
        )
    for label, count in sorted(with_it.items()):
        _check_class(label, count, everything - count)


def _names(item: ItemRecord) -> tuple[str, ...]:
    return several.names_of(item.label)


def _check_class(label: str, count: int, without: int) -> None:
    if count < MIN_PER_CLASS:
        raise DataError(
            "Class {label} has {count} different pictures. At least {least} are needed, so that some can be held "
            "out for testing. Add {more} more, or remove the class.",
            label=label,
            count=count,
            least=MIN_PER_CLASS,
            more=MIN_PER_CLASS - count,
        )
    if without < MIN_PER_CLASS:
        raise DataError(
            "Nearly every picture shows {label}: only {count} different ones do not. A network learns differences. Add "
            "pictures without it, at least {least}, or remove the class.",
            label=label,
            count=without,
            least=MIN_PER_CLASS,
        )
