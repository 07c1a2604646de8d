"""Load a network of one's own: raw pixels in, features out, as every network of the catalogue."""

from collections.abc import Callable

import keras

from engine.backbones import catalogue, custom
from engine.errors import BackboneError

Architecture = Callable[[str, int], keras.Model]


def load(key: str, image_size: int, architecture: Architecture) -> keras.Model:
    """Return the network without its head: float pixels in [0, 255], shape (N, S, S, 3), to features (N, D).

    `architecture` builds a network of the catalogue: an upload that is one of those takes any size it takes.
    Raises BackboneError when the network is gone, damaged, or cannot take pictures of this size.
    """
    path = custom.path_of(key)
    catalogue.check_size(custom.info(key), image_size)
    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackboneError(
            "The model {file} is damaged and cannot be read. Train that run again, or choose another network.",
            file=str(path),
        ) from error
    model = _at_size(_headless(model), image_size, custom.facts(path, key).get("architecture"), architecture)
    for layer in model._flatten_layers():
        layer.trainable = True  # what its own training kept frozen is for this one to decide
    return model


def _headless(model: keras.Model) -> keras.Model:
    """Return the network up to the features; an uploaded one was stored that way."""
    head = next((layer for layer in model.layers if layer.name in custom.HEAD), None)
    return model if head is None else keras.Model(model.inputs[0], head.input)


def _at_size(model: keras.Model, image_size: int, kind: str | None, architecture: Architecture) -> keras.Model:
    if model.inputs[0].shape[1] == image_size:
        return model
    other = architecture(kind, image_size) if kind else _resized(model, image_size)
    other.set_weights(model.get_weights())
    return other


def _resized(model: keras.Model, image_size: int) -> keras.Model:
    """Return a network that takes pictures of any size, made for one size."""
    config = model.get_config()
    config["layers"][0]["config"]["batch_shape"] = (None, image_size, image_size, 3)
    return keras.Model.from_config(config)
