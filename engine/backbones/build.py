"""Build a pretrained network: raw pixels in, features out, its own preprocessing inside."""

import functools
import zipfile
from pathlib import Path

import keras
from keras import layers, ops

from engine.backbones import catalogue, custom, custom_model, readout, scratch
from engine.backbones.efficientnet_lite import efficientnet_lite0
from engine.backbones.pretrained import weights_hash, weights_path
from engine.backbones.sprout import load_weights, sprout
from engine.errors import BackboneError

__all__ = ["architecture", "build", "frozen", "weights_hash"]

# ImageNet statistics the networks were trained with: mean in BGR order (Caffe); mean and deviation (Torch).
CAFFE_MEAN = (103.939, 116.779, 123.68)
TORCH_MEAN = (0.485, 0.456, 0.406)
TORCH_DEVIATION = (0.229, 0.224, 0.225)


def build(key: str, image_size: int, weights_dir: Path | None = None) -> keras.Model:
    """Return a pretrained network: float pixels in [0, 255], shape (N, S, S, 3), to features of shape (N, D).

    Raises BackboneError when the key or size is unknown, or the weights cannot be had.
    """
    if custom.is_own(key):
        return custom_model.load(key, image_size, architecture)
    info = catalogue.info(key)
    model = _filled(catalogue.plain(key), image_size, weights_dir)
    return flattened(model) if catalogue.is_flattened(key) else readout.with_inner(model, info.inner)


def of_shape(key: str, height: int, width: int, weights_dir: Path | None = None) -> keras.Model:
    """Return a network of the catalogue for pictures of any shape whose sides its strides divide, as `build` does."""
    return _with_weights(_of_shape(key, height, width), key, weights_dir)


def _filled(key: str, image_size: int, weights_dir: Path | None) -> keras.Model:
    """Return a network of the catalogue with its weights, its last map alone read out."""
    return _with_weights(architecture(key, image_size), key, weights_dir)


def _with_weights(model: keras.Model, key: str, weights_dir: Path | None) -> keras.Model:
    if catalogue.from_nothing(key):
        scratch.fill(model)
        return model
    path = weights_path(key, weights_dir)
    try:
        load_weights(model, path) if path.suffix == ".npz" else model.load_weights(str(path))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        if catalogue.info(key).package:
            raise BackboneError(
                "The file {file} is damaged. Delete it: it is made again from the package {package}.",
                file=str(path),
                package=catalogue.info(key).package,
            ) from error
        raise BackboneError(
            "The file {file} does not hold the weights of {title}. Replace it with the file that Keras offers under "
            "this name.",
            file=str(path),
            title=catalogue.info(key).title,
        ) from error
    return model


def frozen(key: str, image_size: int) -> keras.Model:
    """Return what `build` returns, kept for the next caller: for reading only, never train it."""
    return frozen_with(key, image_size, weights_hash(key))


@functools.lru_cache(maxsize=2)
def frozen_with(key: str, image_size: int, _hash: str) -> keras.Model:
    """Return `frozen` for weights of this hash: a resumed run ends with other weights under the same key."""
    return build(key, image_size)


def architecture(key: str, image_size: int) -> keras.Model:
    """Return a network of the catalogue with random weights, its last map alone read out."""
    catalogue.check_size(catalogue.info(key), image_size)
    return _of_shape(key, image_size, image_size)


def _of_shape(key: str, height: int, width: int) -> keras.Model:
    info, shape = catalogue.info(key), (height, width, 3)
    pixels = keras.Input(shape, name="pixels")
    prepared = prepare(info.preprocessing, pixels)
    if info.application is None:
        network = efficientnet_lite0 if key == "efficientnet_lite0" else sprout
        return keras.Model(pixels, network(prepared), name=info.key)
    application = getattr(keras.applications, info.application)
    arguments = {"include_top": False, "weights": None, "pooling": "avg", **info.arguments}
    return application(input_tensor=prepared, input_shape=shape, **arguments)


def flattened(network: keras.Model) -> keras.Model:
    """Return the network up to its last map, the numbers of all its places side by side; it shares the weights."""
    pooling = [layer for layer in network.layers if isinstance(layer, layers.GlobalAveragePooling2D)][-1]
    places = layers.Flatten(name="places")(pooling.input)
    return keras.Model(network.inputs[0], places, name=f"{network.name}_flattened")


def prepare(kind: str, pixels):
    """Return `pixels` (a tensor in [0, 255]) as a network wants them that was trained with this kind of preparation."""
    # Only built-in layers: the finished model must load anywhere with keras.models.load_model.
    if kind == "symmetric":
        return layers.Rescaling(1 / 127.5, offset=-1.0, name="preprocessing")(pixels)
    if kind == "lite":
        return layers.Rescaling(1 / 128, offset=-127 / 128, name="preprocessing")(pixels)
    if kind == "caffe":
        offset = [-value for value in CAFFE_MEAN]
        return layers.Rescaling(1.0, offset=offset, name="preprocessing")(ops.flip(pixels, axis=-1))
    if kind == "torch":
        scale = [1 / (255 * deviation) for deviation in TORCH_DEVIATION]
        offset = [-mean / deviation for mean, deviation in zip(TORCH_MEAN, TORCH_DEVIATION, strict=True)]
        return layers.Rescaling(scale, offset=offset, name="preprocessing")(pixels)
    if kind == "unit":
        return layers.Rescaling(1 / 255, name="preprocessing")(pixels)
    return pixels
