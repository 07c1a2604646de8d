"""Answers from the files of a finished run: which pictures lie in a cell, what was confused, how sure one can be.

Reads evaluation.json and predictions.parquet, and nothing heavier than pyarrow, so that pages may ask it directly.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import pyarrow
import pyarrow.parquet

from engine.backbones import catalogue, custom
from engine.evaluation.metrics import intervals
from engine.storage import runs
from engine.storage.evaluation import Base, ClassReport, Evaluation
from engine.storage.workspace import read_json


@dataclass(frozen=True)
class Prediction:
    """What the model said about one picture. `probabilities` are in the order of the evaluation's class names."""

    item: int
    sha256: str
    name: str
    label: str
    group: str | None
    predicted: str
    probabilities: tuple[float, ...]

    @property
    def probability(self) -> float:
        """The model's probability for its own answer, in [0, 1]."""
        return max(self.probabilities)


@dataclass(frozen=True)
class Predictions:
    """The predictions of one split, still in their table: `positions` are its rows, with label and answer of each."""

    table: pyarrow.Table | None
    positions: tuple[int, ...]
    labels: tuple[str, ...]
    answers: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.positions)

    def where(self, fits: Callable[[str, str], bool]) -> list[Prediction]:
        """Return the pictures whose (label, answer) fits."""
        pairs = enumerate(zip(self.labels, self.answers, strict=True))
        return self.rows([row for row, (label, answer) in pairs if fits(label, answer)])

    def column(self, name: str) -> list:
        """Return one column of the table for the pictures of the split, in their order."""
        if self.table is None:
            return []
        values = self.table[name].to_pylist()
        return [values[position] for position in self.positions]

    def probabilities(self, num_classes: int) -> np.ndarray:
        """Return the probabilities (N, num_classes) of the pictures of the split, in their order."""
        if self.table is None:
            return np.zeros((0, num_classes), np.float32)
        values = self.table["probabilities"].combine_chunks().flatten()
        kind = np.float64 if pyarrow.types.is_float64(values.type) else np.float32
        # The buffer itself: to_numpy imports pandas (50 MB).
        numbers = np.frombuffer(values.buffers()[1], kind)[values.offset : values.offset + len(values)]
        return numbers.reshape(self.table.num_rows, num_classes)[list(self.positions)]

    def rows(self, chosen: list[int]) -> list[Prediction]:
        """Return single pictures by their place in the split."""
        if self.table is None:
            return []
        names = ["item", "sha256", "name", "label", "group", "predicted", "probabilities"]
        # Slices, not masks: pyarrow imports pandas (50 MB) as soon as it is given a Python value to compare with.
        found = [self.table.slice(self.positions[row], 1).select(names).to_pylist()[0] for row in chosen]
        return [Prediction(**{**row, "probabilities": tuple(row["probabilities"])}) for row in found]


@dataclass(frozen=True)
class Confusion:
    """Pictures of class `true` that were taken for `predicted`; `fraction` is their part of the class, in [0, 1]."""

    true: str
    predicted: str
    count: int
    fraction: float


def evaluation(run_dir: Path) -> Evaluation | None:
    """Return evaluation.json (shared between callers: read only), or None while there is none."""
    stamp = _stamp(run_dir / runs.EVALUATION)
    return None if stamp is None else _read_evaluation(run_dir, stamp)


def class_names(run_dir: Path) -> list[str]:
    """Return the classes of a run in the order of its probabilities; none while there is no evaluation."""
    facts = evaluation(run_dir)
    return facts["class_names"] if facts is not None else []


def recipe(run_dir: Path) -> dict:
    """Return recipe.json (shared between callers: read only)."""
    return _cached_json(run_dir / runs.RECIPE) or {}


def status(run_dir: Path) -> dict:
    """Return the truthful status (see runs.read_status); a run that has ended is not read twice."""
    stored = _cached_json(run_dir / runs.STATUS)
    return stored if stored is not None and stored["state"] not in runs.ACTIVE else runs.read_status(run_dir)


def predictions(run_dir: Path, split: str = "test") -> Predictions:
    """Return the predictions of one split; none while there are none."""
    path = run_dir / runs.PREDICTIONS
    if (stamp := _stamp(path)) is None:
        return Predictions(None, (), (), ())
    return _read_predictions(str(path), stamp, split)


