"""Calibration: make a model as sure as it is right, and show how close it comes.

Temperature scaling (Guo et al. 2017, "On Calibration of Modern Neural Networks"): one number, learned on pictures the
model did not learn from, divides the logits. No answer changes, only how sure it sounds.
"""

from collections.abc import Iterable

import numpy as np

from engine.evaluation.metrics.intervals import wilson_interval
from engine.training.objectives.scores import log_loss

# Bins of the reliability diagram, as in the paper.
BINS = 15
# Cells of confidence in which the calibration error is smoothed, and the halvings that find its width.
CELLS, HALVINGS = 500, 20
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

    best = float(np.exp(smallest(cost, np.log(LOWEST), np.log(HIGHEST))))
    return best if cost(np.log(best)) < cost(np.log(centre)) else centre


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return float32 probabilities as they are after the logits were divided by `temperature`; argmax stays."""
    logits = np.log(np.maximum(probabilities.astype(np.float64), SMALLEST)) / temperature
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (exponents / exponents.sum(axis=1, keepdims=True)).astype(np.float32)


def calibration_error(y_true: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the expected calibration error in [0, 1]: how far confidence and accuracy are apart, on average."""
    if not len(y_true):
        return 0.0
    return smooth_error(probabilities.max(axis=1), probabilities.argmax(axis=1) == y_true)


def smooth_error(said: np.ndarray, happened: np.ndarray) -> float:
    """Return how far probabilities said (N,) are from what happened (N,), smoothed instead of put in bins.

    SmoothECE (Błasiok and Nakkiran 2024, "Smooth ECE: Principled Reliability Diagrams via Kernel Smoothing"): a
    Gaussian, mirrored at 0 and 1, as wide as the error it finds. Of three estimators it tells most often which of two
    models is the nearer to the truth (benchmarks/RESULTS.md).
    """
    return float(_smooth_errors(said.astype(np.float64), [happened])[0]) if len(said) else 0.0


def _smooth_errors(said: np.ndarray, outcomes: Iterable[np.ndarray]) -> np.ndarray:
    """Return the errors (D,) of one set of probabilities (N,) for D outcomes (N,)."""
    cell = np.minimum((said * CELLS).astype(int), CELLS - 1)
    gaps = np.stack([np.bincount(cell, happened - said, CELLS) for happened in outcomes]) / len(said)
    # A row and its mirror image, once round: a Gaussian over it is the one mirrored at both ends.
    spectrum = np.fft.rfft(np.concatenate([gaps, gaps[:, ::-1]], axis=1), axis=1)
    frequency = np.pi * np.fft.rfftfreq(2 * CELLS, 1 / CELLS)
    low, high = np.zeros(len(gaps)), np.ones(len(gaps))
    for _halving in range(HALVINGS):
        width = (low + high) / 2
        smoothed = np.fft.irfft(spectrum * np.exp(-2 * (width[:, None] * frequency) ** 2), axis=1)
        errors = np.abs(smoothed[:, :CELLS]).sum(axis=1)
        low, high = np.where(errors < width, low, width), np.where(errors < width, width, high)
    return errors


def by_chance(probabilities: np.ndarray) -> dict:
    """Return the calibration error that perfect probabilities (N, num_classes) would show on so many pictures.

    {"usual", "high"}: its mean and the value that one draw in twenty exceeds, over labels drawn from the probabilities
    (Bröcker and Smith 2007). With few pictures it is far from 0: fractions scatter, and part of that is counted.
    """
    if not len(probabilities):
        return {"usual": 0.0, "high": 0.0}
    confidence = probabilities.max(axis=1).astype(np.float64)
    rng = np.random.default_rng(0)
    errors = _smooth_errors(confidence, (rng.random(len(confidence)) < confidence for _draw in range(DRAWS)))
    usual = float(errors.mean())
    # Of very few outcomes, one in a hundred can be so far off that the mean lies above nearly all of them.
    return {"usual": usual, "high": max(usual, float(np.quantile(errors, 0.95)))}


def reliability(y_true: np.ndarray, probabilities: np.ndarray) -> list[dict]:
    """Return {"confidence", "accuracy", "low", "high", "count"} of every bin of confidence that has pictures.

    Means, the 95 % interval of the accuracy, and the number of pictures.
    """
    if not len(y_true):
        return []
    confidence = probabilities.max(axis=1).astype(np.float64)
    correct = probabilities.argmax(axis=1) == y_true
    bin_of = np.minimum((confidence * BINS).astype(int), BINS - 1)
    counts = np.bincount(bin_of, minlength=BINS)
    sums = np.bincount(bin_of, confidence, BINS), np.bincount(bin_of, correct, BINS)
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
            return _bin(highest[own].sum(), correct, int(own.sum()))
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


def smallest(cost, low: float, high: float) -> float:
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
