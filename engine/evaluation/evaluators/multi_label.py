"""From predictions to evaluation.json where pictures may show several classes."""

from pathlib import Path

import numpy as np

from engine.data import multi_label
from engine.evaluation.evaluators.single_label import Predictions, learned_groups, save_predictions, versions
from engine.evaluation.metrics import intervals
from engine.evaluation.metrics import multi_label as multi_label_metrics
from engine.evaluation.metrics.intervals import wilson_interval
from engine.evaluation.metrics.single_label import accuracy_interval
from engine.evaluation.reliability import multi_label_thresholds
from engine.storage import runs
from engine.storage.workspace import write_json
from engine.training.objectives.multi_label import exact, log_loss
from engine.training.objectives.scores import sigmoid
from engine.training.snapshot import Snapshot

# Sharpness of the nearest-mean baseline's probabilities, as in engine.evaluation.evaluators.single_label.
TEMPERATURE = 0.05


def nearest_class_mean(features: np.ndarray, train_features: np.ndarray, y_train: np.ndarray) -> np.ndarray:
    """Return probabilities (N, C): is a picture nearer to the mean of those with a class, or of those without it?

    The network before any training of ours, a nearest class mean (Mensink et al. 2013) for each class by itself.
    """
    centre = train_features.mean(axis=0)
    unit = _unit(train_features - centre)
    with_it = _unit((y_train.T @ unit) / np.maximum(y_train.sum(axis=0), 1)[:, None])
    without = _unit(((1 - y_train).T @ unit) / np.maximum((1 - y_train).sum(axis=0), 1)[:, None])
    seen = _unit(features - centre)
    return sigmoid((seen @ with_it.T - seen @ without.T) / TEMPERATURE)


def write(run_dir: Path, snapshot: Snapshot, predictions: Predictions, facts: dict) -> dict:
    """Write predictions.parquet, before_fine_tuning.parquet and evaluation.json; return the evaluation.

    `facts` are the parts that only the run knows; they are merged in.
    """
    evaluation = {**evaluate(snapshot, predictions), **facts, "versions": versions()}
    own = np.array(evaluation["thresholds"])
    _save(run_dir / runs.PREDICTIONS, snapshot, predictions.rows, predictions.trained, own)
    before = np.array(_chosen(snapshot, predictions.rows, predictions.before))
    _save(run_dir / runs.BEFORE, snapshot, predictions.rows, predictions.before, before)
    write_json(run_dir / runs.EVALUATION, evaluation)
    return evaluation


def evaluate(snapshot: Snapshot, predictions: Predictions) -> dict:
    """Return every number of evaluation.json that follows from the predictions alone.

    `accuracy` is the share of test pictures with exactly the right classes; a class counts as named from its threshold
    on, which the validation pictures choose.
    """
    is_test = snapshot.splits[predictions.rows] == "test"
    rows, validation = predictions.rows[is_test], predictions.rows[~is_test]
    y_true, probabilities, before = snapshot.y[rows], predictions.trained[is_test], predictions.before[is_test]
    chosen = _chosen(snapshot, predictions.rows, predictions.trained)
    y_pred = probabilities >= np.array(chosen)
    y_before = before >= np.array(_chosen(snapshot, predictions.rows, predictions.before))
    right, usual = _right(y_true, y_pred), multi_label_metrics.most_frequent_set(snapshot.y[snapshot.rows("train")])
    return {
        "task": "several",
        "class_names": list(snapshot.class_names),
        "counts": snapshot.counts(),
        "thresholds": chosen,
        "accuracy": float(right.mean()),
        **accuracy_interval(right, snapshot.groups[rows], learned_groups(snapshot)),
        "validation_accuracy": exact(snapshot.y[validation], predictions.trained[~is_test] >= np.array(chosen)),
        "labels": multi_label_metrics.over_all_labels(y_true, y_pred),
        "macro_f1": multi_label_metrics.macro_f1(y_true, y_pred),
        "micro_f1": multi_label_metrics.over_all_labels(y_true, y_pred)["f1"],
        "mean_average_precision": multi_label_metrics.mean_average_precision(y_true, probabilities),
        "hamming_loss": multi_label_metrics.hamming_loss(y_true, y_pred),
        "log_loss": log_loss(y_true, probabilities) / snapshot.num_classes,
        "per_class": [
            _class(name, chosen[place], y_true[:, place], probabilities[:, place], before[:, place])
            for place, name in enumerate(snapshot.class_names)
        ],
        "co_occurrence": (y_true.T @ y_true).astype(int).tolist(),
        "groups": _groups(snapshot.groups[rows], right, _right(y_true, y_before)),
        "baselines": {
            "majority": exact(y_true, np.tile(usual, (len(y_true), 1))),
            "majority_answer": multi_label.joined(np.array(snapshot.class_names, object)[usual]),
            "before_fine_tuning": exact(y_true, y_before),
            "before_mean_average_precision": multi_label_metrics.mean_average_precision(y_true, before),
        },
        "calibration_error": multi_label_metrics.calibration_error(y_true, probabilities),
        "calibration": {"temperature": predictions.temperature, "validation_pictures": len(validation)},
    }


def probe_scores(snapshot: Snapshot, rows: np.ndarray, probabilities: np.ndarray) -> dict:
    """Return {"validation_accuracy", "test_accuracy"}, exactly right, of a model with its own best thresholds."""
    right = _right(snapshot.y[rows], probabilities >= np.array(_chosen(snapshot, rows, probabilities)))
    is_test = snapshot.splits[rows] == "test"
    return {"validation_accuracy": float(right[~is_test].mean()), "test_accuracy": float(right[is_test].mean())}


def _chosen(snapshot: Snapshot, rows: np.ndarray, probabilities: np.ndarray) -> list[float]:
    validation = snapshot.splits[rows] == "validation"
    return multi_label_thresholds.choose(snapshot.y[rows[validation]], probabilities[validation])


def _class(name: str, threshold: float, truth: np.ndarray, scores: np.ndarray, before: np.ndarray) -> dict:
    counts = {
        kind: int(own[0])
        for kind, own in multi_label_metrics.outcomes(truth[:, None], (scores >= threshold)[:, None]).items()
    }
    found, missed, false_alarms = counts["found"], counts["missed"], counts["false_alarms"]
    precision, recall, f1 = multi_label_metrics.precision_recall_f1(found, missed, false_alarms)
    return {
        "class": name,
        "threshold": threshold,
        "average_precision": multi_label_metrics.average_precision(truth, scores),
        "before_average_precision": multi_label_metrics.average_precision(truth, before),
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "support": found + missed,
        **intervals.of_class(found, missed, false_alarms),
        **counts,
    }


def _groups(groups: np.ndarray, right: np.ndarray, before: np.ndarray) -> list[dict]:
    """Return how many test pictures of every group are exactly right, by name; empty when there are no groups."""
    reports = []
    for group in sorted({group for group in groups if group is not None}):
        own = groups == group
        correct, count = int(right[own].sum()), int(own.sum())
        interval = list(wilson_interval(correct, count))
        report = {"group": group, "accuracy": correct / count, "support": count, "interval": interval}
        reports.append(report | {"before_accuracy": float(before[own].mean())})
    return reports


def _right(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    return (y_true.astype(bool) == y_pred.astype(bool)).all(axis=1)


def _save(path: Path, snapshot: Snapshot, rows: np.ndarray, probabilities: np.ndarray, own: np.ndarray) -> None:
    names = np.array(snapshot.class_names, object)
    predicted = [multi_label.joined(names[row >= own]) for row in probabilities]
    save_predictions(path, snapshot, rows, predicted, probabilities)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
