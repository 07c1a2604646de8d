"""What training aims at: everything that depends on a picture having exactly one class."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np

from engine.training.heads import linear_probe
from engine.training.heads.regularization import Probe
from engine.training.objectives import focal
from engine.training.objectives.balancing import oversampled
from engine.training.objectives.scores import accuracy, log_loss, softmax
from engine.training.recipe import Recipe


@dataclass(frozen=True)
class SingleLabel:
    """Every picture has one of `num_classes` classes; y holds them as whole numbers (N,).

    Networks are trained on dense targets (N, num_classes), so that two pictures can also be mixed with their classes.
    """

    num_classes: int

    @staticmethod
    def encode(labels: Sequence[str]) -> tuple[tuple[str, ...], np.ndarray]:
        class_names = tuple(sorted(set(labels)))
        index = {label: position for position, label in enumerate(class_names)}
        return class_names, np.asarray([index[label] for label in labels], np.int64)

    @classmethod
    def learned_from(cls, y_train: np.ndarray, num_classes: int | None = None) -> "SingleLabel":
        return cls(int(y_train.max()) + 1 if num_classes is None else num_classes)

    @staticmethod
    def shows(y: np.ndarray, position: int) -> np.ndarray:
        return y == position

    @staticmethod
    def covers(taught: np.ndarray, y: np.ndarray) -> bool:
        return len(np.unique(taught)) == len(np.unique(y))

    @staticmethod
    def right(y: np.ndarray, logits: np.ndarray) -> float:
        return accuracy(y, logits.argmax(axis=1))

    def fit_probe(self, features: np.ndarray, y: np.ndarray, recipe: Recipe, units: np.ndarray | None = None) -> Probe:
        return linear_probe.fit(features, y, self.num_classes, recipe, units)

    def output(self, recipe: Recipe) -> str:
        return recipe.output

    def targets(self, y: np.ndarray) -> np.ndarray:
        """Return float32 (N, num_classes): 1 for the class of each picture, 0 for the others."""
        return np.eye(self.num_classes, dtype=np.float32)[y]

    def loss(self, class_balancing: str) -> keras.losses.Loss:
        """Return the loss that a recipe trains with, from targets and logits."""
        if class_balancing == "focal":
            return focal.FocalLoss()
        return keras.losses.CategoricalCrossentropy(from_logits=True)

    def metrics(self) -> list[keras.metrics.Metric]:
        """Return what an epoch reports of its training: "entropy", the loss without penalties, and "accuracy"."""
        entropy = keras.metrics.CategoricalCrossentropy(from_logits=True, name="entropy")
        return [entropy, keras.metrics.CategoricalAccuracy(name="accuracy")]

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Return float32 (N, num_classes) of logits."""
        return softmax(logits)

    def scores(self, y: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
        """Return what the validation pictures say: {"validation_loss", "validation_accuracy"}."""
        return {
            "validation_loss": log_loss(y, probabilities),
            "validation_accuracy": accuracy(y, probabilities.argmax(axis=1)),
        }

    def rank(self, accuracy: float, loss: float) -> tuple[float, ...]:
        """Return what is larger for the better of two models: more pictures right; among equals, the smaller loss."""
        return accuracy, -loss

    def guessing_loss(self, y: np.ndarray) -> float:
        """Return the loss in nats of somebody who guesses without looking."""
        return float(np.log(self.num_classes))

    def weights(self, y: np.ndarray, class_balancing: str) -> np.ndarray:
        """Return float32 (N,) how much each picture counts; the mean is 1."""
        counts = np.bincount(y, minlength=self.num_classes)
        if class_balancing != "weights":
            return np.ones(len(y), np.float32)
        return (len(y) / (len(counts) * np.maximum(counts, 1)))[y].astype(np.float32)

    def rows(self, y: np.ndarray, class_balancing: str, generator: np.random.Generator) -> np.ndarray:
        """Return the row numbers that one epoch goes through, in order of y: each once, or small classes repeated."""
        return oversampled(y, generator) if class_balancing == "oversample" else np.arange(len(y))
