"""How well objects are found: average precision as COCO counts it, and what is found, missed and invented.

Everything follows from lists a picture: true objects (n, 5) of left, top, right, bottom and class, and found ones
(m, 6) with the confidence before the class, the surest first. Arrays in, numbers out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.data.boxes.geometry import overlaps

IOUS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)
MOST = 100  # found objects a picture that count
DRAWS = 400  # of the bootstrap over pictures
CENTRE, IOU = "centre", "iou"


@dataclass(frozen=True)
class Ranked:
    """The found objects of one class on all pictures, the surest first: which picture, and right at each overlap."""

    picture: np.ndarray  # (n,)
    right: np.ndarray  # (10, n)
    score: np.ndarray  # (n,)
    support: np.ndarray  # true objects a picture


def ranked(truth: Sequence[np.ndarray], found: Sequence[np.ndarray], label: int) -> Ranked:
    """Match the found objects of a class to true ones at every overlap of IOUS, the surest first."""
    pictures, scores, right = [], [], []
    for place, (true, own) in enumerate(zip(truth, found, strict=True)):
        own = own[own[:, 5] == label][:MOST]
        matched = _matched(true[true[:, 4] == label], own)
        pictures.append(np.full(len(own), place))
        scores.append(own[:, 4])
        right.append(matched)
    score = np.concatenate(scores) if scores else np.zeros(0)
    order = np.argsort(-score, kind="mergesort")
    support = np.array([(true[:, 4] == label).sum() for true in truth])
    return Ranked(np.concatenate(pictures)[order], np.concatenate(right, axis=1)[:, order], score[order], support)


def _matched(true: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return (10, m): whether each found object is right. Each takes the free true one that it overlaps most."""
    shares = overlaps(own[:, :4], true[:, :4])
    right = np.zeros((len(IOUS), len(own)), bool)
    for level, least in enumerate(IOUS):
        free = np.ones(len(true), bool)
        for place in range(len(own)):
            row = np.where(free, shares[place], -1.0)
            best = int(row.argmax()) if len(row) else -1
            if best >= 0 and row[best] >= min(least, 1 - 1e-10):
                free[best], right[level, place] = False, True
    return right


def average_precisions(one: Ranked, weights: np.ndarray | None = None) -> np.ndarray:
    """Return the average precision at each overlap, (10,); nan without a true object. weights: times a picture counts.

    The mean of the precision at 101 recalls, made monotone, as COCO's own evaluation does.
    """
    weights = np.ones(len(one.support)) if weights is None else weights
    total = float((one.support * weights).sum())
    if not total:
        return np.full(len(IOUS), np.nan)
    own = weights[one.picture]
    hits = np.cumsum(one.right * own, axis=1)
    claims = np.cumsum(own)
    precision = hits / np.maximum(claims, np.spacing(1))
    precision = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    recall = hits / total
    places = [np.searchsorted(row, RECALLS, side="left") for row in recall]
    padded = np.pad(precision, ((0, 0), (0, 1)))
    return np.array([row[place].mean() for row, place in zip(padded, places, strict=True)])


def mean_average_precision(every: Sequence[Ranked], weights: np.ndarray | None = None) -> tuple[float, float]:
    """Return (mAP at an overlap of 0.5, mAP over 0.5 to 0.95): the means over classes that have objects."""
    values = np.array([average_precisions(one, weights) for one in every])
    seen = ~np.isnan(values[:, 0])
    if not seen.any():
        return 0.0, 0.0
    return float(values[seen, 0].mean()), float(values[seen].mean())


def pairs(true: np.ndarray, own: np.ndarray, by: str = CENTRE) -> tuple[np.ndarray, np.ndarray]:
    """Return for each found object its true one or -1, (m,), and for each true one its found one or -1, (n,).

    Of one class. By "centre" the middle of a found box has to lie in the true one, and the nearest is taken; by "iou"
    they have to overlap by half. The surest are matched first.
    """
    taken, given = np.full(len(own), -1), np.full(len(true), -1)
    if not len(true) or not len(own):
        return taken, given
    worth = _nearness(true, own) if by == CENTRE else _half_overlap(true, own)
    worth = np.where(own[:, None, 5] == true[None, :, 4], worth, -1.0)
    for place in np.argsort(-own[:, 4], kind="mergesort"):
        row = np.where(given < 0, worth[place], -1.0)
        if row.max() >= 0:
            taken[place] = row.argmax()
            given[taken[place]] = place
    return taken, given


