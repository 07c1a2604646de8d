"""Pictures unlike all others: far from even their nearest neighbours in the features of a network."""

import numpy as np

NEIGHBOURS = 10
FENCE = 3.0  # interquartile ranges beyond the upper quartile of the log distance: far out (Tukey 1977)
MOST = 0.01  # of the pictures; a set always has a rim


def find(similarities: np.ndarray) -> list[tuple[int, float]]:
    """Return (row, distance) of outliers, the farthest first; distance in units of the usual one.

    similarities: to the nearest other rows, (N, K), as evaluation.neighbours gives them; kNN distance as in
    Ramaswamy, Rastogi and Shim 2000.
    """
    if len(similarities) < 5 * NEIGHBOURS:
        return []
    distance = np.maximum(1 - similarities[:, :NEIGHBOURS].mean(axis=1), 1e-6)
    logs = np.log(distance)
    low, middle, high = np.quantile(logs, (0.25, 0.5, 0.75))
    far = np.flatnonzero(logs > high + FENCE / 2 * (high - low))
    most = max(1, int(MOST * len(distance)))
    order = far[np.argsort(-distance[far])][:most]
    return [(int(row), float(distance[row] / np.exp(middle))) for row in order]
