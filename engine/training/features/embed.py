"""Embed once: features of the frozen network, kept by content hash, weights hash and size."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from engine.backbones import forward
from engine.backbones.pretrained import cache_name
from engine.storage.shards import ShardCache
from engine.storage.workspace import Workspace
from engine.training.features.feature_cache import FeatureCache, bytes_a_number
from engine.training.inputs.pixels import Pixels
from engine.training.inputs.work_pile import WorkPile

Advance = Callable[[int, int], None]
Read = Callable[[Sequence[str]], np.ndarray]


def features_cache(workspace: Workspace, key: str, pixels: Pixels, weights_dir: Path | None = None) -> FeatureCache:
    """Return where the features of a network for pictures at this size and fit are kept."""
    name = f"{cache_name(key, weights_dir)}-{pixels.image_size}-{pixels.fit}"
    return FeatureCache(workspace.caches / "features" / name, halves=bytes_a_number(key) == 2)


def embed(workspace: Workspace, key: str, pixels: Pixels, keys: Sequence[str], advance: Advance) -> ShardCache:
    """Make sure that every picture has features; return their cache (gives float32 rows of the network's width).

    `advance(done, total)` is called after every batch and may raise to stop; what is embedded by then is kept.
    """
    cache = features_cache(workspace, key, pixels)
    missing = cache.missing(keys)
    advance(len(keys) - len(missing), len(keys))
    if missing:
        pixels.check_space(missing)
        open_network = forward.opener(workspace, key, pixels.image_size)
        fill(cache, missing, open_network, pixels.read, _offset(advance, keys), pixels.chunks_ahead)
    return cache


def fill(
    cache: ShardCache,
    missing: Sequence[str],
    open_network: Callable[[], forward.Forward],
    read: Read,
    advance: Advance,
    ahead: int = 1,
) -> None:
    """Run the network over `read(keys)` of all missing keys and add its outputs to the cache, chunk by chunk."""
    pile = WorkPile(missing)
    work_off(cache, pile, open_network, read, lambda here: advance(pile.done + here, len(missing)), ahead)


def work_off(
    cache: ShardCache,
    pile: WorkPile,
    open_network: Callable[[], forward.Forward],
    read: Read,
    advance: Callable[[int], None],
    ahead: int = 1,
) -> None:
    """Run the network over `read(keys)` of the keys of a pile until it is empty, and add its outputs to the cache.

    Up to so many chunks are read `ahead`, one while others share the pile: pictures are decoded while the network is
    being opened and while it computes. `advance(n)` is called after every batch with the pictures done that are not in
    `pile.done` yet.
    """
    reader = ThreadPoolExecutor(1, thread_name_prefix="read-ahead")
    try:
        waiting = deque(reader.submit(_read_next, pile, read, place) for place in range(ahead))
        run = open_network()
        while waiting:
            keys, inputs = waiting.popleft().result()
            while pile and len(waiting) < (ahead if pile.sharers == 1 else 1):
                waiting.append(reader.submit(_read_next, pile, read, len(waiting)))
            if keys and inputs is not None:
                _embed_chunk(cache, keys, run, inputs, advance)
                pile.finish(len(keys))
    finally:
        reader.shutdown(cancel_futures=True)


def _read_next(pile: WorkPile, read: Read, place: int) -> tuple[list[str], np.ndarray | None]:
    """Take a chunk and read it; nothing when others share the pile and `place` chunks wait already."""
    keys = [] if place and pile.sharers > 1 else pile.take()
    return keys, read(keys) if keys else None


def _embed_chunk(cache: ShardCache, keys: Sequence[str], run: forward.Forward, inputs: np.ndarray, advance) -> None:
    """Add the outputs of one chunk; where `advance` stops it in the middle, those computed by then."""
    outputs: list[np.ndarray] = []
    step = forward.batch_size()
    try:
        for start in range(0, len(inputs), step):
            outputs.append(run(inputs[start : start + step]))
            advance(start + len(outputs[-1]))
    finally:
        if outputs:
            rows = np.concatenate(outputs)
            cache.add(keys[: len(rows)], rows)


def _offset(advance: Advance, keys: Sequence[str]) -> Advance:
    total = len(keys)
    return lambda done, missing: advance(total - missing + done, total)
