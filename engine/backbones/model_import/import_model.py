"""Make an uploaded Keras model a network to start from: checked, in one graph, without its last step, kept.

`look` and `keep` are called in a worker; what they ask for, `read`, runs in a process of its own (reading_process). The
checks come first (model_file, model_size); Keras then loads in safe mode.
"""

import hashlib
import json
import os
import secrets
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from keras import ops

from engine.backbones import custom
from engine.backbones.build import prepare
from engine.backbones.model_import import h5_weights, model_file, reading_process
from engine.backbones.model_import.feature_output import features_of
from engine.backbones.model_import.flatten_graph import LayerUsedTwice, run_through
from engine.backbones.model_import.model_size import check_size
from engine.backbones.model_import.preparation import PREPARATIONS, likely
from engine.errors import BackboneError
from engine.storage.runs import now
from engine.storage.workspace import Workspace, check_free_space, write_json

# What a network that takes any size is given, and the sizes it may be asked for.
ANY_SIZE = (224, 32, 512)
SMALLEST_SIDE, LARGEST_SIDE = 16, 1024
FEWEST_FEATURES, MOST_FEATURES = 4, 65_536
RESERVED = ("pixels", "preprocessing", "pooled", *custom.HEAD)


@dataclass(frozen=True)
class Uploaded:
    """A network read from a file: pixels in [0, 255] to features, prepared in the way that is named.

    `image_sizes` is (default, smallest, largest). `architecture` names the network of the catalogue that it is, if any.
    """

    model: keras.Model
    preparation: str
    image_sizes: tuple[int, int, int]
    architecture: str | None = None

    def facts(self) -> dict:
        return {
            "image_sizes": list(self.image_sizes),
            "features": self.model.output_shape[-1],
            "parameters": self.model.count_params(),
            "preparation": self.preparation,
            "architecture": self.architecture,
        }


def look(path: Path) -> dict:
    """Return what a file holds: {"image_sizes", "features", "parameters", "preparation", "architecture"}.

    "preparation" is the likely one of PREPARATIONS; it is no question where the file is weights of an "architecture".
    Raises BackboneError for a file that is no network for pictures, or that would run code.
    """
    return reading_process.read(path)


def keep(workspace: Workspace, path: Path, title: str, preparation: str = "") -> str:
    """Keep the network of a file in the workspace and return its key; the same file is kept once.

    preparation: one of PREPARATIONS; the likely one where it is left out. Raises BackboneError as `look`.
    """
    workspace.networks.mkdir(parents=True, exist_ok=True)
    temporary = workspace.networks / f".{secrets.token_hex(4)}.{custom.MODEL}"
    if path.is_file():
        check_free_space(temporary, 2 * path.stat().st_size)
    try:
        facts = reading_process.read(path, preparation, target=temporary)
        key = f"{custom.UPLOAD}{_digest(path, facts['preparation'])}"
        place = custom.folder(workspace, key)
        place.mkdir(parents=True, exist_ok=True)
        if not (place / custom.MODEL).exists():
            os.replace(temporary, place / custom.MODEL)
    finally:
        temporary.unlink(missing_ok=True)
    write_json(place / custom.FACTS, {"title": title, "file": path.name, "added": now(), "offered": True, **facts})
    custom.look_in(workspace)
    return key


def read(path: Path, preparation: str = "") -> Uploaded:
    """Return the network of a .keras or .h5 file. Raises BackboneError, in words, where it is none."""
    if preparation and preparation not in PREPARATIONS:
        raise BackboneError(
            "'{value}' is no way to prepare pixels. Choose one of: {known}.",
            value=preparation,
            known=", ".join(PREPARATIONS),
        )
    if not path.is_file():
        raise BackboneError("There is no file '{file}'.", file=str(path))
    if model_file.kind_of(path) == "h5":
        model, info = h5_weights.read(path)
        return Uploaded(model, "inside", info.image_sizes, info.key)
    return _read_keras(path, preparation)


def _read_keras(path: Path, preparation: str) -> Uploaded:
    plan = model_file.read_plan(path)
    check_size(plan, path, ANY_SIZE[2])
    model = _load(plan, path)
    side, channels = _input_of(model, path)
    preparation = preparation or likely(model)
    if channels == 1 and preparation in ("caffe", "torch"):
        raise BackboneError(
            "{file} takes grey pictures, and this way to prepare pixels is one for colours. Choose another one.",
            file=path.name,
        )
    sizes = (side,) * 3 if side else ANY_SIZE
    network = _as_backbone(model, sizes[0], channels, preparation, path)
    _check_features(network, path)
    return Uploaded(network, preparation, sizes)


