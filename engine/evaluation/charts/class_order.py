"""Which classes stand side by side in a confusion matrix: those that are taken for each other.

Average-linkage clustering (Sokal & Michener 1958) of the fractions by which classes are confused, in either direction.
Whenever two clusters join, they are turned so that their most similar ends touch (Gruvaeus & Wainer 1972). Numpy alone:
the server that draws the matrix loads no scipy.
"""

import functools
from collections.abc import Sequence

import numpy as np

LARGEST_GROUP = 15  # classes whose names and numbers fit on one screen
_TIE = 1e-10  # smaller than any share: among equals, neighbours in the list of classes join first


def confusability(matrix: Sequence[Sequence[int]]) -> np.ndarray:
    """Return how much two classes are confused, shape (n, n), symmetric, in [0, 1], zero on the diagonal.

    It is the mean of both fractions: of class i taken for j, and of class j taken for i.
    """
    counts = np.asarray(matrix, float)
    fractions = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    similar = (fractions + fractions.T) / 2
    np.fill_diagonal(similar, 0)
    return similar


def similar_order(matrix: Sequence[Sequence[int]]) -> list[int]:
    """Return the positions of all classes, confused ones side by side; as they were where nothing is confused."""
    return [position for group in similar_groups(matrix, largest=len(matrix)) for position in group]


def similar_groups(matrix: Sequence[Sequence[int]], largest: int = LARGEST_GROUP) -> list[list[int]]:
    """Return groups of at most `largest` positions, confused classes together, similar groups side by side."""
    return [list(group) for group in _similar_groups(tuple(map(tuple, matrix)), largest)]


@functools.lru_cache(maxsize=16)
def _similar_groups(matrix: tuple[tuple[int, ...], ...], largest: int) -> list[list[int]]:
    similar = confusability(matrix)
    groups = _join(similar, np.ones(len(similar), int), largest)
    between = np.array([[similar[np.ix_(one, other)].mean() for other in groups] for one in groups])
    sizes = np.array([len(group) for group in groups], int)
    return [groups[place] for row in _join(between, sizes, int(sizes.sum())) for place in row]


def groups_by_name(size: int, largest: int = LARGEST_GROUP) -> list[list[int]]:
    """Return positions 0 … size - 1 in their order, in groups of nearly equal size."""
    parts = np.array_split(np.arange(size), max(1, -(-size // largest)))
    return [part.tolist() for part in parts]


def _join(similar: np.ndarray, sizes: np.ndarray, largest: int) -> list[list[int]]:
    """Join what is most similar until every further union would exceed `largest`; return the rows of each cluster."""
    clusters: list[list[int]] = [[row] for row in range(len(similar))]
    between, weights, places = similar.copy(), sizes.astype(float), np.arange(len(similar), dtype=float)
    while (pair := _closest(between, weights, places, largest)) is not None:
        one, other = pair
        clusters[one] = _end_to_end(clusters[one], clusters[other], similar)
        fraction = weights[one] / (weights[one] + weights[other])
        between[one] = between[:, one] = fraction * between[one] + (1 - fraction) * between[other]
        places[one] = fraction * places[one] + (1 - fraction) * places[other]
        weights[one] += weights[other]
        del clusters[other]
        between = np.delete(np.delete(between, other, 0), other, 1)
        weights, places = np.delete(weights, other), np.delete(places, other)
    return clusters


def _closest(between, weights, places, largest: int) -> tuple[int, int] | None:
    """Return the two most similar clusters that may still join, or None."""
    fits = np.triu(weights[:, None] + weights[None, :] <= largest, k=1)
    if not fits.any():
        return None
    score = np.where(fits, between - _TIE * np.abs(places[:, None] - places[None, :]), -np.inf)
    one, other = np.unravel_index(score.argmax(), score.shape)
    return int(one), int(other)


def _end_to_end(one: list[int], other: list[int], similar: np.ndarray) -> list[int]:
    ways = [(a, b) for a in (one, one[::-1]) for b in (other, other[::-1])]
    left, right = max(ways, key=lambda way: similar[way[0][-1], way[1][0]])
    return left + right
