"""LIME (Ribeiro, Singh and Guestrin 2016): near this picture the model is nearly linear in the pieces that are there.

Written here and not taken from the package of that name, which has seen no release since 2020 and brings matplotlib:
docs/decisions/0007-explanations.md.
"""

import numpy as np

from engine.evaluation.explain import segments
from engine.evaluation.explain.segments import Advance, Predict

SAMPLES = 300
KERNEL_WIDTH = 0.25  # of the distance at which a sample counts little, as in the paper's own code
PENALTY = 1.0


def heat(
    predict: Predict,
    pixels: np.ndarray,
    target: int,
    advance: Advance = lambda _done, _total: None,
    *,
    samples: int = SAMPLES,
    seed: int = 0,
) -> np.ndarray:
    """Return what every piece of uint8 pixels (S, S, 3) adds to the log odds of `target`, at its pixels: (S, S)."""
    pieces = segments.cut(pixels)
    kept = np.random.default_rng(seed).random((samples, pieces.max() + 1)) < 0.5
    kept[0] = True
    values = segments.ask(predict, pixels, pieces, kept, target, advance)
    return weights(kept, values)[pieces].astype(np.float32)


def weights(kept: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the coefficient of each piece in a ridge regression of values (N,) on kept (N, pieces).

    A sample counts the more, the more it keeps: exp(-d^2 / width^2), d the cosine distance to the whole picture.
    """
    from sklearn.linear_model import Ridge

    distance = 1 - np.sqrt(kept.mean(axis=1))
    closeness = np.exp(-(distance**2) / KERNEL_WIDTH**2)
    return Ridge(alpha=PENALTY).fit(kept, values, sample_weight=closeness).coef_
