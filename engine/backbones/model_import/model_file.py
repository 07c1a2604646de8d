"""Look into a model file that somebody uploaded, before Keras does: what may be in it, and how large it becomes.

Keras' safe mode refuses Lambda layers; it does not keep a file from naming modules, reading other files of this machine
or asking for all of its memory. So the plan of a network is checked against a list of layers, by name, before a single
one is made, and everything else is refused with the reason.
"""

import json
import zipfile
from pathlib import Path
from typing import Any

import h5py

from engine import settings
from engine.backbones.model_import.known_layers import (
    ACTIVATIONS,
    KNOWN_PARTS,
    LAYER_MODULES,
    LAYERS,
    MODELS,
)
from engine.errors import BackboneError

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
MOST_CONFIG_BYTES = 10_000_000  # the plan of the largest network of Keras has two million
# Plans that are deeper or have more parts than these are made to exhaust whoever reads them.
MOST_DEPTH, MOST_PARTS = 60, 60_000
MOST_DIRECTORY = 2**20  # bytes of a zip's directory; Keras writes three or four members
MOST_OBJECTS = 50_000  # groups and arrays of a weights file
# What weights may take in memory, in bytes a byte of the file: they are stored as they are, a few layers as halves.
MOST_GROWTH, ROOM = 4, 2**24
LEAST_ITEM = 16  # bytes that anything in a weights file counts as: texts and references are more than they say
FLOAT32 = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}
HDF5_MAGIC, ZIP_MAGIC = b"\x89HDF\r\n\x1a\n", b"PK\x03\x04"


def kind_of(path: Path) -> str:
    """Return "keras" or "h5", by the first bytes of a file. Raises BackboneError for anything else."""
    with open(path, "rb") as file:
        start = file.read(8)
    if start == HDF5_MAGIC:
        return "h5"
    if start.startswith(ZIP_MAGIC):
        return "keras"
    if start.startswith(b"\x80") or path.suffix in (".pkl", ".pickle"):
        raise _pickled(path)
    raise BackboneError(
        "{file} is not a model of Keras. A .keras file, or an .h5 file with weights, was expected. "
        "Save the model with model.save('name.keras') and add that file.",
        file=path.name,
    )


def read_plan(path: Path) -> dict:
    """Return the plan (config.json) of a .keras file, cleared of its compilation.

    Raises BackboneError, in words, for a file that is damaged, too large, or names anything but known layers.
    """
    try:
        _check_directory(path)
        with zipfile.ZipFile(path) as file:
            _check_members(path, file)
            plan = json.loads(file.read(CONFIG))
            with file.open(WEIGHTS) as weights:
                check_weights(path, weights)
    except BackboneError:
        raise
    except Exception as error:  # zip, JSON and HDF5 readers fed with hostile bytes raise anything at all
        raise damaged(path, error) from error
    if not isinstance(plan, dict) or "config" not in plan:
        raise damaged(path, "its plan describes no network")
    return _Checking(path).checked(plan, "", 0)


def damaged(path: Path, error) -> BackboneError:
    """Return the sentence for a file that cannot be read to its end."""
    return BackboneError(
        "{file} is damaged or incomplete ({reason}). Copy it again from where it comes from, and add it once more.",
        file=path.name,
        reason=_first_line(error),
    )


def cannot_build(path: Path, error: Exception) -> BackboneError:
    """Return the sentence for a plan that Keras does not understand."""
    return BackboneError(
        "Keras cannot build the network in {file} ({reason}). It may come from another version of Keras. Load it "
        "there, and save it again as .keras with Keras 3.",
        file=path.name,
        reason=_first_line(error),
    )


def _first_line(error) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__


def too_large(path: Path, megabytes: float) -> BackboneError:
    """Return the sentence for a network that needs more room than this server gives."""
    return BackboneError(
        "{file} would take {size} MB once it is unpacked, and {limit} MB are allowed. Choose a smaller network, or "
        "raise GRAFT_MAX_UPLOAD_MB.",
        file=path.name,
        size=round(megabytes),
        limit=settings.current().max_upload_mb,
    )


def _check_directory(path: Path) -> None:
    """Refuse a directory that is too large before it is read into memory as a whole."""
    with path.open("rb") as file:
        inside: Any = zipfile  # to types its inner names do not exist
        end = inside._EndRecData(file)  # the very place where ZipFile will look
    if end and end[inside._ECD_SIZE] > MOST_DIRECTORY:
        raise damaged(path, "it holds too many members")


def _check_members(path: Path, file: zipfile.ZipFile) -> None:
    names = {entry.filename for entry in file.infolist()}
    if len(names) < len(file.infolist()):
        raise damaged(path, "it names a member twice")
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in file.infolist()):
        raise damaged(path, "it is packed in a way that Keras does not use")
    if any(name.endswith((".pkl", ".pickle", "data.pkl")) for name in names):
        raise _pickled(path)
    if not {CONFIG, WEIGHTS} <= names:
        raise BackboneError(
            "{file} is a zip, but it holds no Keras model: {missing} is missing. "
            "Save the model with model.save('name.keras') and add that file.",
            file=path.name,
            missing=", ".join(sorted({CONFIG, WEIGHTS} - names)),
        )
    unpacked = sum(entry.file_size for entry in file.infolist())
    packed = max(1, path.stat().st_size)
    limits = settings.current()
    grows = unpacked / packed > limits.max_expansion_ratio or file.getinfo(CONFIG).file_size > MOST_CONFIG_BYTES
    if grows or unpacked > limits.max_upload_mb * 1e6:
        raise too_large(path, unpacked / 1e6)


