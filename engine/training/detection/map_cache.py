"""Maps of pictures with objects: computed once for every view, with fewer channels and in half precision, and kept."""

import functools
import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import keras
import numpy as np

from engine.backbones import device, forward
from engine.backbones.pretrained import cache_name
from engine.data.modalities import registry as modalities
from engine.storage.shards import ShardCache
from engine.storage.workspace import Workspace, check_free_space
from engine.training.detection import feature_maps
from engine.training.detection.feature_maps import STRIDES
from engine.training.detection.frame import Frame, View
from engine.training.features.feature_cache import half

CHANNELS = 128  # of each map that are kept: 0.38 MB a view of 320 x 240 instead of 2.2
SAMPLE = 24  # pictures that say which directions count
CELLS = 20_000  # of them
CHUNK = 32


@dataclass(frozen=True)
class Extractor:
    """What turns pictures into maps: the network up to them and the projections, in a frame."""

    workspace: Workspace
    key: str
    frame: Frame
    projections: tuple[tuple[np.ndarray, np.ndarray], ...]
    name: str

    @functools.cached_property
    def network(self) -> keras.Model:
        """The network from pixels to both maps with fewer channels."""
        whole = feature_maps.network(self.key, self.frame.height, self.frame.width)
        return feature_maps.projected(whole, self.projections)

    @property
    def shapes(self) -> list[tuple[int, int, int]]:
        sides = [(self.frame.height // stride, self.frame.width // stride) for stride in STRIDES]
        return [(*side, len(bias)) for side, (_kernel, bias) in zip(sides, self.projections, strict=True)]

    @property
    def cache(self) -> ShardCache:
        return ShardCache(self.workspace.caches / "maps" / self.name)

    def fill(self, wanted: Sequence[tuple[str, View]], advance: Callable[[int, int], None]) -> None:
        """Compute the maps of (content hash, view) that are not there yet; `advance(done, total)` may raise to stop."""
        cache = self.cache
        names = {key_of(sha256, view): (sha256, view) for sha256, view in wanted}
        missing = cache.missing(list(names))
        advance(len(names) - len(missing), len(names))
        if not missing:
            return
        numbers = sum(int(np.prod(shape)) for shape in self.shapes)
        check_free_space(cache.folder, 2 * numbers * len(missing))
        run = forward.open_model(self.workspace, f"maps-{self.name}", lambda: feature_maps.flat(self.network))
        for start in range(0, len(missing), CHUNK):
            keys = missing[start : start + CHUNK]
            pixels = read_pixels(self.workspace, [names[key] for key in keys], self.frame)
            cache.add(keys, half(forward.run(run, pixels)))
            advance(len(names) - len(missing) + start + len(keys), len(names))

    def split(self, rows: np.ndarray) -> list[np.ndarray]:
        """Return both maps of rows from the cache, float32."""
        fine, coarse = self.shapes
        cut = int(np.prod(fine))
        parts = rows[:, :cut], rows[:, cut:]
        return [part.reshape(-1, *shape).astype(np.float32) for part, shape in zip(parts, (fine, coarse), strict=True)]


def extractor(workspace: Workspace, key: str, frame: Frame, keys: Sequence[str]) -> Extractor:
    """Return the extractor of a network for pictures like these, by their principal components."""
    ordered = sorted(set(keys))
    sample = ordered[:: max(1, len(ordered) // SAMPLE)][:SAMPLE]
    whole = feature_maps.network(key, frame.height, frame.width)
    generator = np.random.default_rng(0)
    rows: list[list[np.ndarray]] = [[], []]
    for sha256 in sample:
        pixels = read_pixels(workspace, [(sha256, View())], frame)
        for own, said in zip(rows, whole.predict_on_batch(pixels.astype(np.float32)), strict=True):
            cells = np.asarray(said)[0].reshape(-1, said.shape[-1])
            own.append(cells[generator.permutation(len(cells))[: CELLS // len(sample)]])
    projections = tuple(feature_maps.principal(np.concatenate(own), CHANNELS) for own in rows)
    digest = hashlib.sha256(b"".join(kernel.tobytes() for kernel, _bias in projections)).hexdigest()[:12]
    return Extractor(workspace, key, frame, projections, f"{cache_name(key)}-{frame.height}x{frame.width}-{digest}")


def key_of(sha256: str, view: View) -> str:
    """Return the name of the maps of one view of a picture."""
    if view == View():
        return sha256
    return f"{sha256}-{hashlib.sha256(repr(view).encode()).hexdigest()[:12]}"


def read_pixels(workspace: Workspace, wanted: Sequence[tuple[str, View]], frame: Frame) -> np.ndarray:
    """Return uint8 (N, H, W, 3) of views of pictures, decoded on all cores."""

    def load(one: tuple[str, View]) -> np.ndarray:
        path = workspace.blob_path(one[0])
        image, size = modalities.of(path).picture(path, max(frame.height, frame.width))
        return one[1].pixels(image, size, frame)

    with ThreadPoolExecutor(device.cores()) as threads:
        return np.stack(list(threads.map(load, wanted)))
