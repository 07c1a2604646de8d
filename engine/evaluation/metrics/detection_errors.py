"""What went wrong with each object: missed, invented, of the wrong class, found twice or badly placed."""

from dataclasses import dataclass

import numpy as np

from engine.data.boxes.geometry import overlaps
from engine.evaluation.metrics import detection as metrics

RIGHT, MISSED, INVENTED, WRONG_CLASS, DOUBLE, PLACED = "right", "missed", "invented", "class", "double", "placed"
KINDS = (MISSED, INVENTED, WRONG_CLASS, DOUBLE, PLACED)


@dataclass(frozen=True)
class Judged:
    """One object: what became of it, and its places among the true and the found ones, -1 where it is none of them."""

    kind: str
    true: int
    found: int


def judge(true: np.ndarray, own: np.ndarray) -> list[Judged]:
    """Return every true and every found object of a picture once; shapes as in `metrics.detection`.

    Right is what lies with its middle in a true object of its class; "placed" if they overlap by less than half.
    """
    taken, given = metrics.pairs(true, own)
    shares = overlaps(own[:, :4], true[:, :4])
    judged = [
        Judged(RIGHT if shares[place, partner] >= metrics.IOUS[0] else PLACED, int(partner), place)
        for place, partner in enumerate(taken)
        if partner >= 0
    ]
    left = set(np.flatnonzero(given < 0).tolist())
    inside = _inside(true, own)
    for place in np.flatnonzero(taken < 0).tolist():
        kind, partner = _not_right(place, left, shares, inside, true, own)
        left.discard(partner if kind == WRONG_CLASS else -1)
        judged.append(Judged(kind, partner, place))
    return [*judged, *(Judged(MISSED, place, -1) for place in sorted(left))]


def _not_right(place: int, left: set[int], shares, inside, true: np.ndarray, own: np.ndarray) -> tuple[str, int]:
    touched = np.flatnonzero(inside[place] | (shares[place] >= metrics.IOUS[0]))
    order = touched[np.argsort(-shares[place, touched], kind="stable")].tolist()
    same = [partner for partner in order if true[partner, 4] == own[place, 5]]
    others = [partner for partner in order if partner in left and true[partner, 4] != own[place, 5]]
    if others:
        return WRONG_CLASS, others[0]
    return (DOUBLE, same[0]) if same else (INVENTED, -1)


def _inside(true: np.ndarray, own: np.ndarray) -> np.ndarray:
    middles = (own[:, :2] + own[:, 2:4]) / 2
    above = middles[:, None] >= true[None, :, :2]
    below = middles[:, None] <= true[None, :, 2:4]
    return (above & below).all(axis=2)


def confusion(truth: list[np.ndarray], found: list[np.ndarray], num_classes: int) -> list[list[int]]:
    """Return how often each class (rows) was taken for each (columns); the last of both is nothing at all."""
    table = np.zeros((num_classes + 1, num_classes + 1), int)
    for true, own in zip(truth, found, strict=True):
        for one in judge(true, own):
            row = num_classes if one.true < 0 or one.kind == DOUBLE else int(true[one.true, 4])
            column = num_classes if one.found < 0 else int(own[one.found, 5])
            table[row, column] += 1
    return table.tolist()
