"""The maps of a pretrained network at two strides, which say where in a picture something is."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from engine.backbones import catalogue, custom
from engine.backbones.build import of_shape
from engine.errors import BackboneError

STRIDES = (8, 16)  # of the finer and the coarser map
SIDES = 32  # what the sides of a picture are multiples of
NOT_OFFERED = "{title} gives no maps to find objects with. Choose a network of the catalogue."


def network(key: str, height: int, width: int) -> keras.Model:
    """Return float pixels (N, H, W, 3) in [0, 255] to the last maps at both strides, (N, H/8, W/8, C), (N, H/16, ...).

    Raises BackboneError where the network has none.
    """
    key = catalogue.plain(key)
    if custom.is_own(key):
        raise BackboneError(NOT_OFFERED, title=catalogue.info(key).title)
    whole = of_shape(key, height, width)
    found = [_last_of(whole, height // stride, width // stride) for stride in STRIDES]
    if None in found:
        raise BackboneError(NOT_OFFERED, title=catalogue.info(key).title)
    return keras.Model(whole.inputs[0], found, name=f"{whole.name}_maps")


def _last_of(model: keras.Model, height: int, width: int):
    """Return the last map of this size: behind the widening of the block that halves it next, where most is told."""
    shapes = [(layer.output, layer.output.shape) for layer in model.layers if not isinstance(layer.output, list)]
    own = [output for output, shape in shapes if len(shape) == 4 and tuple(shape[1:3]) == (height, width)]
    return own[-1] if own else None


def projected(maps: keras.Model, projections: Sequence[tuple[np.ndarray, np.ndarray]]) -> keras.Model:
    """Return a model to the maps with fewer channels, each (kernel (C, D), bias (D,)); built-in layers only."""
    outputs = []
    for output, (kernel, bias), stride in zip(maps.outputs, projections, STRIDES, strict=True):
        layer = layers.Conv2D(len(bias), 1, name=f"fewer_channels_{stride}")
        outputs.append(layer(output))
        layer.set_weights([kernel[None, None], bias])
    return keras.Model(maps.inputs[0], outputs, name="projected_maps")


def flat(model: keras.Model) -> keras.Model:
    """Return the same maps as one row of numbers a picture, as caches and converted networks give them."""
    rows = [layers.Flatten(name=f"row_{stride}")(each) for each, stride in zip(model.outputs, STRIDES, strict=True)]
    return keras.Model(model.inputs[0], layers.Concatenate(name="rows")(rows))


def principal(rows: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (kernel (C, D), bias (D,)) of the D <= most principal components of rows (N, C), of variance 1 on average.

    Their proportions stay as they are: small components are mostly noise.
    """
    mean = rows.mean(axis=0)
    covariance = np.cov(rows - mean, rowvar=False)
    values, vectors = np.linalg.eigh(np.atleast_2d(covariance))
    chosen = vectors[:, np.argsort(-values)[:most]]
    kept = np.sort(values)[::-1][: chosen.shape[1]]
    kernel = chosen / np.sqrt(max(float(kept.mean()), 1e-12))
    return kernel.astype(np.float32), (-mean @ kernel).astype(np.float32)
