"""What the result would have been with copies, or pictures of one group, on both sides: measured, not guessed.

The same pictures are classified twice by the instant recipe's probe, cross-validated with the same sizes: once with
units (copies, groups) kept in one fold, once with every picture dealt out for itself.
"""

import math
from collections.abc import Sequence

import numpy as np

from engine.curation import out_of_sample
from engine.evaluation.metrics.intervals import Z_95, wilson_interval
from engine.training.recipe import Recipe

MOST = 6000  # pictures it is measured on; whole units, drawn at random

SENTENCES = {
    "copies": "With copies on both sides the result would have read {mixed} %. With copies in one part it is "
    "{apart} %.",
    "groups": "With groups on both sides the result would have read {mixed} %. With every group in one part it is "
    "{apart} %.",
    "both": "With copies and groups on both sides the result would have read {mixed} %. With each in one part it is "
    "{apart} %.",
}
CHANCE = {
    "copies": "Copies on both sides would have made no difference that can be told from chance: {mixed} % instead of "
    "{apart} %.",
    "groups": "Groups on both sides would have made no difference that can be told from chance: {mixed} % instead of "
    "{apart} %.",
    "both": "Copies and groups on both sides would have made no difference that can be told from chance: {mixed} % "
    "instead of {apart} %.",
}


def measure(
    x: np.ndarray, y: np.ndarray, units: Sequence[int], reason: str, recipe: Recipe, seed: int = 0
) -> dict | None:
    """Return {"reason", "apart", "mixed", "within_chance", "message", "values"}, None where it cannot be measured.

    "apart" and "mixed" are {"accuracy", "interval", "correct", "count"}; the interval is Wilson's at 95 %. Both are
    about the same pictures, so chance is judged by those on which they differ (McNemar 1947).
    """
    together = np.asarray(units)
    rows = _sample(y, together, seed)
    x, y, together = x[rows], y[rows], together[rows]
    judged = out_of_sample.enough(y, together)
    x, y, together = x[judged], y[judged], together[judged]
    if len(np.unique(y)) < 2:
        return None
    apart = _right(x, y, out_of_sample.folds_of(y, together, seed), recipe)
    mixed = _right(x, y, out_of_sample.folds_of(y, range(len(y)), seed), recipe)
    chance = _within_chance(mixed, apart)
    values = {name: f"{100 * right.mean():.1f}" for name, right in (("mixed", mixed), ("apart", apart))}
    message = (CHANCE if chance or mixed.mean() <= apart.mean() else SENTENCES)[reason]
    scores = {"apart": _score(apart), "mixed": _score(mixed)}
    return {"reason": reason, **scores, "within_chance": chance, "message": message, "values": values}


def _right(x: np.ndarray, y: np.ndarray, folds: np.ndarray, recipe: Recipe) -> np.ndarray:
    return out_of_sample.probabilities(x, y, folds, recipe).argmax(axis=1) == y


def _score(right: np.ndarray) -> dict:
    correct, count = int(right.sum()), len(right)
    interval = list(wilson_interval(correct, count))
    return {"accuracy": correct / count, "interval": interval, "correct": correct, "count": count}


def _within_chance(mixed: np.ndarray, apart: np.ndarray) -> bool:
    better, worse = int((mixed & ~apart).sum()), int((apart & ~mixed).sum())
    return better + worse == 0 or abs(better - worse) / math.sqrt(better + worse) < Z_95


def _sample(y: np.ndarray, units: np.ndarray, seed: int) -> np.ndarray:
    if len(y) <= MOST:
        return np.arange(len(y))
    order = np.random.default_rng(seed).permutation(np.unique(units))
    sizes = dict(zip(*np.unique(units, return_counts=True), strict=True))
    kept = order[np.cumsum([sizes[unit] for unit in order]) <= MOST]
    return np.flatnonzero(np.isin(units, kept))
