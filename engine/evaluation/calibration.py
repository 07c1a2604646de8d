"""Calibration: make a model as sure as it is right, and show how close it comes.

Temperature scaling (Guo et al. 2017, "On Calibration of Modern Neural Networks"): one number, learned on pictures the
model did not learn from, divides the logits. No answer changes, only how sure it sounds.
"""

import numpy as np

from engine.evaluation.intervals import wilson_interval
from engine.training.scores import log_loss

# Bins of the calibration error, as in the paper.
BINS = 15
# A temperature is taken to lie near 1 until the pictures say otherwise: the logarithm's deviation is SPREAD beforehand,
# so that three validation pictures, all right, do not make a model claim certainty. Where cross-validation has answered
# the training pictures too, it lies near theirs, as closely as a probe of two thirds of them resembles the whole one.
SPREAD, SPREAD_OF_PROBES = 0.25, 0.1
LOWEST, HIGHEST = 0.1, 10.0
STEPS = 60
# Fewer pictures than this cannot show what a confidence is worth.
FEWEST_TO_SPEAK = 15
SMALLEST = 1e-30
DRAWS = 200


def fit_temperature(
    y_true: np.ndarray, probabilities: np.ndarray, held_out: tuple[np.ndarray, np.ndarray] | None = None
) -> float:
    """Return the temperature that makes these probabilities (N, num_classes) likeliest for y_true (N,).

    Above 1 the model was too sure of itself, below 1 not sure enough; 1.0 where there is nothing to learn from.
    `held_out` are classes and probabilities of training pictures, answered by models like it that had not seen them.
    """
    if held_out is None:
        return _likeliest(y_true, probabilities, 1.0, SPREAD)
    return _likeliest(y_true, probabilities, _likeliest(*held_out, 1.0, SPREAD), SPREAD_OF_PROBES)


def _likeliest(y_true: np.ndarray, probabilities: np.ndarray, centre: float, spread: float) -> float:
    """Return the temperature of the largest posterior, its logarithm normal around that of `centre` beforehand."""
    if not len(y_true):
        return centre
    logits = np.log(np.maximum(probabilities.astype(np.float64), SMALLEST))

    def cost(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        scaled -= scaled.max(axis=1, keepdims=True)
        chosen = scaled[np.arange(len(y_true)), y_true] - np.log(np.exp(scaled).sum(axis=1))
        return float(-chosen.sum() + (log_temperature - np.log(centre)) ** 2 / (2 * spread**2))

    best = float(np.exp(_smallest(cost, np.log(LOWEST), np.log(HIGHEST))))
    return best if cost(np.log(best)) < cost(np.log(centre)) else centre


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return float32 probabilities as they are after the logits were divided by `temperature`; argmax stays."""
    logits = np.log(np.maximum(probabilities.astype(np.float64), SMALLEST)) / temperature
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (exponents / exponents.sum(axis=1, keepdims=True)).astype(np.float32)


def calibration_error(y_true: np.ndarray, probabilities: np.ndarray, bins: int = BINS) -> float:
    """Return the expected calibration error in [0, 1]: how far confidence and accuracy are apart, on average."""
    rows = reliability(y_true, probabilities, bins)
    return sum(row["count"] * abs(row["confidence"] - row["accuracy"]) for row in rows) / max(1, len(y_true))


def by_chance(probabilities: np.ndarray, bins: int = BINS) -> dict:
    """Return the calibration error that perfect probabilities (N, num_classes) would show on so many pictures.

    {"usual", "high"}: its mean and the value that one draw in twenty exceeds, over labels drawn from the probabilities
    (Bröcker and Smith 2007). With few pictures it is far from 0: shares scatter, and the error counts every scatter.
    """
    if not len(probabilities):
        return {"usual": 0.0, "high": 0.0}
    confidence = probabilities.max(axis=1).astype(np.float64)
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    rng = np.random.default_rng(0)
    gaps = [
        np.bincount(bin_of, confidence - (rng.random(len(confidence)) < confidence), bins) for _draw in range(DRAWS)
    ]
    errors = np.abs(gaps).sum(axis=1) / len(confidence)
    return {"usual": float(errors.mean()), "high": float(np.quantile(errors, 0.95))}


def reliability(y_true: np.ndarray, probabilities: np.ndarray, bins: int = BINS) -> list[dict]:
    """Return {"confidence", "accuracy", "low", "high", "count"} of every bin of confidence that has pictures.

    Means, the 95 % interval of the accuracy, and the number of pictures.
    """
    if not len(y_true):
        return []
    confidence = probabilities.max(axis=1).astype(np.float64)
    correct = probabilities.argmax(axis=1) == y_true
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    counts = np.bincount(bin_of, minlength=bins)
    sums = np.bincount(bin_of, confidence, bins), np.bincount(bin_of, correct, bins)
    return [_bin(sums[0][place], sums[1][place], int(counts[place])) for place in np.flatnonzero(counts)]


def _bin(confidence: float, correct: float, count: int) -> dict:
    low, high = wilson_interval(int(correct), count)
    return {
        "confidence": float(confidence / count),
        "accuracy": float(correct / count),
        "low": low,
        "high": high,
        "count": count,
    }


def spoken(y_true: np.ndarray, probabilities: np.ndarray, level: float = 0.9, width: float = 0.05) -> dict | None:
    """Return what a confidence of about `level` is worth, as one bin; the nearest level with enough pictures.

    None where no level has FEWEST_TO_SPEAK pictures.
    """
    highest = probabilities.max(axis=1) if len(y_true) else np.zeros(0)
    for shift in (0, 0.05, -0.05, -0.1, -0.2, -0.3, -0.4, -0.5):
        own = np.abs(highest - level - shift) <= width
        if own.sum() >= FEWEST_TO_SPEAK:
            correct = (probabilities.argmax(axis=1) == y_true)[own].sum()
            return {**_bin(highest[own].sum(), correct, int(own.sum())), "level": level + shift}
    return None


def report(y_true: np.ndarray, calibrated: np.ndarray, temperature: float, fitted_on: int, held_out: int = 0) -> dict:
    """Return what evaluation.json says about calibration on these pictures, before and after `temperature`.

    {"temperature", "fitted_on", "held_out", "before": {"error", "log_loss", "bins", "by_chance"}, "after": ...};
    `fitted_on` counts validation pictures, `held_out` those of cross-validation.
    """
    # Dividing by the inverse undoes the scaling exactly.
    before = tempered(calibrated, 1 / temperature)
    return {
        "temperature": temperature,
        "fitted_on": fitted_on,
        "held_out": held_out,
        "before": _figures(y_true, before),
        "after": _figures(y_true, calibrated),
    }


def _figures(y_true: np.ndarray, probabilities: np.ndarray) -> dict:
    bins = reliability(y_true, probabilities)
    return {
        "error": calibration_error(y_true, probabilities),
        "log_loss": log_loss(y_true, probabilities),
        "bins": bins,
        "by_chance": by_chance(probabilities),
    }


def _smallest(cost, low: float, high: float) -> float:
    """Return where a function with one valley is smallest (golden-section search, Kiefer 1953)."""
    ratio = (np.sqrt(5) - 1) / 2
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = cost(left), cost(right)
    for _step in range(STEPS):
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = cost(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = cost(right)
    return (low + high) / 2
