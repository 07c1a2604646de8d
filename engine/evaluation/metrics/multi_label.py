"""Numbers from labels and probabilities where pictures may show several classes. Only numpy: pages ask directly.

Truth and answers are (N, C) of yes and no. A class that no picture shows has no average precision, and no mean counts
it.
"""

import numpy as np

from engine.evaluation.metrics.calibration import HIGHEST, LOWEST, SPREAD, smallest, smooth_error
from engine.evaluation.metrics.intervals import wilson_interval
from engine.training.objectives.scores import sigmoid

SMALLEST = 1e-12


def outcomes(y_true: np.ndarray, y_pred: np.ndarray) -> dict[str, np.ndarray]:
    """Return {"found", "missed", "false_alarms", "rightly_not"}: pictures of each kind for every class, (C,) each."""
    truth, answer = y_true.astype(bool), y_pred.astype(bool)
    pairs = {
        "found": truth & answer,
        "missed": truth & ~answer,
        "false_alarms": ~truth & answer,
        "rightly_not": ~truth & ~answer,
    }
    return {name: cells.sum(axis=0) for name, cells in pairs.items()}


def precision_recall_f1(found, missed, false_alarms) -> tuple[float, float, float]:
    """Return the three of them from counts; 0 where there is nothing to divide by."""
    precision = found / (found + false_alarms) if found + false_alarms else 0.0
    recall = found / (found + missed) if found + missed else 0.0
    both = 2 * found + missed + false_alarms
    return float(precision), float(recall), float(2 * found / both) if both else 0.0


def average_precision(y_true: np.ndarray, scores: np.ndarray) -> float | None:
    """Return the mean of the precision at each picture of a class (N,), pictures by falling score, ties together.

    None when no picture shows the class.
    """
    positives = int(y_true.sum())
    if not positives:
        return None
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    found = np.cumsum(y_true[order].astype(np.float64))[ends]
    precision = found / (ends + 1)
    return float((np.diff(found, prepend=0.0) * precision).sum() / positives)


def mean_average_precision(y_true: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean of the average precision over the classes that some picture shows; 0 without any."""
    values = [average_precision(own, scores) for own, scores in zip(y_true.T, probabilities.T, strict=True)]
    return float(np.mean([value for value in values if value is not None] or [0.0]))


def macro_f1(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Return the mean F1 over the classes that some picture shows; 0 without any."""
    counts = outcomes(y_true, y_pred)
    rows = zip(counts["found"], counts["missed"], counts["false_alarms"], strict=True)
    return float(np.mean([precision_recall_f1(*row)[2] for row in rows if row[0] + row[1]] or [0.0]))


def over_all_labels(y_true: np.ndarray, y_pred: np.ndarray) -> dict:
    """Return how all labels of all pictures together fare: how many there are, how many are found, how many are right.

    {"count", "found", "found_interval", "precision", "f1"}: recall with its Wilson interval, precision and F1 (micro).
    """
    counts = {name: int(own.sum()) for name, own in outcomes(y_true, y_pred).items()}
    precision, recall, f1 = precision_recall_f1(counts["found"], counts["missed"], counts["false_alarms"])
    count = counts["found"] + counts["missed"]
    interval = list(wilson_interval(counts["found"], count))
    return {"count": count, "found": recall, "found_interval": interval, "precision": precision, "f1": f1}


def hamming_loss(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Return the fraction of all single answers, a picture times a class, that are wrong."""
    return float((y_true.astype(bool) != y_pred.astype(bool)).mean()) if y_true.size else 0.0


def most_frequent_set(y_train: np.ndarray) -> np.ndarray:
    """Return the classes (C,) that most often stand together on a picture, exactly so."""
    sets, counts = np.unique(y_train.astype(bool), axis=0, return_counts=True)
    return sets[counts.argmax()]


def calibration_error(y_true: np.ndarray, probabilities: np.ndarray) -> float:
    """Return how far probabilities and the fraction of pictures with the class are apart, over all single answers."""
    return smooth_error(probabilities.ravel(), y_true.ravel())


def fit_temperature(y_true: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the temperature that makes these probabilities (N, C) likeliest for y_true (N, C); 1.0 without pictures.

    One for the logits of all classes, as `metrics.calibration` (Guo et al. 2017) with binary cross-entropy.

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
