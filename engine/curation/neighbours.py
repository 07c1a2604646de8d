"""Nearest neighbours among the features of a whole dataset, block by block: memory grows with N, never with N x N."""

from collections.abc import Callable

import numpy as np

BLOCK_BYTES = 64 * 2**20  # of similarities held at once
MANY, NARROW = 30_000, 128  # above so many pictures, neighbours are looked for in fewer dimensions


def directions(features: np.ndarray) -> np.ndarray:
    """Return features (N, D) as unit vectors around their mean, float32; every feature counts by how much it varies."""
    x = features - features.mean(axis=0)
    deviation = x.std(axis=0)
    x /= np.maximum(deviation, 0.01 * (np.median(deviation) or 1.0))
    return np.ascontiguousarray(x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12), np.float32)


def nearest(
    x: np.ndarray, count: int, advance: Callable[[int, int], None] = lambda _done, _total: None
) -> tuple[np.ndarray, np.ndarray]:
    """Return (indices, similarities), each (N, count), of the nearest other rows of unit vectors, the nearest first."""
    narrow, count = _narrowed(x), min(count, len(x) - 1)
    indices = np.empty((len(x), count), np.int32)
    similarities = np.empty((len(x), count), np.float32)
    step = max(1, BLOCK_BYTES // (4 * len(x)))
    for start in range(0, len(x), step):
        block = narrow[start : start + step] @ narrow.T
        rows = np.arange(len(block))
        block[rows, start + rows] = -np.inf
        found = np.argpartition(block, -count, axis=1)[:, -count:]
        values = np.take_along_axis(block, found, axis=1)
        order = np.argsort(-values, axis=1)
        indices[start : start + step] = np.take_along_axis(found, order, axis=1)
        similarities[start : start + step] = np.take_along_axis(values, order, axis=1)
        advance(min(len(x), start + step), len(x))
    return indices, similarities


def _narrowed(x: np.ndarray) -> np.ndarray:
    """Return many vectors in fewer dimensions: a random projection keeps angles (Johnson and Lindenstrauss 1984)."""
    if len(x) <= MANY or x.shape[1] <= NARROW:
        return x
    matrix = np.random.default_rng(0).normal(size=(x.shape[1], NARROW)).astype(np.float32)
    projected = x @ matrix
    return projected / np.maximum(np.linalg.norm(projected, axis=1, keepdims=True), 1e-12)
