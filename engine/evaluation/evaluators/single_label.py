"""From predictions to evaluation.json: one honest number with its interval, and what stands behind it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from engine.evaluation import results
from engine.evaluation.evaluators import lines as line
from engine.evaluation.evaluators import predictions as files
from engine.evaluation.evaluators.predictions import TEMPERATURE, Predictions, learned_groups, unit
from engine.evaluation.metrics import calibration, intervals
from engine.evaluation.metrics import single_label as metrics
from engine.evaluation.metrics.calibration import fit_temperature as fit_temperature
from engine.evaluation.metrics.calibration import tempered as tempered
from engine.evaluation.reliability import selective
from engine.storage import runs
from engine.storage.evaluation import ClassReport, Evaluation
from engine.storage.workspace import write_json
from engine.training.objectives.scores import softmax
from engine.training.snapshot import Snapshot

# With more classes than this it also tells whether the right one is among the first few answers.
TOPS = (3, 5)
ASKED, WARMED, EXPLAINED, HANDED_ON = "predict", "warm_model", True, True


def nearest_class_mean(features: np.ndarray, train_features: np.ndarray, y_train: np.ndarray) -> np.ndarray:
    """Return probabilities (N, num_classes) by cosine similarity to each class's mean training feature.

    The network before any training of ours, as a classifier (nearest class mean, Mensink et al. 2013).
    """
    centre = train_features.mean(axis=0)
    # One class at a time: a copy of all features is 200 MB for 60,000 pictures.
    own = (train_features[y_train == label] for label in range(y_train.max() + 1))
    means = np.stack([unit(one - centre).mean(axis=0) for one in own])
    return softmax(unit(features - centre) @ unit(means).T / TEMPERATURE)


def write(run_dir: Path, snapshot: Snapshot, predictions: Predictions, facts: dict) -> dict:
    """Write predictions.parquet, before_fine_tuning.parquet and evaluation.json; return the evaluation.

    `facts` are the parts that only the run knows (probe, chosen, seconds, ...); they are merged in.
    """
    write_predictions(run_dir / runs.PREDICTIONS, snapshot, predictions.rows, predictions.trained)
    write_predictions(run_dir / runs.BEFORE, snapshot, predictions.rows, predictions.before)
    told = evaluate(snapshot, predictions)
    beside = {"baselines": {**told["baselines"], **facts.get("baselines", {})}}
    evaluation = {**told, **facts, **beside, "versions": files.package_versions()}
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
        **metrics.accuracy_interval(
            y_true == y_pred, snapshot.groups[rows], learned_groups(snapshot), snapshot.sha256[rows]
        ),
        "validation_accuracy": float(validation.mean()),
        "macro_f1": metrics.macro_f1(y_true, y_pred, num_classes),
        "weighted_f1": metrics.weighted_f1(y_true, y_pred, num_classes),
        "balanced_accuracy": metrics.balanced_accuracy(y_true, y_pred, num_classes),
        "cohens_kappa": metrics.cohens_kappa(y_true, y_pred, num_classes),
        "log_loss": metrics.log_loss(y_true, probabilities),
        "top_k": {str(k): metrics.top_k_accuracy(y_true, probabilities, k) for k in TOPS if k < num_classes},
        "per_class": _class_reports(snapshot.class_names, y_true, y_pred, before),
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
    files.save(path, snapshot, rows, names[probabilities.argmax(axis=1)].tolist(), probabilities)


def probe_scores(snapshot: Snapshot, rows: np.ndarray, probabilities: np.ndarray) -> dict:
    """Return {"validation_accuracy", "test_accuracy"} of the probe, whatever became of it."""
    correct = probabilities.argmax(axis=1) == snapshot.y[rows]
    is_test = snapshot.splits[rows] == "test"
    return {"validation_accuracy": float(correct[~is_test].mean()), "test_accuracy": float(correct[is_test].mean())}


def _class_reports(class_names, y_true: np.ndarray, y_pred: np.ndarray, before: np.ndarray) -> list[dict]:
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


def constant_answer(evaluation: Evaluation) -> tuple[str, float]:
    """Return the class that most test pictures have, and their fraction: no single answer to all of them does better.

    The class is "" where several share that place. The class with most training pictures may do worse here and would
    flatter the model.
    """
    supports = {row["class"]: row["support"] for row in evaluation["per_class"]}
    most = max(supports.values())
    largest = [name for name, support in supports.items() if support == most]
    return largest[0] if len(largest) == 1 else "", most / max(1, sum(supports.values()))


def per_class(evaluation: Evaluation) -> list[ClassReport]:
    return results.per_class(evaluation)


def answer_probabilities(run_dir: Path) -> np.ndarray:
    return np.max(results.scores(run_dir)[1], axis=1)


def named(run_dir: Path, evaluation: Evaluation, probabilities: Sequence[float]) -> tuple[str, ...]:
    return (evaluation["class_names"][int(np.argmax(probabilities))],)


def lines(result: Evaluation) -> list[str]:
    """Return the honest number, what it stands beside, and a line for each class and group."""
    low, high = result["accuracy_interval"]
    base, (largest, fraction) = result["baselines"], constant_answer(result)
    largest = f"{largest}, their largest class" if largest else "one and the same class"
    beside = [line.of_ngram(result["accuracy"], base["ngram"])] if "ngram" in base else []
    words = (
        f"Right on {result['accuracy']:.1%} of {result['counts']['test']} test pictures"
        f"{line.unseen(result)} (between {low:.1%} and {high:.1%}).\n"
        f"Always answering {largest}: {fraction:.1%}. "
        f"The same network untrained, by the mean of each class: {base['before_fine_tuning']:.1%}."
    )
    return [words, *beside, *map(line.of_class, per_class(result)), *line.of_groups(result["groups"])]


def prediction(run_dir: Path, evaluation: Evaluation, answer: Mapping) -> dict:
    """Return {"label": the likeliest, "answer": None where it holds back, "reason", "threshold", "probabilities"}."""
    class_names = evaluation["class_names"]
    probabilities = dict(zip(class_names, map(float, answer["probabilities"]), strict=True))
    verdict = selective.verdict(selective.read(run_dir), list(probabilities.values()), class_names, answer["unknown"])
    said = {"answer": None, "reason": verdict.said}
    if verdict.said == "answer":
        said = {"answer": class_names[verdict.position], "reason": None}
    label = max(probabilities, key=lambda name: probabilities[name])
    return {"label": label, **said, "threshold": verdict.threshold, "probabilities": probabilities}


def prediction_in_words(prediction: Mapping) -> str:
    """Return the likeliest classes, after "I don't know" or a class that its own threshold called."""
    best = sorted(prediction["probabilities"].items(), key=lambda pair: -pair[1])[:3]
    shown = "  ".join(f"{name} {p:.1%}" for name, p in best)
    if prediction["reason"] == "unsure":
        return f"I don't know ({shown})"
    if prediction["reason"] == "unknown":
        return f"unlike anything it has seen ({shown})"
    if prediction["threshold"] is None:
        return shown
    return f"{prediction['answer']}, called so from {prediction['threshold']:.1%} on ({shown})"
