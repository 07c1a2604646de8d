"""Calibration where pictures may show several classes: one temperature for the logits of all classes.

As `engine.evaluation.metrics.calibration` (Guo et al. 2017), with the binary cross-entropy of every class.
"""

import numpy as np

from engine.evaluation.metrics.calibration import HIGHEST, LOWEST, SPREAD, smallest
from engine.training.objectives.scores import sigmoid

SMALLEST = 1e-12


def fit_temperature(y_true: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the temperature that makes these probabilities (N, C) likeliest for y_true (N, C); 1.0 without pictures.

    Answers of one picture hang together, so that a picture counts as one observation against the prior, not as C.
    """
    if not y_true.size:
        return 1.0
    logits = _logits(probabilities)

    def cost(log_temperature: float) -> float:
        scaled = np.where(y_true > 0.5, logits, -logits) / np.exp(log_temperature)
        return float(np.logaddexp(0, -scaled).mean(axis=1).sum() + log_temperature**2 / (2 * SPREAD**2))

    best = float(np.exp(smallest(cost, np.log(LOWEST), np.log(HIGHEST))))
    return best if cost(np.log(best)) < cost(0.0) else 1.0


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return float32 probabilities as they are after the logits were divided by `temperature`."""
    return sigmoid(_logits(probabilities) / temperature)


def _logits(probabilities: np.ndarray) -> np.ndarray:
    p = np.clip(probabilities.astype(np.float64), SMALLEST, 1 - SMALLEST)
    return np.log(p) - np.log1p(-p)
