"""How fast this machine is with a network: measured, and remembered in caches/speed.json."""

import time
from dataclasses import dataclass

import keras
import numpy as np

from engine.backbones import catalogue, cuts, device, forward
from engine.backbones.build import build
from engine.backbones.pretrained import weights_hash
from engine.storage.workspace import Workspace, read_json, write_json
from engine.training.fine_tuning import batch_norm, classifier, fine_tune
from engine.training.fine_tuning.optimizer import make_optimizer
from engine.training.heads.head import Head
from engine.training.objectives.single_label import SingleLabel
from engine.training.recipe import Recipe

# A pace measured on fewer pictures says more about the start than about the pace.
ENOUGH = 64
MEASURE_SECONDS = 1.0
AT_ONCE = 1e6
# Pictures a second of Sprout at 96 px on one ordinary core, until something was measured.
GUESS = 600.0
CLASSES, ANY_RATE = 10, 1e-5


@dataclass(frozen=True)
class Pace:
    """Pictures a second: computing activations at the cut (augmentation included), and training what follows.

    Where the whole network trains there is nothing to compute (AT_ONCE) and nothing to keep: `activation_size` 0.
    """

    views: float
    training: float
    activation_size: int


def known(workspace: Workspace, key: str, image_size: int) -> float | None:
    """Return the pictures a second this machine embeds with a network at a size, or None when it never did."""
    return read_json(workspace.speeds, {}).get(f"{key}-{image_size}")


def remember(workspace: Workspace, recipe: Recipe, pictures: int, seconds: float, *, decoded: bool) -> None:
    """Keep the pace at which a run embedded `pictures`, unless they are too few to tell.

    decoded: they were decoded at the same time, so the network is at least as fast; a slower pace says nothing then.
    """
    if pictures < ENOUGH or seconds <= 0:
        return
    before = known(workspace, recipe.backbone, recipe.size) or 0.0
    if not decoded or pictures / seconds > before:
        _store(workspace, f"{recipe.backbone}-{recipe.size}", pictures / seconds)


def embedding(workspace: Workspace, key: str, image_size: int | None = None) -> float:
    """Return the pictures a second a network embeds at a size (None: its default); measured once, then remembered.

    Raises BackboneError when its weights cannot be had.
    """
    image_size = image_size or catalogue.info(key).image_sizes[0]
    pace = known(workspace, key, image_size)
    if pace is None:
        pace = round(_rate(forward.open_backbone(workspace, key, image_size), _noise(image_size)), 2)
        _store(workspace, f"{key}-{image_size}", pace)
    return pace


def fine_tuning(workspace: Workspace, recipe: Recipe) -> Pace:
    """Return the pace of fine-tuning with this recipe; measured once in a few seconds, then remembered."""
    pace = known_fine_tuning(workspace, recipe)
    if pace is None:
        pace = _measure_training(workspace, recipe)
        remember_fine_tuning(workspace, recipe, pace)
    return pace


def known_fine_tuning(workspace: Workspace, recipe: Recipe) -> Pace | None:
    """Return the remembered pace of fine-tuning with this recipe, or None."""
    found = read_json(workspace.speeds, {}).get(training_entry(recipe))
    return None if found is None else Pace(*found)


def guess(recipe: Recipe) -> float:
    """Return a rough pace of embedding, from Sprout's on an ordinary core, parameters and picture area."""
    sprout = catalogue.info("sprout")
    size = catalogue.info(recipe.backbone).parameters / sprout.parameters
    area = (recipe.size / sprout.image_sizes[0]) ** 2
    return GUESS * device.cores() / max(0.2, size) / area


def guess_fine_tuning(recipe: Recipe) -> Pace:
    """Return a rough pace of fine-tuning: the more of the network trains, the slower."""
    embedding = guess(recipe)
    if recipe.streams:
        return Pace(AT_ONCE, embedding * 0.1, 0)
    return Pace(embedding, embedding * 0.1 / (1.05 - recipe.freeze_depth), recipe.size**2)


def remember_fine_tuning(workspace: Workspace, recipe: Recipe, pace: Pace) -> None:
    """Replace the pace by that of a real run."""
    _store(workspace, training_entry(recipe), [round(pace.views, 2), round(pace.training, 2), pace.activation_size])


def training_entry(recipe: Recipe) -> str:
    return f"{recipe.backbone}-{recipe.size}-train-{recipe.freeze_depth:g}-{recipe.batch_size}"


def _measure_training(workspace: Workspace, recipe: Recipe) -> Pace:
    backbone = build(recipe.backbone, recipe.size)
    cut = cuts.choose(backbone, recipe.freeze_depth)
    width = backbone.output.shape[-1]
    layers = ((np.zeros((width, CLASSES), np.float32), np.zeros(CLASSES, np.float32)),)
    head = Head(layers, np.zeros(width, np.float32), np.ones(width, np.float32))
    part = cuts.rest_of(classifier.learning(backbone, head), cut, classifier.LOGITS)
    if recipe.streams:
        return Pace(AT_ONCE, _training_rate(part, cut.shape, recipe), 0)
    name = f"{recipe.backbone}-{weights_hash(recipe.backbone)}-{recipe.size}"
    views = _rate(forward.open_base(workspace, name, backbone, cut), _noise(recipe.size))
    return Pace(views, _training_rate(part, cut.shape, recipe), cut.size)


def _training_rate(part: keras.Model, shape: tuple[int, ...], recipe: Recipe) -> float:
    objective = SingleLabel(CLASSES)
    batch_norm.set_up(part, learns=False)
    fine_tune.prepare(part, make_optimizer(recipe, recipe.learning_rate or ANY_RATE, 100), objective)
    x = np.zeros((recipe.batch_size, *shape), np.float32)
    y = objective.targets(np.zeros(recipe.batch_size, np.int64))
    weights = np.ones(recipe.batch_size, np.float32)
    return _rate(lambda batch: part.train_on_batch(batch, y, sample_weight=weights), x)


def _rate(run, batch: np.ndarray) -> float:
    """Return rows a second of `run(batch)`, its first call (which may compile) left out.

    The quickest quarter of the calls counts: what else this machine did for a moment is over when the training begins.
    """
    run(batch)
    taken: list[float] = []
    while sum(taken) < MEASURE_SECONDS:
        began = time.perf_counter()
        run(batch)
        taken.append(max(time.perf_counter() - began, 1e-9))
    quick = sorted(taken)[: max(1, len(taken) // 4)]
    return len(quick) * len(batch) / sum(quick)


def _noise(image_size: int) -> np.ndarray:
    shape = (forward.batch_size(), image_size, image_size, 3)
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def _store(workspace: Workspace, entry: str, value) -> None:
    speeds = read_json(workspace.speeds, {})
    write_json(workspace.speeds, {**speeds, entry: round(value, 2) if isinstance(value, float) else value})
