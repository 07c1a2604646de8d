"""A step of training from a batch that the device's memory does not hold at once: in pieces, with the same result."""

import keras
import numpy as np

from engine.training.fine_tuning import replicas


def in_pieces(optimizer: keras.optimizers.Optimizer, pieces: int) -> None:
    """Let an optimizer that is not built yet make one step of every `pieces` batches it is given."""
    if pieces > 1:
        optimizer.gradient_accumulation_steps = pieces
        if optimizer.use_ema:  # it is taken after every piece
            optimizer.ema_momentum **= 1 / pieces
        if isinstance(optimizer._learning_rate, keras.optimizers.schedules.LearningRateSchedule):
            optimizer.learning_rate = _BySteps(optimizer._learning_rate, pieces)


def learn(part: keras.Model, x: np.ndarray, y: np.ndarray, weights: np.ndarray, pieces: int = 1) -> dict[str, float]:
    """Make one step from a batch and return what `part` reports of it: {"loss", "entropy", "accuracy"}.

    `pieces` is what the optimizer was told by `in_pieces`. Only one of them is in memory at a time; each counts by its
    pictures, so the step is that of the whole batch. Several devices share every piece.
    """
    x, y, weights, rows = _filled(x, y, weights, pieces, replicas.count(part))
    if pieces == 1:
        return replicas.train_on_batch(part, x, y, weights)
    shares = weights.reshape(pieces, -1).sum(axis=1) / weights.sum()
    logs = []
    for first in range(0, len(x), rows):
        here = slice(first, first + rows)
        logs.append(replicas.train_on_batch(part, x[here], y[here], weights[here]))
    return {name: float(sum(share * log[name] for share, log in zip(shares, logs, strict=True))) for name in logs[0]}


def _filled(x, y, weights, pieces: int, devices: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Return the batch with pictures that do not count, so that all pieces have as many rows, for all devices; and how
    many rows a piece has.

    A loss is the mean over all rows of a piece: the others count more by as much as those make it smaller.
    """
    count = len(x)
    rows = -(-count // (pieces * devices)) * devices
    if rows * pieces == count:
        return x, y, weights, rows
    missing = rows * pieces - count
    x, y = (np.concatenate([array, np.repeat(array[:1], missing, axis=0)]) for array in (x, y))
    weights = np.concatenate([weights, np.zeros((missing, *weights.shape[1:]), weights.dtype)])
    return x, y, weights * (rows * pieces / count), rows


class _BySteps(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule that counts the steps of an optimizer, not the pieces they are made of."""

    def __init__(self, schedule: keras.optimizers.schedules.LearningRateSchedule, pieces: int):
        super().__init__()
        self._schedule, self._pieces = schedule, pieces

    def __call__(self, step):
        return self._schedule(keras.ops.floor_divide(step, self._pieces))

    def get_config(self) -> dict:
        return {"schedule": self._schedule, "pieces": self._pieces}