def _nearness(true: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return (m, n) from 0 at the border to 1 where both middles agree; -1 where it lies outside."""
    middles, centres = (own[:, :2] + own[:, 2:4]) / 2, (true[:, :2] + true[:, 2:4]) / 2
    half = np.maximum((true[:, 2:4] - true[:, :2]) / 2, 1e-9)
    away = np.abs(middles[:, None] - centres[None]) / half[None]
    return np.where(away.max(axis=2) <= 1, 1 - away.max(axis=2), -1.0)


def _half_overlap(true: np.ndarray, own: np.ndarray) -> np.ndarray:
    shares = overlaps(own[:, :4], true[:, :4])
    return np.where(shares >= IOUS[0], shares, -1.0)


def counts(truth: Sequence[np.ndarray], found: Sequence[np.ndarray], num_classes: int, by: str = CENTRE) -> np.ndarray:
    """Return (pictures, num_classes, 3): found, missed and invented objects."""
    table = np.zeros((len(truth), num_classes, 3), int)
    for place, (true, own) in enumerate(zip(truth, found, strict=True)):
        taken, given = pairs(true, own, by)
        for label in range(num_classes):
            of_true, of_own = true[:, 4] == label, own[:, 5] == label
            table[place, label] = (
                (given[of_true] >= 0).sum(),
                (given[of_true] < 0).sum(),
                (taken[of_own] < 0).sum(),
            )
    return table


def precision_recall_f1(table: np.ndarray) -> np.ndarray:
    """Return (..., 3) of counts (..., 3): found, missed, invented. Nothing found and nothing claimed is 0."""
    hits, missed, invented = np.moveaxis(np.asarray(table, float), -1, 0)
    precision = hits / np.maximum(hits + invented, 1e-9)
    recall = hits / np.maximum(hits + missed, 1e-9)
    return np.stack([precision, recall, 2 * hits / np.maximum(2 * hits + missed + invented, 1e-9)], axis=-1)


def draws(pictures: int, seed: int = 0, number: int = DRAWS) -> np.ndarray:
    """Return how often each picture is drawn in each resample with replacement, (number, pictures)."""
    generator = np.random.default_rng(seed)
    return generator.multinomial(pictures, np.full(pictures, 1 / pictures), size=number)


def interval(values: np.ndarray) -> list[float]:
    """Return the middle 95 % of values that resamples gave."""
    return [float(end) for end in np.nanpercentile(values, [2.5, 97.5])]


def best_thresholds(truth: Sequence[np.ndarray], found: Sequence[np.ndarray], num_classes: int) -> list[float]:
    """Return the confidence from which on claims of each class are made, so that F1 at the centre is largest."""
    return [_best_threshold(truth, found, label) for label in range(num_classes)]


def _best_threshold(truth: Sequence[np.ndarray], found: Sequence[np.ndarray], label: int) -> float:
    score, right, total = _hits(truth, found, label)
    if not len(score) or not total:
        return 0.3
    hits = np.cumsum(right)
    f1 = 2 * hits / (np.arange(1, len(hits) + 1) + total)
    return _between(score, int(f1.argmax()) + 1)


def claimed(found: Sequence[np.ndarray], thresholds: Sequence[float]) -> list[np.ndarray]:
    """Return the found objects that reach the threshold of their class."""
    least = np.asarray(thresholds, float)
    return [own[own[:, 4] >= least[own[:, 5].astype(int)]] for own in found]


def cheapest_thresholds(
    truth: Sequence[np.ndarray], found: Sequence[np.ndarray], num_classes: int, miss: float, alarm: float
) -> list[float]:
    """Return the threshold of each class at which `miss` for each missed and `alarm` for each invented cost least."""
    return [_cheapest(*_hits(truth, found, label), miss, alarm) for label in range(num_classes)]


def _hits(truth: Sequence[np.ndarray], found: Sequence[np.ndarray], label: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Return confidences of a class, the highest first, whether each is right at the centre, and the true objects."""
    scores, right, total = [np.zeros(0)], [np.zeros(0, bool)], 0
    for true, own in zip(truth, found, strict=True):
        own = own[own[:, 5] == label]
        taken, _given = pairs(true, own)
        scores.append(own[:, 4])
        right.append(taken >= 0)
        total += int((true[:, 4] == label).sum())
    score = np.concatenate(scores)
    order = np.argsort(-score, kind="mergesort")
    return score[order], np.concatenate(right)[order], total


def _cheapest(score: np.ndarray, right: np.ndarray, total: int, miss: float, alarm: float) -> float:
    hits = np.concatenate([[0], np.cumsum(right)])
    costs = miss * (total - hits) + alarm * (np.arange(len(hits)) - hits)
    return _between(score, int(costs.argmin()))


def _between(score: np.ndarray, claims: int) -> float:
    """Return a threshold that the first `claims` confidences reach and the next one does not."""
    above = score[claims - 1] if claims else 1.0
    below = score[claims] if claims < len(score) else 0.0
    return float(np.clip((above + below) / 2, 0.02, 0.98))
