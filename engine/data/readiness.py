"""What stands in the way of a training: asked before it is queued, by the report, and by the training itself."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from engine.data.label_kinds import single_label
from engine.data.label_kinds.label_kind import LabelKind
from engine.data.split import SPLITS, exact_clusters
from engine.errors import DataError
from engine.storage.registry import ItemRecord

NOTHING = "There are no pictures with a class yet. Add pictures for at least two classes."
EMPTY_SPLIT = (
    "There are no pictures in the {split} split. Training needs pictures for training, for validation and "
    "for the test. Add pictures, or let Graft split them."
)
NOT_TRAINED = (
    "The class '{label}' has no training pictures, only held-out ones. Move some of its pictures to the "
    "training split, or remove the class."
)
ONLY_TRAINED = (
    "Every training picture shows {label}, so that there is nothing to tell it from. Move some pictures "
    "without it to the training split, or remove the class."
)


def check(items: Sequence[ItemRecord], *, label_kind: LabelKind = single_label) -> None:
    """Raise DataError in words when training cannot start; pictures without a class are left out of account."""
    for problem in problems(items, label_kind=label_kind):
        raise problem


def problems(items: Sequence[ItemRecord], *, label_kind: LabelKind = single_label) -> list[DataError]:
    """Return everything for which a training would be refused, in the order in which it is.

    What only shows once the pictures are divided is looked at where they are.
    """
    labelled = [item for item in items if item.label is not None]
    if not labelled:
        return [DataError(NOTHING)]
    found = label_kind.problems(distinct(labelled, label_kind), len(set(exact_clusters(labelled))))
    if all(item.split for item in labelled):
        names = [label_kind.names_of(item.label) for item in labelled]
        found += of_splits(names, [item.split or "" for item in labelled], label_kind=label_kind)
    return found


def of_splits(
    labels: Sequence[Iterable[str]], splits: Sequence[str], *, label_kind: LabelKind = single_label
) -> list[DataError]:
    """Return what is wrong with how pictures are divided, given the classes and the split of each."""
    there = Counter(splits)
    found = [DataError(EMPTY_SPLIT, split=split) for split in SPLITS if not there[split]]
    if found:
        return found
    trained = Counter(name for own, split in zip(labels, splits, strict=True) if split == "train" for name in own)
    names = sorted({name for own in labels for name in own})
    missing = [DataError(NOT_TRAINED, label=name) for name in names if not trained[name]]
    if not label_kind.NEEDS_CONTRAST:
        return missing
    return [*missing, *(DataError(ONLY_TRAINED, label=name) for name in names if trained[name] == there["train"])]


def distinct(labelled: Sequence[ItemRecord], label_kind: LabelKind = single_label) -> dict[str, set[int]]:
    """Return {class: its pictures}, those of the same pixels counting once."""
    found: dict[str, set[int]] = defaultdict(set)
    for item, cluster in zip(labelled, exact_clusters(labelled), strict=True):
        for name in label_kind.names_of(item.label):
            found[name].add(cluster)
    return found
