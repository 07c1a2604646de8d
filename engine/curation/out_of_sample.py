"""What a probe says of pictures it has not learned from: cross-validated probabilities for a whole dataset."""

from collections.abc import Callable, Sequence

import numpy as np

from engine.training.heads import linear_probe, regularization
from engine.training.recipe import Recipe

FOLDS = 5
SAMPLE = 3000  # pictures the strength of the penalty is chosen on

Advance = Callable[[int, int], None]


def folds_of(y: np.ndarray, units: Sequence, seed: int = 0) -> np.ndarray:
    """Return a fold in range(5) for each row, the classes spread evenly and rows of one unit in one fold."""
    generator = np.random.default_rng(seed)
    folds = np.full(len(y), -1)
    by_unit: dict = {}
    for label in np.unique(y):
        rows = generator.permutation(np.flatnonzero(y == label))
        next_fold = 0
        for row in rows:
            if units[row] not in by_unit:
                by_unit[units[row]] = next_fold % FOLDS
                next_fold += 1
            folds[row] = by_unit[units[row]]
    return folds


def enough(y: np.ndarray, units: Sequence) -> np.ndarray:
    """Return which rows belong to a class with a unit for every fold and one more; the others cannot be judged."""
    pairs = {(int(label), unit) for label, unit in zip(y, units, strict=True)}
    counts = np.bincount([label for label, _unit in pairs], minlength=int(y.max(initial=0)) + 1)
    return counts[y] > FOLDS


def strength(x: np.ndarray, y: np.ndarray, seed: int = 0, units: np.ndarray | None = None) -> Recipe:
    """Return the recipe of a probe whose penalty suits a sample of these pictures; `units` stay in one fold each."""
    rows = np.random.default_rng(seed).permutation(len(x))[:SAMPLE]
    known, small = np.unique(y[rows], return_inverse=True)
    chosen = None if units is None else np.asarray(units)[rows]
    if len(known) < 2:
        return Recipe(l2=regularization.DEFAULT_STRENGTH / 2)
    return Recipe(l2=linear_probe.fit(x[rows], small, len(known), Recipe(seed=seed), chosen).strength / 2)


def probabilities(
    x: np.ndarray, y: np.ndarray, folds: np.ndarray, recipe: Recipe, advance: Advance = lambda _done, _total: None
) -> np.ndarray:
    """Return (N, num_classes): each row as the probe of the other folds sees it; 0 for classes those do not hold."""
    result = np.zeros((len(x), int(y.max()) + 1), np.float32)
    for fold in range(FOLDS):
        learn, judge = folds != fold, folds == fold
        known, small = np.unique(y[learn], return_inverse=True)
        if judge.any() and len(known) > 1:
            head = linear_probe.fit(x[learn], small, len(known), recipe).head
            result[np.ix_(judge, known)] = head.probabilities(x[judge])
        advance(fold + 1, FOLDS)
    return result
