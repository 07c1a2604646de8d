"""Part of the training pictures: as many of every class as its share, and more of them hold the fewer."""

import numpy as np


def rows_of_fraction(y: np.ndarray, fraction: float, seed: int, units: np.ndarray | None = None) -> np.ndarray:
    """Return sorted row numbers of `fraction` of the pictures of every class of y (N,), at least one of each.

    With the same seed a larger fraction holds all of a smaller one. With units (N,), whole units of each class are
    drawn, the last of them in part: a fraction of the pictures is then about the same fraction of the groups.
    """
    generator = np.random.default_rng(seed)
    rows = []
    for label in np.unique(y):
        own = generator.permutation(np.flatnonzero(y == label))
        if units is not None:
            own = together(own, units)
        rows.append(own[: max(1, round(fraction * len(own)))])
    return np.sort(np.concatenate(rows))


def together(rows: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Return the rows with those of one unit side by side, in the order in which the units come first."""
    _units, first, unit = np.unique(units[rows], return_index=True, return_inverse=True)
    return rows[np.argsort(first[unit], kind="stable")]
