"""Part of the training pictures: as many of every class as its share, and more of them hold the fewer."""

import numpy as np


def rows_of_fraction(y: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """Return sorted row numbers of `fraction` of the pictures of every class of y (N,), at least one of each.

    With the same seed a larger share holds all of a smaller one.
    """
    generator = np.random.default_rng(seed)
    rows = []
    for label in np.unique(y):
        own = generator.permutation(np.flatnonzero(y == label))
        rows.append(own[: max(1, round(fraction * len(own)))])
    return np.sort(np.concatenate(rows))
