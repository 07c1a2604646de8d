"""What one group is worth to another: a probe learns from each group alone, and is asked about every group.

From the features of the frozen network, so that it takes seconds; the run's own model is another one where it was
fine-tuned. The penalty is the default one for all, as choosing it for every group would cost ten times as much.
"""

from dataclasses import replace

import numpy as np

from engine.evaluation.metrics import single_label as metrics
from engine.training.heads import linear_probe
from engine.training.heads.regularization import DEFAULT_STRENGTH
from engine.training.recipe import Recipe
from engine.training.snapshot import Snapshot

MOST_GROUPS = 10  # a table of more is not read, and each costs two probes
MOST_PICTURES = 1500  # that a probe learns from


def measure(
    snapshot: Snapshot, recipe: Recipe, train_features: np.ndarray, test: np.ndarray, test_features: np.ndarray
) -> dict | None:
    """Return who helps whom among groups that have training and test pictures, None with fewer than two of them.

    train_features (N, D) are of the training rows, test_features of the rows `test`. Returns {"groups", "train", "test"
    (how many pictures), "accuracy" (rows: learned from this group alone, columns: asked about that one), "intervals",
    "without" (per group: learned from all but it, asked about it), "without_intervals"}.
    """
    train = snapshot.rows("train")
    own, asked = snapshot.groups[train], snapshot.groups[test]
    groups = [name for name in sorted({name for name in own if name}) if (asked == name).any()]
    groups = [name for name in groups if len(np.unique(snapshot.y[train][own == name])) > 1]
    if snapshot.y.ndim > 1 or not 2 <= len(groups) <= MOST_GROUPS:
        return None
    plain = replace(recipe, l1=0.0, l2=DEFAULT_STRENGTH / 2, class_balancing="none")

    def right(learned: np.ndarray) -> np.ndarray:
        return _answers(train_features[learned], snapshot.y[train][learned], plain, test_features) == snapshot.y[test]

    alone = [right(_some(own == name, recipe.seed)) for name in groups]
    without = [right(_some(own != name, recipe.seed)) for name in groups]
    cells = [[_rate(row[asked == name]) for name in groups] for row in alone]
    missing = [_rate(row[asked == name]) for row, name in zip(without, groups, strict=True)]
    return {
        "groups": groups,
        "train": [int((own == name).sum()) for name in groups],
        "test": [int((asked == name).sum()) for name in groups],
        "accuracy": [[rate for rate, _interval in row] for row in cells],
        "intervals": [[interval for _rate, interval in row] for row in cells],
        "without": [rate for rate, _interval in missing],
        "without_intervals": [interval for _rate, interval in missing],
    }


def _some(chosen: np.ndarray, seed: int) -> np.ndarray:
    """Return the places that are chosen, at most MOST_PICTURES of them, drawn at random."""
    places = np.flatnonzero(chosen)
    if len(places) <= MOST_PICTURES:
        return places
    return np.sort(np.random.default_rng(seed).choice(places, MOST_PICTURES, replace=False))


def _answers(features: np.ndarray, y: np.ndarray, recipe: Recipe, asked: np.ndarray) -> np.ndarray:
    """Return the classes (N,) that a probe answers; of classes that it never saw it knows nothing."""
    known, places = np.unique(y, return_inverse=True)
    if len(known) < 2:
        return np.full(len(asked), known[0])
    head = linear_probe.fit(features, places, len(known), recipe).head
    return known[head.probabilities(asked).argmax(axis=1)]


def _rate(right: np.ndarray) -> tuple[float, list[float]]:
    return float(right.mean()), list(metrics.wilson_interval(int(right.sum()), len(right)))
