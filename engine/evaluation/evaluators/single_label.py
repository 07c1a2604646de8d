"""From predictions to evaluation.json: one honest number with its interval, and what stands behind it."""

import importlib.metadata
import io
import platform
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet

from engine.evaluation.metrics import calibration, intervals
from engine.evaluation.metrics import single_label as metrics
from engine.storage import runs
from engine.storage.workspace import write_atomic, write_json
from engine.training.objectives.scores import softmax
from engine.training.snapshot import Snapshot

VERSIONS = ("keras", "tensorflow", "jax", "numpy", "scikit-learn", "pillow", "ai-edge-litert")
# Sharpness of the nearest-mean baseline's probabilities; it does not change which class is nearest.
TEMPERATURE = 0.05
# With more classes than this it also tells whether the right one is among the first few answers.
TOPS = (3, 5)


@dataclass(frozen=True)
class Predictions:
    """Probabilities for some rows of a snapshot: the trained model's and those of the network before any training.

    `temperature` is what the model's logits were divided by to calibrate it, learned on the validation pictures and on
    `held_out` training pictures of the probe's cross-validation.
    """

    rows: np.ndarray
    trained: np.ndarray
    before: np.ndarray
    temperature: float = 1.0
    held_out: int = 0


def nearest_class_mean(features: np.ndarray, train_features: np.ndarray, y_train: np.ndarray) -> np.ndarray:
    """Return probabilities (N, num_classes) by cosine similarity to each class's mean training feature.

    The network before any training of ours, as a classifier (nearest class mean, Mensink et al. 2013).
    """
    centre = train_features.mean(axis=0)
    # One class at a time: a copy of all features is 200 MB for 60,000 pictures.
    own = (train_features[y_train == label] for label in range(y_train.max() + 1))
    means = np.stack([_unit(one - centre).mean(axis=0) for one in own])
    return softmax(_unit(features - centre) @ _unit(means).T / TEMPERATURE)


def write(run_dir: Path, snapshot: Snapshot, predictions: Predictions, facts: dict) -> dict:
    """Write predictions.parquet, before_fine_tuning.parquet and evaluation.json; return the evaluation.

    `facts` are the parts that only the run knows (probe, chosen, seconds, ...); they are merged in.
    """
    write_predictions(run_dir / runs.PREDICTIONS, snapshot, predictions.rows, predictions.trained)
    write_predictions(run_dir / runs.BEFORE, snapshot, predictions.rows, predictions.before)
    evaluation = {**evaluate(snapshot, predictions), **facts, "versions": versions()}
    write_json(run_dir / runs.EVALUATION, evaluation)
    return evaluation


def evaluate(snapshot: Snapshot, predictions: Predictions) -> dict:
    """Return every number of evaluation.json that follows from the predictions alone."""
    is_test = snapshot.splits[predictions.rows] == "test"
    rows = predictions.rows[is_test]
    y_true, probabilities = snapshot.y[rows], predictions.trained[is_test]
    y_pred, before = probabilities.argmax(axis=1), predictions.before[is_test].argmax(axis=1)
    validation = snapshot.y[predictions.rows[~is_test]] == predictions.trained[~is_test].argmax(axis=1)
    num_classes = snapshot.num_classes
    return {
        "task": "one",
        "class_names": list(snapshot.class_names),
        "counts": snapshot.counts(),
        "accuracy": metrics.accuracy(y_true, y_pred),
        **metrics.accuracy_interval(y_true == y_pred, snapshot.groups[rows], learned_groups(snapshot)),
        "validation_accuracy": float(validation.mean()),
        "macro_f1": metrics.macro_f1(y_true, y_pred, num_classes),
        "weighted_f1": metrics.weighted_f1(y_true, y_pred, num_classes),
        "balanced_accuracy": metrics.balanced_accuracy(y_true, y_pred, num_classes),
        "cohens_kappa": metrics.cohens_kappa(y_true, y_pred, num_classes),
        "log_loss": metrics.log_loss(y_true, probabilities),
        "top_k": {str(k): metrics.top_k_accuracy(y_true, probabilities, k) for k in TOPS if k < num_classes},
        "per_class": _per_class(snapshot.class_names, y_true, y_pred, before),
        "confusion_matrix": metrics.confusion_matrix(y_true, y_pred, num_classes).tolist(),
        "groups": _groups(snapshot.groups[rows], y_true, y_pred, before),
        "baselines": {
            "majority": metrics.majority_accuracy(snapshot.y[snapshot.rows("train")], y_true),
            "majority_answer": snapshot.class_names[np.bincount(snapshot.y[snapshot.rows("train")]).argmax()],
            "before_fine_tuning": metrics.accuracy(y_true, before),
        },
        "calibration_error": metrics.calibration_error(y_true, probabilities),
        "calibration": calibration.report(
            y_true, probabilities, predictions.temperature, len(validation), predictions.held_out
        ),
    }


