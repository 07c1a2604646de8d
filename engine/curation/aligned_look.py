"""Is one photo the other, cropped, mirrored or relit? Looked at in colour and in detail, the two laid on each other.

Correlation of small grey pictures only says who may be. Here the one is cut, mirrored and lightened as it best fits the
other; then no place may differ by more than compression and a shift of a pixel explain: no hand of a dial, no lamp.
"""

from collections.abc import Iterable

import numpy as np
from PIL import Image
from scipy.ndimage import maximum_filter, minimum_filter, uniform_filter

SIDE = 96  # pixels to which larger pictures are made smaller
COARSE = tuple(range(-7, 8))  # percent cut off each side: of the one below 0, of the other above
REACH = 3  # pixels of the square around each, in which a shift of one pixel is forgiven
SPOT = 3  # pixels of the side of a place that may stand out
GAINS = 0.6, 1.7  # contrast of the one to that of the other
CLIPPED = 6  # levels from black and white within which light may be lost
LEAST_SEEN = 0.1  # of the pixels that are neither black nor white
MOST = 12.0  # levels; measured: copies of photos end at 9.8, different photos begin at 25


def same(one: np.ndarray, other: np.ndarray, *, mirrored: bool) -> bool:
    """Tell whether two photos, uint8 (S, S, 3) of one size, are one and the same, changed as a copy is."""
    return differs(one, other, mirrored=mirrored) <= MOST


def differs(one: np.ndarray, other: np.ndarray, *, mirrored: bool) -> float:
    """Return by how many levels (of 255) the worst place differs once the pictures lie on each other.

    Infinity where their contrasts differ by more than a change of light does.
    """
    images = [Image.fromarray(picture) for picture in (one, other[:, ::-1] if mirrored else other)]
    best = _fitting(images, COARSE)
    a, b = _laid(images, _fitting(images, (best - 0.5, best, best + 0.5)))
    return min(_worst_place(a, b), _worst_place(b, a))


def _fitting(images: list[Image.Image], crops: Iterable[float]) -> float:
    return max(crops, key=lambda crop: _correlation(*_laid(images, crop)))


def _laid(images: list[Image.Image], crop: float) -> tuple[np.ndarray, np.ndarray]:
    """Return both, float32, the one cut by so many percent on each side where `crop` is below 0, else the other."""
    return _cut(images[0], max(0, -crop)), _cut(images[1], max(0, crop))


def _cut(image: Image.Image, percent: float) -> np.ndarray:
    side, cut = min(SIDE, image.width), percent / 100 * image.width
    box = (cut, cut, image.width - cut, image.height - cut)
    return np.asarray(image.resize((side, side), Image.Resampling.BICUBIC, box=box), np.float32)


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / max(1.0, np.sqrt(np.square(a).sum() * np.square(b).sum())))


def _worst_place(a: np.ndarray, b: np.ndarray) -> float:
    """Return how far `a` lies outside of what `b` shows around each place, at the light of `a`."""
    seen = ((np.minimum(a, b) > CLIPPED) & (np.maximum(a, b) < 255 - CLIPPED)).all(axis=-1)
    if seen.mean() < LEAST_SEEN:
        return np.inf
    gain, offset = np.polyfit(b[seen].ravel(), a[seen].ravel(), 1)
    if not GAINS[0] <= gain <= GAINS[1]:
        return np.inf
    made, around = np.clip(gain * b + offset, 0, 255), (REACH, REACH, 1)
    outside = np.maximum(a - maximum_filter(made, around), minimum_filter(made, around) - a)
    return float(uniform_filter(np.maximum(outside, 0), (SPOT, SPOT, 1)).max())
