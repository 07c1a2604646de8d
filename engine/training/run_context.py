"""What the steps of one run share."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.storage.workspace import Workspace
from engine.training import objectives
from engine.training.inputs.pixels import Pixels
from engine.training.objectives.objective import Objective
from engine.training.progress import Progress
from engine.training.recipe import Recipe
from engine.training.snapshot import Snapshot


@dataclass(frozen=True)
class RunContext:
    """One run: where it is written, what was asked for, its pictures, and how it tells how far it is."""

    workspace: Workspace
    run_dir: Path
    recipe: Recipe
    snapshot: Snapshot
    pixels: Pixels
    progress: Progress

    @property
    def objective(self) -> Objective:
        """What training aims at, learned from the training pictures."""
        y_train = self.snapshot.y[self.snapshot.rows("train")]
        return objectives.of(self.recipe.task).learned_from(y_train, self.snapshot.num_classes)

    @property
    def held_out(self) -> np.ndarray:
        """The rows of the validation pictures, then those of the test pictures."""
        return np.concatenate([self.snapshot.rows("validation"), self.snapshot.rows("test")])
