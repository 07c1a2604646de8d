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
    if len(asked) < ENOUGH or len(np.unique(y[taught])) < len(np.unique(y)):
        return WITHOUT_ASKING, {}
    num_classes = int(y.max()) + 1
    head = probe.fit(features[taught], y[taught], num_classes, recipe).head
    right = accuracy(y[asked], head.logits(features[asked]).argmax(axis=1))
    asked_keys = [keys[row] for row in asked]
    pictures = pixels.read(asked_keys)
    costs = {}
    for name in CHOICES:
        changed = augment.certain(pictures, asked_keys, name, recipe.seed)
        predicted = head.logits(forward.run(run, changed)).argmax(axis=1)
        costs[name] = round(right - accuracy(y[asked], predicted), 4)
    return tuple(name for name in CHOICES if costs[name] <= TOLERANCE[name]), costs


def _halves(y: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    order = np.random.default_rng(seed).permutation(len(y))
    middle = (len(y) + 1) // 2
    return np.sort(order[:middle]), np.sort(order[middle:][:SAMPLE])
