"""What training aims at where pictures may show several classes: each class is a question of its own, yes or no."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from engine.data.label_kinds import multi_label
from engine.training.heads import multi_label_probe
from engine.training.heads.regularization import Probe
from engine.training.objectives import focal
from engine.training.objectives.balancing import positive_weights, repeated
from engine.training.objectives.scores import binary_log_loss, exact_match, sigmoid
from engine.training.recipe import Recipe


@dataclass(frozen=True)
class MultiLabel:
    """y holds 1.0 for every class that a picture shows, (N, num_classes); it may be none.

    Losses are summed over the classes, as the cross-entropy of one class is: a logit then learns as fast, and a penalty
    weighs as much. `prevalence` is the fraction of training pictures that show each class.
    """

    prevalence: tuple[float, ...]

    @property
    def num_classes(self) -> int:
        return len(self.prevalence)

    @staticmethod
    def encode(labels: Sequence[str]) -> tuple[tuple[str, ...], np.ndarray]:
        shown = [set(multi_label.names_of(label)) for label in labels]
        class_names = tuple(sorted(set().union(*shown)))
        y = [[float(name in own) for name in class_names] for own in shown]
        return class_names, np.asarray(y, np.float32).reshape(len(labels), len(class_names))

    @classmethod
    def learned_from(cls, y_train: np.ndarray, num_classes: int | None = None) -> "MultiLabel":
        return cls(tuple(float(prevalence) for prevalence in y_train.mean(axis=0)))

    @staticmethod
    def shows(y: np.ndarray, position: int) -> np.ndarray:
        return y[:, position] > 0.5

    @staticmethod
    def covers(taught: np.ndarray, y: np.ndarray) -> bool:
        """Tell whether every class has pictures with it and without it."""
        return bool((taught.any(axis=0) & ~taught.all(axis=0)).all())

    @staticmethod
    def right(y: np.ndarray, logits: np.ndarray) -> float:
        """Return the fraction of pictures with exactly the right classes."""
        return exact_match(y, logits > 0)

    def fit_probe(self, features: np.ndarray, y: np.ndarray, recipe: Recipe, units: np.ndarray | None = None) -> Probe:
        return multi_label_probe.fit(features, y, recipe, units)

    def output(self, recipe: Recipe) -> str:
        return "each"

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
        """Return what the validation pictures say; accuracy is the fraction with exactly the right classes at 0.5."""
        return {
            "validation_loss": binary_log_loss(y, probabilities),
            "validation_accuracy": exact_match(y, probabilities > 0.5),
        }

    def rank(self, accuracy: float, loss: float) -> tuple[float, ...]:
        """Return what is larger for the better of two models: the loss alone, since 0.5 is no class's threshold."""
        return (-loss,)

    def guessing_loss(self, y: np.ndarray) -> float:
        """Return the loss of somebody who only knows how frequent each class is."""
        return binary_log_loss(y, np.tile(np.asarray(self.prevalence), (len(y), 1)))

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
