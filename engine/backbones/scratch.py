"""A network that has seen nothing: random weights, the same ones on every machine and with every backend."""

import keras
import numpy as np

# Names the weights in caches, as a hash does those of a file: another way to draw them is another number.
HASH = "random-weights-1"
SEED = 0


def fill(network: keras.Model) -> None:
    """Draw the kernels at random (He et al. 2015); everything else begins as Keras makes it."""
    generator = np.random.default_rng(SEED)
    for weight in network.weights:
        if len(weight.shape) > 1:
            fan_in = int(np.prod(weight.shape[:-1]))
            weight.assign(generator.normal(0.0, np.sqrt(2 / fan_in), weight.shape).astype(np.float32))
