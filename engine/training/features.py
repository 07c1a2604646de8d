"""Embed once: features of the frozen network, kept by content hash, weights hash and size."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from engine.backbones import forward
from engine.backbones.pretrained import weights_hash
from engine.shards import ShardCache
from engine.training.pixels import CHUNK, Pixels
from engine.workspace import Workspace

Advance = Callable[[int, int], None]


def features_cache(workspace: Workspace, key: str, pixels: Pixels, weights_dir: Path | None = None) -> ShardCache:
    """Return where the features of a network for pictures at this size and fit are kept."""
    name = f"{key}-{weights_hash(key, weights_dir)}-{pixels.image_size}-{pixels.fit}"
    return ShardCache(workspace.caches / "features" / name)


def embed(workspace: Workspace, key: str, pixels: Pixels, keys: Sequence[str], advance: Advance) -> ShardCache:
    """Make sure that every picture has features; return their cache (float32 rows of the network's width).

    `advance(done, total)` is called after every batch and may raise to stop; what is embedded by then is kept.
    """
    cache = features_cache(workspace, key, pixels)
    missing = cache.missing(keys)
    advance(len(keys) - len(missing), len(keys))
    if missing:
        pixels.check_space(missing)
        fill(
            cache,
            missing,
            forward.open_backbone(workspace, key, pixels.image_size),
            pixels.read,
            _offset(advance, keys),
        )
    return cache


def fill(cache: ShardCache, missing: Sequence[str], run: forward.Forward, read: Callable, advance: Advance) -> None:
    """Compute `run(read(keys))` for all missing keys and add it to the cache, chunk by chunk."""
    for start in range(0, len(missing), CHUNK):
        chunk = missing[start : start + CHUNK]
        outputs: list[np.ndarray] = []
        try:
            _run_chunk(run, read(chunk), outputs, lambda done, first=start: advance(first + done, len(missing)))
        finally:
            done = sum(map(len, outputs))
            cache.add(chunk[:done], np.concatenate(outputs) if outputs else np.empty(0))


def _run_chunk(run: forward.Forward, inputs: np.ndarray, outputs: list, advance: Callable[[int], None]) -> None:
    step = forward.batch_size()
    for start in range(0, len(inputs), step):
        outputs.append(run(inputs[start : start + step]))
        advance(start + len(outputs[-1]))


def _offset(advance: Advance, keys: Sequence[str]) -> Advance:
    total = len(keys)
    return lambda done, missing: advance(total - missing + done, total)
