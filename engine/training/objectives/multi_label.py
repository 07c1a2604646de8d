"""What training aims at where pictures may show several classes: each class is a question of its own, yes or no."""

from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from engine.training.objectives import focal
from engine.training.objectives.scores import sigmoid


@dataclass(frozen=True)
class MultiLabel:
    """y holds 1.0 for every class that a picture shows, (N, num_classes); it may be none. Beside `OneClass`.

    Losses are summed over the classes, as the cross-entropy of one class is: a logit then learns as fast, and a penalty
    weighs as much. `prevalence` is the share of training pictures that show each class.
    """

    prevalence: tuple[float, ...]

    @property
    def num_classes(self) -> int:
        return len(self.prevalence)

    def targets(self, y: np.ndarray) -> np.ndarray:
        return np.asarray(y, np.float32)

    def loss(self, class_balancing: str) -> keras.losses.Loss:
        """Return the loss that a recipe trains with; "weights" let a class that few pictures show count more."""
        if class_balancing == "focal":
            return BinaryFocal()
        weights = positive_weights(np.array(self.prevalence)) if class_balancing == "weights" else None
        return BinaryCrossEntropy(weights)

    def metrics(self) -> list[keras.metrics.Metric]:
        """Return "entropy", the loss without weights and penalties, and "accuracy": exactly the right classes."""
        return [
            keras.metrics.MeanMetricWrapper(_entropy, name="entropy"),
            keras.metrics.MeanMetricWrapper(_exactly_right, name="accuracy"),
        ]

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Return float32 (N, num_classes), each class for itself."""
        return sigmoid(logits)

    def scores(self, y: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
        """Return what the validation pictures say; accuracy is the share with exactly the right classes at 0.5."""
        return {"validation_loss": log_loss(y, probabilities), "validation_accuracy": exact(y, probabilities > 0.5)}

    def rank(self, accuracy: float, loss: float) -> tuple[float, ...]:
        """Return what is larger for the better of two models: the loss alone, since 0.5 is no class's threshold."""
        return (-loss,)

    def guessing_loss(self, y: np.ndarray) -> float:
        """Return the loss of somebody who only knows how frequent each class is."""
        return log_loss(y, np.tile(np.asarray(self.prevalence), (len(y), 1)))

    def weights(self, y: np.ndarray, class_balancing: str) -> np.ndarray:
        return np.ones(len(y), np.float32)

    def rows(self, y: np.ndarray, class_balancing: str, generator: np.random.Generator) -> np.ndarray:
        """Return the rows of one epoch, pictures of rare classes repeated where the recipe says so."""
        return repeated(y, generator) if class_balancing == "oversample" else np.arange(len(y))


class BinaryCrossEntropy(keras.losses.Loss):
    """The sum over the classes, from targets and logits (N, classes); positives count `positive_weights` times."""

    def __init__(self, positive: np.ndarray | None = None):
        super().__init__(name="binary_cross_entropy")
        self._positive = None if positive is None else np.asarray(positive, np.float32)

    def call(self, y_true, y_pred):
        yes, no = _log_sigmoids(y_pred)
        weighed = y_true if self._positive is None else y_true * self._positive
        return -ops.sum(weighed * yes + (1.0 - y_true) * no, axis=-1)


class BinaryFocal(keras.losses.Loss):
    """Focal loss of each class, summed (Lin et al. 2017): answers that are right already count less."""

    def call(self, y_true, y_pred):
        yes, no = _log_sigmoids(y_pred)
        sides = ((y_true, yes), (1.0 - y_true, no))
        return -sum(
            ops.sum(own * ops.power(1.0 - ops.exp(log_p), focal.GAMMA) * log_p, axis=-1) for own, log_p in sides
        )


def _log_sigmoids(logits):
    return -ops.softplus(-logits), -ops.softplus(logits)


def _entropy(y_true, y_pred):
    yes, no = _log_sigmoids(y_pred)
    return -ops.sum(y_true * yes + (1.0 - y_true) * no, axis=-1)


def _exactly_right(y_true, y_pred):
    return ops.cast(ops.all(ops.equal(y_true > 0.5, y_pred > 0.0), axis=-1), "float32")


def exact(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Return the share of pictures with exactly the right classes, both (N, C) of yes and no; 0 when there are none."""
    return float((y_true.astype(bool) == y_pred.astype(bool)).all(axis=1).mean()) if len(y_true) else 0.0


def log_loss(y_true: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean over the pictures of the summed binary cross-entropies, in nats; what is no number is wrong."""
    yes = np.clip(np.nan_to_num(probabilities.astype(np.float64), nan=0.0), 1e-12, 1 - 1e-12)
    right = np.where(y_true > 0.5, yes, 1 - yes)
    return float(-np.log(right).sum(axis=1).mean()) if len(y_true) else 0.0


MOST_REPEATS = 100.0  # a class on one picture in a thousand does not count a thousand times


def positive_weights(prevalence: np.ndarray) -> np.ndarray:
    """Return how much a picture with a class counts against one without it, (C,): both sides then weigh the same."""
    share = np.clip(prevalence, 1e-6, 1 - 1e-6)
    return np.clip((1 - share) / share, 1 / MOST_REPEATS, MOST_REPEATS).astype(np.float32)


def repeated(y: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return rows of y (N, C), each at least once, those with rare classes more often.

    Repeat-factor sampling (Gupta et al. 2019, "LVIS"): a picture comes as often as its rarest class asks for, a class
    asking for the root of how many times the most frequent one is as frequent; fractions are left to chance.
    """
    share = np.maximum(y.mean(axis=0), 1e-6)
    asked = np.sqrt(share.max() / share)
    factors = np.maximum(1.0, (y * asked).max(axis=1))
    whole = np.floor(factors).astype(int)
    return np.repeat(np.arange(len(y)), whole + (generator.random(len(y)) < factors - whole))
