"""The frozen list of pictures a run works on, as arrays."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.data import label_kinds, readiness, versions
from engine.data.label_kinds.label_kind import LabelKind
from engine.data.split import SPLITS
from engine.errors import TrainingError
from engine.storage import runs
from engine.training import objectives

LEFT_OUT = "left out"  # a part that nothing looks at


@dataclass(frozen=True)
class Snapshot:
    """One row a picture: its item id, content hash, names, label, and its class as an index into `class_names`.

    Where pictures may show several classes, `y` is (N, num_classes) of 0 and 1 instead (see `training.objectives`).
    """

    items: np.ndarray
    sha256: np.ndarray
    names: np.ndarray
    groups: np.ndarray
    splits: np.ndarray
    labels: np.ndarray
    y: np.ndarray
    boxes: np.ndarray  # texts of engine.data.boxes, None where nobody has drawn any
    class_names: tuple[str, ...]

    @property
    def num_classes(self) -> int:
        return len(self.class_names)

    def rows(self, split: str) -> np.ndarray:
        """Return the row numbers of one split."""
        return np.flatnonzero(self.splits == split)

    def keys(self, rows: np.ndarray) -> list[str]:
        """Return the content hashes of some rows."""
        return self.sha256[rows].tolist()

    def part(self, rows: np.ndarray) -> "Snapshot":
        """Return these rows alone, with the same classes."""
        arrays = {name: values[rows] for name, values in vars(self).items() if name != "class_names"}
        return Snapshot(**arrays, class_names=self.class_names)

    def units(self, rows: np.ndarray) -> np.ndarray:
        """Return a number for each row, the same for rows that no fold may divide.

        Those are copies and, where groups are kept apart between the parts, the pictures of one group.
        """
        alone = [f"picture {sha256}" for sha256 in self.sha256[rows]]
        if not self.groups_apart:
            return np.unique(alone, return_inverse=True)[1]
        named = [
            own if group is None else f"group {group}" for own, group in zip(alone, self.groups[rows], strict=True)
        ]
        return np.unique(named, return_inverse=True)[1]

    @property
    def groups_apart(self) -> bool:
        """Tell whether there are groups, and each lies in one part alone."""
        used = self.splits != LEFT_OUT
        pairs = zip(self.groups[used], self.splits[used], strict=True)
        places = {(group, split) for group, split in pairs if group is not None}
        return bool(places) and len(places) == len({group for group, _split in places})

    def counts(self) -> dict[str, int]:
        return {split: len(self.rows(split)) for split in SPLITS}


def read(run_dir: Path) -> Snapshot:
    """Read a run's snapshot. Raises TrainingError when a split or a class has nothing to learn from."""
    columns = runs.read_snapshot(run_dir).to_pydict()
    task = runs.read_recipe(run_dir).get("task", "one")
    objective = objectives.of(task)
    class_names, y = objective.encode(columns["label"])
    aside = set(versions.left_out(run_dir)["items"])
    pairs = zip(columns["item"], columns["split"], strict=True)
    snapshot = Snapshot(
        items=np.asarray(columns["item"], np.int64),
        sha256=np.asarray(columns["sha256"], object),
        names=np.asarray(columns["name"], object),
        groups=np.asarray(columns["group"], object),
        splits=np.asarray([LEFT_OUT if item in aside else split for item, split in pairs], object),
        labels=np.asarray(columns["label"], object),
        y=y,
        boxes=np.asarray(columns.get("boxes", [None] * len(y)), object),
        class_names=class_names,
    )
    _check(snapshot, label_kinds.of_task(task))
    return snapshot


def _check(snapshot: Snapshot, label_kind: LabelKind) -> None:
    if label_kind.NEEDS_CONTRAST and snapshot.num_classes < 2 and all(snapshot.counts().values()):
        raise TrainingError("There is only one class. A classifier needs at least two: add pictures of something else.")
    labels = [label_kind.names_of(label) for label in snapshot.labels]
    for problem in readiness.of_splits(labels, snapshot.splits.tolist(), label_kind=label_kind):
        raise TrainingError(problem.template, **problem.values)
