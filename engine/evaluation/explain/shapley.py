"""SHAP (Lundberg and Lee 2017): every piece's fair share of the answer, by Kernel SHAP.

Written here and not taken from the package of that name, which brings a compiler (numba and LLVM) for other kinds of
models: docs/decisions/0007-explanations.md.
"""

import itertools
import math

import numpy as np

from engine.evaluation.explain import segments
from engine.evaluation.explain.segments import Advance, Predict

SAMPLES = 400
PIECES = 30


def heat(
    predict: Predict,
    pixels: np.ndarray,
    target: int,
    advance: Advance = lambda _done, _total: None,
    *,
    samples: int = SAMPLES,
    seed: int = 0,
) -> np.ndarray:
    """Return the Shapley value of every piece of uint8 pixels (S, S, 3) for the log odds of `target`: (S, S).

    The values of all pieces add up to the log odds of the picture less those of a picture without any of them.
    """
    pieces = segments.cut(pixels, PIECES)
    count = int(pieces.max()) + 1
    if count == 1:
        return np.zeros(pieces.shape, np.float32)
    kept, weight = coalitions(count, samples, seed)
    ends = np.array([np.zeros(count, bool), np.ones(count, bool)])
    values = segments.ask(predict, pixels, pieces, np.concatenate([ends, kept]), target, advance)
    return solve(kept, values[2:], weight, values[0], values[1])[pieces].astype(np.float32)


def coalitions(count: int, samples: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return sets of pieces to keep, (N, count), and what each weighs, (N,): all sets where there are few enough.

    Else sizes are drawn as the kernel weighs them, each set together with its opposite (Covert and Lee 2021): the
    estimate is then steadier for the same number of questions.
    """
    sizes = np.arange(1, count)
    if 2**count - 2 <= samples:
        kept = np.array(list(itertools.product((False, True), repeat=count))[1:-1])
        kernel = [(count - 1) / (math.comb(count, size) * size * (count - size)) for size in kept.sum(axis=1)]
        return kept, np.array(kernel)
    chance = 1 / (sizes * (count - sizes))
    rng = np.random.default_rng(seed)
    drawn = rng.choice(sizes, samples // 2, p=chance / chance.sum())
    kept = np.zeros((len(drawn), count), bool)
    for row, size in zip(kept, drawn, strict=True):
        row[rng.choice(count, size, replace=False)] = True
    return np.concatenate([kept, ~kept]), np.ones(2 * len(drawn))


def solve(kept: np.ndarray, values: np.ndarray, weight: np.ndarray, empty: float, full: float) -> np.ndarray:
    """Return the shares (count,) that fit the values (N,) of the sets best and add up to `full` - `empty`."""
    x, y = kept.astype(float), values - empty
    gram = x.T @ (x * weight[:, None]) + 1e-9 * len(x) * np.eye(x.shape[1])
    inverse = np.linalg.inv(gram)
    free = inverse @ (x.T @ (weight * y))
    # One Lagrange multiplier keeps the sum.
    return free - inverse.sum(axis=1) * (free.sum() - (full - empty)) / inverse.sum()
