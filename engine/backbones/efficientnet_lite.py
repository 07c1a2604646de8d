"""EfficientNet-Lite0, which Keras does not offer: EfficientNet-B0 for small machines (Google, tensorflow/tpu, 2020).

No squeeze-and-excitation, ReLU6 instead of swish. Layers are named as the tensors of the published state file.
"""

from typing import NamedTuple

from keras import layers

STEM, TOP = 32, 1280
EPSILON = 1e-3


class Stage(NamedTuple):
    """Blocks of one width: how many, the kernel's side, the stride of the first, the expansion, channels in and out."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels_in: int
    channels_out: int


STAGES = (
    Stage(1, 3, 1, 1, 32, 16),
    Stage(2, 3, 2, 6, 16, 24),
    Stage(2, 5, 2, 6, 24, 40),
    Stage(3, 3, 2, 6, 40, 80),
    Stage(3, 5, 1, 6, 80, 112),
    Stage(4, 5, 2, 6, 112, 192),
    Stage(1, 3, 1, 6, 192, 320),
)


def efficientnet_lite0(pixels):
    """Return the 1,280 features of `pixels`, a tensor of shape (batch, size, size, 3) of (value - 127) / 128."""
    x = _activated(layers.Conv2D(STEM, 3, 2, "same", use_bias=False, name="conv_stem")(pixels), "bn0")
    number = 0
    for stage in STAGES:
        for repeat in range(stage.repeats):
            x = _block(x, stage, stage.stride if repeat == 0 else 1, f"blocks_{number}")
            number += 1
    x = _activated(layers.Conv2D(TOP, 1, use_bias=False, name="conv_head")(x), "bn1")
    return layers.GlobalAveragePooling2D(name="mean")(x)


def _block(x, stage: Stage, stride: int, name: str):
    """A wide depthwise convolution between two narrow maps, with a shortcut (Sandler et al. 2018)."""
    y = x
    if stage.expansion > 1:
        wide = x.shape[-1] * stage.expansion
        y = _activated(layers.Conv2D(wide, 1, use_bias=False, name=f"{name}_expand_conv")(y), f"{name}_bn0")
    y = layers.DepthwiseConv2D(stage.kernel, stride, "same", use_bias=False, name=f"{name}_depthwise_conv")(y)
    y = _activated(y, f"{name}_bn1")
    y = layers.Conv2D(stage.channels_out, 1, use_bias=False, name=f"{name}_project_conv")(y)
    y = _normalised(y, f"{name}_bn2")
    return layers.Add(name=f"{name}_add")([x, y]) if y.shape == x.shape else y


def _activated(x, name: str):
    return layers.ReLU(6.0, name=f"{name}_relu")(_normalised(x, name))


def _normalised(x, name: str):
    return layers.BatchNormalization(epsilon=EPSILON, name=name)(x)
