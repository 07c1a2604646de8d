"""Run a pretrained network (or its part before a cut) over batches of pixels, the fastest way this machine has."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from engine.backbones import cuts, device, litert
from engine.backbones.build import build, frozen
from engine.backbones.pretrained import weights_hash
from engine.workspace import Workspace, write_atomic

# Large enough to keep every core busy, small enough to stop within a moment.
CPU_BATCH = 32
GPU_BATCH = 256
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
    name = f"{key}-{weights_hash(key, weights_dir)}-{image_size}-features"
    return open_model(workspace, name, lambda: _backbone(key, image_size, weights_dir), batch)


def _backbone(key: str, image_size: int, weights_dir: Path | None) -> keras.Model:
    return build(key, image_size, weights_dir) if weights_dir else frozen(key, image_size)


def open_base(workspace: Workspace, name: str, model: keras.Model, cut: cuts.CutPoint) -> Forward:
    """Return a function from pixels to the activations at `cut`. `name` identifies the weights and size of `model`."""
    return open_model(workspace, f"{name}-{cut.name}", lambda: cuts.base_of(model, cut))


def open_model(workspace: Workspace, name: str, make: Callable[[], keras.Model], batch: int = CPU_BATCH) -> Forward:
    """Return the forward pass of a model; converted once per `name` and kept on disk where LiteRT is the faster way."""
    if not uses_litert():
        return _keras_forward(make())
    path = workspace.caches / "litert" / f"{name}.tflite"
    if not path.exists():
        write_atomic(path, litert.convert(make()))
    return litert.LiteRTModel(path, batch, device.cores())


def _keras_forward(model: keras.Model) -> Forward:
    def run(pixels: np.ndarray) -> np.ndarray:
        # Every batch has the same shape: another one would be compiled anew.
        batch = np.zeros((batch_size(), *pixels.shape[1:]), np.float32)
        batch[: len(pixels)] = pixels
        return np.asarray(model.predict_on_batch(batch))[: len(pixels)]

    return run


def uses_litert() -> bool:
    """Tell whether LiteRT is used here: on a processor, with the backend that can convert."""
    return keras.backend.backend() == "tensorflow" and not device.has_gpu()


def run(forward: Forward, pixels: np.ndarray) -> np.ndarray:
    """Return the outputs for any number of pictures."""
    step = batch_size()
    return np.concatenate([forward(pixels[start : start + step]) for start in range(0, len(pixels), step)])
