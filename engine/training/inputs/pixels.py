"""Pictures at the size the network sees: decoded once, kept on disk as uint8, read back in batches."""

import functools
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from engine.backbones import device
from engine.data.modalities import fits
from engine.data.modalities import registry as modalities
from engine.data.modalities.modality import Augmentations
from engine.data.modalities.picture import jpeg_bytes
from engine.data.photo_likeness import look_like_photos
from engine.storage.shards import ShardCache
from engine.storage.workspace import Workspace, check_free_space
from engine.training.inputs.work_pile import CHUNK

# Decoded pictures that may wait for the network: so many bytes, in so many chunks at most.
BYTES_AHEAD = 200_000_000
MOST_AHEAD = 8
# Pillow keeps so many blocks of memory for the next picture: giving each back to the system and fetching it anew took
# 40 % of the time that small pictures need.
KEPT_BLOCKS = 8
SAMPLE = 64
PREVIEW_SIDE = 224
# So many pictures tell how long the others take to decode: a photo of a camera takes a hundred times as long as a scan
# of a letter.
TRIED = 24
# Bytes a second that files take, the system's own cache in front of the disk included.
DISK_BYTES = 1e9


class Pixels:
    """The pictures of a workspace at one size and fit. Decodes what is asked for the first time."""

    def __init__(self, workspace: Workspace, image_size: int, fit: str):
        self.image_size = image_size
        self.fit = fit
        self._workspace = workspace
        self._cache = ShardCache(workspace.caches / "pixels" / f"{image_size}-{fit}")

    def check_space(self, keys: Sequence[str]) -> None:
        """Raise UserError unless the disk has room for what is not decoded yet."""
        check_free_space(self._workspace.caches, len(self._cache.missing(keys)) * self.image_size**2 * 3)

    def missing(self, keys: Sequence[str]) -> list[str]:
        """Return the keys that are not decoded yet."""
        return self._cache.missing(keys)

    def read(self, keys: Sequence[str]) -> np.ndarray:
        """Return the pictures with these content hashes, uint8 of shape (N, S, S, 3)."""
        missing = self._cache.missing(keys)
        if missing:
            decoded = self._decode(missing)
            self._cache.add(missing, decoded)
            if missing == list(keys):
                return decoded  # not read back from the disk
        return self._cache.read(keys)

    def decode_seconds(self, keys: Sequence[str]) -> float:
        """Return the seconds that one of these pictures takes to decode and to keep, tried on a few of them."""
        if not keys:
            return 0.0
        sample = list(keys[:: max(1, len(keys) // TRIED)])[:TRIED]
        began = time.perf_counter()
        self._decode(sample)
        return (time.perf_counter() - began) / len(sample) + self.image_size**2 * 3 / DISK_BYTES

    @property
    def chunks_ahead(self) -> int:
        """How many chunks may be read before the network asks for them."""
        return int(np.clip(BYTES_AHEAD // (CHUNK * self.image_size**2 * 3), 1, MOST_AHEAD))

    def augmentations(self, keys: Sequence[str]) -> Augmentations:
        """Return what may be done to these files, by what they are."""
        sample = keys[:: max(1, len(keys) // SAMPLE)]
        return modalities.augmentations_of([self._workspace.blob_path(key) for key in sample])

    def _decode(self, keys: Sequence[str]) -> np.ndarray:
        _keep_blocks()
        pictures = np.empty((len(keys), self.image_size, self.image_size, 3), np.uint8)

        def load(position: int) -> None:
            path = self._workspace.blob_path(keys[position])
            pictures[position] = modalities.of(path).open_at(path, self.image_size, self.fit)

        with ThreadPoolExecutor(device.cores()) as threads:
            list(threads.map(load, range(len(keys))))
        return pictures


@functools.cache
def _keep_blocks() -> None:
    Image.core.set_blocks_max(KEPT_BLOCKS)


def choose_fit(workspace: Workspace, fit: str, keys: Sequence[str], scale: str = "") -> str:
    """Return `fit`, with the scale of deep pictures in it; for "auto", what suits a sample of those with these hashes.

    Photos are cut to their middle square (measured better than letterbox on photos: the subject is larger). Where the
    border is plain (drawings, scans, texts) or a picture is long (text lines, spectrograms), everything is kept.
    `scale`: of the dataset; without one, pictures of more than 8 bits are scaled alike by a sample of them.
    """
    scale = scale or modalities.scale_of([workspace.blob_path(key) for key in _sample(keys)])
    only = _only_fit(workspace, keys)
    if only:
        fit = only
    elif fit == "auto":
        fit = "crop" if look_like_photos(workspace, keys) else "letterbox"
    return fits.with_scale(fit, scale)


def _only_fit(workspace: Workspace, keys: Sequence[str]) -> str:
    """Return the one way in which these files become squares, "" where there is a choice."""
    ways = modalities.of(workspace.blob_path(next(iter(keys)))).fits if len(keys) else ()
    return ways[0] if len(ways) == 1 else ""


def _sample(keys: Sequence[str]) -> list[str]:
    ordered = sorted(set(keys))
    return ordered[:: max(1, len(ordered) // SAMPLE)][:SAMPLE]


def fit_preview(workspace: Workspace, keys: Sequence[str], example: str, scale: str = "") -> dict:
    """Return {"automatic": fit, "pictures": {fit: JPEG bytes}}: what "auto" chooses, one file in all its ways."""
    path = workspace.blob_path(example)
    modality = modalities.of(path)
    pictures = {
        fit: jpeg_bytes(Image.fromarray(modality.open_at(path, PREVIEW_SIDE, fits.with_scale(fit, scale))))
        for fit in (("letterbox", "crop") if len(modality.fits) > 1 else modality.fits)
    }
    return {"automatic": fits.parted(choose_fit(workspace, "auto", keys, scale))[0], "pictures": pictures}
