"""The questions that a training asks of a label kind, whichever it is. `y` has the shape that the kind gives it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np

if TYPE_CHECKING:
    import keras

    from engine.training.heads.regularization import Probe
    from engine.training.recipe import Recipe


class Objective(Protocol):
    """What training aims at, for pictures whose labels are of one kind."""

    @property
    def num_classes(self) -> int: ...

    @staticmethod
    def encode(labels: Sequence[str]) -> tuple[tuple[str, ...], np.ndarray]:
        """Return the class names in alphabetical order and y, a row a label."""
        ...

    @classmethod
    def learned_from(cls, y_train: np.ndarray, num_classes: int | None = None) -> Self:
        """Return the objective of training pictures; their own number of classes where none is given."""
        ...

    @staticmethod
    def shows(y: np.ndarray, position: int) -> np.ndarray:
        """Return (N,) whether each picture shows the class at this position."""
        ...

    @staticmethod
    def covers(taught: np.ndarray, y: np.ndarray) -> bool:
        """Tell whether the pictures `taught` can teach every class of `y`."""
        ...

    @staticmethod
    def right(y: np.ndarray, logits: np.ndarray) -> float:
        """Return the fraction of pictures that logits (N, num_classes) answer rightly."""
        ...

    def fit_probe(
        self, features: np.ndarray, y: np.ndarray, recipe: "Recipe", units: np.ndarray | None = None
    ) -> "Probe":
        """Fit a linear probe on training features (N, D); `units` as in heads.linear_probe.fit."""
        ...

    def output(self, recipe: "Recipe") -> str:
        """Return what the logits of a head stand for, as in `heads.head.Head`."""
        ...

    def targets(self, y: np.ndarray) -> np.ndarray:
        """Return float32 (N, num_classes), so that two pictures can also be mixed with their classes."""
        ...

    def loss(self, class_balancing: str) -> "keras.losses.Loss":
        """Return the loss that a recipe trains with, from targets and logits."""
        ...

    def metrics(self) -> "list[keras.metrics.Metric]":
        """Return what an epoch reports of its training: "entropy", the loss without penalties, and "accuracy"."""
        ...

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Return float32 (N, num_classes) of logits."""
        ...

    def scores(self, y: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
        """Return what the validation pictures say: {"validation_loss", "validation_accuracy"}."""
        ...

    def rank(self, accuracy: float, loss: float) -> tuple[float, ...]:
        """Return what is larger for the better of two models."""
        ...

    def guessing_loss(self, y: np.ndarray) -> float:
        """Return the loss in nats of somebody who guesses without looking."""
        ...

    def weights(self, y: np.ndarray, class_balancing: str) -> np.ndarray:
        """Return float32 (N,) how much each picture counts; the mean is 1."""
        ...

    def rows(self, y: np.ndarray, class_balancing: str, generator: np.random.Generator) -> np.ndarray:
        """Return the row numbers that one epoch goes through, in order of y: each once, or rare classes repeated."""
        ...
