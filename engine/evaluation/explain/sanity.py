"""Is an explanation about what the network learned? A network with random weights must give another one.

The sanity check of Adebayo et al. 2018: an explanation that stays the same when everything learned is thrown away
shows edges of the picture, not reasons of the model.
"""

import keras
import numpy as np

# Above this rank correlation the two are too alike to call the explanation one of what was learned.
TOO_ALIKE = 0.5
GRID = 32


def randomised(model: keras.Model, seed: int = 0) -> keras.Model:
    """Return the same network as if it had learned nothing: kernels drawn as by He et al. 2015, all else at rest."""
    copy, rng = keras.models.clone_model(model), np.random.default_rng(seed)
    for weight in copy.weights:
        if len(weight.shape) > 1:
            spread = np.sqrt(2 / np.prod(weight.shape[:-1]))
            weight.assign(rng.normal(0, spread, weight.shape).astype(np.float32))
    return copy


def likeness(heat: np.ndarray, other: np.ndarray) -> float:
    """Return Spearman's rank correlation of two maps (S, S), compared on a coarse grid; 0 where one is flat."""
    from scipy.stats import spearmanr

    one, two = (_coarse(each) for each in (heat, other))
    if np.ptp(one) == 0 or np.ptp(two) == 0:
        return 0.0
    return float(spearmanr(one, two).statistic)


def _coarse(heat: np.ndarray) -> np.ndarray:
    edges = np.linspace(0, len(heat), min(GRID, len(heat)) + 1).astype(int)[:-1]
    return np.add.reduceat(np.add.reduceat(heat, edges, axis=0), edges, axis=1).ravel()