def before(run_dir: Path, split: str = "test") -> Predictions:
    """Return what the network said before any training of ours; nothing for a run that did not ask it."""
    stamp = _stamp(run_dir / runs.BEFORE)
    return (
        Predictions(None, (), (), ()) if stamp is None else _read_predictions(str(run_dir / runs.BEFORE), stamp, split)
    )


def prediction_of(run_dir: Path, item: int) -> Prediction | None:
    """Return what the model said about one test picture, or None when it was not among them."""
    return next(iter(predictions_of(run_dir, [item])), None)


def predictions_of(run_dir: Path, items: Sequence[int]) -> list[Prediction]:
    """Return what the model said about these pictures, in their order; what was no test picture is left out."""
    answers = predictions(run_dir)
    row_of = {item: row for row, item in enumerate(answers.column("item"))}
    return answers.rows([row_of[item] for item in items if item in row_of])


def scores(run_dir: Path, split: str = "test") -> tuple[np.ndarray, np.ndarray]:
    """Return classes (N,) as positions in class_names and probabilities (N, num_classes), in the order of the rows."""
    names, stamp = class_names(run_dir), _stamp(run_dir / runs.PREDICTIONS)
    if stamp is None or not names or not len(predictions(run_dir, split)):
        return np.zeros(0, int), np.zeros((0, len(names) or 1), np.float32)
    return _scores(str(run_dir / runs.PREDICTIONS), stamp, split, tuple(names))


def refused(run_dir: Path) -> np.ndarray | None:
    """Tell of every test picture whether it is refused as unlike anything in training, in the order of `scores`.

    None where the run did not keep it: it has no detector, or is older.
    """
    facts = evaluation(run_dir)
    kept = (facts.get("unknown") or {}).get("refused") if facts else None
    return None if kept is None else np.isin(predictions(run_dir).column("item"), kept)


def base(facts: Evaluation, recipe: dict) -> Base | None:
    """Return {"left_out": how many test pictures the network it started from knew, "unknown": whether others too}.

    None for a network of the catalogue. A run of an older Graft did not ask.
    """
    if not custom.is_own(catalogue.plain(recipe.get("backbone", ""))):
        return None
    return facts.get("base", Base(left_out=0, unknown=True))


def copied(facts: Evaluation) -> int:
    """Return how many test pictures have a copy that was learned from: what the number says of them is by heart."""
    found = facts.get("copies")
    return len(found["test"]) if found and not found["left_out"] else 0


def most_confused(facts: Evaluation, limit: int = 10) -> list[Confusion]:
    """Return the pairs of classes that were mistaken for each other most often, largest first."""
    names, matrix = facts["class_names"], facts["confusion_matrix"]
    pairs = [
        Confusion(names[i], names[j], count, count / sum(row))
        for i, row in enumerate(matrix)
        for j, count in enumerate(row)
        if i != j and count
    ]
    return sorted(pairs, key=lambda pair: (-pair.count, -pair.fraction, pair.true))[:limit]


def per_class(facts: Evaluation) -> list[ClassReport]:
    """Return precision, recall and F1 of every class with their intervals; runs from before those hold the counts."""
    matrix = np.array(facts["confusion_matrix"])
    found = matrix.diagonal()
    counts = np.stack([found, matrix.sum(axis=1) - found, matrix.sum(axis=0) - found], axis=1).tolist()
    return [
        cast("ClassReport", {**intervals.of_class(*found_missed_alarms), **row})
        for found_missed_alarms, row in zip(counts, facts["per_class"], strict=True)
    ]


def weakest(rows: Sequence[ClassReport]) -> int:
    """Return the place of the class with the lowest F1, of those that have test pictures."""
    return min(range(len(rows)), key=lambda place: (not rows[place]["support"], rows[place]["f1"]))


def hardest_classes(facts: Evaluation, limit: int) -> list[int]:
    """Return the positions of the classes with most mistakes (theirs and into them), in the order of the classes."""
    matrix = facts["confusion_matrix"]
    size = range(len(matrix))
    mistakes = {i: sum(matrix[i]) + sum(row[i] for row in matrix) - 2 * matrix[i][i] for i in size}
    return sorted(sorted(size, key=lambda i: (-mistakes[i], i))[:limit])


