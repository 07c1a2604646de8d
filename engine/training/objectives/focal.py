"""Focal loss: pictures that are right already count less, so that the hard ones decide (Lin et al. 2017)."""

import keras
import numpy as np
from keras import ops

from engine.training.objectives.scores import softmax

ITERATIONS = 200
GAMMA = 2.0  # the paper's own choice; 0 would be the ordinary cross-entropy


class FocalLoss(keras.losses.Loss):
    """-(1 - p)^gamma log p of the true class, from targets and logits, both (N, classes).

    Where a target is shared between classes, each counts by its share.
    """

    def call(self, y_true, y_pred):
        log_p = ops.log_softmax(y_pred, axis=-1)
        return -ops.sum(y_true * ops.power(1.0 - ops.exp(log_p), GAMMA) * log_p, axis=-1)


def gradient_weights(p: np.ndarray) -> np.ndarray:
    """Return (N,) how much of the gradient of the cross-entropy the focal loss keeps, for true classes of p (N,)."""
    p = np.clip(p, 1e-7, 1 - 1e-7)
    return (1 - p) ** GAMMA - GAMMA * p * (1 - p) ** (GAMMA - 1) * np.log(p)


def refit(
    x: np.ndarray, y: np.ndarray, kernel: np.ndarray, bias: np.ndarray, strength: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return kernel (D, C) and bias (C,) with the least focal loss, starting from a fit of the cross-entropy.

    `strength` weighs the squares of the kernel per picture. The loss is scaled so that pictures count as much against
    that penalty as they did at the start. L-BFGS (Liu and Nocedal 1989).
    """
    from scipy.optimize import minimize

    rows, size = np.arange(len(y)), kernel.size
    scale = 1 / max(1e-9, gradient_weights(softmax(x @ kernel + bias)[rows, y]).mean())

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = flat[:size].reshape(kernel.shape)
        probabilities = softmax(x @ weights + flat[size:])
        p = np.clip(probabilities[rows, y], 1e-7, 1 - 1e-7)
        value = scale * np.mean(-((1 - p) ** GAMMA) * np.log(p)) + strength / 2 * np.sum(weights**2)
        probabilities[rows, y] -= 1
        slope = probabilities * (scale / len(y) * gradient_weights(p))[:, None]
        return value, np.concatenate([(x.T @ slope + strength * weights).ravel(), slope.sum(axis=0)])

    start = np.concatenate([kernel.ravel(), bias]).astype(np.float64)
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": ITERATIONS}).x
    return found[:size].reshape(kernel.shape).astype(np.float32), found[size:].astype(np.float32)
