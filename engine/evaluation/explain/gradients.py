"""Gradients of a Keras function with respect to its input: the one place where the backends differ."""

from collections.abc import Callable

import keras
import numpy as np
from keras import ops


def gradient(function: Callable, x: np.ndarray) -> np.ndarray:
    """Return how each row's value changes with its input: d function(x)[n] / d x[n], shape of `x`, float32.

    `function` takes a tensor (N, ...) and returns (N,), each value of its own row alone.
    """
    x = np.asarray(x, np.float32)
    if keras.backend.backend() == "tensorflow":
        return _tensorflow(function, x)
    if keras.backend.backend() == "jax":
        import jax

        return np.asarray(jax.grad(lambda tensor: ops.sum(function(tensor)))(x))
    raise NotImplementedError(f"Grad-CAM runs on TensorFlow and JAX, not on {keras.backend.backend()}.")


def _tensorflow(function: Callable, x: np.ndarray) -> np.ndarray:
    import tensorflow

    tensor = tensorflow.convert_to_tensor(x)
    with tensorflow.GradientTape() as tape:
        tape.watch(tensor)
        value = function(tensor)
    return tape.gradient(value, tensor).numpy()
