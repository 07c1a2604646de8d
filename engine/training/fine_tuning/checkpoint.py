"""What an interrupted fine-tuning needs to go on as if nothing had happened: weights, optimizer state, best so far."""

import json
import shutil
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from engine.storage.workspace import replaced

FILE = "fine_tune.npz"


@dataclass
class State:
    """Where fine-tuning stands. `best` are the weights with the best validation scores so far.

    `epoch` epochs are done, and `step` batches of the next one, which have brought `totals` (loss and accuracy, added
    up) and left the dice of that epoch as `dice` says. `views` is fixed at the start: later the disk might have room
    for another number. A batch that memory does not hold at once is learned from in `pieces`;
    `compiled` is whether XLA may compile a step.
    """

    learning_rate: float
    start_loss: float
    best_accuracy: float
    best_loss: float
    best: list[np.ndarray] = field(default_factory=list)
    best_epoch: int = 0
    epoch: int = 0
    restarts: int = 0
    step: int = 0
    totals: tuple[float, float] = (0.0, 0.0)
    dice: dict | None = None
    views: int = 0
    pieces: int = 1
    compiled: bool = True


@dataclass(frozen=True)
class Checkpoint:
    """A state with the variables of the network's trainable part and those of its optimizer that last."""

    state: State
    variables: list[np.ndarray]
    optimizer: list[np.ndarray]

    def fits(self, part: keras.Model) -> bool:
        return [value.shape for value in self.variables] == [tuple(variable.shape) for variable in part.variables]

    def apply(self, part: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
        """Set the variables of both to what was saved."""
        for variable, value in zip(part.variables, self.variables, strict=True):
            variable.assign(value)
        for variable, value in zip(_lasting(optimizer), self.optimizer, strict=True):
            variable.assign(value)
        optimizer.variables[0].assign(self.optimizer[0] * (optimizer.gradient_accumulation_steps or 1))


def take(part: keras.Model, optimizer: keras.optimizers.Optimizer, state: State) -> Checkpoint:
    """Return how things stand, after a whole batch. Its first optimizer variable counts batches, not pieces."""
    lasting = [_array(variable) for variable in _lasting(optimizer)]
    lasting[0] = lasting[0] // (optimizer.gradient_accumulation_steps or 1)
    return Checkpoint(state, [_array(variable) for variable in part.variables], lasting)


def save(folder: Path, part: keras.Model, optimizer: keras.optimizers.Optimizer, state: State) -> None:
    """Write everything in one step; a reader sees the old checkpoint or the new one."""
    taken = take(part, optimizer, state)
    plain = {key: value for key, value in vars(state).items() if key != "best"}
    arrays: dict[str, Any] = {"state": np.frombuffer(json.dumps(plain).encode(), np.uint8)}
    for name, values in (("part", taken.variables), ("optimizer", taken.optimizer), ("best", state.best)):
        arrays.update({f"{name}-{position}": value for position, value in enumerate(values)})
    with replaced(folder / FILE, binary=True) as file:
        np.savez(file, **arrays)


def load(folder: Path) -> Checkpoint | None:
    """Return the checkpoint in `folder`, or None when there is none."""
    try:
        with np.load(folder / FILE, allow_pickle=False) as arrays:
            state = State(best=_group(arrays, "best"), **json.loads(arrays["state"].tobytes()))
            return Checkpoint(state, _group(arrays, "part"), _group(arrays, "optimizer"))
    except (FileNotFoundError, zipfile.BadZipFile, ValueError, KeyError, TypeError):
        return None


def exists(folder: Path) -> bool:
    """Tell whether there is a checkpoint, whole or not."""
    return (folder / FILE).exists()


def forget(folder: Path) -> None:
    """Delete the checkpoint."""
    shutil.rmtree(folder, ignore_errors=True)


def _lasting(optimizer: keras.optimizers.Optimizer) -> list:
    """Return the variables of an optimizer that mean something between two batches; the first counts its steps."""
    return [variable for variable in optimizer.variables if "gradient_accumulator" not in variable.path]


def _array(variable) -> np.ndarray:
    return np.array(keras.ops.convert_to_numpy(variable))


def _group(arrays, name: str) -> list[np.ndarray]:
    count = sum(key.startswith(f"{name}-") for key in arrays.files)
    return [arrays[f"{name}-{position}"] for position in range(count)]
