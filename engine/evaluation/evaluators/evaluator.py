"""The questions about a run's answers that every label kind has an answer to."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from engine.evaluation.evaluators.predictions import HeldOut, Predictions
from engine.storage.evaluation import ClassReport, Evaluation
from engine.training.snapshot import Snapshot


class Evaluator(Protocol):
    """A module of this package. Shapes of `y` are those of `engine.training.objectives`.

    ASKED is what a worker is asked about new pictures (engine.worker.tasks), WARMED what loads its model before,
    EXPLAINED whether an answer about a picture can be explained (engine.evaluation.explain), HANDED_ON whether reports
    and other formats of the model are made (engine.sharing).
    """

    ASKED: str
    WARMED: str
    EXPLAINED: bool
    HANDED_ON: bool

    # a run is judged

    def nearest_class_mean(self, features: np.ndarray, train_features: np.ndarray, y_train: np.ndarray) -> np.ndarray:
        """Return probabilities (N, num_classes) of the network before any training, by likeness to each class."""
        ...

    def fit_temperature(self, y: np.ndarray, probabilities: np.ndarray, held_out: HeldOut = None) -> float:
        """Return what logits are to be divided by, so that the model is as sure as it is right."""
        ...

    def tempered(self, probabilities: np.ndarray, temperature: float) -> np.ndarray:
        """Return float32 probabilities as they are after the logits were divided by `temperature`."""
        ...

    def probe_scores(self, snapshot: Snapshot, rows: np.ndarray, probabilities: np.ndarray) -> dict:
        """Return {"validation_accuracy", "test_accuracy"} of the probe, whatever became of it."""
        ...

    def evaluate(self, snapshot: Snapshot, predictions: Predictions) -> dict:
        """Return every number of evaluation.json that follows from the predictions alone."""
        ...

    def write(self, run_dir: Path, snapshot: Snapshot, predictions: Predictions, facts: dict) -> dict:
        """Write predictions.parquet, before_fine_tuning.parquet and evaluation.json; return the evaluation.

        `facts` are the parts that only the run knows (probe, chosen, seconds, ...); they are merged in.
        """
        ...

    # what it wrote is asked

    def constant_answer(self, evaluation: Evaluation) -> tuple[str, float]:
        """Return one and the same answer to every test picture, and the fraction of them that it gets right."""
        ...

    def per_class(self, evaluation: Evaluation) -> list[ClassReport]:
        """Return how every class fares, with intervals."""
        ...

    def answer_probabilities(self, run_dir: Path) -> np.ndarray:
        """Return the probability of the answer to each test picture, (N,)."""
        ...

    def named(self, run_dir: Path, evaluation: Evaluation, probabilities: Sequence[float]) -> tuple[str, ...]:
        """Return the classes that a picture shows to the model."""
        ...

    # in words, in English

    def lines(self, result: Evaluation) -> list[str]:
        """Return the honest number, what it stands beside, and a line for each class and group."""
        ...

    def prediction(self, run_dir: Path, evaluation: Evaluation, answer: Mapping) -> dict:
        """Return what a worker's answer about one picture means as plain data, "probabilities" {class: p} in it."""
        ...

    def prediction_in_words(self, prediction: Mapping) -> str:
        """Return a prediction as one line."""
        ...
