"""Tell pictures that are unlike anything in training, by their distance in the pretrained network's feature space.

A classifier alone cannot: its probabilities are high far away from everything it has seen. Two distances are added up,
both on features whitened within the classes (Mahalanobis, Lee et al. 2018). Across the classes: to the nearest training
pictures, where the classes lie apart (Fisher's discriminants; cosine distance to the k-th neighbour, Sun et al. 2022).
Away from the classes: how much of a picture those directions do not explain (the residual of Wang et al. 2022, "ViM").
The first finds a class that is missing, the second a picture of another kind altogether.
"""

import io
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from engine.storage.workspace import write_atomic
from engine.training.heads.head import standardisation
from engine.training.snapshot import Snapshot

FILE = "unknown.npz"
# Measured on clothing with two to eight of its ten classes known: flat between 0.1 and 1.
SHRINKAGE = 0.3
NEIGHBOURS = 10
# Every picture has some residual; it counts from about this many deviations above the usual on, ever more steeply.
USUAL_RESIDUAL, STEEPNESS = 1.5, 2.0
FALSE_REFUSALS = 0.05
FEWEST_PICTURES = 10
MOST_PICTURES = 5000
CHUNK = 1000
# The estimate with classes left out looks at so many pictures and leaves out so many sets of classes in turn.
MOST_FOR_ESTIMATE, FOLDS = 1000, 3


@dataclass(frozen=True)
class Detector:
    """What is known of the training pictures. `limit` is the score above which a picture is unlike all of them.

    `mean`, `deviation` (D,) standardise features, `whitening` (D, D) follows, `centre` (D,) is taken off;
    `directions` (K - 1, D) set the classes apart; `bank` (M, K - 1) holds training pictures along them, unit length;
    `usual` is mean and deviation of both distances on validation pictures, shape (2, 2).
    """

    mean: np.ndarray
    deviation: np.ndarray
    whitening: np.ndarray
    centre: np.ndarray
    directions: np.ndarray
    bank: np.ndarray
    neighbours: int
    usual: np.ndarray
    limit: float

    def scores(self, features: np.ndarray) -> np.ndarray:
        """Return how unlike the training pictures are those with these features (N, D): (N,), larger is stranger."""
        across, away = ((self.distances(features) - self.usual[0]) / self.usual[1]).T
        if len(self.directions) < 2:
            across = np.zeros(len(features))  # with one direction every picture lies along it, one way or the other
        return across + np.logaddexp(0, STEEPNESS * (away - USUAL_RESIDUAL))

    def refuses(self, features: np.ndarray) -> np.ndarray:
        """Tell which pictures with these features (N, D) are unlike anything in training: (N,)."""
        return self.scores(features) > self.limit

    def distances(self, features: np.ndarray) -> np.ndarray:
        """Return (N, 2): distance to the k-th neighbour across the classes, and length away from them."""
        # A chunk at a time: the distances of 10,000 pictures to 5,000 take 200 MB.
        parts = [self._distances(features[start : start + CHUNK]) for start in range(0, len(features), CHUNK)]
        return np.concatenate(parts) if parts else np.zeros((0, 2))

    def _distances(self, features: np.ndarray) -> np.ndarray:
        white = (features - self.mean) / self.deviation @ self.whitening - self.centre
        along = white @ self.directions.T
        away = np.sqrt(np.maximum((white**2).sum(axis=1) - (along**2).sum(axis=1), 0))
        near = np.partition(1 - _unit(along) @ self.bank.T, self.neighbours - 1, axis=1)[:, self.neighbours - 1]
        return np.stack([near, away], axis=1)

    def save(self, path: Path) -> None:
        sink = io.BytesIO()
        np.savez(sink, **{field.name: getattr(self, field.name) for field in fields(self)})
        write_atomic(path, sink.getvalue())


def load(path: Path) -> Detector | None:
    """Return the detector of a run, or None where there is none (an older run, or too few pictures)."""
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as stored:
        arrays = {field.name: stored[field.name] for field in fields(Detector)}
    return Detector(**{**arrays, "neighbours": int(arrays["neighbours"]), "limit": float(arrays["limit"])})


