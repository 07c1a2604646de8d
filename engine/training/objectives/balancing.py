"""How rare classes are made to count more: their pictures repeated, or weighed."""

import numpy as np

MOST_REPEATS = 100.0  # a class on one picture in a thousand does not count a thousand times


def oversampled(y: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return row numbers in which every class occurs as often as the largest one; each row occurs at least once."""
    most = np.bincount(y).max()
    rows = []
    for label in np.unique(y):
        own = np.flatnonzero(y == label)
        extra = generator.permutation(own)[: most % len(own)]
        rows.append(np.concatenate([np.tile(own, most // len(own)), extra]))
    return np.concatenate(rows)


def positive_weights(prevalence: np.ndarray) -> np.ndarray:
    """Return how much a picture with a class counts against one without it, (C,): both sides then weigh the same."""
    prevalence = np.clip(prevalence, 1e-6, 1 - 1e-6)
    return np.clip((1 - prevalence) / prevalence, 1 / MOST_REPEATS, MOST_REPEATS).astype(np.float32)


def repeated(y: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return rows of y (N, C), each at least once, those with rare classes more often.

    Repeat-factor sampling (Gupta et al. 2019, "LVIS"): a picture comes as often as its rarest class asks for, a class
    asking for the root of how many times the most frequent one is as frequent; fractions are left to chance.
    """
    prevalence = np.maximum(y.mean(axis=0), 1e-6)
    asked = np.sqrt(prevalence.max() / prevalence)
    factors = np.maximum(1.0, (y * asked).max(axis=1))
    whole = np.floor(factors).astype(int)
    return np.repeat(np.arange(len(y)), whole + (generator.random(len(y)) < factors - whole))
