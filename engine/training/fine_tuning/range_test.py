"""Find a learning rate by a short range test (Smith 2017): let it grow from step to step until learning falls apart.

Only training pictures are looked at, and the network is put back exactly as it was.
"""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np

from engine.training.fine_tuning.optimizer import at_rate
from engine.training.recipe import Recipe

LOWEST, HIGHEST, STEPS = 1e-6, 1.0, 60
# The same few batches come again and again, and what counts is how much better or worse each does than the first time:
# some pictures are harder than others, which would drown the rest (on clothing a batch lost from 0.8 to 1.5).
BATCHES = 8
# Of the running average of these differences.
MEMORY = 0.7
# The test ends where the smoothed loss is this many times the smallest one so far.
FALLEN_APART = 3.0
# The rate is taken this far below the one at which the loss was smallest: there it is about to turn already.
MARGIN = 10.0
# A head that is learned already hardly gains from larger steps: rates beyond these were never better in our trials.
SMALLEST_CHOICE, LARGEST_CHOICE = 3e-5, 3e-3

Step = Callable[[int], float]


@dataclass(frozen=True)
class Found:
    """Rates that were tried, the smoothed training loss after each, and the rate that was chosen."""

    rates: list[float]
    losses: list[float]
    chosen: float


def find(part: keras.Model, recipe: Recipe, compiled: Callable, train_batch: Step, check_stop: Callable) -> Found:
    """Return what the test found with `part`, which ends with the weights it came with.

    `compiled(optimizer)` makes the part ready to learn with an optimizer; `train_batch(number)` then trains on batch
    `number`, below BATCHES, of the training pictures and returns its loss. `check_stop()` may raise before any step.
    """
    before = [np.array(variable) for variable in part.variables]
    optimizer = at_rate(recipe, LOWEST)
    compiled(optimizer)
    rates, raw = [], []
    try:
        for step, rate in enumerate(np.geomspace(LOWEST, HIGHEST, STEPS)):
            check_stop()
            optimizer.learning_rate = rate
            loss = train_batch(step % BATCHES)
            if not np.isfinite(loss):
                break
            rates.append(float(rate))
            raw.append(float(loss))
            if fallen_apart(curve(raw)):
                break
    finally:
        for variable, value in zip(part.variables, before, strict=True):
            variable.assign(value)
    losses = curve(raw)
    return Found(rates, losses, choose(rates, losses))


def choose(rates: list[float], losses: list[float]) -> float:
    """Return a rate a safe way below the one with the smallest smoothed loss, to two digits."""
    best = rates[int(np.argmin(losses))] if rates else LOWEST
    return float(f"{np.clip(best / MARGIN, SMALLEST_CHOICE, LARGEST_CHOICE):.1e}")


def curve(losses: list[float]) -> list[float]:
    """Return the loss after each step as it would be on all batches together, smoothed; it begins with their mean."""
    first, change, found = losses[:BATCHES], 0.0, []
    for step, loss in enumerate(losses):
        change = MEMORY * change + (1 - MEMORY) * (loss - losses[step % BATCHES])
        found.append(sum(first) / len(first) + change)
    return found


def fallen_apart(losses: list[float]) -> bool:
    return losses[-1] > FALLEN_APART * min(losses)