def fit(features: np.ndarray, y: np.ndarray, validation: np.ndarray) -> Detector | None:
    """Learn what training pictures with features (N, D) and classes y (N,) are like; None with too few pictures.

    The limit is set on validation features (M, D), so that about 5 % of pictures of the known kind are refused.
    """
    if len(validation) < FEWEST_PICTURES or len(np.unique(y)) < 2:
        return None
    features, y = _sample(features, y, MOST_PICTURES)
    mean, deviation = standardisation(features)
    x = (features - mean) / deviation
    means = np.stack([x[y == label].mean(axis=0) for label in np.unique(y)])
    whitening = _whitening(x - means[np.searchsorted(np.unique(y), y)])
    centre = x.mean(axis=0) @ whitening
    directions = np.linalg.svd(means @ whitening - centre, full_matrices=False)[2][: len(means) - 1]
    # Small matrices first: whitening every picture takes more than all the rest together.
    bank = _unit(x @ (whitening @ directions.T) - centre @ directions.T)
    neighbours = int(np.clip(np.bincount(y)[np.unique(y)].min() // 2, 1, NEIGHBOURS))
    parts = {"mean": mean, "deviation": deviation, "whitening": whitening}
    parts |= {"centre": centre, "directions": directions, "bank": bank}
    known: dict[str, Any] = {name: np.asarray(part, np.float32) for name, part in parts.items()}
    draft = Detector(**known, neighbours=neighbours, usual=np.array([[0.0, 0.0], [1.0, 1.0]]), limit=np.inf)
    distances = draft.distances(validation)
    usual = np.stack([distances.mean(axis=0), np.maximum(distances.std(axis=0), 1e-3)])
    draft = replace(draft, usual=usual)
    return replace(draft, limit=_limit(draft.scores(validation)))


def learn(
    run_dir: Path, snapshot: Snapshot, weights: str, train_features: np.ndarray, held_out: np.ndarray
) -> dict | None:
    """Fit the detector of a run, keep it beside the model, and return what evaluation.json says about it.

    `held_out` are the features of the validation rows, then of the test rows; `weights` names the network's weights,
    since features of other weights cannot be compared. Returns {"weights", "limit", "false_refusals" (share of the test
    pictures), "refused" (their items), "left_out" (see `estimate`)}, or None where there are too few pictures.
    """
    # Several threads only wait for each other at this size (see probe.THREADED_WORK).
    with threadpool_limits(limits=1):
        return _learn(run_dir, snapshot, weights, train_features, held_out)


def _learn(run_dir: Path, snapshot: Snapshot, weights: str, train_features, held_out) -> dict | None:
    train, validation, test = (snapshot.y[snapshot.rows(split)] for split in ("train", "validation", "test"))
    known, new = held_out[: len(validation)], held_out[len(validation) :]
    detector = fit(train_features, train, known)
    if detector is None:
        return None
    detector.save(run_dir / FILE)
    refused = detector.refuses(new)
    return {
        "weights": weights,
        "limit": detector.limit,
        "false_refusals": float(refused.mean()) if len(refused) else 0.0,
        "refused": snapshot.items[snapshot.rows("test")][refused].tolist(),
        "left_out": estimate(train_features, train, known, validation, new, test),
    }


def estimate(features, y, validation, y_validation, test, y_test) -> dict | None:
    """Measure on this very data how well an unknown class is noticed; None with too few classes or pictures.

    The classes are left out in turn, a third of them at a time; the detector learns without them, and
    the test pictures of known classes are set against those of the left-out ones. Returns {"auroc", "refused",
    "false_refusals", "folds"}: area under the ROC curve, fractions above the limit of unknown and of known pictures.
    """
    labels = np.unique(y)
    if len(labels) < 3:
        return None
    features, y = _sample(features, y, MOST_FOR_ESTIMATE)
    test, y_test = _sample(test, y_test, MOST_FOR_ESTIMATE)
    order = np.random.default_rng(0).permutation(labels)
    folds = [order[start :: min(FOLDS, len(order))] for start in range(min(FOLDS, len(order)))]
    tried = [_left_out(features, y, validation[~np.isin(y_validation, out)], test, y_test, out) for out in folds]
    rows = [row for row in tried if row is not None]
    if not rows:
        return None
    auroc, refused, false_refusals = np.mean(rows, axis=0)
    return {
        "auroc": float(auroc),
        "refused": float(refused),
        "false_refusals": float(false_refusals),
        "folds": len(rows),
    }


def auroc(known: np.ndarray, strange: np.ndarray) -> float:
    """Return how often a strange picture scores above a known one (Mann and Whitney 1947), ties counted half."""
    order = np.sort(known)
    below, upto = np.searchsorted(order, strange, "left"), np.searchsorted(order, strange, "right")
    return float((below + upto).mean() / 2 / len(known))


def _left_out(features, y, validation, test, y_test, out) -> tuple[float, float, float] | None:
    detector, is_out = fit(features[~np.isin(y, out)], y[~np.isin(y, out)], validation), np.isin(y_test, out)
    if detector is None or is_out.all() or not is_out.any():
        return None
    scores = detector.scores(test)
    above = scores > detector.limit
    return auroc(scores[~is_out], scores[is_out]), above[is_out].mean(), above[~is_out].mean()


def _whitening(within: np.ndarray) -> np.ndarray:
    """Return the (D, D) matrix after which the pictures of a class spread alike in all directions."""
    from scipy.linalg.blas import ssyrk
    from scipy.linalg.lapack import spotrf, strtri

    # Single precision is enough behind the shrinkage, and triangles take a fraction of the operations.
    covariance = ssyrk(1 / len(within), np.asarray(within, np.float32).T, lower=1)
    covariance[np.diag_indices_from(covariance)] += SHRINKAGE
    triangle, _info = spotrf(covariance, lower=1, clean=1, overwrite_a=1)
    return strtri(triangle, lower=1, overwrite_c=1)[0].T


def _limit(scores: np.ndarray) -> float:
    """Return the score that a new picture of the known kind passes in at most 5 % of cases (split conformal).

    Fewer than 19 scores promise no such thing: their largest is passed by one picture in twelve or so. There the limit
    lies as far above it again as it lies above the middle one (measured in benchmarks/RESULTS.md).
    """
    place = int(np.ceil((1 - FALSE_REFUSALS) * (len(scores) + 1))) - 1
    if place < len(scores):
        return float(np.sort(scores)[place])
    return float(2 * scores.max() - np.median(scores))


def _sample(features: np.ndarray, y: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Return at most `most` rows, but at least two of every class."""
    if len(y) <= most:
        return features, y
    order = np.random.default_rng(0).permutation(len(y))
    rare = [order[y[order] == label][:2] for label in np.unique(y)]
    rows = np.unique(np.concatenate([order[:most], *rare]))
    return features[rows], y[rows]


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
