"""Run a pretrained network (or its part before a cut) over batches of pixels, the fastest way this machine has."""

import functools
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from engine.backbones import catalogue, cuts, device, fastest_runtime, litert, out_of_memory
from engine.backbones.build import build, frozen
from engine.backbones.pretrained import cache_name
from engine.storage.workspace import Workspace, write_atomic

# Large enough to keep every core busy, small enough to stop within a moment.
CPU_BATCH = 32
GPU_BATCH = 256
# Where Keras is faster on a processor the network is heavy, and so many pictures at once are as fast as more.
HEAVY_BATCH = 8
Forward = Callable[[np.ndarray], np.ndarray]


def batch_size() -> int:
    """Return how many pictures to hand to a forward pass at once."""
    return GPU_BATCH if device.has_gpu() else CPU_BATCH


def open_backbone(
    workspace: Workspace, key: str, image_size: int, weights_dir: Path | None = None, batch: int = CPU_BATCH
) -> Forward:
    """Return a function from pixels (N, S, S, 3) in [0, 255], N <= batch_size(), to float32 features (N, D).

    With `batch` 1 it takes one picture at a time, and a processor does no more work than that one needs.
    """
    name = _name(key, image_size, weights_dir)
    return open_model(workspace, name, lambda: _backbone(key, image_size, weights_dir), batch)


def opener(workspace: Workspace, key: str, image_size: int) -> Callable[[], Forward]:
    """Return a function that opens the network once, when it is first called.

    Where it is not known yet whether LiteRT or Keras is faster it is opened here and now: pictures that are decoded at
    the same time would spoil the answer.
    """
    opened = functools.cache(lambda: open_backbone(workspace, key, image_size))
    light = catalogue.info(key).parameters < fastest_runtime.LIGHT_PARAMETERS
    if uses_litert() and not light and fastest_runtime.remembered(workspace, _name(key, image_size)) is None:
        opened()
    return opened


def _name(key: str, image_size: int, weights_dir: Path | None = None) -> str:
    return f"{cache_name(key, weights_dir)}-{image_size}-features"


def _backbone(key: str, image_size: int, weights_dir: Path | None) -> keras.Model:
    return build(key, image_size, weights_dir) if weights_dir else frozen(key, image_size)


def open_base(workspace: Workspace, name: str, model: keras.Model, cut: cuts.CutPoint) -> Forward:
    """Return a function from pixels to the activations at `cut`. `name` identifies the weights and size of `model`."""
    return open_model(workspace, f"{name}-{cut.name}", lambda: cuts.base_of(model, cut))


def open_model(workspace: Workspace, name: str, make: Callable[[], keras.Model], batch: int = CPU_BATCH) -> Forward:
    """Return the forward pass of a model, LiteRT's or Keras' own, whichever is faster here (see `choice`).

    Converted once per `name` and kept on disk.
    """
    if not uses_litert():
        return _keras_forward(make())
    # One picture alone is LiteRT's: Keras would compute a whole batch.
    chosen = fastest_runtime.LITERT if batch == 1 else fastest_runtime.remembered(workspace, name)
    if chosen == fastest_runtime.KERAS:
        return _keras_forward(make(), HEAVY_BATCH)
    path = workspace.caches / "litert" / f"{name}.tflite"
    if not path.exists():
        write_atomic(path, litert.convert(make()))
    converted = litert.LiteRTModel(path, batch, device.cores())
    if chosen == fastest_runtime.LITERT:
        return converted
    return fastest_runtime.choose(workspace, name, converted, lambda: _keras_forward(make(), HEAVY_BATCH))


def _keras_forward(model: keras.Model, step: int | None = None) -> Forward:
    size = step or batch_size()

    def run(pixels: np.ndarray) -> np.ndarray:
        nonlocal size
        while True:
            try:
                parts = [pixels[first : first + size] for first in range(0, len(pixels), size)]
                return np.concatenate([_padded(model, part, size) for part in parts])
            except Exception as error:  # noqa: BLE001 - what is no lack of memory is raised again
                size = out_of_memory.half(size, error)

    return run


def _padded(model: keras.Model, pixels: np.ndarray, size: int) -> np.ndarray:
    """Return the outputs for up to `size` pictures. Every batch has that shape: another would be compiled anew."""
    batch = np.zeros((size, *pixels.shape[1:]), np.float32)
    batch[: len(pixels)] = pixels
    return np.asarray(model.predict_on_batch(batch))[: len(pixels)]


def uses_litert() -> bool:
    """Tell whether LiteRT is used here: on a processor, with the backend that can convert."""
    return keras.backend.backend() == "tensorflow" and not device.has_gpu()


def run(forward: Forward, pixels: np.ndarray) -> np.ndarray:
    """Return the outputs for any number of pictures."""
    step = batch_size()
    return np.concatenate([forward(pixels[start : start + step]) for start in range(0, len(pixels), step)])
