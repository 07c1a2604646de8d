"""LiteRT (once TensorFlow Lite) for phones and small boards: in full, in half, and in eighths of the precision.

int8 comes in two ways: "dynamic" keeps weights in int8 and computes activations as they come; "static" fixes the range
of every activation on the person's own training pictures. Both take and give float32, as the others do.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.compute.quiet_stderr import quiet_stderr
from engine.sharing.formats.format import PIXELS, PROBABILITIES, Format, Material

SIGNATURE = "serving_default"


def _converted(model, *, half: bool = False) -> bytes:
    """Return a model as LiteRT with a signature that names input and output; `half` keeps weights in 16 bits."""
    import tensorflow as tf

    # The weights become constants of the graph while it is traced (see engine/backbones/litert.py).
    trainable = [np.asarray(value) for value in model.trainable_variables]
    frozen = [np.asarray(value) for value in model.non_trainable_variables]

    def call(pixels):
        constants = ([tf.constant(value) for value in values] for values in (trainable, frozen))
        return model.stateless_call(*constants, pixels, training=False)[0]

    signature = tf.TensorSpec((None, *model.inputs[0].shape[1:]), tf.float32, name=PIXELS)
    with quiet_stderr():
        traced = tf.function(call, autograph=False).get_concrete_function(signature)
        converter = tf.compat.v1.lite.TFLiteConverter(traced.graph.as_graph_def(), traced.inputs, traced.outputs)
        if half:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        return _with_signature(converter.convert())


def _with_signature(content: bytes) -> bytes:
    """Return a LiteRT model that names its input and output; the quick way of converting leaves them nameless."""
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    made = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    graph, signature = made.subgraphs[0], schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = SIGNATURE, 0
    signature.inputs = [_named(schema, PIXELS, graph.inputs[0])]
    signature.outputs = [_named(schema, PROBABILITIES, graph.outputs[0])]
    made.signatureDefs = [signature]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(made))


def _named(schema, name: str, tensor: int):
    entry = schema.TensorMapT()
    entry.name, entry.tensorIndex = name, int(tensor)
    return entry


def _write(material: Material, target: Path) -> None:
    target.write_bytes(_converted(material.model))


def _write_half(material: Material, target: Path) -> None:
    target.write_bytes(_converted(material.model, half=True))


def _write_dynamic(material: Material, target: Path) -> None:
    from litert_quantizer import qtyping, quantizer, recipe

    content = _converted(material.model)
    with quiet_stderr():
        work = quantizer.Quantizer(content, recipe.dynamic_wi8_afp32())
        _leave(work, qtyping.TFLOperationName.FULLY_CONNECTED)
        made = work.quantize()
    target.write_bytes(bytes(made.quantized_model))


def _write_static(material: Material, target: Path) -> None:
    """Write int8 whose activations are calibrated; input and output stay float32, so nobody needs their scales."""
    from litert_quantizer import qtyping, quantizer, recipe

    content = _converted(material.model)
    with quiet_stderr():
        work = quantizer.Quantizer(content, recipe.static_wi8_ai8())
        names = qtyping.TFLOperationName
        _leave(work, names.INPUT, names.OUTPUT, names.FULLY_CONNECTED)
        seen = work.calibrate({SIGNATURE: [{PIXELS: picture[None]} for picture in material.calibration]})
        made = work.quantize(seen)
    target.write_bytes(bytes(made.quantized_model))


def _leave(work, *operations) -> None:
    """Leave operations in float32. The head is one of them: the scale of its features is folded into its weights.

    So they differ by orders of magnitude, and in 8 bits the small ones are gone: measured on digits (Sprout), 73 % of
    the answers were the app's with the head in 8 bits and all of them without, for 1 % more bytes.
    """
    for operation in operations:
        work.update_quantization_recipe(regex=".*", operation_name=operation, algorithm_key="no_quantize")


def _open(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    from ai_edge_litert.interpreter import Interpreter

    with quiet_stderr():
        interpreter = Interpreter(model_path=str(path), num_threads=1)
        runner = interpreter.get_signature_runner(SIGNATURE)

    def answer(pixels: np.ndarray) -> np.ndarray:
        return np.concatenate([runner(**{PIXELS: picture[None]})[PROBABILITIES] for picture in pixels])

    return answer


LITERT = Format(
    key="litert",
    title="LiteRT",
    about="For Android, iOS and small boards, in full precision.",
    file="model.tflite",
    packages=("ai-edge-litert", "numpy", "pillow"),
    write=_write,
    open=_open,
)
LITERT_F16 = replace(
    LITERT,
    key="litert-f16",
    title="LiteRT float16",
    about="Half the size; the answers hardly differ.",
    file="model-f16.tflite",
    write=_write_half,
    tolerance=1e-2,
)
LITERT_INT8 = replace(
    LITERT,
    key="litert-int8",
    title="LiteRT int8",
    about="A quarter of the size; weights in 8 bits.",
    file="model-int8.tflite",
    write=_write_dynamic,
    tolerance=3e-2,
)
LITERT_INT8_STATIC = replace(
    LITERT,
    key="litert-int8-static",
    title="LiteRT int8, calibrated",
    about="All in 8 bits, measured on your own training pictures: for processors that know integers only.",
    file="model-int8-static.tflite",
    write=_write_static,
    tolerance=5e-2,
)
