"""Activations at the cut for several augmented views of every picture, computed once and kept on disk."""

import functools
import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from engine.backbones import forward
from engine.backbones.cuts import CutPoint
from engine.storage.shards import ShardCache
from engine.storage.workspace import Workspace
from engine.training.features import embed
from engine.training.features.feature_cache import half
from engine.training.inputs.pixels import Pixels
from engine.training.inputs.stream import Stream
from engine.training.recipe import Recipe

# Disk for cut activations: this much at most, and never more than this share of what is free.
MOST_BYTES = 4e9
SHARE_OF_FREE = 0.25


@dataclass(frozen=True)
class Views:
    """The pictures of one run as the trainable part of the network sees them.

    `name` identifies network, weights and size. `run` computes the activations at `cut`; None means that the whole
    network trains, which sees the pictures themselves, varied as they come. `augmentation` is what changes a view;
    without it there is one.
    """

    workspace: Workspace
    name: str
    cut: CutPoint
    pixels: Pixels
    run: forward.Forward | None
    augmentation: tuple[str, ...]
    seed: int

    def training(self, keys: Sequence[str], number: int, advance: embed.Advance) -> ShardCache | Stream:
        """Return what view `number` of these pictures is read from: activations in half precision, or pixels."""
        if self.run is None:
            return Stream(self.pixels, self.augmentation, self.seed, number)
        return self._cache(self._tag(number), keys, lambda chunk: self._view(chunk, number), np.float16, advance)

    def held_out(self, keys: Sequence[str], advance: embed.Advance) -> ShardCache | Pixels:
        """Return what the pictures are read from as they are, full precision: predictions are made from them."""
        if self.run is None:
            return self.pixels
        return self._cache("held-out", keys, self.pixels.read, np.float32, advance)

    def missing(self, keys: Sequence[str], number: int) -> int:
        """Return how many pictures of view `number` are still to be computed."""
        if self.run is None:
            return 0
        return len(ShardCache(self._folder / self._tag(number)).missing(keys))

    @property
    def _folder(self) -> Path:
        return folder_of(self.workspace) / f"{self.name}-{self.pixels.fit}-{self.cut.name}"

    def _tag(self, number: int) -> str:
        if not self.augmentation:
            return "plain"
        names = hashlib.sha256("+".join(self.augmentation).encode()).hexdigest()[:8]
        return f"{names}-{self.seed}-{number}"

    def _view(self, keys: Sequence[str], number: int) -> np.ndarray:
        return Stream(self.pixels, self.augmentation, self.seed, number).read(keys)

    def _cache(self, tag: str, keys: Sequence[str], read, dtype, advance: embed.Advance) -> ShardCache:
        folder = self._folder / tag
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        cache = ShardCache(folder)
        missing = cache.missing(keys)
        if missing:
            self.pixels.check_space(missing)
            embed.fill(cache, missing, lambda: functools.partial(self._activations, dtype=dtype), read, advance)
        return cache

    def _activations(self, pictures: np.ndarray, dtype) -> np.ndarray:
        run = cast(forward.Forward, self.run)  # only views with a frozen part keep its outputs
        outputs = run(pictures)
        return outputs if dtype == np.float32 else half(outputs)


def number_of_views(workspace: Workspace, activation_size: int, pictures: int, recipe: Recipe) -> int:
    """Return how many views of the training pictures the disk has room for: at least 1, at most one an epoch."""
    if not recipe.augmentation:
        return 1
    if recipe.streams:
        return recipe.epochs
    bytes_a_view = max(1, pictures * activation_size * 2)
    return int(np.clip(_budget(workspace) // bytes_a_view, 1, recipe.epochs))


def folder_of(workspace: Workspace) -> Path:
    return workspace.caches / "cuts"


def make_room(workspace: Workspace) -> None:
    """Delete the views used longest ago until the rest fits the budget."""
    folders = [folder for folder in folder_of(workspace).glob("*/*") if folder.is_dir()]
    budget = _budget(workspace)
    for folder in sorted(folders, key=lambda folder: folder.stat().st_mtime, reverse=True):
        budget -= sum(file.stat().st_size for file in folder.iterdir())
        if budget < 0:
            shutil.rmtree(folder, ignore_errors=True)


def _budget(workspace: Workspace) -> float:
    workspace.caches.mkdir(parents=True, exist_ok=True)
    return min(MOST_BYTES, SHARE_OF_FREE * shutil.disk_usage(workspace.caches).free)
