"""What the run pages need to know about the pictures, computed once per version of the dataset."""

import functools
import statistics
from dataclasses import dataclass

from engine import graft
from engine.data import check
from engine.errors import UserError
from engine.registry import Project

SPLITS = ("train", "validation", "test")
PREVIEWED_CLASSES = 3


@dataclass(frozen=True)
class DatasetFacts:
    """`side` is the median shorter side in pixels; `problem` is why a training cannot start, None when it can."""

    pictures: int
    counts: dict[str, int]
    classes: int
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
    by_class: dict[str, str] = {}
    for item in labelled:
        by_class.setdefault(item.label, item.sha256)
    return DatasetFacts(
        pictures=len(labelled),
        counts={split: sum(item.split == split for item in labelled) for split in SPLITS},
        classes=len(by_class),
        side=statistics.median(min(item.width, item.height) for item in labelled) if labelled else 0.0,
        hashes=tuple(item.sha256 for item in labelled),
        examples=tuple(by_class.values())[:PREVIEWED_CLASSES],
        problem=_problem(items),
    )


def _problem(items) -> UserError | None:
    try:
        check.ready_to_train([item for item in items if item.is_used])
    except UserError as error:
        return error
    return None
