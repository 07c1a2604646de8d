"""The two numbers training itself steers by."""

import numpy as np


def accuracy(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Return the share of correct predictions, 0 when there are none."""
    return float(np.mean(y_true == y_pred)) if len(y_true) else 0.0


def log_loss(y_true: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean cross-entropy in nats; infinite or missing probabilities count as certain and wrong."""
    chosen = np.nan_to_num(probabilities[np.arange(len(y_true)), y_true], nan=0.0)
    return float(-np.log(np.clip(chosen, 1e-12, 1.0)).mean())


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return row-wise probabilities, float32."""
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (exponents / exponents.sum(axis=1, keepdims=True)).astype(np.float32)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Return probabilities, each for itself, float32."""
    with np.errstate(over="ignore"):  # exp(inf) is what makes a probability of 0
        return (1 / (1 + np.exp(-logits))).astype(np.float32)
