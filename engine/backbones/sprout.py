"""Sprout, the network that comes with Graft: a small residual network that turns pixels into 896 features.

Trained for Graft by feature distillation on unlabelled pictures, with MobileNetV2-0.35 (ImageNet) as its teacher
(docs/backbone.md). It is fully convolutional with global average pooling, so one set of weights serves any input size
from about 48 to 160 px.
"""

import io
from pathlib import Path

import keras
import numpy as np
from keras import layers, ops

WIDTHS = (32, 48, 96, 192, 320)
DEPTHS = (1, 2, 2, 1)
# The last three stages speak: what strokes and textures look like, the earlier ones know and the fourth forgets.
POOLED_STAGES = (2, 3, 4)
# Where a pattern occurs at all says more about drawings than how often it does.
PEAK_STAGES = (2, 3)


def sprout(
    pixels,
    widths: tuple[int, ...] = WIDTHS,
    pooled_stages: tuple[int, ...] = POOLED_STAGES,
    peak_stages: tuple[int, ...] = PEAK_STAGES,
):
    """Return the features of `pixels`, a tensor of shape (batch, size, size, 3) with values in [-1, 1].

    The features are the mean over the picture of every channel of the pooled stages, and the maximum of every channel
    of the peak stages, stage by stage.
    """
    x = layers.Conv2D(widths[0], 3, 2, "same", use_bias=False, name="stem_conv")(pixels)
    x = _normalise(x, "stem_bn")
    x = layers.ReLU(name="stem_relu")(x)
    said: list = []
    for stage, (filters, depth) in enumerate(zip(widths[1:], DEPTHS, strict=True), start=1):
        for block in range(1, depth + 1):
            name = f"stage{stage}_block{block}"
            x = _residual_block(x, filters, 2 if block == 1 else 1, name)
            if said and stage < len(DEPTHS):
                x, said = _carried(x, said, name)
        if stage in pooled_stages:
            said.append(layers.GlobalAveragePooling2D(name=f"stage{stage}_mean")(x))
        if stage in peak_stages:
            said.append(layers.GlobalMaxPooling2D(name=f"stage{stage}_peak")(x))
    return layers.Concatenate(name="features")(said) if len(said) > 1 else said[0]


def load_weights(model: keras.Model, path: Path) -> None:
    """Fill `model` from an archive of half-precision arrays, keyed by weight path."""
    with np.load(path) as arrays:
        for weight in model.weights:
            weight.assign(arrays[weight.path].astype("float32"))


def save_weights(model: keras.Model) -> bytes:
    """Return the archive `load_weights` reads: the same bytes for the same weights."""
    buffer = io.BytesIO()
    arrays = {weight.path: keras.ops.convert_to_numpy(weight).astype("float16") for weight in model.weights}
    # Part of the file so that the same weights read out elsewhere have another hash: caches are named by it.
    arrays["pooled_stages"] = np.array(POOLED_STAGES, np.float16)
    arrays["peak_stages"] = np.array(PEAK_STAGES, np.float16)
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def _residual_block(x, filters: int, stride: int, name: str):
    """Two 3x3 convolutions beside a shortcut (He et al. 2016; average pooling before the projection as in ResNet-D)."""
    y = layers.Conv2D(filters, 3, stride, "same", use_bias=False, name=f"{name}_conv1")(x)
    y = layers.ReLU(name=f"{name}_relu1")(_normalise(y, f"{name}_bn1"))
    y = layers.Conv2D(filters, 3, 1, "same", use_bias=False, name=f"{name}_conv2")(y)
    y = _normalise(y, f"{name}_bn2")
    return layers.ReLU(name=f"{name}_out")(layers.Add(name=f"{name}_add")([_shortcut(x, filters, stride, name), y]))


def _shortcut(x, filters: int, stride: int, name: str):
    if stride != 1:
        x = layers.AveragePooling2D(stride, padding="same", name=f"{name}_pool")(x)
    if x.shape[-1] != filters:
        x = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_proj")(x)
        x = _normalise(x, f"{name}_projbn")
    return x


def _carried(x, said: list, name: str):
    """Bring `x` and what earlier stages said through one tensor, so that fine-tuning can cut the network here."""
    together = layers.Concatenate(name=f"{name}_carried")([layers.Flatten(name=f"{name}_flat")(x), *said])
    flat, earlier = ops.split(together, [int(np.prod(x.shape[1:]))], axis=-1)
    return layers.Reshape(x.shape[1:], name=f"{name}_again")(flat), [earlier]


def _normalise(x, name: str):
    return layers.BatchNormalization(momentum=0.97, name=name)(x)
