"""The formats that a model can be exported in, a file a format; this is the one list of them."""

from engine.sharing.formats.format import Format
from engine.sharing.formats.keras_file import KERAS
from engine.sharing.formats.litert_file import LITERT, LITERT_F16, LITERT_INT8, LITERT_INT8_STATIC
from engine.sharing.formats.onnx_file import ONNX
from engine.sharing.formats.openvino_file import OPENVINO
from engine.sharing.formats.openvino_file import is_here as has_openvino
from engine.sharing.formats.saved_model import SAVED_MODEL

ALL = (KERAS, ONNX, LITERT, LITERT_F16, LITERT_INT8, LITERT_INT8_STATIC, SAVED_MODEL, OPENVINO)
FORMATS: dict[str, Format] = {form.key: form for form in ALL}


def here() -> list[Format]:
    """Return the formats that this installation can write."""
    return [form for form in ALL if form is not OPENVINO or has_openvino()]
