"""How strongly a model speaks for a class: the one number that every explanation takes apart."""

import numpy as np
from keras import ops

TINY = 1e-7


def log_odds(probabilities: np.ndarray, target: int) -> np.ndarray:
    """Return log(p / (1 - p)) of class `target` for rows of probabilities (N, num_classes): (N,).

    Probabilities themselves hardly move where a model is sure: of 0.999 and 0.9999 the second is ten times as sure.
    """
    p = np.clip(np.asarray(probabilities, np.float64)[:, target], TINY, 1 - TINY)
    return np.log(p) - np.log1p(-p)


def log_odds_of_logits(logits, target: int, *, each: bool = False):
    """Return the same from a tensor of logits (N, num_classes), in a way that can be differentiated.

    `each`: every class stands for itself. A single logit is that of the second of two classes.
    """
    if logits.shape[-1] == 1:
        return logits[:, 0] if target == 1 else -logits[:, 0]
    if each:
        return logits[:, target]
    is_target = ops.arange(logits.shape[-1]) == target
    others = ops.where(is_target[None], -1e9, logits)
    return logits[:, target] - ops.logsumexp(others, axis=-1)
