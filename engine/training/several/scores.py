"""The numbers that training steers by where pictures may show several classes."""

import numpy as np


def exact(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Return the share of pictures with exactly the right classes, both (N, C) of yes and no; 0 when there are none."""
    return float((y_true.astype(bool) == y_pred.astype(bool)).all(axis=1).mean()) if len(y_true) else 0.0


def log_loss(y_true: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean over the pictures of the summed binary cross-entropies, in nats; what is no number is wrong."""
    yes = np.clip(np.nan_to_num(probabilities.astype(np.float64), nan=0.0), 1e-12, 1 - 1e-12)
    right = np.where(y_true > 0.5, yes, 1 - yes)
    return float(-np.log(right).sum(axis=1).mean()) if len(y_true) else 0.0
