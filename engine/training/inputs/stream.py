"""Pictures on their way to a network that trains as a whole: varied as they come, read ahead, and kept nowhere.

Disk and memory stay flat however many pictures and epochs there are.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from engine.backbones import device
from engine.training.inputs import augment
from engine.training.inputs.pixels import Pixels


@dataclass(frozen=True)
class Stream:
    """View `number` of pictures, changed at random by each named augmentation while they are read."""

    pixels: Pixels
    augmentation: tuple[str, ...]
    seed: int
    number: int

    def read(self, keys: Sequence[str]) -> np.ndarray:
        """Return the pictures with these content hashes, uint8 (N, S, S, 3)."""
        pictures = self.pixels.read(keys)
        if not self.augmentation:
            return pictures
        with ThreadPoolExecutor(device.cores()) as threads:
            return np.concatenate(list(threads.map(self._varied, pictures[:, None], [[key] for key in keys])))

    def _varied(self, picture: np.ndarray, key: list[str]) -> np.ndarray:
        return augment.view(picture, key, self.augmentation, self.seed, self.number)


def ahead(read: Callable[[Sequence[str]], np.ndarray], batches: Sequence[Sequence[str]]) -> Iterator[np.ndarray]:
    """Yield `read(batch)` of every batch; the next one is read while the caller works with this one."""
    if not len(batches):
        return
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as reader:
        coming = reader.submit(read, batches[0])
        for following in (*batches[1:], None):
            now = coming.result()
            if following is not None:
                coming = reader.submit(read, following)
            yield now
