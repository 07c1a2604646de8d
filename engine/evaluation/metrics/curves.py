"""One class against the rest: ROC and precision-recall curves, and what a threshold does. Nothing but numpy.

Scores are the class's probabilities (N,), `positive` (N,) tells whether a picture is of the class.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

# Points of a curve: more cannot be told apart on a screen.
MOST_POINTS = 300


@dataclass(frozen=True)
class Counts:
    """Pictures of the class that are found or missed, others that are taken for it (false alarms) or left alone."""

    found: int
    missed: int
    false_alarms: int
    left_alone: int

    @property
    def recall(self) -> float:
        return self.found / max(1, self.found + self.missed)

    @property
    def precision(self) -> float:
        return self.found / max(1, self.found + self.false_alarms)

    def cost(self, of_a_miss: float) -> float:
        """Return the cost of it all, counted in false alarms."""
        return self.missed * of_a_miss + self.false_alarms


def counts_at(positive: np.ndarray, scores: np.ndarray, threshold: float) -> Counts:
    """Return what comes of taking every picture for the class whose score is at least `threshold`."""
    return counts_of(positive, scores >= threshold)


def counts_of(positive: np.ndarray, taken: np.ndarray) -> Counts:
    """Return what comes of taking these pictures for the class."""
    return Counts(
        int((positive & taken).sum()),
        int((positive & ~taken).sum()),
        int((~positive & taken).sum()),
        int((~positive & ~taken).sum()),
    )


def threshold_for(cost_of_a_miss: float) -> float:
    """Return the probability from which calling it the class is cheaper, a miss costing so many false alarms."""
    return 1 / (1 + cost_of_a_miss)


def answers_with_thresholds(probabilities: np.ndarray, own: Mapping[int, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return the class of every picture, (N,), and whether a class's own threshold called it, (N,).

    `own` are thresholds by position. Of several classes that reach theirs, the one furthest above it is the answer;
    where none does, the likeliest of the classes without a threshold.
    """
    limits = np.full(probabilities.shape[1], np.inf)
    limits[list(own)] = list(own.values())
    above = probabilities / limits
    called = above.max(axis=1) >= 1
    others = np.where(np.isinf(limits), probabilities, -1.0) if len(own) < len(limits) else above
    return np.where(called, above.argmax(axis=1), others.argmax(axis=1)), called


def roc(positive: np.ndarray, scores: np.ndarray) -> dict:
    """Return {"false_alarms", "recall", "thresholds", "area"}: fractions over falling thresholds, the area below."""
    found, alarms, thresholds = _steps(positive, scores)
    recall = np.append(0, found) / max(1, positive.sum())
    fraction = np.append(0, alarms) / max(1, (~positive).sum())
    kept = _thinned(len(recall))
    return {
        "false_alarms": fraction[kept].tolist(),
        "recall": recall[kept].tolist(),
        "thresholds": np.append(np.inf, thresholds)[kept].tolist(),
        "area": float(np.trapezoid(recall, fraction)),
    }


def precision_recall(positive: np.ndarray, scores: np.ndarray) -> dict:
    """Return {"precision", "recall", "thresholds", "average"}; the average precision weighs each step of recall."""
    found, alarms, thresholds = _steps(positive, scores)
    recall, precision = found / max(1, positive.sum()), found / np.maximum(1, found + alarms)
    kept = _thinned(len(recall))
    return {
        "precision": precision[kept].tolist(),
        "recall": recall[kept].tolist(),
        "thresholds": thresholds[kept].tolist(),
        "average": float((np.diff(recall, prepend=0) * precision).sum()),
    }


def _steps(positive: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return pictures of the class and others with at least each distinct score, from the highest score down."""
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True)) if len(order) else order
    found = np.cumsum(positive[order])[ends]
    return found, ends + 1 - found, scores[order][ends]


def _thinned(length: int) -> np.ndarray:
    return np.unique(np.linspace(0, length - 1, min(length, MOST_POINTS)).astype(int))
