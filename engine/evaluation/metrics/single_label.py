"""Numbers from labels and probabilities: how good a classifier is, and how sure one can be of it. Draws nothing."""

from collections.abc import Collection

import numpy as np

from engine.evaluation.metrics.calibration import calibration_error
from engine.evaluation.metrics.intervals import wilson_interval
from engine.training.objectives.scores import accuracy, log_loss

__all__ = [
    "accuracy",
    "accuracy_interval",
    "balanced_accuracy",
    "calibration_error",
    "cohens_kappa",
    "confusion_matrix",
    "log_loss",
    "macro_f1",
    "majority_accuracy",
    "per_class",
    "top_k_accuracy",
    "weighted_f1",
    "wilson_interval",
]


def confusion_matrix(y_true: np.ndarray, y_pred: np.ndarray, num_classes: int) -> np.ndarray:
    """Return counts of shape (num_classes, num_classes): rows are true classes, columns predicted ones."""
    from sklearn import metrics

    return metrics.confusion_matrix(y_true, y_pred, labels=np.arange(num_classes))


def per_class(y_true: np.ndarray, y_pred: np.ndarray, num_classes: int) -> dict[str, np.ndarray]:
    """Return precision, recall, f1 and support, each of shape (num_classes,); 0 where a class never occurs."""
    from sklearn import metrics

    values = metrics.precision_recall_fscore_support(y_true, y_pred, labels=np.arange(num_classes), zero_division=0)
    return dict(zip(("precision", "recall", "f1", "support"), values, strict=True))


def balanced_accuracy(y_true: np.ndarray, y_pred: np.ndarray, num_classes: int) -> float:
    """Return the mean recall over the classes that occur in y_true."""
    scores = per_class(y_true, y_pred, num_classes)
    present = scores["support"] > 0
    return float(scores["recall"][present].mean()) if present.any() else 0.0


def macro_f1(y_true: np.ndarray, y_pred: np.ndarray, num_classes: int) -> float:
    """Return the mean F1 over the classes that occur in y_true."""
    scores = per_class(y_true, y_pred, num_classes)
    present = scores["support"] > 0
    return float(scores["f1"][present].mean()) if present.any() else 0.0


def weighted_f1(y_true: np.ndarray, y_pred: np.ndarray, num_classes: int) -> float:
    """Return the mean F1 over the pictures: a class counts as much as it has pictures in y_true."""
    scores = per_class(y_true, y_pred, num_classes)
    return float(np.average(scores["f1"], weights=scores["support"])) if len(y_true) else 0.0


def top_k_accuracy(y_true: np.ndarray, probabilities: np.ndarray, k: int) -> float:
    """Return the fraction of pictures whose class is among the k likeliest; ties count for the model."""
    if not len(y_true):
        return 0.0
    own = probabilities[np.arange(len(y_true)), y_true]
    return float(((probabilities > own[:, None]).sum(axis=1) < k).mean())


def cohens_kappa(y_true: np.ndarray, y_pred: np.ndarray, num_classes: int) -> float:
    """Return the agreement beyond chance (Cohen 1960): 1 is perfect, 0 what answering blindly would reach."""
    matrix = confusion_matrix(y_true, y_pred, num_classes).astype(float)
    count = matrix.sum()
    if not count:
        return 0.0
    by_chance = float(matrix.sum(axis=0) @ matrix.sum(axis=1)) / count**2
    agreed = float(np.trace(matrix)) / count
    return 1.0 if by_chance == 1 else (agreed - by_chance) / (1 - by_chance)


def majority_accuracy(y_train: np.ndarray, y_true: np.ndarray) -> float:
    """Return the accuracy of always answering with the most frequent training class."""
    return accuracy(y_true, np.full(len(y_true), np.bincount(y_train).argmax()))


def accuracy_interval(right: np.ndarray, groups: np.ndarray, learned: Collection[str]) -> dict:
    """Return {"accuracy_interval": [low, high], "interval_groups"} of test pictures: right (N,), groups (N,) or None.

    Where the model learned from none of these groups, the pictures of one stand or fall together: the interval is as
    wide as `interval_groups` groups (else 0) allow. Wilson's with the effective number of pictures, by the spread
    between groups, and Student's t (Kish 1965, "Survey Sampling"; Dean and Pagendarm 2015 compare such intervals).
    """
    from scipy.stats import t as student  # 60 MB that the server never needs

    count, correct = len(right), int(right.sum())
    named = [group for group in groups if group is not None]
    if not named or set(named) & set(learned):
        return {"accuracy_interval": list(wilson_interval(correct, count)), "interval_groups": 0}
    # A picture without a group is one of its own.
    names = [f"picture {place}" if group is None else f"group {group}" for place, group in enumerate(groups)]
    number, of_group = np.unique(names, return_inverse=True)
    fraction, units = correct / count, len(number)
    by_chance = fraction * (1 - fraction) / count
    between = (np.bincount(of_group, right - fraction) ** 2).sum() / count**2 * units / max(1, units - 1)
    if units == 1 or between <= by_chance:
        return {"accuracy_interval": list(wilson_interval(correct, count)), "interval_groups": units}
    effective = count * by_chance / between
    low, high = wilson_interval(fraction * effective, effective, float(student.ppf(0.975, units - 1)))
    return {"accuracy_interval": [low, high], "interval_groups": units}