def write_predictions(path: Path, snapshot: Snapshot, rows: np.ndarray, probabilities: np.ndarray) -> None:
    """Write one Parquet row a picture: item, sha256, name, label, group, split, predicted, probabilities."""
    names = np.asarray(snapshot.class_names, object)
    save_predictions(path, snapshot, rows, names[probabilities.argmax(axis=1)].tolist(), probabilities)


def save_predictions(
    path: Path, snapshot: Snapshot, rows: np.ndarray, predicted: list[str], probabilities: np.ndarray
) -> None:
    """Write the same with answers that are more than the likeliest class."""
    table = pyarrow.table(
        {
            "item": snapshot.items[rows],
            "sha256": snapshot.sha256[rows].tolist(),
            "name": snapshot.names[rows].tolist(),
            "label": snapshot.labels[rows].tolist(),
            "group": pyarrow.array(snapshot.groups[rows].tolist(), pyarrow.string()),
            "split": snapshot.splits[rows].tolist(),
            "predicted": predicted,
            "probabilities": pyarrow.array(list(probabilities.astype(np.float32)), pyarrow.list_(pyarrow.float32())),
        }
    )
    sink = io.BytesIO()
    pyarrow.parquet.write_table(table, sink)
    write_atomic(path, sink.getvalue())


def versions() -> dict[str, str]:
    """Return the versions a number was made with."""
    found = {"python": platform.python_version()}
    for package in VERSIONS:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def probe_scores(snapshot: Snapshot, rows: np.ndarray, probabilities: np.ndarray) -> dict:
    """Return {"validation_accuracy", "test_accuracy"} of the probe, whatever became of it."""
    correct = probabilities.argmax(axis=1) == snapshot.y[rows]
    is_test = snapshot.splits[rows] == "test"
    return {"validation_accuracy": float(correct[~is_test].mean()), "test_accuracy": float(correct[is_test].mean())}


def _per_class(class_names, y_true: np.ndarray, y_pred: np.ndarray, before: np.ndarray) -> list[dict]:
    scores = metrics.per_class(y_true, y_pred, len(class_names))
    before_recall = metrics.per_class(y_true, before, len(class_names))["recall"]
    matrix = metrics.confusion_matrix(y_true, y_pred, len(class_names))
    found = matrix.diagonal()
    counts = zip(found, matrix.sum(axis=1) - found, matrix.sum(axis=0) - found, strict=True)
    own = [intervals.of_class(*map(int, row)) for row in counts]
    return [
        {
            "class": name,
            **own[position],
            "precision": float(scores["precision"][position]),
            "recall": float(scores["recall"][position]),
            "f1": float(scores["f1"][position]),
            "support": int(scores["support"][position]),
            "before_recall": float(before_recall[position]),
        }
        for position, name in enumerate(class_names)
    ]


def learned_groups(snapshot: Snapshot) -> set[str]:
    """Return the groups of the training pictures."""
    return {group for group in snapshot.groups[snapshot.rows("train")] if group is not None}


def _groups(groups: np.ndarray, y_true: np.ndarray, y_pred: np.ndarray, before: np.ndarray) -> list[dict]:
    """Return the accuracy in every group of the test pictures, by name; empty when there are no groups."""
    reports = []
    for group in sorted({group for group in groups if group is not None}):
        own = groups == group
        correct, count = int((y_true[own] == y_pred[own]).sum()), int(own.sum())
        reports.append(
            {
                "group": group,
                "accuracy": correct / count,
                "support": count,
                "interval": list(metrics.wilson_interval(correct, count)),
                "before_accuracy": metrics.accuracy(y_true[own], before[own]),
            }
        )
    return reports


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
