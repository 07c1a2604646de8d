"""The frame in which a network sees pictures with objects: its size by theirs, and how a picture lies in it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageEnhance

from engine.data.boxes.geometry import Box
from engine.training.detection.feature_maps import SIDES, STRIDES

SIDES_TRIED = (320, 384, 448, 512, 640)  # of the longer side
LEAST_CELLS = 1.5  # an object that is smaller has hardly a cell of its own
SMALL = 10  # percentile of the smaller sides of objects that is looked at
MOST_SHARED = 0.05  # of the centres may share a cell
EDGE = (124, 116, 104)  # colour beside a picture: ImageNet's mean
TOO_SMALL = "{percent} % of the objects are smaller than {cells} cells of the network. Use larger or closer pictures."
TOO_CLOSE = "{percent} % of the objects share a cell with another one, so that some cannot be told apart."


@dataclass(frozen=True)
class Frame:
    """Height and width in pixels, multiples of 32; a picture fills it as far as it goes."""

    height: int
    width: int

    @property
    def cells(self) -> tuple[int, int]:
        """Rows and columns of the finer map."""
        return self.height // STRIDES[0], self.width // STRIDES[0]

    def scale(self, size: tuple[int, int]) -> float:
        """Return by how much a picture of this (width, height) is enlarged."""
        return min(self.width / size[0], self.height / size[1])


@dataclass(frozen=True)
class View:
    """One look at a picture: how far enlarged beyond what fills the frame, moved (shares of the frame), and changed."""

    zoom: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    mirrored: bool = False
    upside_down: bool = False
    brightness: float = 1.0
    contrast: float = 1.0
    colour: float = 1.0

    def placed(self, frame: Frame, size: tuple[int, int]) -> tuple[float, float, float]:
        """Return (scale, x, y): where the upper left corner of a picture of this size comes to lie."""
        scale = frame.scale(size) * self.zoom
        if self.zoom == 1 and self.shift == (0, 0):
            return scale, 0.0, 0.0
        room = frame.width - size[0] * scale, frame.height - size[1] * scale
        return scale, room[0] * (0.5 + self.shift[0]), room[1] * (0.5 + self.shift[1])

    def pixels(self, image: Image.Image, size: tuple[int, int], frame: Frame) -> np.ndarray:
        """Return uint8 (H, W, 3) of an image, whose full size is `size` however far it was decoded."""
        scale, x, y = self.placed(frame, size)
        whole = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
        canvas = Image.new("RGB", (frame.width, frame.height), EDGE)
        canvas.paste(image.resize(whole, Image.Resampling.BILINEAR), (round(x), round(y)))
        return np.asarray(self._changed(canvas))

    def _changed(self, canvas: Image.Image) -> Image.Image:
        for change, by in (
            (ImageEnhance.Brightness, self.brightness),
            (ImageEnhance.Contrast, self.contrast),
            (ImageEnhance.Color, self.colour),
        ):
            canvas = canvas if by == 1 else change(canvas).enhance(by)
        canvas = canvas.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if self.mirrored else canvas
        return canvas.transpose(Image.Transpose.FLIP_TOP_BOTTOM) if self.upside_down else canvas

    def corners(self, boxes: Sequence[Box], size: tuple[int, int], frame: Frame) -> np.ndarray:
        """Return (N, 4) left, top, right, bottom in the frame's pixels, cut at its border."""
        scale, x, y = self.placed(frame, size)
        rows = np.array([box.corners for box in boxes], np.float32).reshape(-1, 4)
        rows = rows * scale + np.array([round(x), round(y)] * 2, np.float32)
        if self.mirrored:
            rows[:, [0, 2]] = frame.width - rows[:, [2, 0]]
        if self.upside_down:
            rows[:, [1, 3]] = frame.height - rows[:, [3, 1]]
        return np.clip(rows, 0, [frame.width, frame.height] * 2)


def views(number: int, seed: int, *, mirror: bool, upside_down: bool) -> list[View]:
    """Return the views of one training picture: as it is, mirrored where that is safe, then with zoom and light."""
    draws = np.random.default_rng(seed)
    found = [View()]
    for place in range(1, number):
        plain = place < 2
        found.append(
            View(
                zoom=1.0 if plain else float(draws.uniform(0.75, 1.35)),
                shift=(0.0, 0.0) if plain else (float(draws.uniform(-0.5, 0.5)), float(draws.uniform(-0.5, 0.5))),
                mirrored=mirror and (plain or bool(draws.integers(2))),
                upside_down=upside_down and bool(draws.integers(2)),
                brightness=1.0 if plain else float(draws.uniform(0.8, 1.2)),
                contrast=1.0 if plain else float(draws.uniform(0.8, 1.25)),
                colour=1.0 if plain else float(draws.uniform(0.7, 1.3)),
            )
        )
    return found


def choose(sizes: Sequence[tuple[int, int]], boxes: Sequence[Sequence[Box]]) -> tuple[Frame, list[dict]]:
    """Return the smallest frame in which objects are large and apart enough, and warnings where none is.

    sizes: (width, height) of the training pictures. A warning is {"template", "values"}.
    """
    ratio = float(np.median([width / height for width, height in sizes]))
    largest = max(max(size) for size in sizes)
    told: list[dict] = []
    frame = _frame(SIDES_TRIED[0], ratio)
    for side in SIDES_TRIED:
        if side > SIDES_TRIED[0] and side > 1.25 * largest:
            break
        frame = _frame(side, ratio)
        told = _warnings(frame, sizes, boxes)
        if not told:
            break
    return frame, told


def _frame(side: int, ratio: float) -> Frame:
    sides = (side / ratio, side) if ratio >= 1 else (side, side * ratio)
    height, width = (max(2 * SIDES, SIDES * int(np.ceil(each / SIDES - 0.01))) for each in sides)
    return Frame(height, width)


def _warnings(frame: Frame, sizes: Sequence[tuple[int, int]], boxes: Sequence[Sequence[Box]]) -> list[dict]:
    small, shared, total = 0, 0, 0
    for size, own in zip(sizes, boxes, strict=True):
        if not own:
            continue
        corners = View().corners(own, size, frame) / STRIDES[0]
        sides = np.minimum(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
        centres = np.floor((corners[:, :2] + corners[:, 2:]) / 2).astype(int)
        shared += len(centres) - len(np.unique(centres, axis=0))
        small, total = small + int((sides < LEAST_CELLS).sum()), total + len(own)
    found = []
    if total and small / total > SMALL / 100:
        found.append({"template": TOO_SMALL, "values": {"percent": round(100 * small / total), "cells": LEAST_CELLS}})
    if total and shared / total > MOST_SHARED:
        found.append({"template": TOO_CLOSE, "values": {"percent": round(100 * shared / total)}})
    return found
