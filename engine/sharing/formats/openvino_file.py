"""OpenVINO, for Intel's processors. It comes with the extra `openvino`, for it is large and few need it."""

import importlib.util
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.errors import UserError
from engine.sharing.formats.format import Format, Material

MISSING = "OpenVINO is not installed here. Install it with 'pip install openvino' and export again."


def _write(material: Material, target: Path) -> None:
    """Write the two files of OpenVINO's own form as one zip."""
    if not is_here():
        raise UserError(MISSING)
    import openvino

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        source = folder / "source.onnx"
        from engine.sharing.formats.onnx_file import ONNX

        ONNX.write(material, source)
        openvino.save_model(openvino.convert_model(str(source)), str(folder / "model.xml"), compress_to_fp16=False)
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in ("model.xml", "model.bin"):
                archive.write(folder / name, name)


def _open(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    import openvino

    with zipfile.ZipFile(path) as archive:
        network, weights = archive.read("model.xml"), archive.read("model.bin")
    core = openvino.Core()
    # In full precision, as the others: on some processors OpenVINO would compute in bfloat16 by itself.
    hints = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = core.compile_model(core.read_model(network, weights), "CPU", hints)
    return lambda pixels: np.asarray(compiled(pixels)[0], np.float32)


def is_here() -> bool:
    """Tell whether OpenVINO is installed."""
    return importlib.util.find_spec("openvino") is not None


OPENVINO = Format(
    key="openvino",
    title="OpenVINO",
    about="For Intel processors and their graphics.",
    file="model-openvino.zip",
    packages=("openvino", "numpy", "pillow"),
    write=_write,
    open=_open,
)
