"""What the run pages need to know about the pictures, computed once per version of the dataset."""

import functools
import statistics
from dataclasses import dataclass

from engine import graft
from engine.data import readiness
from engine.data.label_kinds.label_kind import LabelKind
from engine.data.modalities.image_facts import image_facts
from engine.data.split import SPLITS
from engine.errors import UserError
from engine.storage.registry import Item, Project
from pages.shared.dataset import classes

PREVIEWED_CLASSES = 3


@dataclass(frozen=True)
class DatasetFacts:
    """`side` is the median shorter side in pixels; `problem` is why a training cannot start, None when it can."""

    pictures: int
    counts: dict[str, int]
    classes: int
    label_kind: LabelKind
    side: float
    hashes: tuple[str, ...]
    examples: tuple[str, ...]
    problem: UserError | None


def facts_of(project: Project) -> DatasetFacts:
    """Return the facts of the project's dataset as it is now."""
    here = graft.current()
    return _facts(str(here.workspace.root), project.dataset_id, here.registry.version(project.dataset_id))


@functools.lru_cache(maxsize=32)
def _facts(_workspace: str, dataset_id: str, _version: str) -> DatasetFacts:
    items = graft.current().registry.items(dataset_id)
    labelled = [item for item in items if item.is_used]
    label_kind = classes.kind_of(dataset_id)
    by_class: dict[str, str] = {}
    for item in labelled:
        for name in label_kind.names_of(item.label):
            by_class.setdefault(name, item.sha256)
    return DatasetFacts(
        pictures=len(labelled),
        counts={split: sum(item.split == split for item in labelled) for split in SPLITS},
        classes=len(by_class),
        label_kind=label_kind,
        side=statistics.median(map(_short_side, labelled)) if labelled else 0.0,
        hashes=tuple(item.sha256 for item in labelled),
        examples=tuple(by_class.values())[:PREVIEWED_CLASSES],
        problem=_problem(labelled, label_kind),
    )


def _problem(labelled: list[Item], label_kind: LabelKind) -> UserError | None:
    try:
        readiness.check(labelled, label_kind=label_kind)
    except UserError as error:
        return error
    return None


def _short_side(item: Item) -> int:
    known = image_facts(item)
    return min(known.width, known.height)
