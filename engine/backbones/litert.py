"""Networks as LiteRT models: on a processor (XNNPACK) they run several times faster than Keras' predict.

The only module that needs TensorFlow for itself: it converts. Running a converted model needs `ai_edge_litert` alone.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from engine.compute.quiet_stderr import quiet_stderr

# A few pictures at a time stay in the processor's cache: about this many bytes of them.
BYTES_AT_ONCE = 2_400_000
MOST_AT_ONCE = 16
# Weights that do not fit the cache are fetched anew for every few pictures, so heavy models take at least so many at
# once (measured on two cores: ResNet50 81 against 89 ms of a core a picture, VGG16 303 against 344).
HEAVY_BYTES, HEAVY_AT_ONCE = 16_000_000, 8
# Each interpreter keeps its own copy of the weights, so there are never more of them than this.
MOST_INTERPRETERS = 4


def convert(model) -> bytes:
    """Return a Keras model as a LiteRT model that takes any batch size. TensorFlow backend only."""
    import tensorflow as tf

    # The weights become constants of the graph while it is traced. from_keras_model exports a SavedModel first and
    # takes five times as long; the newer from_concrete_functions rebuilds the graph node by node: twice as long.
    trainable = [np.asarray(value) for value in model.trainable_variables]
    frozen = [np.asarray(value) for value in model.non_trainable_variables]

    def call(x):
        constants = ([tf.constant(value) for value in values] for values in (trainable, frozen))
        return model.stateless_call(*constants, x, training=False)[0]

    signature = tf.TensorSpec((None, *model.inputs[0].shape[1:]), tf.float32)
    with quiet_stderr():
        traced = tf.function(call, autograph=False).get_concrete_function(signature)
        converter = tf.compat.v1.lite.TFLiteConverter(traced.graph.as_graph_def(), traced.inputs, traced.outputs)
        return converter.convert()


class LiteRTModel:
    """A converted model, ready to run batches of at most `batch_size` pictures of `shape` on so many cores.

    Interpreters with one thread each share a batch: threads inside one wait for each other after every layer (measured
    with MobileNetV2 0.35 at 224 px on two cores: 1.6 against 2.1 ms of a core a picture).
    """

    def __init__(self, path: Path, batch_size: int, cores: int):
        self.batch_size = batch_size
        number = max(1, min(cores, batch_size, MOST_INTERPRETERS))
        with quiet_stderr():
            self._interpreters = [_Interpreter(path, batch_size, cores // number) for _ in range(number)]
        self.shape = self._interpreters[0].shape
        self._threads = ThreadPoolExecutor(number, thread_name_prefix="litert")

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Return the outputs of at most `batch_size` inputs, float32."""
        if len(self._interpreters) == 1 or len(pixels) == 1:
            return self._interpreters[0](pixels)
        step = -(-len(pixels) // len(self._interpreters))
        shares = [pixels[first : first + step] for first in range(0, len(pixels), step)]
        return np.concatenate(list(self._threads.map(_run, self._interpreters, shares)))

    @property
    def at_once(self) -> int:
        """How many pictures keep every interpreter busy once."""
        return min(self.batch_size, len(self._interpreters) * self._interpreters[0].step)

    def core_seconds(self) -> float:
        """Return the processor time of one picture on one core: the same however busy the machine is."""
        picture = np.full((1, *self.shape), 100, np.float32)
        self._interpreters[0](picture)
        began = time.thread_time()
        self._interpreters[0](picture)
        return (time.thread_time() - began) / self._interpreters[0].step


class _Interpreter:
    """One LiteRT interpreter, which takes `step` pictures at once and computes that many, however few there are."""

    def __init__(self, path: Path, batch_size: int, threads: int):
        from ai_edge_litert.interpreter import Interpreter

        self._interpreter = Interpreter(model_path=str(path), num_threads=threads)
        details = self._interpreter.get_input_details()[0]
        self._input, self.shape = details["index"], tuple(details["shape"][1:])
        least = HEAVY_AT_ONCE if path.stat().st_size > HEAVY_BYTES else 1
        self.step = min(batch_size, int(np.clip(BYTES_AT_ONCE // (4 * np.prod(self.shape)), least, MOST_AT_ONCE)))
        self._interpreter.resize_tensor_input(self._input, (self.step, *self.shape))
        self._interpreter.allocate_tensors()
        self._output = self._interpreter.get_output_details()[0]["index"]

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        outputs = [self._batch(pixels[first : first + self.step]) for first in range(0, len(pixels), self.step)]
        return np.concatenate(outputs)

    def _batch(self, pixels: np.ndarray) -> np.ndarray:
        # Written in place: one copy less than handing the array over.
        self._interpreter.tensor(self._input)()[: len(pixels)] = pixels
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._output)[: len(pixels)]


def _run(interpreter: _Interpreter, pixels: np.ndarray) -> np.ndarray:
    return interpreter(pixels)
