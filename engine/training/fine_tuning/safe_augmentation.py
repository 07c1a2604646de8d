"""Which augmentations a set of pictures survives: asked of the pictures themselves, through the probe.

A mirrored photo of a dress is still a dress to the network; a mirrored word is not the same word. Half of the training
pictures teach a probe, a sample of the other half is changed, and what costs the probe too much is left out.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.backbones import forward
from engine.data.photo_likeness import look_like_photos
from engine.storage.shards import ShardCache
from engine.storage.workspace import Workspace
from engine.training import objectives
from engine.training.heads import folds
from engine.training.inputs import augment, mixing
from engine.training.inputs.pixels import Pixels, choose_fit
from engine.training.recipe import Recipe

SAMPLE = 256
ENOUGH = 24  # with fewer pictures to ask, the answer would be chance


@dataclass(frozen=True)
class Safe:
    """Augmentations and mixtures that a set of pictures survives, and the accuracy that each one tried costs."""

    augmentation: tuple[str, ...]
    mixing: tuple[str, ...]
    costs: dict[str, float]


def choose(
    features: np.ndarray,
    y: np.ndarray,
    keys: list[str],
    recipe: Recipe,
    pixels: Pixels,
    run: forward.Forward,
    kept: Path | None = None,
    units: np.ndarray | None = None,
) -> Safe:
    """Return what is safe for training pictures (features, y) among what their modality offers and the recipe leaves.

    Rows of one unit (see Snapshot.units) are never both taught and asked. Features of changed pictures are kept in the
    folder `kept`: the next training on them finds them there.
    """
    offered = pixels.augmentations(keys)
    taught, asked = _halves(y, recipe.seed, units)
    objective = objectives.of(recipe.task).learned_from(y)
    if len(asked) < ENOUGH or not objective.covers(y[taught], y):
        return Safe(offered.without_asking, (), {})
    head = objective.fit_probe(features[taught], y[taught], recipe, None if units is None else units[taught]).head
    right = objective.right(y[asked], head.logits(features[asked]))
    asked_keys = [keys[row] for row in asked]

    def cost(looks: np.ndarray) -> float:
        return round(right - objective.right(y[asked], head.logits(looks)), 4)

    limits = {**offered.tolerance, **(offered.stronger if recipe.streams else {})}
    changed = functools.partial(_changed, pixels=pixels, run=run, seed=recipe.seed, kept=kept)
    costs = {name: cost(changed(asked_keys, name)) for name in limits}
    if recipe.mixing == "auto" and recipe.streams:
        alike, pictures = _alike(y[asked], recipe.seed), pixels.read(asked_keys)
        costs |= {
            kind: cost(forward.run(run, mixing.half(pictures, pictures[alike], kind))) for kind in offered.mixtures
        }
    stood = [name for name in costs if costs[name] <= {**limits, **offered.mixtures}[name]]
    return Safe(
        tuple(name for name in stood if name in limits),
        tuple(name for name in stood if name in offered.mixtures),
        costs,
    )


def preview(workspace: Workspace, recipe: Recipe, keys: list[str], views: int) -> list[list[np.ndarray]]:
    """Return `views` random views (uint8, S x S x 3) of each picture. Raises TrainingError for a senseless recipe.

    For "auto" it shows what is usual for photos or for drawings; the training itself asks the pictures first.
    """
    recipe.validate()
    pixels = Pixels(workspace, recipe.size, choose_fit(workspace, recipe.fit, keys, recipe.pixel_scale))
    names = recipe.augmentation
    if names == ("auto",):
        offered = pixels.augmentations(keys)
        names = offered.filled if look_like_photos(workspace, keys) else offered.plain
    pictures = pixels.read(keys)
    shown = [augment.view(pictures, keys, names, recipe.seed, number) for number in range(1, views + 1)]
    return [[view[position] for view in shown] for position in range(len(keys))]


def _changed(
    keys: list[str], name: str, pixels: Pixels, run: forward.Forward, seed: int, kept: Path | None
) -> np.ndarray:
    """Return the features of these pictures, every one of them changed."""
    if kept is None:
        return forward.run(run, augment.certain(pixels.read(keys), keys, name, seed))
    cache = ShardCache(kept / f"{name}-{seed}")
    if missing := cache.missing(keys):
        cache.add(missing, forward.run(run, augment.certain(pixels.read(missing), missing, name, seed)))
    return cache.read(keys)


def _alike(y: np.ndarray, seed: int) -> np.ndarray:
    """Return for every picture the row of one with the same class (or classes), drawn at random."""
    generator = np.random.default_rng(seed)
    _sets, y = np.unique(y, axis=0, return_inverse=True)
    return np.array([generator.choice(np.flatnonzero(y == label)) for label in y])


def _halves(y: np.ndarray, seed: int, units: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    taught, others = folds.half(y, units, seed)
    return taught, np.sort(others[:SAMPLE])
