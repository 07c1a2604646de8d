"""Weights from an .h5 file, the older format of Keras. Its plan is not read: it could run code.

The numbers are enough where they are those of a network of the catalogue: its layers are found by their names, else by
their shapes, in order, and what is left over at the end is the old classifier.
"""

from pathlib import Path

import h5py
import keras
import numpy as np

from engine.backbones.build import architecture
from engine.backbones.catalogue import CATALOGUE
from engine.backbones.facts import BackboneInfo
from engine.backbones.model_import import model_file
from engine.errors import BackboneError

MOST_WEIGHTS = 20_000
Layers = dict[str, dict[str, np.ndarray]]


def read(path: Path) -> tuple[keras.Model, BackboneInfo]:
    """Return a network of the catalogue with the weights of the file, and which one it is.

    Raises BackboneError, in words, for a file that is damaged, that points elsewhere, or that fits none.
    """
    found = _layers(path)
    sums = np.cumsum([sum(values.size for values in layer.values()) for layer in found.values()])
    for info in CATALOGUE.values():
        if info.application and info.parameters in sums:
            model = architecture(info.key, info.image_sizes[0])
            if _fill(model, found):
                return model, info
    raise BackboneError(
        "{file} holds {n} million numbers in {layers} layers, which are the weights of none of the networks here. "
        "Only weights are read from .h5 files, and these fit: {titles}. Load the model where it was made, and save it "
        "with model.save('name.keras').",
        file=path.name,
        n=round(float(sums[-1]) / 1e6, 2) if len(sums) else 0,
        layers=len(found),
        titles=", ".join(info.title for info in CATALOGUE.values() if info.application),
    )


def _layers(path: Path) -> Layers:
    """Return the arrays of every layer that has some, by layer name and the name of the array, in the file's order."""
    try:
        model_file.check_weights(path, path)
        with h5py.File(path, "r") as file:
            root = file.get("model_weights", file)
            found: Layers = {}
            for outer, name in _listed(path, root):
                *owner, last = name.split(":")[0].split("/")
                layer = found.setdefault(owner[-1] if owner else outer, {})
                layer[last] = np.asarray(root[outer][name], np.float32)
    except BackboneError:
        raise
    except Exception as error:  # a reader of HDF5 fed with hostile bytes raises anything at all
        raise model_file.damaged(path, error) from error
    return found


def _listed(path: Path, root: h5py.Group) -> list[tuple[str, str]]:
    """Return (layer, weight) of all that will be loaded. Raises BackboneError where the file is too small for it."""
    listed, total = [], 0
    for outer in _names(root, "layer_names"):
        for name in _names(root[outer], "weight_names"):
            item = root[outer][name]
            listed.append((outer, name))
            total += item.size * 4  # as float32, whatever it is stored as
            model_file.check_total(path, total)
            if len(listed) > MOST_WEIGHTS or not isinstance(item, h5py.Dataset) or item.dtype.kind not in "fiub":
                raise ValueError("its list of weights is none")
    whole = [f"{outer}/{name}" for outer, name in listed]
    if len(set(whole)) < len(whole) or any(part in ("", ".", "..") for each in whole for part in each.split("/")):
        raise ValueError("it names a weight twice, or in a roundabout way")
    return listed


def _names(group: h5py.Group, attribute: str) -> list[str]:
    """Return a list of names; a long one is kept in several attributes (name0, name1, ...)."""
    if attribute in group.attrs:
        listed = list(group.attrs[attribute])
    else:
        pieces = (
            group.attrs[f"{attribute}{number}"]
            for number in range(len(group.attrs))
            if f"{attribute}{number}" in group.attrs
        )
        listed = [name for piece in pieces for name in piece]
    return [name.decode() if isinstance(name, bytes) else str(name) for name in listed]


def _fill(model: keras.Model, found: Layers) -> bool:
    """Give every layer of `model` its arrays; return False, having changed nothing, where they do not fit."""
    own = [
        layer for layer in model._flatten_layers(include_self=False) if layer.weights and not hasattr(layer, "layers")
    ]
    named = [found.get(layer.name) for layer in own]
    in_order = list(found.values())[: len(own)]
    for arrays in (named, in_order):
        if len(arrays) == len(own) and all(_fits(layer, each) for layer, each in zip(own, arrays, strict=True)):
            for layer, each in zip(own, arrays, strict=True):
                layer.set_weights(list((each or {}).values()))
            return True
    return False


def _fits(layer: keras.layers.Layer, arrays: dict | None) -> bool:
    return arrays is not None and [value.shape for value in arrays.values()] == [
        tuple(weight.shape) for weight in layer.weights
    ]
