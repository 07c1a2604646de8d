"""Boxes around objects: as they are kept with an item, and how a box that came in is fitted to its picture.

A box is measured in pixels of the upright picture from its upper left corner, edges lying between pixels: a box around
the first pixel is x 0, y 0, width 1, height 1.
"""

import json
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from engine.errors import DataError

SMALLEST = 1.0  # pixels: a side that is shorter shows nothing
TOLERANCE = 0.75  # pixels: what is rounded reaches over the border by as much and was not drawn too large
NO_NUMBER = "Its corners are no numbers."
NO_SIZE = "It has no size: {width} x {height} pixels."
OUTSIDE = "It lies outside of its picture, which has {width} x {height} pixels."


class Box(NamedTuple):
    """One object: its class, and where it is."""

    label: str
    x: float
    y: float
    width: float
    height: float

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom."""
        return self.x, self.y, self.x + self.width, self.y + self.height


def to_text(boxes: Iterable[Box]) -> str:
    """Return boxes as the registry keeps them."""
    rows = [[box.label, *(round(float(number), 2) for number in box[1:])] for box in boxes]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def from_text(text: str | None) -> tuple[Box, ...]:
    """Return the boxes that `to_text` wrote, none where nobody has drawn any."""
    return tuple(Box(*row) for row in json.loads(text)) if text else ()


def fitted(label: str, corners: Sequence[float], size: tuple[int, int]) -> tuple[Box, bool]:
    """Return the part of a box that lies in a picture of this size, and whether something was cut off.

    corners: two opposite ones, (x, y, x, y), in any order. Raises DataError where nothing is left.
    """
    if not all(math.isfinite(number) for number in corners):
        raise DataError(NO_NUMBER)
    (left, right), (top, bottom) = sorted(corners[::2]), sorted(corners[1::2])
    if min(right - left, bottom - top) < SMALLEST:
        raise DataError(NO_SIZE, width=round(right - left, 1), height=round(bottom - top, 1))
    inside = max(left, 0.0), max(top, 0.0), min(right, size[0]), min(bottom, size[1])
    if min(inside[2] - inside[0], inside[3] - inside[1]) < SMALLEST:
        raise DataError(OUTSIDE, width=size[0], height=size[1])
    cut = max(abs(a - b) for a, b in zip(inside, (left, top, right, bottom), strict=True)) > TOLERANCE
    return Box(label, inside[0], inside[1], inside[2] - inside[0], inside[3] - inside[1]), cut


def turned(corners: Sequence[float], size: tuple[float, float], orientation: int) -> tuple[float, ...]:
    """Return corners drawn on a picture as it is stored, of this size, as they lie in the upright one.

    orientation: EXIF's, 1 to 8.
    """
    (x1, y1, x2, y2), (width, height) = corners, size
    if orientation in (2, 3):
        x1, x2 = width - x1, width - x2
    if orientation in (3, 4):
        y1, y2 = height - y1, height - y2
    if orientation in (5, 6, 7, 8):
        return _sideways((x1, y1, x2, y2), (width, height), orientation)
    return x1, y1, x2, y2


def _sideways(corners: Sequence[float], size: tuple[float, float], orientation: int) -> tuple[float, ...]:
    (x1, y1, x2, y2), (width, height) = corners, size
    if orientation == 5:  # transposed
        return y1, x1, y2, x2
    if orientation == 6:  # turned clockwise to stand upright
        return height - y1, x1, height - y2, x2
    if orientation == 7:
        return height - y1, width - x1, height - y2, width - x2
    return y1, width - x1, y2, width - x2


def overlaps(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the intersection over union of each pair of corners, (N, 4) and (M, 4) to (N, M)."""
    low, high = np.maximum(first[:, None, :2], second[None, :, :2]), np.minimum(first[:, None, 2:], second[None, :, 2:])
    inside = np.clip(high - low, 0, None).prod(axis=2)
    areas = [np.clip(each[:, 2:] - each[:, :2], 0, None).prod(axis=1) for each in (first, second)]
    return inside / np.maximum(areas[0][:, None] + areas[1][None] - inside, 1e-9)
