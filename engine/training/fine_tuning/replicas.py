"""One network on several graphics cards: every card holds all of it and learns from its share of each batch.

`keras.distribution.DataParallel` on JAX, `tf.distribute.MirroredStrategy` on TensorFlow. Whether a network is spread is
told by the network itself, so nothing has to be handed around. Gradients are clipped on each card before TensorFlow
adds them up: where they are large, a step differs a little from that of one card.
"""

import contextlib
import functools

import keras
import numpy as np


def scope(devices: int) -> contextlib.AbstractContextManager:
    """Return a context in which networks are built for so many devices."""
    return contextlib.nullcontext() if devices == 1 else _spread(devices)


def scope_of(part: keras.Model) -> contextlib.AbstractContextManager:
    """Return the context in which `part` is compiled, and its optimizer is made."""
    return scope(count(part))


def count(part: keras.Model) -> int:
    """Return on how many devices a network lies."""
    if keras.backend.backend() == "tensorflow":
        return part.distribute_strategy.num_replicas_in_sync
    return len(part.variables[0].value.sharding.device_set)


def train_on_batch(part: keras.Model, x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> dict[str, float]:
    """Make one step with all devices; the batch can be divided among them. Returns what the network reports of it."""
    devices = count(part)
    if devices == 1 or keras.backend.backend() != "tensorflow":
        with scope(devices):
            return part.train_on_batch(x, y, sample_weight=weights, return_dict=True)
    return _train_mirrored(part, (x, y, weights), devices)


def predict_on_batch(part: keras.Model, x: np.ndarray) -> np.ndarray:
    """Return the outputs for a batch that can be divided among the devices."""
    with scope_of(part):
        return np.asarray(part.predict_on_batch(x))[: len(x)]  # mirrored, every card has answered for all of them


def _train_mirrored(part: keras.Model, batch: tuple[np.ndarray, ...], devices: int) -> dict[str, float]:
    """Do what `train_on_batch` of Keras does; that would give each card the whole batch."""
    import tensorflow as tf

    strategy, rows = part.distribute_strategy, len(batch[0]) // devices
    with strategy.scope():
        part._maybe_symbolic_build(data_batch=tuple(array[:rows] for array in batch))
        part.make_train_function()
        part.reset_metrics()

    def share(context):
        first = context.replica_id_in_sync_group * rows
        return tuple(tf.convert_to_tensor(array[first : first + rows]) for array in batch)

    logs = part.train_function(iter([strategy.experimental_distribute_values_from_function(share)]))
    return {name: float(value) for name, value in logs.items()}


def _spread(devices: int) -> contextlib.AbstractContextManager:
    return (_mirrored if keras.backend.backend() == "tensorflow" else _data_parallel)(devices).scope()


@functools.cache
def _mirrored(devices: int):
    import tensorflow as tf

    kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    names = [device.name for device in tf.config.list_logical_devices(kind)]
    return tf.distribute.MirroredStrategy(names[:devices])


@functools.cache
def _data_parallel(devices: int) -> keras.distribution.DataParallel:
    return keras.distribution.DataParallel(devices=keras.distribution.list_devices()[:devices])
