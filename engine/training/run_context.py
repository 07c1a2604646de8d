"""What the steps of one run share."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.storage.workspace import Workspace
from engine.training.inputs.pixels import Pixels
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
    def held_out(self) -> np.ndarray:
        """The rows of the validation pictures, then those of the test pictures."""
        return np.concatenate([self.snapshot.rows("validation"), self.snapshot.rows("test")])
