"""The classifier as one Keras model: raw pixels in, probabilities out, preprocessing inside."""

import os
import secrets
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
from keras import layers

from engine.training.heads.head import Head

STANDARDISE, DROPOUT, HIDDEN, LOGITS, PROBABILITIES = "standardise", "dropout", "hidden", "logits", "probabilities"


def finished(backbone: keras.Model, head: Head, dropout: float = 0.0) -> keras.Model:
    """Return the model a run hands over: float pixels (N, S, S, 3) in [0, 255] to probabilities (N, num_classes).

    A head with the output "sigmoid" becomes one unit, (N, 1): the probability of the second of two classes.

    Built-in layers only, so the saved file loads with `keras.models.load_model` alone. It shares `backbone`'s weights.
    """
    dense = _one_unit(head.folded()) if head.output == "sigmoid" else head.folded()
    return _assemble(backbone, backbone.output, dense, dropout, None, head.output)


def learning(backbone: keras.Model, head: Head, dropout: float = 0.0, *, from_nothing: bool = False) -> keras.Model:
    """Return the same model in the form that learns: features are standardised in a layer, kernels are penalised.

    The penalty is the one the probe was learned with, so that fine-tuning goes on with the same objective.
    """
    # Features that begin at random may die out; a network that has learned has none without deviation.
    floor = 1e-3 if from_nothing else 1e-12
    standardise = layers.BatchNormalization(momentum=0.97, center=False, scale=False, epsilon=floor, name=STANDARDISE)
    features = standardise(backbone.output)
    standardise.set_weights([head.mean, head.deviation**2])
    standardise.trainable = False
    penalty = keras.regularizers.L1L2(*head.penalty) if any(head.penalty) else None
    return _assemble(backbone, features, head.layers, dropout, penalty)


def learned(model: keras.Model, head: Head) -> Head:
    """Return `head` with the kernels and biases that `model`, made by `learning`, has now, and with its scale."""
    names = [HIDDEN, LOGITS][-len(head.layers) :]
    head = replace(head, layers=tuple(tuple(model.get_layer(name).get_weights()) for name in names))
    standardise = model.get_layer(STANDARDISE)
    if not standardise.trainable:
        return head
    mean, variance = standardise.get_weights()
    return replace(head, mean=mean, deviation=np.sqrt(variance + standardise.epsilon))


def temper(model: keras.Model, temperature: float) -> None:
    """Divide the logits of a finished model by `temperature`, in its weights: no layer more, and no answer changes."""
    layer = model.get_layer(LOGITS)
    layer.set_weights([weight / temperature for weight in layer.get_weights()])


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
    """Return float32 probabilities (N, num_classes) of one batch of pixels, (N, 2) also of a model with one unit."""
    found = np.asarray(model.predict_on_batch(np.asarray(pixels, np.float32)), np.float32)
    return np.hstack([1 - found, found]) if found.shape[1] == 1 else found


def _one_unit(dense: tuple) -> tuple:
    """Return the layers with one logit, that of the second class less that of the first: sigmoid and softmax agree."""
    *hidden, (kernel, bias) = dense
    return *hidden, (kernel[:, 1:] - kernel[:, :1], bias[1:] - bias[:1])


def _assemble(
    backbone: keras.Model, features, dense: tuple, dropout: float, penalty, output: str = "softmax"
) -> keras.Model:
    x = layers.Dropout(dropout, name=DROPOUT)(features) if dropout else features
    *hidden, (_kernel, bias) = dense
    made = [layers.Dense(len(own), "relu", kernel_regularizer=penalty, name=HIDDEN) for _kernel, own in hidden]
    made.append(layers.Dense(len(bias), kernel_regularizer=penalty, name=LOGITS))
    for layer in made:
        x = layer(x)
    softmax = output == "softmax"
    answer = layers.Softmax(name=PROBABILITIES) if softmax else layers.Activation("sigmoid", name=PROBABILITIES)
    model = keras.Model(backbone.inputs[0], answer(x), name="classifier")
    for layer, (kernel, bias) in zip(made, dense, strict=True):
        layer.set_weights([kernel, bias])
    return model
