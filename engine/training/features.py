"""Embed once: features of the frozen network, kept by content hash, weights hash and size."""

import functools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from engine.backbones import forward
from engine.backbones.pretrained import weights_hash
from engine.shards import ShardCache
from engine.training.pile import Pile
from engine.training.pixels import Pixels
from engine.workspace import Workspace

Advance = Callable[[int, int], None]
Read = Callable[[Sequence[str]], np.ndarray]


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
        open_network = functools.partial(forward.open_backbone, workspace, key, pixels.image_size)
        fill(cache, missing, open_network, pixels.read, _offset(advance, keys))
    return cache


def fill(
    cache: ShardCache, missing: Sequence[str], open_network: Callable[[], forward.Forward], read: Read, advance: Advance
) -> None:
    """Run the network over `read(keys)` of all missing keys and add its outputs to the cache, chunk by chunk."""
    pile = Pile(missing)
    work_off(cache, pile, open_network, read, lambda here: advance(pile.done + here, len(missing)))


def work_off(
    cache: ShardCache,
    pile: Pile,
    open_network: Callable[[], forward.Forward],
    read: Read,
    advance: Callable[[int], None],
) -> None:
    """Run the network over `read(keys)` of the keys of a pile until it is empty, and add its outputs to the cache.

    One chunk is read ahead: pictures are decoded while the network is being opened and while it computes.
    `advance(n)` is called after every batch with the pictures done that are not in `pile.done` yet.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as reader:
        chunk = pile.take()
        ahead = reader.submit(read, chunk) if chunk else None
        run = open_network()
        while chunk:
            inputs = ahead.result()
            following = pile.take()
            ahead = reader.submit(read, following) if following else None
            _embed_chunk(cache, chunk, run, inputs, advance)
            pile.finish(len(chunk))
            chunk = following


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
