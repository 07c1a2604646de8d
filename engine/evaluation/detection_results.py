"""What a finished run found on its pictures, read from its files; as light as `results`, so that pages may ask."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.data.boxes.geometry import Box, from_text
from engine.evaluation import results
from engine.evaluation.metrics import detection as metrics
from engine.evaluation.metrics import detection_errors
from engine.evaluation.metrics.detection_errors import Judged
from engine.storage.evaluation import Evaluation
from engine.storage.workspace import read_json, write_json

THRESHOLDS = "detection_thresholds.json"  # as somebody chose them, by what mistakes cost


@dataclass(frozen=True)
class Looked:
    """A picture with what is on it and what the model found: arrays as in `metrics.detection`."""

    item: int
    sha256: str
    name: str
    true: np.ndarray
    found: np.ndarray

    def claimed(self, thresholds: Sequence[float]) -> "Looked":
        """Return it with the found objects that reach their thresholds."""
        [own] = metrics.claimed([self.found], thresholds)
        return Looked(self.item, self.sha256, self.name, self.true, own)

    def judged(self) -> list[Judged]:
        return detection_errors.judge(self.true, self.found)


def pictures(run_dir: Path, split: str = "test") -> list[Looked]:
    """Return all pictures of a split with everything that was found on them, however unsure."""
    rows, names = results.predictions(run_dir, split), results.class_names(run_dir)
    columns = [rows.column(name) for name in ("item", "sha256", "name", "boxes", "found")]
    return [
        Looked(item, sha256, name, true_rows(from_text(boxes), names), np.array(json.loads(found)).reshape(-1, 6))
        for item, sha256, name, boxes, found in zip(*columns, strict=True)
    ]


def true_rows(boxes: Sequence[Box], class_names: Sequence[str]) -> np.ndarray:
    """Return (n, 5) of boxes: corners and the place of the class."""
    number = {name: place for place, name in enumerate(class_names)}
    rows = [[*box.corners, number[box.label]] for box in boxes if box.label in number]
    return np.array(rows, float).reshape(-1, 5)


def thresholds(run_dir: Path, evaluation: Evaluation) -> list[float]:
    """Return from which confidence on an object of each class is claimed."""
    return read_json(run_dir / THRESHOLDS) or evaluation["thresholds"]


def choose(run_dir: Path, miss: float, alarm: float) -> list[float]:
    """Keep the thresholds at which mistakes on the validation pictures cost least, and return them."""
    own = pictures(run_dir, "validation")
    names = results.class_names(run_dir)
    found = metrics.cheapest_thresholds([one.true for one in own], [one.found for one in own], len(names), miss, alarm)
    write_json(run_dir / THRESHOLDS, found)
    return found


def forget_choice(run_dir: Path) -> None:
    """Go back to the thresholds with the highest F1."""
    (run_dir / THRESHOLDS).unlink(missing_ok=True)
