"""Numbers from labels and probabilities: how good a classifier is, and how sure one can be of it. Draws nothing."""

from collections.abc import Collection

import numpy as np

from engine.evaluation.metrics import group_interval
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


def accuracy_interval(
    right: np.ndarray, groups: np.ndarray, learned: Collection[str], sha256: np.ndarray | None = None
) -> dict:
    """Return {"accuracy_interval": [low, high], "interval_groups"} of test pictures: right (N,), groups (N,) or None.

    Where the model learned from none of these groups, the pictures of one stand or fall together: the interval is as
    wide as `interval_groups` groups (else 0) allow (see `group_interval`). sha256 (N,): copies count once.
    """
    copies = np.unique(np.arange(len(right)) if sha256 is None else sha256.astype(str), return_inverse=True)[1]
    named = [group for group in groups if group is not None]
    if not named or set(named) & set(learned):
        count = group_interval.distinct(copies)
        fraction = float(right.mean()) if len(right) else 0.0
        return {"accuracy_interval": list(wilson_interval(fraction * count, count)), "interval_groups": 0}
    # A picture without a group is one of its own.
    names = [f"picture {own}" if group is None else f"group {group}" for own, group in zip(copies, groups, strict=True)]
    numbers, of_group = np.unique(names, return_inverse=True)
    found = group_interval.interval(right, of_group, copies)
    return {"accuracy_interval": list(map(float, found)), "interval_groups": len(numbers)}
