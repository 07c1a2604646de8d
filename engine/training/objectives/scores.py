"""The numbers that training itself steers by, of either label kind. Nothing but numpy: the server asks too."""

import numpy as np


def accuracy(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Return the fraction of correct predictions, 0 when there are none."""
    return float(np.mean(y_true == y_pred)) if len(y_true) else 0.0


def log_loss(y_true: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean cross-entropy in nats; infinite or missing probabilities count as certain and wrong."""
    chosen = np.nan_to_num(probabilities[np.arange(len(y_true)), y_true], nan=0.0)
    return float(-np.log(np.clip(chosen, 1e-12, 1.0)).mean())


def exact_match(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Return the fraction of pictures with exactly the right classes, both (N, C) of yes and no; 0 without any."""
    return float((y_true.astype(bool) == y_pred.astype(bool)).all(axis=1).mean()) if len(y_true) else 0.0


def binary_log_loss(y_true: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean over the pictures of the summed binary cross-entropies, in nats; what is no number is wrong."""
    yes = np.clip(np.nan_to_num(probabilities.astype(np.float64), nan=0.0), 1e-12, 1 - 1e-12)
    right = np.where(y_true > 0.5, yes, 1 - yes)
    return float(-np.log(right).sum(axis=1).mean()) if len(y_true) else 0.0


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return row-wise probabilities, float32."""
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (exponents / exponents.sum(axis=1, keepdims=True)).astype(np.float32)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Return probabilities, each for itself, float32."""
    with np.errstate(over="ignore"):  # exp(inf) is what makes a probability of 0
        return (1 / (1 + np.exp(-logits))).astype(np.float32)
