"""Classes that cannot be told apart: pictures of the two fall to either nearly as a coin does."""

from dataclasses import dataclass

import numpy as np

FEWEST = 10  # pictures of each
NEAR_CHANCE = 0.65  # balanced accuracy between the two; 0.5 is a coin
MOST = 5


@dataclass(frozen=True)
class Blur:
    """Two classes and how often a picture of one of them is given to the right one of the two, in [0, 1]."""

    first: int
    second: int
    right: float


def find(probabilities: np.ndarray, y: np.ndarray) -> list[Blur]:
    """Return pairs of classes confused near chance, the worst first. probabilities: out of sample, (N, C)."""
    counts = np.bincount(y, minlength=probabilities.shape[1])
    # Between two classes only: their mean log odds would hide which pictures are on the wrong side.
    wins = np.stack([_share_won(probabilities[y == label], label) for label in range(len(counts))])
    found = []
    for first in range(len(counts)):
        for second in range(first + 1, len(counts)):
            right = (wins[first, second] + wins[second, first]) / 2
            if min(counts[first], counts[second]) >= FEWEST and right <= NEAR_CHANCE:
                found.append(Blur(first, second, float(right)))
    return sorted(found, key=lambda blur: blur.right)[:MOST]


def _share_won(rows: np.ndarray, label: int) -> np.ndarray:
    """Return for each other class the share of rows that are likelier `label` than that class, (C,)."""
    return (rows[:, [label]] > rows).mean(axis=0) if len(rows) else np.ones(rows.shape[1])
