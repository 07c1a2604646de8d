"""Pictures that show the same although their fingerprints differ: cropped, lightened, shrunk to a few pixels, mirrored.

Candidates are nearest neighbours, in the features of a network and among the pictures shrunk to 16 x 16 grey values. A
pair counts when the two agree once brightness, contrast, a small crop and a mirror are allowed for, and agree far
better than either does with the pictures around it (the ratio test of Lowe 2004): two drawings of one thing are as
close to each other as to others of their kind, copies are not. Measured by benchmarks/checks.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from engine.curation.neighbours import nearest
from engine.training.inputs.pixels import Pixels

FINE, COARSE = 48, 16  # sides of the grey pictures that are kept, and that are compared
AROUND = 8  # neighbours away: what surrounds a picture; copies beyond so many are joined pair by pair
TRIED = 3  # neighbours of each kind that are looked at closely
RATIO = 0.11  # of the distance to what surrounds them; measured: different digits begin at 0.13, copies end at 0.1
FAR, FAR_TINY, FAR_ALIGNED = 0.025, 0.06, 0.012  # 1 - correlation; different photos begin at 0.03
TINY = 24  # pixels of the short side: shrunk so far, a copy keeps less of itself
LOCAL = 1.6  # deviations that one of the 256 cells may differ: a word on a form, a number on a sign
MIN_DEVIATION = 4.0  # of 255; plainer pictures are all alike
MAX_ASPECT = 1.06
CROPS = (0, 1, 2, 3)  # rows of 48 cut off on every side: up to 6 %
WAYS = (  # (how, rows cut off the left one, off the right one)
    ("resaved", 0, 0),
    *(("cropped", crop, 0) for crop in CROPS[1:]),
    *(("cropped", 0, crop) for crop in CROPS[1:]),
    ("mirrored", 0, 0),
)
PAIRS = 4096
READ = 512  # pictures in memory at once

Advance = Callable[[int, int], None]


@dataclass(frozen=True)
class Pair:
    """Two rows that show the same; `how` is "resaved", "cropped" or "mirrored".

    around: distance (1 - correlation) from the one that others resemble more to its eighth neighbour: near 0 where many
    pictures are nearly the same, as those of a camera that does not move.
    """

    left: int
    right: int
    how: str
    around: float


def grey_pictures(pixels: np.ndarray) -> np.ndarray:
    """Return uint8 (N, 48, 48) of pictures (N, S, S, 3), S a multiple of 48."""
    step = pixels.shape[1] // FINE
    grey = pixels @ np.array([0.299, 0.587, 0.114], np.float32)
    return np.round(grey.reshape(len(grey), FINE, step, FINE, step).mean(axis=(2, 4))).astype(np.uint8)


def read_grey(pixels: Pixels, keys: Sequence[str]) -> np.ndarray:
    """Return uint8 (N, 48, 48) of the pictures with these content hashes, read a few at a time."""
    parts = []
    for start in range(0, len(keys), READ):
        part = pixels.read(keys[start : start + READ])
        if part.shape[1] % FINE:
            part = np.stack([np.asarray(Image.fromarray(p).resize((2 * FINE, 2 * FINE))) for p in part])
        parts.append(grey_pictures(part))
    return np.concatenate(parts)


def find(grey: np.ndarray, features: np.ndarray, sizes: np.ndarray, advance: Advance) -> list[Pair]:
    """Return pairs of rows that show the same picture.

    grey: uint8 (N, 48, 48); features: neighbours by the network, int (N, K); sizes: width and height, (N, 2).
    """
    telling = np.flatnonzero(grey.reshape(len(grey), -1).std(axis=1) >= MIN_DEVIATION)
    if len(telling) < 3:
        return []
    shrunk = [_standard(_shrink(grey, crop)) for crop in CROPS]
    near, similar = nearest(shrunk[0][telling] / COARSE, AROUND, advance)
    around = np.full(len(grey), np.inf, np.float32)
    around[telling] = 1 - similar[:, -1]
    candidates = _candidates(telling, near, features, sizes[:, 0] / sizes[:, 1])
    far = np.where(sizes.min(axis=1) < TINY, FAR_TINY, FAR)
    found = []
    for start in range(0, len(candidates), PAIRS):
        left, right = candidates[start : start + PAIRS].T
        limits = np.maximum(far[left], far[right]), np.minimum(around[left], around[right])
        found += _judged(left, right, shrunk, *limits)
    return found


def _candidates(telling: np.ndarray, near: np.ndarray, features: np.ndarray, aspects: np.ndarray) -> np.ndarray:
    """Return pairs to look at, each once, as (M, 2): near in pixels or in features, and of about the same shape."""
    tried = near[:, :TRIED]
    by_pixels = np.stack([np.repeat(telling, tried.shape[1]), telling[tried].ravel()], axis=1)
    tried = features[telling, :TRIED]
    by_features = np.stack([np.repeat(telling, tried.shape[1]), tried.ravel()], axis=1)
    pairs = np.unique(np.sort(np.concatenate([by_pixels, by_features]), axis=1), axis=0)
    stretch = aspects[pairs[:, 0]] / aspects[pairs[:, 1]]
    known = np.isin(pairs, telling).all(axis=1) & (pairs[:, 0] != pairs[:, 1])
    return pairs[known & (np.maximum(stretch, 1 / stretch) <= MAX_ASPECT)]


def _judged(
    left: np.ndarray, right: np.ndarray, shrunk: list[np.ndarray], far: np.ndarray, around: np.ndarray
) -> list[Pair]:
    """Return those of some pairs that agree in one of the ways, the plainest way first."""
    found = []
    rows = np.arange(len(left))
    for how, crop_left, crop_right in WAYS:
        one, other = shrunk[crop_left][left[rows]], shrunk[crop_right][right[rows]]
        if how == "mirrored":
            other = other.reshape(-1, COARSE, COARSE)[:, :, ::-1].reshape(len(rows), -1)
        distance = 1 - np.einsum("ij,ij->i", one, other) / one.shape[1]
        limit = np.minimum(far[rows] if how == "resaved" else FAR_ALIGNED, RATIO * around[rows])
        same = (distance <= limit) & (np.abs(one - other).max(axis=1) <= LOCAL)
        found += [Pair(int(left[row]), int(right[row]), how, float(around[row])) for row in rows[same]]
        rows = rows[~same]
    return found


def _shrink(grey: np.ndarray, crop: int) -> np.ndarray:
    """Return (N, 256) float32: what is left after cutting `crop` rows off every side, as 16 x 16 means."""
    side = FINE - 2 * crop
    weights = _area_weights(side).T
    out = np.empty((len(grey), COARSE * COARSE), np.float32)
    for start in range(0, len(grey), PAIRS):
        inner = grey[start : start + PAIRS, crop : FINE - crop, crop : FINE - crop].astype(np.float32)
        across = (inner.reshape(-1, side) @ weights).reshape(-1, side, COARSE).transpose(0, 2, 1)
        down = (across.reshape(-1, side) @ weights).reshape(-1, COARSE, COARSE).transpose(0, 2, 1)
        out[start : start + PAIRS] = down.reshape(len(inner), -1)
    return out


def _area_weights(length: int) -> np.ndarray:
    """Return (16, length): row i averages the i-th sixteenth of a line."""
    edges = np.linspace(0, length, COARSE + 1)
    cells = np.arange(length)
    overlap = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
    return (np.maximum(overlap, 0) * COARSE / length).astype(np.float32)


def _standard(rows: np.ndarray) -> np.ndarray:
    """Return rows with mean 0 and deviation 1; brightness and contrast are gone."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(rows.std(axis=1, keepdims=True), 1.0)
