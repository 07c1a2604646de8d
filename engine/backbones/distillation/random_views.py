"""Random views of unlabelled pictures, for distillation: the student and its teacher look at the same piece.

Pictures are decoded once to squares kept in a shard cache, so memory stays flat and resuming starts at once.
"""

import functools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from engine.backbones import device
from engine.data.modalities import registry as modalities
from engine.errors import BackboneError, DataError
from engine.storage.shards import ShardCache

CHUNK = 256
LUMINANCE = np.array([0.299, 0.587, 0.114])
# Share of the picture that a view shows, and how far its proportions are squeezed (Szegedy et al. 2015, less extreme).
AREA = (0.2, 1.0)
ASPECT = (0.78, 1.28)
GREY_SHARE = 0.1
NEGATIVE_SHARE = 0.03
MIXED_SHARE = 0.6


def find_pictures(folders: Sequence[Path]) -> list[Path]:
    """Return every file below the folders that is not hidden, in a fixed order. Raises BackboneError for none."""
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    kept = [path for path in files if not path.name.startswith(".")]
    if not kept:
        raise BackboneError(
            "There are no pictures in {folders}. Name at least one folder that holds pictures.",
            folders=", ".join(map(str, folders)),
        )
    return kept


class Pictures:
    """Unlabelled pictures as squares of one size; `skipped` lists (file, reason) of what could not be opened."""

    def __init__(self, folder: Path, files: Sequence[Path], side: int):
        self._cache = ShardCache(folder)
        self._side = side
        self.skipped: list[tuple[str, str]] = []
        missing = self._cache.missing([str(file) for file in files])
        for start in range(0, len(missing), CHUNK):
            self._decode(missing[start : start + CHUNK])
        refused = {name for name, _reason in self.skipped}
        self._keys = [str(file) for file in files if str(file) not in refused]

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        """Return pictures as uint8 of shape (len(rows), side, side, 3)."""
        return self._cache.read([self._keys[row] for row in rows])

    def _decode(self, names: list[str]) -> None:
        with ThreadPoolExecutor(device.cores()) as threads:
            squares = dict(zip(names, threads.map(self._open, names), strict=True))
        good = {name: square for name, square in squares.items() if square is not None}
        if good:
            self._cache.add(list(good), np.stack(list(good.values())))

    def _open(self, name: str) -> np.ndarray | None:
        try:
            return modalities.of_pixels().open_at(name, self._side, "crop")
        except DataError as error:
            self.skipped.append((name, str(error)))
            return None


class Views:
    """Batches of view pairs. A batch depends on the seed and its number alone, so a resumed training sees the same."""

    def __init__(self, pictures: Pictures, sizes: tuple[int, int], batch_size: int, seed: int):
        self._pictures, self._sizes, self._batch_size, self._seed = pictures, sizes, batch_size, seed

    def batch(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the views at both sizes (student, teacher), float32 in [0, 255], shape (batch, size, size, 3)."""
        generator = np.random.default_rng((self._seed, 1, number))
        pairs = [view(square, self._sizes, generator) for square in self._pictures[self._rows(number)]]
        small, large = (np.stack(views).astype(np.float32) for views in zip(*pairs, strict=True))
        if generator.random() >= MIXED_SHARE:
            return small, large
        # MixUp (Zhang et al. 2018) with Beta(1, 1): the teacher sees the mixed picture, so no label is needed.
        share = np.float32(generator.random())
        return _mixed(small, share), _mixed(large, share)

    def _rows(self, number: int) -> np.ndarray:
        """Return which pictures batch `number` shows: every picture once before any is shown again."""
        positions = np.arange(number * self._batch_size, (number + 1) * self._batch_size)
        rounds, places = np.divmod(positions, len(self._pictures))
        return np.array([self._order(int(turn))[place] for turn, place in zip(rounds, places, strict=True)])

    @functools.lru_cache(maxsize=2)  # noqa: B019 - lives as long as the training itself
    def _order(self, turn: int) -> np.ndarray:
        return np.random.default_rng((self._seed, 0, turn)).permutation(len(self._pictures))


def view(square: np.ndarray, sizes: Sequence[int], generator: np.random.Generator) -> list[np.ndarray]:
    """Return one random piece of a picture (uint8, square) at each size: cropped, maybe mirrored, colours changed."""
    image = Image.fromarray(square).crop(_box(len(square), generator))
    if generator.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    image = image.convert("RGB", tuple(colour_change(generator).ravel()))
    return [np.asarray(image.resize((size, size), Image.Resampling.BILINEAR)) for size in sizes]


def colour_change(generator: np.random.Generator) -> np.ndarray:
    """Return a random 3x4 matrix for RGB values in [0, 255]: saturation, tint, contrast, brightness, sometimes grey."""
    saturation = 0.0 if generator.random() < GREY_SHARE else generator.uniform(0.6, 1.4)
    mixing = saturation * np.eye(3) + (1 - saturation) * LUMINANCE
    contrast = generator.uniform(0.7, 1.3)
    colours = contrast * generator.uniform(0.9, 1.1, (3, 1)) * mixing
    offset = np.full((3, 1), 128 * (1 - contrast) + generator.uniform(-30, 30))
    if generator.random() < NEGATIVE_SHARE:
        colours, offset = -colours, 255 - offset
    return np.hstack([colours, offset])


def _box(side: int, generator: np.random.Generator) -> tuple[int, int, int, int]:
    area = generator.uniform(*AREA) * side * side
    aspect = np.exp(generator.uniform(*np.log(ASPECT)))
    width, height = (min(side, max(8, round(value))) for value in (np.sqrt(area * aspect), np.sqrt(area / aspect)))
    left, top = (int(generator.integers(0, side - length + 1)) for length in (width, height))
    return left, top, left + width, top + height


def _mixed(batch: np.ndarray, share: np.float32) -> np.ndarray:
    return share * batch + (1 - share) * batch[::-1]