def check_weights(path: Path, source) -> None:
    """Refuse weights that point to other files, are no numbers, or are declared larger than they can be."""
    total = 0
    with h5py.File(source, "r") as file:
        for name, item in _walk(path, file, set()):
            if item.is_virtual or item.external:
                raise _points_elsewhere(path, name)
            total += item.size * (item.dtype.itemsize if item.dtype.kind in "fiub" else LEAST_ITEM)
            check_total(path, total)


def check_total(path: Path, total: float) -> None:
    """Refuse so many bytes of weights where the file is too small to hold them, or the server allows fewer."""
    if total > min(settings.current().max_upload_mb * 1e6, MOST_GROWTH * path.stat().st_size + ROOM):
        raise too_large(path, total / 1e6)


def _walk(path: Path, group: h5py.Group, seen: set, prefix: str = "", depth: int = 0):
    """Yield (name, dataset) of everything below a group, once, without following a link out of the file.

    seen: where in the file the objects stand that were visited. The same group may hang in many places.
    """
    if depth > MOST_DEPTH or len(seen) > MOST_OBJECTS:
        raise damaged(path, "it is nested too deeply")
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise _points_elsewhere(path, f"{prefix}{name}")
        item = group[name]
        where = h5py.h5o.get_info(item.id).addr
        if where in seen:
            continue
        seen.add(where)
        if isinstance(item, h5py.Dataset):
            yield f"{prefix}{name}", item
        elif isinstance(item, h5py.Group):
            yield from _walk(path, item, seen, f"{prefix}{name}/", depth + 1)


class _Checking:
    """Walks through a plan and counts its parts."""

    def __init__(self, path: Path):
        self._path, self._parts = path, 0

    def checked(self, node, layer: str, depth: int):
        """Return the plan without compilation and mixed precision; refuse what is not on the list."""
        self._parts += isinstance(node, dict)
        if depth > MOST_DEPTH or self._parts > MOST_PARTS:
            raise damaged(self._path, "it is nested too deeply, or has too many parts")
        if isinstance(node, list):
            return [self.checked(each, layer, depth + 1) for each in node]
        if not isinstance(node, dict):
            return node
        if node.get("class_name") == "DTypePolicy":
            return dict(FLOAT32)
        if "class_name" in node:
            layer = _name_of(node) or layer
            _check_class(node, self._path, layer)
        kept = {key: value for key, value in node.items() if key != "compile_config"}
        return {key: self.checked(value, layer, depth + 1) for key, value in kept.items()}


def _name_of(node: dict) -> str:
    config = node.get("config")
    return str(config.get("name", "")) if isinstance(config, dict) else ""


def _check_class(node: dict, path: Path, layer: str) -> None:
    """Refuse a part of a plan that would run code of the file, or that is none of the layers networks are made of."""
    kind, module, registered = node["class_name"], node.get("module"), node.get("registered_name")
    if kind in ("Lambda", "__lambda__"):
        raise BackboneError(
            "{file} holds a Lambda layer ({layer}): code of its own, which Graft does not run. Only built-in layers "
            "were expected. Replace it by a built-in layer such as Rescaling, and save the model again.",
            file=path.name,
            layer=layer,
        )
    if kind in ("__keras_tensor__", "__numpy__", "__ellipsis__", "__slice__"):
        return
    if not _is_known(node, kind, module, registered):
        raise BackboneError(
            "{file} holds {part} in the layer '{layer}', which is none of Keras' built-in layers for pictures. Graft "
            "runs no code of model files. Build the network from built-in layers, and save it again.",
            file=path.name,
            part=f"{module}.{kind}" if module else str(registered or kind),
            layer=layer,
        )


def _is_known(node: dict, kind, module, registered) -> bool:
    if not isinstance(kind, str) or not isinstance(module, str) or (registered and registered != kind):
        # Functions are registered under their own name.
        return kind == "function" and module == "builtins" and node.get("config") in ACTIVATIONS
    if kind == "function":
        return node.get("config") in ACTIVATIONS and _is_below(module, ("builtins", "keras"))
    if kind in KNOWN_PARTS.get(module, ()) or _is_part_in_its_file(module, kind):
        return True
    return (module == "keras" and kind in MODELS) or (_is_below(module, LAYER_MODULES) and kind in LAYERS | MODELS)


def _is_below(module: str, known: tuple[str, ...]) -> bool:
    return any(module == each or module.startswith(f"{each}.") for each in known)


def _is_part_in_its_file(module: str, kind: str) -> bool:
    """Tell whether Keras names the file in which it defines a part, as "keras.src.initializers.random_initializers"."""
    return any(kind in names and module.startswith(f"{known}.") for known, names in KNOWN_PARTS.items())


def _pickled(path: Path) -> BackboneError:
    return BackboneError(
        "{file} holds pickled Python objects, which run code when they are opened: Graft does not open them. "
        "A .keras file was expected; models of PyTorch have to be built in Keras first.",
        file=path.name,
    )


def _points_elsewhere(path: Path, name: str) -> BackboneError:
    return BackboneError(
        "The weights in {file} point to another file ({name}). All weights have to be inside. Save the model again.",
        file=path.name,
        name=name,
    )