def cell(answers: Predictions, true: str, predicted: str) -> list[Prediction]:
    """Return the pictures of class `true` that were taken for `predicted`, the most confident first."""
    rows = answers.where(lambda label, answer: (label, answer) == (true, predicted))
    return sorted(rows, key=lambda row: -row.probability)


def mistakes_of(answers: Predictions, true: str) -> list[Prediction]:
    """Return the pictures of class `true` that were taken for something else, the most confident first."""
    rows = answers.where(lambda label, answer: label == true and answer != true)
    return sorted(rows, key=lambda row: -row.probability)


def confident_mistakes(answers: Predictions, limit: int = 24) -> list[Prediction]:
    """Return the wrong answers of which the model was most sure."""
    wrong = answers.where(lambda label, answer: label != answer)
    return sorted(wrong, key=lambda row: -row.probability)[:limit]


def least_sure(run_dir: Path, limit: int = 24) -> list[Prediction]:
    """Return the test pictures whose two likeliest classes are closest together."""
    _y, probabilities = scores(run_dir)
    if not len(probabilities):
        return []
    first, second = -np.sort(-probabilities, axis=1)[:, :2].T
    return predictions(run_dir).rows(np.argsort(first - second, kind="stable")[:limit].tolist())


def surest_right(run_dir: Path, limit: int = 24) -> list[Prediction]:
    """Return the right answers of which the model was most sure, every class in turn: what a class looks like to it."""
    y, probabilities = scores(run_dir)
    right = np.flatnonzero(probabilities.argmax(axis=1) == y)
    order = right[np.argsort(-probabilities[right].max(axis=1), kind="stable")]
    turns = [np.flatnonzero(y[order] == label) for label in np.unique(y[order])]
    places = sorted((turn, place) for own in turns for turn, place in enumerate(own))
    return predictions(run_dir).rows([int(order[place]) for _turn, place in places[:limit]])


def samples(answers: Predictions, limit: int = 12) -> list[Prediction]:
    """Return test pictures to play with: one of every class in turn, the same ones every time."""
    by_class: dict[str, list[int]] = {}
    for row, label in enumerate(answers.labels):
        by_class.setdefault(label, []).append(row)
    turns = max(map(len, by_class.values()), default=0)
    order = [rows[turn] for turn in range(turns) for _, rows in sorted(by_class.items()) if turn < len(rows)]
    return answers.rows(order[:limit])


def top(probabilities, class_names: list[str], limit: int = 5) -> list[tuple[str, float]]:
    """Return the `limit` likeliest classes with their probability, likeliest first."""
    order = sorted(range(len(class_names)), key=lambda i: -probabilities[i])
    return [(class_names[i], float(probabilities[i])) for i in order[:limit]]


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size


def _cached_json(path: Path):
    stamp = _stamp(path)
    return None if stamp is None else _read_json(str(path), stamp)


@functools.lru_cache(maxsize=2048)
def _read_json(path: str, _stamp: tuple[int, int]):
    return read_json(Path(path))


@functools.lru_cache(maxsize=512)
def _read_evaluation(run_dir: Path, _stamp: tuple[int, int]) -> Evaluation | None:
    return runs.read_evaluation(run_dir)


@functools.lru_cache(maxsize=8)
def _scores(
    path: str, stamp: tuple[int, int], split: str, class_names: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray]:
    answers = _read_predictions(path, stamp, split)
    index = {name: position for position, name in enumerate(class_names)}
    return np.array([index[label] for label in answers.labels]), answers.probabilities(len(class_names))


@functools.lru_cache(maxsize=16)
def _read_predictions(path: str, _stamp: tuple[int, int], split: str) -> Predictions:
    table = pyarrow.parquet.ParquetFile(path).read()
    splits, labels, answers = (table[name].to_pylist() for name in ("split", "label", "predicted"))
    positions = tuple(row for row, part in enumerate(splits) if part == split)
    return Predictions(
        table, positions, tuple(labels[row] for row in positions), tuple(answers[row] for row in positions)
    )
