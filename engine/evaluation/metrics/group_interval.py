"""The interval of an accuracy where test pictures come in groups that the model never saw, and where some are copies.

What is measured on a few speakers or cameras can only say so much about the next one, however many pictures each has:
the variance is that of as many pictures times the design effect 1 + (m - 1) rho (Kish 1965, "Survey Sampling"). How
alike the pictures of a group are (rho, the intraclass correlation) is learned from the groups, but two or three groups
that happen to agree do not prove that all do: it never lies below what is usual.
"""

import numpy as np

from engine.evaluation.metrics.intervals import wilson_interval

# How alike answers within a group usually are, and the groups whose word it weighs as much as.
USUAL, WEIGHT = 0.1, 2
LEVELS = np.linspace(0, 1, 201)


def interval(right: np.ndarray, groups: np.ndarray, copies: np.ndarray) -> tuple[float, float]:
    """Return the 95 % interval of the mean of `right` (N,): groups and copies (N,) number what belongs together.

    One right answer more never lowers either end. With a spread that is learned it would: a group that does better than
    the others makes them differ more. So the lower end is the highest that follows from these answers or from fewer
    right ones; those in which groups differ least are the ones where no group is better than some level. The upper end
    likewise with more.
    """
    from scipy.stats import t as student  # 60 MB that the server never needs

    sizes = np.bincount(groups)
    shares = np.bincount(groups, right) / sizes
    single = (np.bincount(copies) ** 2).sum() / len(right) ** 2
    quantile = float(student.ppf(0.975, max(1, len(sizes) - 1)))
    between = LEVELS[(shares.min() < LEVELS) & (shares.max() > LEVELS)]
    levels = np.unique(np.concatenate([between, shares]))
    low = max(_wilson(np.minimum(shares, level), sizes, single, quantile)[0] for level in levels)
    high = min(_wilson(np.maximum(shares, level), sizes, single, quantile)[1] for level in levels)
    return low, high


def distinct(copies: np.ndarray) -> float:
    """Return how many pictures these count for where groups play no part: copies (N,) numbers what is the same."""
    return len(copies) ** 2 / max(1, (np.bincount(copies) ** 2).sum())


def alikeness(shares: np.ndarray, sizes: np.ndarray) -> float:
    """Return the intraclass correlation of right answers, from the share in each group and its size; 0 to 1.

    By analysis of variance (Ridout, Demétrio and Firth 1999, "Estimating intraclass correlation for binary data").
    """
    count, units = sizes.sum(), len(sizes)
    if units < 2 or count == units:
        return 0.0
    mean = sizes @ shares / count
    between = sizes @ (shares - mean) ** 2 / (units - 1)
    within = sizes @ (shares * (1 - shares)) / (count - units)
    size = (count - (sizes**2).sum() / count) / (units - 1)
    total = between + (size - 1) * within
    return float(np.clip((between - within) / total, 0, 1)) if total > 0 else 0.0


def _wilson(shares: np.ndarray, sizes: np.ndarray, single: float, quantile: float) -> tuple[float, float]:
    count, freedom = sizes.sum(), len(sizes) - 1
    seen = (WEIGHT * USUAL + freedom * alikeness(shares, sizes)) / (WEIGHT + freedom)
    rho = max(USUAL, seen)
    effective = 1 / ((1 - rho) * single + rho * max(single, (sizes**2).sum() / count**2))
    return wilson_interval(sizes @ shares / count * effective, effective, quantile)
