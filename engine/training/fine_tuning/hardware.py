"""How a network trains on this machine: in which precision, and on how many devices.

On graphics cards that compute in bfloat16 the network does, on all of them; weights, the head, the loss and all that is
kept stay in single precision. On a processor nothing of that pays.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import keras

from engine.backbones import build, cuts, device
from engine.training.fine_tuning import classifier as classifiers
from engine.training.fine_tuning import replicas
from engine.training.heads.head import Head
from engine.training.recipe import Recipe

SINGLE, MIXED = "float32", "mixed_bfloat16"
# The head decides, and its sums are long.
EXACT = (
    classifiers.STANDARDISE,
    classifiers.DROPOUT,
    classifiers.HIDDEN,
    classifiers.LOGITS,
    classifiers.PROBABILITIES,
)


@dataclass(frozen=True)
class Hardware:
    """What one training uses."""

    precision: str = SINGLE
    devices: int = 1


def here() -> Hardware:
    """Return what this machine has."""
    if not device.has_gpu():
        return Hardware()
    return Hardware(MIXED if device.computes_bfloat16() else SINGLE, max(1, device.gpus()))


def told(recipe: Recipe) -> dict:
    """Return what a run with this recipe used: `device.device()` with "precision" and "devices"."""
    used = here() if recipe.fine_tunes else Hardware()
    return {**device.device(), "precision": used.precision, "devices": used.devices}


@contextlib.contextmanager
def fast(part: keras.Model, cut: cuts.CutPoint, head: Head, recipe: Recipe, used: Hardware) -> Iterator[keras.Model]:
    """Give a network like `part` that trains as this machine does it best; in the end `part` has its weights."""
    if used.devices == 1:
        with in_precision(part, used.precision):
            yield part
        return
    with replicas.scope(used.devices):
        classifier = classifiers.learning(build.build(recipe.backbone, recipe.size), head, recipe.dropout)
        spread = cuts.rest_of(classifier, cut, classifiers.LOGITS)
        spread.set_weights(part.get_weights())
    with in_precision(spread, used.precision):
        yield spread
    part.set_weights(spread.get_weights())


@contextlib.contextmanager
def in_precision(part: keras.Model, precision: str) -> Iterator[None]:
    """Let the layers of `part` compute in this precision, those of the head excepted; afterwards as before."""
    layers = [layer for layer in part._flatten_layers(include_self=False) if layer.name not in EXACT]
    before = [(layer, layer.dtype_policy) for layer in layers if layer.dtype_policy.name != precision]
    for layer, _policy in before:
        layer.dtype_policy = precision
    try:
        yield
    finally:
        for layer, policy in before:
            layer.dtype_policy = policy
        if before:
            part.predict_function = None  # it was made in the other precision
