"""Answers from the files of a run whose pictures may show several classes. As light as engine.evaluation.results."""

from pathlib import Path

import numpy as np

from engine.data.label_kinds import multi_label
from engine.evaluation import results
from engine.evaluation.results import Prediction

KINDS = ("found", "missed", "false_alarms", "rightly_not")


def scores(run_dir: Path, split: str = "test") -> tuple[np.ndarray, np.ndarray]:
    """Return truth (N, C) of yes and no and probabilities (N, C), in the order of the rows of the predictions."""
    answers, names = results.predictions(run_dir, split), results.class_names(run_dir)
    shown = [set(multi_label.names_of(label)) for label in answers.labels]
    truth = np.array([[name in own for name in names] for own in shown], bool).reshape(len(answers), len(names))
    return truth, answers.probabilities(len(names))


def of_kind(truth: np.ndarray, probabilities: np.ndarray, position: int, threshold: float, kind: str) -> list[int]:
    """Return the rows that a threshold makes found, missed, ... for a class, those that surprise most first."""
    own, says = truth[:, position], probabilities[:, position] >= threshold
    shows, named = kind in ("found", "missed"), kind in ("found", "false_alarms")
    rows = np.flatnonzero((own == shows) & (says == named))
    rising = kind in ("missed", "rightly_not")
    order = np.argsort(probabilities[rows, position] * (1 if rising else -1), kind="stable")
    return rows[order].tolist()


def together(truth: np.ndarray, first: int, second: int) -> list[int]:
    """Return the rows of pictures that show both classes; of one class with itself, all of it."""
    return np.flatnonzero(truth[:, first] & truth[:, second]).tolist()


def most_wrong(truth: np.ndarray, probabilities: np.ndarray, thresholds: list[float]) -> list[int]:
    """Return the rows of pictures that are not exactly right, those that surprise the model most first."""
    wrong = ((probabilities >= np.array(thresholds)) != truth).any(axis=1)
    right = np.clip(np.where(truth, probabilities, 1 - probabilities), 1e-7, 1.0)
    rows = np.flatnonzero(wrong)
    return rows[np.argsort(np.log(right).sum(axis=1)[rows], kind="stable")].tolist()


def least_sure(probabilities: np.ndarray, thresholds: list[float]) -> list[int]:
    """Return the rows, those first in which the probability of some class lies nearest to its threshold."""
    distance = np.abs(_log_odds(probabilities) - _log_odds(np.array(thresholds))).min(axis=1)
    return np.argsort(distance, kind="stable").tolist() if len(probabilities) else []


def surest_right(truth: np.ndarray, probabilities: np.ndarray, thresholds: list[float]) -> list[int]:
    """Return the rows of pictures that are exactly right, the surest first."""
    right = ((probabilities >= np.array(thresholds)) == truth).all(axis=1)
    sureness = np.log(np.clip(np.where(truth, probabilities, 1 - probabilities), 1e-7, 1.0)).sum(axis=1)
    rows = np.flatnonzero(right)
    return rows[np.argsort(-sureness[rows], kind="stable")].tolist()


def pictures(run_dir: Path, rows: list[int]) -> list[Prediction]:
    """Return test pictures by their rows in `scores`."""
    return results.predictions(run_dir).rows(rows)


def _log_odds(p: np.ndarray) -> np.ndarray:
    p = np.clip(p, 1e-7, 1 - 1e-7)
    return np.log(p) - np.log1p(-p)
