"""Which augmentations a set of pictures survives: asked of the pictures themselves, through the probe.

A mirrored photo of a dress is still a dress to the network; a mirrored word is not the same word. Half of the training
pictures teach a probe, a sample of the other half is changed, and what costs the probe too much is left out.
"""

import numpy as np

from engine.backbones import forward
from engine.training import augment, probe
from engine.training.pixels import Pixels
from engine.training.recipe import Recipe
from engine.training.scores import accuracy
from engine.training.several.scores import exact

# Highest loss of accuracy a change may cost. Mirroring keeps the meaning or destroys it: it must cost next to nothing
# (measured: photos 0.00-0.01, digits and characters 0.07-0.20); the others make a picture harder, as they should.
TOLERANCE = {"flip": 0.04, "crop": 0.12, "rotate": 0.08, "brightness": 0.08, "contrast": 0.08, "colour": 0.08}
CHOICES = tuple(TOLERANCE)
FOR_PHOTOS = ("flip", "crop", "brightness", "contrast", "colour")
FOR_DRAWINGS = ("crop", "rotate", "brightness", "contrast", "colour")
SAMPLE = 256
# With fewer pictures to ask, the answer would be chance; only changes that spare shapes and sides are made.
ENOUGH = 24
WITHOUT_ASKING = ("brightness", "contrast")


def choose(
    features: np.ndarray, y: np.ndarray, keys: list[str], recipe: Recipe, pixels: Pixels, run: forward.Forward
) -> tuple[tuple[str, ...], dict[str, float]]:
    """Return the augmentations that are safe, and the accuracy each one costs, for training pictures (features, y)."""
    taught, asked = _halves(y, recipe.seed)
    if len(asked) < ENOUGH or not _all_classes(y[taught], y):
        return WITHOUT_ASKING, {}
    num_classes = y.shape[1] if y.ndim == 2 else int(y.max()) + 1
    head = probe.fit(features[taught], y[taught], num_classes, recipe).head
    right = _right(y[asked], head.logits(features[asked]))
    asked_keys = [keys[row] for row in asked]
    pictures = pixels.read(asked_keys)
    costs = {}
    for name in CHOICES:
        changed = augment.certain(pictures, asked_keys, name, recipe.seed)
        costs[name] = round(right - _right(y[asked], head.logits(forward.run(run, changed))), 4)
    return tuple(name for name in CHOICES if costs[name] <= TOLERANCE[name]), costs


def _right(y: np.ndarray, logits: np.ndarray) -> float:
    """Return the share of pictures that are right; where they may show several classes, exactly right."""
    return exact(y, logits > 0) if y.ndim == 2 else accuracy(y, logits.argmax(axis=1))


def _all_classes(taught: np.ndarray, y: np.ndarray) -> bool:
    if y.ndim == 2:
        return bool((taught.any(axis=0) & ~taught.all(axis=0)).all())
    return len(np.unique(taught)) == len(np.unique(y))


def _halves(y: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    order = np.random.default_rng(seed).permutation(len(y))
    middle = (len(y) + 1) // 2
    return np.sort(order[:middle]), np.sort(order[middle:][:SAMPLE])