def _load(plan: dict, path: Path) -> keras.Model:
    """Build the checked plan and fill it with the weights of the file."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            checked = Path(folder) / "checked.keras"
            with zipfile.ZipFile(path) as old, zipfile.ZipFile(checked, "w") as new:
                new.writestr("metadata.json", json.dumps({"keras_version": keras.__version__}))
                new.writestr(model_file.CONFIG, json.dumps(plan))
                with old.open(model_file.WEIGHTS) as packed, new.open(model_file.WEIGHTS, "w") as weights:
                    shutil.copyfileobj(packed, weights)
            return keras.models.load_model(checked, compile=False, safe_mode=True)
    except Exception as error:  # whatever a file of somebody else's making can make Keras say
        raise model_file.cannot_build(path, error) from error


def _input_of(model: keras.Model, path: Path) -> tuple[int | None, int]:
    """Return (side of the pictures or None for any, channels). Raises BackboneError for other inputs and outputs."""
    shapes = [tuple(tensor.shape) for tensor in getattr(model, "inputs", None) or ()]
    one = len(shapes) == 1 and len(model.outputs) == 1
    if not one or len(shapes[0]) != 4 or shapes[0][3] not in (1, 3) or shapes[0][1] != shapes[0][2]:
        raise BackboneError(
            "{file} is no network for pictures that Graft can start from: it takes {shapes}. One input of square "
            "pictures was expected, (side, side, 3) in colour or (side, side, 1) in grey, and one output. "
            "Save a model with such an input.",
            file=path.name,
            shapes="; ".join(_shape_words(shape) for shape in shapes) or "no input",
        )
    side = shapes[0][1]
    if side is not None and not SMALLEST_SIDE <= side <= LARGEST_SIDE:
        raise BackboneError(
            "{file} takes pictures of {size} pixels a side. Between {smallest} and {largest} were expected.",
            file=path.name,
            size=side,
            smallest=SMALLEST_SIDE,
            largest=LARGEST_SIDE,
        )
    return side, shapes[0][3]


def _shape_words(shape: tuple) -> str:
    return f"({', '.join('any' if side is None else str(side) for side in shape[1:])})"


def _as_backbone(model: keras.Model, side: int, channels: int, preparation: str, path: Path) -> keras.Model:
    """Return the network as one graph from raw pixels (N, S, S, 3) to features, with fresh layers."""
    pixels = keras.Input((side, side, 3), name="pixels")
    seen = pixels if channels == 3 else ops.image.rgb_to_grayscale(pixels)
    try:
        output = run_through(model, prepare(preparation, seen), RESERVED)
    except LayerUsedTwice as twice:
        raise BackboneError(
            "{file} uses the layer '{layer}' at several places, which Graft cannot train in parts. Build the network "
            "with a layer of its own at each place.",
            file=path.name,
            layer=str(twice),
        ) from twice
    network = keras.Model(pixels, features_of(output))
    for layer in network._flatten_layers():
        layer.trainable = True
    # Layers remember every graph they stood in; a copy has stood in this one only.
    copy = keras.Model.from_config(network.get_config())
    copy.set_weights(network.get_weights())
    return copy


def _check_features(network: keras.Model, path: Path) -> None:
    """Let the network look once: it must give numbers, as many as a last step can learn on."""
    side, width = network.input_shape[1], network.output_shape[-1]
    noise = np.random.default_rng(0).uniform(0, 255, (2, side, side, 3)).astype(np.float32)
    seen = np.asarray(network.predict_on_batch(noise))
    if not FEWEST_FEATURES <= width <= MOST_FEATURES or not network.weights:
        raise BackboneError(
            "{file} gives {n} numbers a picture before its last step. Between {fewest} and {most} were expected. "
            "Choose a model that was made for telling pictures apart.",
            file=path.name,
            n=width,
            fewest=FEWEST_FEATURES,
            most=MOST_FEATURES,
        )
    # Some layers turn undefined numbers into zeros, so the weights are asked as well.
    if not all(np.isfinite(weight).all() for weight in [seen, *network.get_weights()]):
        raise BackboneError(
            "The network in {file} gives no proper numbers (infinite or undefined ones). Its training went wrong, or "
            "pixels are prepared in another way. Choose how pixels are prepared, or another file.",
            file=path.name,
        )


def _digest(path: Path, preparation: str) -> str:
    with open(path, "rb") as file:
        return hashlib.sha256(hashlib.file_digest(file, "sha256").digest() + preparation.encode()).hexdigest()[:16]
