"""From which probability on a model says that a picture shows a class: chosen on validation, changed by a person.

Nothing heavier than numpy: pages ask directly.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.storage.evaluation import Evaluation
from engine.storage.workspace import read_json, write_json

FILE = "thresholds.json"
USUAL = 0.5
# With fewer pictures that show a class, the best threshold on them is chance.
FEWEST = 5


def choose(y_true: np.ndarray, probabilities: np.ndarray) -> list[float]:
    """Return a threshold for each class with the largest F1 on these (validation) pictures, (N, C) both.

    Half-way between two probabilities; among equals the nearest to 0.5, which also stands where pictures are too few.
    """
    pairs = zip(y_true.T.astype(bool), probabilities.T.astype(np.float64), strict=True)
    return [_best(own, scores) if own.sum() >= FEWEST else USUAL for own, scores in pairs]


def _best(y_true: np.ndarray, scores: np.ndarray) -> float:
    order = np.argsort(-scores, kind="stable")
    found = np.cumsum(y_true[order])
    f1 = 2 * found / (np.arange(1, len(order) + 1) + y_true.sum())
    below = np.append(scores[order][1:], 0.0)
    places = np.flatnonzero((scores[order] > below) & np.isclose(f1, f1[scores[order] > below].max()))
    # A threshold may lie anywhere between two neighbours: as near to 0.5 as their middle half allows.
    upper, lower = scores[order][places], below[places]
    quarter = (upper - lower) / 4
    nearest = np.clip(USUAL, lower + quarter, upper - quarter)
    return float(np.clip(nearest[np.abs(nearest - USUAL).argmin()], 0.001, 0.999))


def of_run(run_dir: Path, facts: Evaluation) -> list[float]:
    """Return the thresholds that a run answers with: those somebody has set, else those of its evaluation."""
    changed = read_json(run_dir / FILE, {})
    return [changed.get(name, chosen) for name, chosen in zip(facts["class_names"], facts["thresholds"], strict=True)]


def are_changed(run_dir: Path) -> bool:
    """Tell whether somebody has set a threshold of this run."""
    return bool(read_json(run_dir / FILE, {}))


def take_back(run_dir: Path) -> None:
    """Answer with the thresholds chosen on validation again."""
    write_json(run_dir / FILE, {})


def set_one(run_dir: Path, class_name: str, threshold: float | None) -> None:
    """Keep another threshold for a class of a run; None takes it back to the one chosen on validation."""
    changed = {**read_json(run_dir / FILE, {}), class_name: threshold}
    write_json(run_dir / FILE, {name: value for name, value in changed.items() if value is not None})


def answers(probabilities: Sequence[float], class_names: Sequence[str], thresholds: Sequence[float]) -> list[str]:
    """Return the classes that a picture shows to a model, the surest first; [] for none of them."""
    rows = sorted(zip(probabilities, class_names, thresholds, strict=True), key=lambda row: -row[0])
    return [name for probability, name, threshold in rows if probability >= threshold]
