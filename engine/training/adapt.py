"""Adapt the network to the pictures: build it, cut it, bring its activations together and fine-tune what follows."""

import time
from dataclasses import dataclass

import keras
import numpy as np

from engine.backbones import cuts, forward
from engine.backbones.build import build
from engine.backbones.pretrained import weights_hash
from engine.shards import ShardCache
from engine.training import fine_tune, model, safe_augmentation, speed, views
from engine.training import objective as objectives
from engine.training.head import Head
from engine.training.work import Work

PREPARING = "Preparing to adapt the network."
CHECKPOINT = "checkpoint"


@dataclass(frozen=True)
class Adapted:
    """The finished classifier, its probabilities for the held-out rows, its best epoch (0: the probe), if stopped."""

    classifier: keras.Model
    probabilities: np.ndarray
    best_epoch: int
    stopped: bool


def adapt(work: Work, features: ShardCache, head: Head) -> Adapted:
    """Fine-tune from the probe's `head`; go on from the run's checkpoint when there is one. Raises Stopped."""
    recipe, frozen = work.recipe, work.snapshot
    work.progress.begin("fine_tune", PREPARING)
    keras.utils.set_random_seed(recipe.seed)
    backbone = build(recipe.backbone, recipe.size)
    classifier = model.learning(backbone, head, recipe.dropout)
    cut = cuts.choose(backbone, recipe.freeze_depth)
    part = cuts.rest_of(classifier, cut, model.LOGITS)
    seen = _views(work, backbone, cut, _augmentation(work, features))
    held_out = seen.held_out(frozen.keys(work.held_out), _listen(work)).read(frozen.keys(work.held_out))
    watched = _Watched(work, seen, views.number_of_views(work.workspace, cut.size, len(frozen.rows("train")), recipe))
    began = time.perf_counter()
    data = watched.data(held_out)
    tuned = fine_tune.fine_tune(part, data, recipe, work.progress, work.run_dir / CHECKPOINT)
    if not tuned.stopped:
        watched.remember(time.perf_counter() - began, tuned.epochs)
    classifier = model.finished(backbone, model.learned(classifier, head), recipe.dropout)
    probabilities = data.objective.probabilities(fine_tune.logits(part, held_out))
    return Adapted(classifier, probabilities, tuned.best_epoch, tuned.stopped)


class _Watched:
    """The training views, with a watch on how long they take to compute: the next estimate is made from it."""

    def __init__(self, work: Work, seen: views.Views, number: int):
        self._work, self._seen, self._number = work, seen, number
        self._rows = work.snapshot.rows("train")
        self._keys = work.snapshot.keys(self._rows)
        self._computed, self._seconds = 0, 0.0

    def data(self, held_out: np.ndarray) -> fine_tune.Data:
        """Return what fine-tuning needs; `held_out` are the activations of the held-out rows."""
        frozen, rows = self._work.snapshot, self._work.held_out
        validation = frozen.splits[rows] == "validation"
        return fine_tune.Data(
            train_keys=self._keys,
            y_train=frozen.y[self._rows],
            validation=held_out[validation],
            y_validation=frozen.y[rows[validation]],
            view=self._view,
            number_of_views=self._number,
            objective=objectives.of(frozen.y[self._rows], frozen.num_classes),
        )

    def remember(self, seconds: float, epochs: int) -> None:
        """Keep the pace of this run, when it computed enough to tell."""
        if self._computed < speed.ENOUGH or epochs == 0:
            return
        training = epochs * len(self._keys) / max(seconds - self._seconds, 1e-9)
        pace = speed.Pace(self._computed / self._seconds, training, self._seen.cut.size)
        speed.remember_fine_tuning(self._work.workspace, self._work.recipe, pace)

    def _view(self, number: int) -> ShardCache:
        began = time.perf_counter()
        self._computed += self._seen.missing(self._keys, number)
        cache = self._seen.training(self._keys, number, _listen(self._work))
        self._seconds += time.perf_counter() - began
        return cache


def _augmentation(work: Work, features: ShardCache) -> tuple[str, ...]:
    """Return the augmentations of the recipe; for "auto", those that these pictures survive."""
    recipe, frozen = work.recipe, work.snapshot
    if recipe.augmentation != ("auto",):
        return recipe.augmentation
    rows = frozen.rows("train")
    keys = frozen.keys(rows)
    run = forward.open_backbone(work.workspace, recipe.backbone, recipe.size)
    chosen, costs = safe_augmentation.choose(features.read(keys), frozen.y[rows], keys, recipe, work.pixels, run)
    work.progress.writer.event("augmentation", chosen=list(chosen), costs=costs)
    return chosen


def _views(work: Work, backbone: keras.Model, cut: cuts.CutPoint, augmentation: tuple[str, ...]) -> views.Views:
    """Return where the activations at the cut come from."""
    recipe = work.recipe
    views.make_room(work.workspace)
    name = f"{recipe.backbone}-{weights_hash(recipe.backbone)}-{recipe.size}"
    run = None if cut.depth == 0 else forward.open_base(work.workspace, name, backbone, cut)
    return views.Views(work.workspace, name, cut, work.pixels, run, augmentation, recipe.seed)


def _listen(work: Work):
    """Return an `advance` that only listens for a stop request: the epochs tell how far the phase is."""
    return lambda _done, _total: work.progress.check_stop()
