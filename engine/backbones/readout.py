"""Read out inner layers beside the last one: what strokes and textures look like, the last layer has often forgotten.

Of each inner map the mean of every channel over the picture and its maximum become features (Head2Toe, Evci et al.
2022); a linear probe finds out which of them tell the classes apart. Measured in docs/backbone.md.
"""

from collections.abc import Sequence

import keras
from keras import layers

FEATURES = "features"


def with_inner(network: keras.Model, inner: Sequence[tuple[str, int]]) -> keras.Model:
    """Return the network with the means and maxima of `inner` maps (see BackboneInfo) before its own features.

    It shares the weights; without inner maps it is the network itself.
    """
    if not inner:
        return network
    said = [pooled for name, _channels in inner for pooled in _pooled(network.get_layer(name))]
    together = layers.Concatenate(name=FEATURES)([*said, network.output])
    return keras.Model(network.inputs[0], together, name=network.name)


def _pooled(layer: keras.layers.Layer) -> tuple:
    mean = layers.GlobalAveragePooling2D(name=f"{layer.name}_mean")
    peak = layers.GlobalMaxPooling2D(name=f"{layer.name}_peak")
    return mean(layer.output), peak(layer.output)
