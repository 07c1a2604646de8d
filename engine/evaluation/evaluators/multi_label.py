"""From predictions to evaluation.json where pictures may show several classes."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from engine.data.label_kinds import multi_label
from engine.evaluation import multi_label_results, results
from engine.evaluation.evaluators import lines as line
from engine.evaluation.evaluators import predictions as files
from engine.evaluation.evaluators.predictions import TEMPERATURE, HeldOut, Predictions, learned_groups, unit
from engine.evaluation.metrics import intervals
from engine.evaluation.metrics import multi_label as metrics
from engine.evaluation.metrics.intervals import wilson_interval
from engine.evaluation.metrics.multi_label import tempered as tempered
from engine.evaluation.metrics.single_label import accuracy_interval
from engine.evaluation.reliability import multi_label_thresholds
from engine.storage import runs
from engine.storage.evaluation import ClassReport, Evaluation
from engine.storage.workspace import write_json
from engine.training.objectives.scores import binary_log_loss, exact_match, sigmoid
from engine.training.snapshot import Snapshot

NO_CLASS = "none of the classes"
ASKED, WARMED, EXPLAINED, HANDED_ON = "predict", "warm_model", True, True


def nearest_class_mean(features: np.ndarray, train_features: np.ndarray, y_train: np.ndarray) -> np.ndarray:
    """Return probabilities (N, C): is a picture nearer to the mean of those with a class, or of those without it?

    The network before any training of ours, a nearest class mean (Mensink et al. 2013) for each class by itself.
    """
    centre = train_features.mean(axis=0)
    trained = unit(train_features - centre)
    with_it = unit((y_train.T @ trained) / np.maximum(y_train.sum(axis=0), 1)[:, None])
    without = unit(((1 - y_train).T @ trained) / np.maximum((1 - y_train).sum(axis=0), 1)[:, None])
    seen = unit(features - centre)
    return sigmoid((seen @ with_it.T - seen @ without.T) / TEMPERATURE)


def write(run_dir: Path, snapshot: Snapshot, predictions: Predictions, facts: dict) -> dict:
    """Write predictions.parquet, before_fine_tuning.parquet and evaluation.json; return the evaluation.

    `facts` are the parts that only the run knows; they are merged in.
    """
    evaluation = {**evaluate(snapshot, predictions), **facts, "versions": files.package_versions()}
    own = np.array(evaluation["thresholds"])
    _save(run_dir / runs.PREDICTIONS, snapshot, predictions.rows, predictions.trained, own)
    before = np.array(_chosen(snapshot, predictions.rows, predictions.before))
    _save(run_dir / runs.BEFORE, snapshot, predictions.rows, predictions.before, before)
    write_json(run_dir / runs.EVALUATION, evaluation)
    return evaluation


def evaluate(snapshot: Snapshot, predictions: Predictions) -> dict:
    """Return every number of evaluation.json that follows from the predictions alone.

    `accuracy` is the fraction of test pictures with exactly the right classes; a class counts as named from its
    threshold on, which the validation pictures choose.
    """
    is_test = snapshot.splits[predictions.rows] == "test"
    rows, validation = predictions.rows[is_test], predictions.rows[~is_test]
    y_true, probabilities, before = snapshot.y[rows], predictions.trained[is_test], predictions.before[is_test]
    chosen = _chosen(snapshot, predictions.rows, predictions.trained)
    y_pred = probabilities >= np.array(chosen)
    y_before = before >= np.array(_chosen(snapshot, predictions.rows, predictions.before))
    right, usual = _right(y_true, y_pred), metrics.most_frequent_set(snapshot.y[snapshot.rows("train")])
    return {
        "task": "several",
        "class_names": list(snapshot.class_names),
        "counts": snapshot.counts(),
        "thresholds": chosen,
        "accuracy": float(right.mean()),
        **accuracy_interval(right, snapshot.groups[rows], learned_groups(snapshot), snapshot.sha256[rows]),
        "validation_accuracy": exact_match(snapshot.y[validation], predictions.trained[~is_test] >= np.array(chosen)),
        "labels": metrics.over_all_labels(y_true, y_pred),
        "macro_f1": metrics.macro_f1(y_true, y_pred),
        "micro_f1": metrics.over_all_labels(y_true, y_pred)["f1"],
        "mean_average_precision": metrics.mean_average_precision(y_true, probabilities),
        "hamming_loss": metrics.hamming_loss(y_true, y_pred),
        "log_loss": binary_log_loss(y_true, probabilities) / snapshot.num_classes,
        "per_class": [
            _class(name, chosen[place], y_true[:, place], probabilities[:, place], before[:, place])
            for place, name in enumerate(snapshot.class_names)
        ],
        "co_occurrence": (y_true.T @ y_true).astype(int).tolist(),
        "groups": _groups(snapshot.groups[rows], right, _right(y_true, y_before)),
        "baselines": {
            "majority": exact_match(y_true, np.tile(usual, (len(y_true), 1))),
            "majority_answer": multi_label.joined(np.array(snapshot.class_names, object)[usual]),
            "before_fine_tuning": exact_match(y_true, y_before),
            "before_mean_average_precision": metrics.mean_average_precision(y_true, before),
        },
        "calibration_error": metrics.calibration_error(y_true, probabilities),
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
        kind: int(own[0]) for kind, own in metrics.outcomes(truth[:, None], (scores >= threshold)[:, None]).items()
    }
    found, missed, false_alarms = counts["found"], counts["missed"], counts["false_alarms"]
    precision, recall, f1 = metrics.precision_recall_f1(found, missed, false_alarms)
    return {
        "class": name,
        "threshold": threshold,
        "average_precision": metrics.average_precision(truth, scores),
        "before_average_precision": metrics.average_precision(truth, before),
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
    files.save(path, snapshot, rows, predicted, probabilities)


def fit_temperature(y: np.ndarray, probabilities: np.ndarray, held_out: HeldOut = None) -> float:
    """Return the temperature that the validation pictures ask for; nothing was held out of the probe."""
    return metrics.fit_temperature(y, probabilities)


def constant_answer(evaluation: Evaluation) -> tuple[str, float]:
    """Return the most frequent set of classes in training, and the fraction of test pictures with exactly that."""
    return evaluation["baselines"]["majority_answer"], evaluation["baselines"]["majority"]


def per_class(evaluation: Evaluation) -> list[ClassReport]:
    return evaluation["per_class"]


def answer_probabilities(run_dir: Path) -> np.ndarray:
    """Return the probability that each of the classes of the answer and no other is there, (N,)."""
    _truth, probabilities = multi_label_results.scores(run_dir)
    names = results.class_names(run_dir)
    said = [set(multi_label.names_of(answer)) for answer in results.predictions(run_dir).answers]
    answered = np.array([[name in own for name in names] for own in said])
    return np.where(answered, probabilities, 1 - probabilities).prod(axis=1)


def named(run_dir: Path, evaluation: Evaluation, probabilities: Sequence[float]) -> tuple[str, ...]:
    """Return the classes that reach their thresholds, the surest first."""
    thresholds = multi_label_thresholds.of_run(run_dir, evaluation)
    return tuple(multi_label_thresholds.answers(probabilities, evaluation["class_names"], thresholds))


def lines(result: Evaluation) -> list[str]:
    """Return the honest number, what it stands beside, and a line for each class and group."""
    low, high = result["accuracy_interval"]
    base, labels = result["baselines"], result["labels"]
    usual = " + ".join(multi_label.names_of(base["majority_answer"])) or NO_CLASS
    claim = (
        f"Exactly the right classes on {result['accuracy']:.1%} of {result['counts']['test']} test "
        f"pictures{line.unseen(result)} (between {low:.1%} and {high:.1%}); "
        f"it finds {labels['found']:.1%} of {labels['count']} labels, and "
        f"{labels['precision']:.1%} of what it names is right."
    )
    beside = (
        f"Always answering {usual}, the most frequent in training: {base['majority']:.1%}. "
        f"The same network untrained, by the mean of each class: {base['before_fine_tuning']:.1%}."
    )
    return [claim, beside, *map(_class_line, result["per_class"]), *line.of_groups(result["groups"])]


def _class_line(row: ClassReport) -> str:
    ranked = "-" if row["average_precision"] is None else f"{row['average_precision']:.1%}"
    return line.of_class(row, f"average precision {ranked:>6}  from {row['threshold']:.2f} on")


def prediction(run_dir: Path, evaluation: Evaluation, answer: Mapping) -> dict:
    """Return {"labels": [...], "probabilities": {class: p}}: what a picture shows, the surest first."""
    probabilities = answer["probabilities"]
    labels = list(named(run_dir, evaluation, probabilities))
    pairs = zip(evaluation["class_names"], map(float, probabilities), strict=True)
    return {"labels": labels, "probabilities": dict(pairs)}


def prediction_in_words(prediction: Mapping) -> str:
    """Return the classes of a prediction with their probabilities, or that there are none of them."""
    probabilities = prediction["probabilities"]
    if prediction["labels"]:
        return "  ".join(f"{name} {probabilities[name]:.1%}" for name in prediction["labels"])
    nearest = max(probabilities, key=lambda name: probabilities[name])
    return f"{NO_CLASS} (nearest: {nearest} {probabilities[nearest]:.1%})"
