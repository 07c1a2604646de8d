"""Is an explanation about what the network learned? A network with random weights must give another one.

The sanity check of Adebayo et al. 2018: an explanation that stays the same when everything learned is thrown away
shows edges of the picture, not reasons of the model. The random network has to be alive for that: one whose answer is
the same for every picture has nothing to show, and no explanation could ever fail beside it.
"""

import keras
import numpy as np
from keras import layers
from PIL import Image

from engine.training.fine_tuning.classifier import LOGITS

# Above this rank correlation the two are too alike to call the explanation one of what was learned.
TOO_ALIKE = 0.5
GRID = 32
# Pictures of coloured patches, so many in a row, for a random network to find its measure by; some smooth, some sharp.
PATCHES = (2, 4, 8, 16, 32)


def randomised(model: keras.Model, seed: int = 0) -> keras.Model:
    """Return the same network as if it had learned nothing: kernels drawn as by He et al. 2015, all else at rest.

    BatchNorm and the answers take their mean and deviation from pictures of coloured patches, as BatchNorm does at the
    first step of a training: through fifty layers at rest a picture would fade away, or drown (Mishkin and Matas 2016).
    """
    copy, rng = keras.models.clone_model(model), np.random.default_rng(seed)
    for layer in copy._flatten_layers(include_self=False, recursive=True):
        for weight in layer._trainable_variables + layer._non_trainable_variables:
            if len(weight.shape) > 1:
                spread = np.sqrt(2 / fan_in(layer, weight))
                weight.assign(rng.normal(0, spread, weight.shape).astype(np.float32))
    pictures = patches(copy.inputs[0].shape[1], rng) if len(copy.inputs[0].shape) == 4 else None
    if pictures is not None:
        _measure_within(copy, pictures)
        _measure_answers(copy, pictures)
    return copy


def fan_in(layer: keras.Layer, weight) -> int:
    """Return how many numbers come together in one that a kernel of `layer` makes."""
    shape = tuple(weight.shape)
    if isinstance(layer, layers.DepthwiseConv1D | layers.DepthwiseConv2D) or weight.name == "depthwise_kernel":
        return int(np.prod(shape[:-2]))  # every channel for itself: (..., channels, multiplier)
    if isinstance(layer, layers.Conv1DTranspose | layers.Conv2DTranspose):
        return int(np.prod(shape[:-2])) * shape[-1]  # (..., out, in)
    return int(np.prod(shape[:-1]))


def likeness(heat: np.ndarray, other: np.ndarray) -> float:
    """Return Spearman's rank correlation of two maps (S, S), compared on a coarse grid; NaN where one is flat."""
    from scipy.stats import spearmanr

    one, two = (_coarse(each) for each in (heat, other))
    if is_flat(one) or is_flat(two):
        return float("nan")
    return float(spearmanr(one, two).statistic)


def is_flat(heat: np.ndarray) -> bool:
    """Tell whether a map has no place that differs from the others."""
    return bool(np.ptp(heat) == 0)


def patches(size: int, rng: np.random.Generator) -> np.ndarray:
    """Return pictures of patches in random colours, float32 (N, size, size, 3) from 0 to 255."""
    found = []
    for how in (Image.Resampling.BILINEAR, Image.Resampling.NEAREST):
        for count in PATCHES:
            small = Image.fromarray(rng.integers(0, 256, (count, count, 3), dtype=np.uint8))
            found.append(np.asarray(small.resize((size, size), how), np.float32))
    return np.stack(found)


def _measure_within(model: keras.Model, pictures: np.ndarray) -> None:
    """Let every BatchNorm take mean and variance from one batch of pictures."""
    found = [layer for layer in model._flatten_layers() if isinstance(layer, layers.BatchNormalization)]
    before = [(layer.momentum, layer.trainable) for layer in found]
    for layer in found:
        layer.momentum, layer.trainable = 0.0, True
    if found:
        model(pictures, training=True)
    for layer, (momentum, trainable) in zip(found, before, strict=True):
        layer.momentum, layer.trainable = momentum, trainable


def _measure_answers(model: keras.Model, pictures: np.ndarray) -> None:
    """Let the answers differ from picture to picture, by about one in their logits, and no class be ahead of others."""
    last = next((layer for layer in model.layers if layer.name == LOGITS), None)
    if last is None:
        return
    logits = np.asarray(keras.Model(model.inputs[0], last.output)(pictures, training=False))
    scale = 1 / np.maximum(logits.std(axis=0), 1e-12)
    last.kernel.assign(np.asarray(last.kernel) * scale)
    last.bias.assign((np.asarray(last.bias) - logits.mean(axis=0)) * scale)


def _coarse(heat: np.ndarray) -> np.ndarray:
    edges = np.linspace(0, len(heat), min(GRID, len(heat)) + 1).astype(int)[:-1]
    return np.add.reduceat(np.add.reduceat(heat, edges, axis=0), edges, axis=1).ravel()
