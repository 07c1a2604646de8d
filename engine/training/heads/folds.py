"""Folds of the training pictures: what belongs together is never on both sides.

Siblings of one group (a speaker, a patient, a burst) and copies resemble each other more than a new picture resembles
any of them. A fold that mixes them asks about what it has seen: the penalty comes out too weak, and the model too sure.
"""

import numpy as np

from engine.training.inputs.subsample import together

Fold = tuple[np.ndarray, np.ndarray]


def single_label(y: np.ndarray, units: np.ndarray | None, number: int, seed: int) -> list[Fold] | None:
    """Return (rows to learn from, rows to ask) of at most `number` folds; y (N,), classes spread evenly.

    units (N,): rows of one unit stay together; None where every row stands for itself. None is returned where there
    are too few of them: a class that could not be learned from on every side.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    if units is None or len(np.unique(units)) == len(units):
        fewest = int(np.bincount(y).min())
        if fewest < 2:
            return None
        return list(StratifiedKFold(min(number, fewest), shuffle=True, random_state=seed).split(y, y))
    fewest = min(len(np.unique(units[y == label])) for label in np.unique(y))
    if fewest < 2:
        return None
    made = StratifiedGroupKFold(min(number, fewest), shuffle=True, random_state=seed)
    folds = [fold for fold in made.split(y, y, units) if len(fold[1])]
    classes = len(np.unique(y))
    return folds if all(len(np.unique(y[learned])) == classes for learned, _asked in folds) else None


def multi_label(y: np.ndarray, units: np.ndarray | None, number: int, seed: int) -> list[Fold] | None:
    """Return the same for y (N, C) of 0 and 1, whose rows are in random order.

    Where rows belong together, None where a class is everywhere or nowhere on a side to learn from.
    """
    apart = units is not None and len(np.unique(units)) < len(units)
    if units is not None and apart:
        order = np.random.default_rng(seed).permutation(np.unique(units))
        parts = [np.flatnonzero(np.isin(units, part)) for part in np.array_split(order, number)]
    else:
        parts = np.array_split(np.arange(len(y)), number)
    folds = [(np.setdiff1d(np.arange(len(y)), asked), asked) for asked in parts if len(asked)]
    possible = len(folds) > 1 and (not apart or all(_tells(y[learned]) for learned, _asked in folds))
    return folds if possible else None


def _tells(y: np.ndarray) -> bool:
    return bool(len(y)) and bool((y.any(axis=0) & ~y.all(axis=0)).all())


def half(y: np.ndarray, units: np.ndarray | None, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return sorted rows of about one half of the pictures and of the other; rows of one unit stay together."""
    order = np.random.default_rng(seed).permutation(len(y))
    if units is not None:
        order = together(order, units)
    middle = (len(y) + 1) // 2
    while units is not None and 0 < middle < len(y) and units[order[middle - 1]] == units[order[middle]]:
        middle += 1
    return np.sort(order[:middle]), order[middle:]
