"""The frozen list of pictures a run works on, as arrays."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.data import versions
from engine.data.split import SPLITS
from engine.errors import TrainingError
from engine.storage import runs
from engine.training import objectives
from engine.training.objectives.objective import Objective

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
    objective = objectives.of(runs.read_recipe(run_dir).get("task", "one"))
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
        class_names=class_names,
    )
    _check(snapshot, objective)
    return snapshot


def _check(snapshot: Snapshot, objective: type[Objective]) -> None:
    for split, count in snapshot.counts().items():
        if not count:
            raise TrainingError(
                "There are no pictures in the {split} split. Training needs pictures for training, for validation and "
                "for the test. Add pictures, or let Graft split them.",
                split=split,
            )
    if snapshot.num_classes < 2:
        raise TrainingError("There is only one class. A classifier needs at least two: add pictures of something else.")
    _check_classes(snapshot, objective)


def _check_classes(snapshot: Snapshot, objective: type[Objective]) -> None:
    """Raise TrainingError for a class that no training picture shows, or that all of them show."""
    trained = snapshot.y[snapshot.rows("train")]
    shown = {label: objective.shows(trained, position) for position, label in enumerate(snapshot.class_names)}
    for label, pictures in shown.items():
        if not pictures.any():
            raise TrainingError(
                "The class '{label}' has no training pictures, only held-out ones. Move some of its pictures to the "
                "training split, or remove the class.",
                label=label,
            )
    for label, pictures in shown.items():
        if pictures.all():
            raise TrainingError(
                "Every training picture shows {label}, so that there is nothing to tell it from. Move some pictures "
                "without it to the training split, or remove the class.",
                label=label,
            )
