"""Features on disk: kept in half precision, which is finer than the differences between pictures, given in single."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.backbones import custom
from engine.storage.shards import ShardCache

LARGEST_HALF = 65_504


class FeatureCache(ShardCache):
    """Rows of features by content hash. Rows that an earlier version kept in single precision are read as they are."""

    def __init__(self, folder: Path, *, halves: bool):
        super().__init__(folder)
        self._halves = halves

    def add(self, keys: Sequence[str], array: np.ndarray) -> None:
        super().add(keys, half(array) if self._halves else array)

    def read(self, keys: Sequence[str]) -> np.ndarray:
        return super().read(keys).astype(np.float32, copy=False)


def half(array: np.ndarray) -> np.ndarray:
    """Return the numbers in half precision; those that it cannot hold become the largest that it can."""
    return np.clip(array, -LARGEST_HALF, LARGEST_HALF).astype(np.float16)


def bytes_a_number(key: str) -> int:
    """Return the bytes that one feature of a network takes on disk: of one's own, nobody knows their range."""
    return 4 if custom.is_own(key) else 2
