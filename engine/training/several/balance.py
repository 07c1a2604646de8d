"""How rare classes are made to count more where pictures may show several."""

import numpy as np

MOST = 100.0  # a class on one picture in a thousand does not count a thousand times


def positive_weights(prevalence: np.ndarray) -> np.ndarray:
    """Return how much a picture with a class counts against one without it, (C,): both sides then weigh the same."""
    share = np.clip(prevalence, 1e-6, 1 - 1e-6)
    return np.clip((1 - share) / share, 1 / MOST, MOST).astype(np.float32)


def repeated(y: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return rows of y (N, C), each at least once, those with rare classes more often.

    Repeat-factor sampling (Gupta et al. 2019, "LVIS"): a picture comes as often as its rarest class asks for, a class
    asking for the root of how many times the most frequent one is as frequent; fractions are left to chance.
    """
    share = np.maximum(y.mean(axis=0), 1e-6)
    asked = np.sqrt(share.max() / share)
    factors = np.maximum(1.0, (y * asked).max(axis=1))
    whole = np.floor(factors).astype(int)
    return np.repeat(np.arange(len(y)), whole + (generator.random(len(y)) < factors - whole))
