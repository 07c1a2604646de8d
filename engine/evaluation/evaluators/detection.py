"""From what was found on pictures to evaluation.json: objects found and invented, each number with its interval."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from engine.data.boxes.geometry import from_text
from engine.data.label_kinds import detection as label_kind
from engine.evaluation import detection_results
from engine.evaluation.evaluators import predictions as files
from engine.evaluation.evaluators.multi_label import answer_probabilities as answer_probabilities
from engine.evaluation.evaluators.predictions import HeldOut, Predictions
from engine.evaluation.metrics import detection as metrics
from engine.evaluation.metrics import detection_errors
from engine.evaluation.metrics.single_label import wilson_interval
from engine.storage import runs
from engine.storage.evaluation import ClassReport, Evaluation
from engine.storage.workspace import read_json, write_json
from engine.training.snapshot import Snapshot

FIGURES = ("precision", "recall", "f1")
ASKED, WARMED, EXPLAINED, HANDED_ON = "detect", "warm_detector", False, False


@dataclass(frozen=True)
class Found:
    """What a model found on the held-out pictures `rows` of a snapshot; `before`: a head on an untrained network."""

    rows: np.ndarray
    trained: Sequence[np.ndarray]
    before: Sequence[np.ndarray] | None = None

    def of(self, snapshot: Snapshot, split: str) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
        """Return rows of a split, their true objects and the found ones."""
        own = np.flatnonzero(snapshot.splits[self.rows] == split)
        rows = self.rows[own]
        truth = [detection_results.true_rows(from_text(snapshot.boxes[row]), snapshot.class_names) for row in rows]
        return rows, truth, [self.trained[place] for place in own]


def judge(snapshot: Snapshot, found: Found) -> dict:
    """Return every number of evaluation.json that follows from what was found."""
    _rows, validation, on_validation = found.of(snapshot, "validation")
    rows, truth, everything = found.of(snapshot, "test")
    number = snapshot.num_classes
    thresholds = metrics.best_thresholds(validation, on_validation, number)
    claims = metrics.claimed(everything, thresholds)
    drawn = metrics.draws(len(rows))
    ranked = [metrics.ranked(truth, everything, label) for label in range(number)]
    tables = {by: metrics.counts(truth, claims, number, by) for by in (metrics.CENTRE, metrics.IOU)}
    validation_map = metrics.mean_average_precision(
        [metrics.ranked(validation, on_validation, label) for label in range(number)]
    )
    return {
        "task": "detection",
        "label_kind": "detection",
        "class_names": list(snapshot.class_names),
        "counts": snapshot.counts(),
        "objects": int(sum(map(len, truth))),
        "thresholds": thresholds,
        **_counted_right(truth, claims, number),
        "validation_accuracy": validation_map[0],
        **_average_precisions(ranked, drawn),
        **_figures(tables[metrics.CENTRE].sum(axis=1), drawn, "f1_at_centre"),
        "at_iou": _figures(tables[metrics.IOU].sum(axis=1), drawn, "f1"),
        "macro_f1": float(metrics.precision_recall_f1(tables[metrics.CENTRE].sum(axis=0))[:, 2].mean()),
        **_count_error(truth, claims, number, drawn),
        "per_class": _classes(snapshot.class_names, thresholds, ranked, tables, drawn),
        "errors": _errors(truth, claims),
        "confusion": detection_errors.confusion(truth, claims, number),
        "groups": [],
        "baselines": _baselines(snapshot, truth, found),
    }


def _counted_right(truth: list[np.ndarray], claims: list[np.ndarray], number: int) -> dict:
    """A picture is right where as many objects of every class are claimed as there are."""
    right = (_numbers(truth, 4, number) == _numbers(claims, 5, number)).all(axis=1)
    return {"accuracy": float(right.mean()), "accuracy_interval": list(wilson_interval(int(right.sum()), len(right)))}


def _numbers(pictures: Sequence[np.ndarray], column: int, number: int) -> np.ndarray:
    return np.array([np.bincount(rows[:, column].astype(int), minlength=number) for rows in pictures])


def _average_precisions(ranked: list[metrics.Ranked], drawn: np.ndarray) -> dict:
    map50, map50_95 = metrics.mean_average_precision(ranked)
    resampled = np.array([metrics.mean_average_precision(ranked, weights) for weights in drawn])
    return {
        "map50": map50,
        "map50_interval": metrics.interval(resampled[:, 0]),
        "map50_95": map50_95,
        "map50_95_interval": metrics.interval(resampled[:, 1]),
    }


def _figures(table: np.ndarray, drawn: np.ndarray, f1: str) -> dict:
    """Return precision, recall and F1 of counts a picture, (pictures, 3), with intervals over pictures."""
    own = metrics.precision_recall_f1(table.sum(axis=0))
    resampled = metrics.precision_recall_f1(drawn @ table)
    told: dict = {}
    for place, name in enumerate((*FIGURES[:2], f1)):
        told |= {name: float(own[place]), f"{name}_interval": metrics.interval(resampled[:, place])}
    return told


def _count_error(truth: list[np.ndarray], claims: list[np.ndarray], number: int, drawn: np.ndarray) -> dict:
    """Return by how many objects a picture is miscounted on average, the classes added up."""
    wrong = np.abs(_numbers(truth, 4, number) - _numbers(claims, 5, number)).sum(axis=1)
    return {
        "count_error": float(wrong.mean()),
        "count_error_interval": metrics.interval(drawn @ wrong / len(wrong)),
    }


def _classes(class_names, thresholds, ranked, tables, drawn) -> list[dict]:
    reports = []
    for place, name in enumerate(class_names):
        own = tables[metrics.CENTRE][:, place]
        hits, missed, invented = map(int, own.sum(axis=0))
        precisions = metrics.average_precisions(ranked[place])
        reports.append(
            {
                "class": name,
                **_figures(own, drawn, "f1"),
                "support": hits + missed,
                "threshold": thresholds[place],
                "average_precision": None if np.isnan(precisions[0]) else float(precisions[0]),
                "ap50_95": None if np.isnan(precisions[0]) else float(precisions.mean()),
                "at_iou": _figures(tables[metrics.IOU][:, place], drawn, "f1"),
                "found": hits,
                "missed": missed,
                "false_alarms": invented,
            }
        )
    return reports


def _errors(truth: list[np.ndarray], claims: list[np.ndarray]) -> dict[str, int]:
    kinds = [one.kind for true, own in zip(truth, claims, strict=True) for one in detection_errors.judge(true, own)]
    return {kind: kinds.count(kind) for kind in (detection_errors.RIGHT, *detection_errors.KINDS)}


def _baselines(snapshot: Snapshot, truth: list[np.ndarray], found: Found) -> dict:
    """The mean count of the training pictures as an answer to all; the same head on a network that learned nothing."""
    train = [
        detection_results.true_rows(from_text(snapshot.boxes[row]), snapshot.class_names)
        for row in snapshot.rows("train")
    ]
    number = snapshot.num_classes
    usual = np.round(_numbers(train, 4, number).mean(axis=0)).astype(int)
    wrong = np.abs(_numbers(truth, 4, number) - usual)
    told: dict = {
        "majority": float((wrong == 0).all(axis=1).mean()),
        "majority_answer": "  ".join(f"{n} {name}" for n, name in zip(usual, snapshot.class_names, strict=True)),
        "mean_count_error": float(wrong.sum(axis=1).mean()),
    }
    if found.before is None:
        return told
    own = Found(found.rows, found.before).of(snapshot, "test")[2]
    ranked = [metrics.ranked(truth, own, label) for label in range(number)]
    return {**told, "untrained_map50": metrics.mean_average_precision(ranked)[0]}


def keep(run_dir: Path, snapshot: Snapshot, found: Found, facts: dict) -> dict:
    """Write predictions.parquet and evaluation.json; return the evaluation. `facts`: what only the run knows."""
    evaluation = {**judge(snapshot, found), **facts, **read_json(run_dir / runs.LABELS, {})}
    evaluation["versions"] = files.package_versions()
    claims = metrics.claimed(found.trained, evaluation["thresholds"])
    names = snapshot.class_names
    predicted = [label_kind.joined(names[int(label)] for label in rows[:, 5]) for rows in claims]
    files.save(
        run_dir / runs.PREDICTIONS,
        snapshot,
        found.rows,
        predicted,
        np.array([_surest(rows, len(names)) for rows in found.trained], np.float32).reshape(-1, len(names)),
        boxes=snapshot.boxes[found.rows].tolist(),
        found=[json.dumps(np.round(rows, 4).tolist()) for rows in found.trained],
    )
    write_json(run_dir / runs.EVALUATION, evaluation)
    return evaluation


def _surest(rows: np.ndarray, number: int) -> list[float]:
    """Return the highest confidence of each class on a picture, 0 where none was found."""
    return [float(rows[rows[:, 5] == label, 4].max(initial=0.0)) for label in range(number)]


# what a classifier's run is asked, and a detector's answers otherwise or not at all


def nearest_class_mean(features: np.ndarray, train_features: np.ndarray, y_train: np.ndarray) -> np.ndarray:
    raise NotImplementedError("objects are not found by likeness of whole pictures")


def fit_temperature(y: np.ndarray, probabilities: np.ndarray, held_out: HeldOut = None) -> float:
    return 1.0


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    return probabilities


def probe_scores(snapshot: Snapshot, rows: np.ndarray, probabilities: np.ndarray) -> dict:
    return {}


def evaluate(snapshot: Snapshot, predictions: Predictions) -> dict:
    raise NotImplementedError("see judge: it takes what was found, not probabilities of whole pictures")


def write(run_dir: Path, snapshot: Snapshot, predictions: Predictions, facts: dict) -> dict:
    raise NotImplementedError("see keep: it takes what was found, not probabilities of whole pictures")


def constant_answer(evaluation: Evaluation) -> tuple[str, float]:
    """Return the usual number of objects of each class, and the fraction of test pictures with exactly those."""
    return evaluation["baselines"]["majority_answer"], evaluation["baselines"]["majority"]


def per_class(evaluation: Evaluation) -> list[ClassReport]:
    return evaluation["per_class"]


def named(run_dir: Path, evaluation: Evaluation, probabilities: Sequence[float]) -> tuple[str, ...]:
    """Return the classes of which an object is claimed."""
    pairs = zip(evaluation["class_names"], probabilities, evaluation["thresholds"], strict=True)
    return tuple(name for name, p, least in pairs if p >= least)


def lines(result: Evaluation) -> list[str]:
    """Return what it finds of 100 objects and what of its claims is there, beside the mean count, and each class."""
    facts = cast("dict", result)
    found, there = _of_hundred(facts, "recall"), _of_hundred(facts, "precision")
    base = facts["baselines"]
    words = (
        f"Of 100 objects it finds {found}; of 100 that it claims, {there} are there "
        f"({facts['objects']} objects on {facts['counts']['test']} test pictures)."
    )
    ranked = (
        f"mAP50 {facts['map50']:.3f} ({_ends(facts['map50_interval'])}), "
        f"mAP50-95 {facts['map50_95']:.3f} ({_ends(facts['map50_95_interval'])}), "
        f"F1 at the centre {facts['f1_at_centre']:.3f} ({_ends(facts['f1_at_centre_interval'])})."
    )
    beside = (
        f"It miscounts by {facts['count_error']:.1f} objects a picture; guessing the mean count, by "
        f"{base['mean_count_error']:.1f}. Every count is right on {facts['accuracy']:.1%} of the pictures."
    )
    return [words, ranked, beside, *map(_class_line, facts["per_class"]), *map(_warning, facts.get("warnings", []))]


def _of_hundred(facts: Mapping, name: str) -> str:
    low, high = facts[f"{name}_interval"]
    return f"{100 * facts[name]:.0f} (between {100 * low:.0f} and {100 * high:.0f})"


def _ends(ends: Sequence[float]) -> str:
    return f"{ends[0]:.3f} to {ends[1]:.3f}"


def _class_line(row: Mapping) -> str:
    if not row["support"]:
        return f"  {row['class']:24} no test objects"
    return (
        f"  {row['class']:24} found {row['recall']:.1%}  claims that are there {row['precision']:.1%}  "
        f"F1 {row['f1']:.3f}  AP50 {row['average_precision']:.3f}  of {row['support']}"
    )


def _warning(told: Mapping) -> str:
    from engine.errors import UserError

    return str(UserError(told["template"], **told["values"]))


def prediction(run_dir: Path, evaluation: Evaluation, answer: Mapping) -> dict:
    """Return {"label_kind", "boxes": [{"class", "box": [x, y, width, height], "confidence"}], "counts", "labels"}."""
    least = detection_results.thresholds(run_dir, evaluation)
    names = evaluation["class_names"]
    [rows] = metrics.claimed([np.array(answer["found"], float).reshape(-1, 6)], least)
    boxes = [
        {
            "class": names[int(row[5])],
            "box": [round(float(each), 1) for each in (row[0], row[1], row[2] - row[0], row[3] - row[1])],
            "confidence": round(float(row[4]), 4),
        }
        for row in rows
    ]
    counts = {name: sum(box["class"] == name for box in boxes) for name in names}
    probabilities = dict(zip(names, _surest(np.array(answer["found"], float).reshape(-1, 6), len(names)), strict=True))
    told = {"labels": [name for name in names if counts[name]], "probabilities": probabilities}
    return {"label_kind": "detection", "boxes": boxes, "counts": counts, "size": answer["size"], **told}


def prediction_in_words(prediction: Mapping) -> str:
    """Return how many objects of each class were found."""
    words = [f"{count} {name}" for name, count in prediction["counts"].items() if count]
    return "  ".join(words) or "no object"
