"""The finished classifier as one Keras model: raw pixels in, probabilities out, preprocessing inside."""

import os
import secrets
from pathlib import Path

import keras
import numpy as np
from keras import layers

from engine.training.head import Head
from engine.training.hidden_head import regularizer
from engine.training.recipe import Recipe

LOGITS, PROBABILITIES = "logits", "probabilities"


def assemble(backbone: keras.Model, head: Head, recipe: Recipe) -> keras.Model:
    """Return a model from float pixels (N, S, S, 3) in [0, 255] to probabilities (N, num_classes).

    Built-in layers only, so the saved file loads with `keras.models.load_model` alone. It shares `backbone`'s weights.
    """
    x = backbone.output
    if recipe.dropout:
        x = layers.Dropout(recipe.dropout, name="dropout")(x)
    dense = _dense_layers(head, recipe)
    for layer in dense:
        x = layer(x)
    model = keras.Model(backbone.inputs[0], layers.Softmax(name=PROBABILITIES)(x), name="classifier")
    for layer, (kernel, bias) in zip(dense, head.layers, strict=True):
        layer.set_weights([kernel, bias])
    return model


def save(model: keras.Model, path: Path) -> None:
    """Write the model as a .keras file in one step."""
    temporary = path.with_name(f".{secrets.token_hex(4)}.{path.name}")
    try:
        model.save(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load(path: Path) -> keras.Model:
    """Read a .keras file without running code from it."""
    return keras.models.load_model(path, compile=False, safe_mode=True)


def predict(model: keras.Model, pixels: np.ndarray) -> np.ndarray:
    """Return float32 probabilities (N, num_classes) of one batch of pixels."""
    return np.asarray(model.predict_on_batch(np.asarray(pixels, np.float32)), np.float32)


def _dense_layers(head: Head, recipe: Recipe) -> list[layers.Dense]:
    *hidden, (_kernel, bias) = head.layers
    penalty = regularizer(recipe)
    return [
        *(layers.Dense(len(own), "relu", kernel_regularizer=penalty, name="hidden") for _kernel, own in hidden),
        layers.Dense(len(bias), kernel_regularizer=penalty, name=LOGITS),
    ]
