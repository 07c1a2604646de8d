"""ONNX: one file for ONNX Runtime in any language, browsers included. Labels and thresholds are in its metadata."""

import json
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.compute.quiet_stderr import quiet_stderr
from engine.sharing.formats.format import PIXELS, PROBABILITIES, Format, Material

BATCH = "N"
METADATA = "graft"  # the key of metadata_props that holds what labels.json says
MADE_BY = "Graft"


def _write(material: Material, target: Path) -> None:
    import onnx

    with tempfile.TemporaryDirectory() as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras asks NumPy for a name that it mends itself
        raw = Path(place) / "model.onnx"
        with quiet_stderr():
            material.model.export(str(raw), format="onnx", verbose=False)
        made = onnx.load(raw)
    _name(made.graph)
    made.producer_name, made.producer_version, made.doc_string = MADE_BY, "", ""
    del made.metadata_props[:]
    texts = {METADATA: material.about, "class_names": material.about["class_names"]}
    onnx.helper.set_model_props(made, {key: json.dumps(value, ensure_ascii=False) for key, value in texts.items()})
    onnx.checker.check_model(made)
    target.write_bytes(made.SerializeToString())


def _name(graph) -> None:
    """Call the input, the output and the batch what they are, wherever the graph names them."""
    names = {graph.input[0].name: PIXELS, graph.output[0].name: PROBABILITIES}
    for value in (graph.input[0], graph.output[0]):
        value.name = names[value.name]
        value.type.tensor_type.shape.dim[0].dim_param = BATCH
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
        node.doc_string = ""


def _open(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # one picture on one core, as the others are timed
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda pixels: session.run([PROBABILITIES], {PIXELS: pixels})[0]


ONNX = Format(
    key="onnx",
    title="ONNX",
    about="For ONNX Runtime in Python, JavaScript, C++, C#, Java and in browsers.",
    file="model.onnx",
    packages=("onnxruntime", "numpy", "pillow"),
    write=_write,
    open=_open,
)
