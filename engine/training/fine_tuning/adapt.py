"""Adapt the network to the pictures: build it, cut it, bring its activations together and fine-tune what follows."""

import time
from dataclasses import dataclass, replace

import keras
import numpy as np

from engine.backbones import cuts, forward
from engine.backbones.build import build
from engine.backbones.pretrained import weights_hash
from engine.storage.shards import ShardCache
from engine.training.fine_tuning import classifier as classifiers
from engine.training.fine_tuning import fine_tune, hardware, safe_augmentation, speed, views
from engine.training.fine_tuning.safe_augmentation import Safe
from engine.training.heads.head import Head
from engine.training.run_context import RunContext

PREPARING = "Preparing to adapt the network."
CHECKPOINT = "checkpoint"


@dataclass(frozen=True)
class Adapted:
    """The finished classifier, its probabilities for the held-out rows, its best epoch (0: the probe), if stopped."""

    classifier: keras.Model
    probabilities: np.ndarray
    best_epoch: int
    stopped: bool


def adapt(work: RunContext, features: ShardCache, head: Head) -> Adapted:
    """Fine-tune from the probe's `head`; go on from the run's checkpoint when there is one. Raises Stopped."""
    recipe, frozen = work.recipe, work.snapshot
    work.progress.begin("fine_tune", PREPARING)
    keras.utils.set_random_seed(recipe.seed)
    backbone = build(recipe.backbone, recipe.size)
    classifier = classifiers.learning(backbone, head, recipe.dropout, from_nothing=recipe.from_nothing)
    cut = cuts.choose(backbone, recipe.freeze_depth)
    part = cuts.rest_of(classifier, cut, classifiers.LOGITS)
    safe = _safe(work, features)
    seen = _views(work, backbone, cut, safe.augmentation)
    held_out = seen.held_out(frozen.keys(work.held_out), _listen(work))
    watched = _Watched(work, seen, views.number_of_views(work.workspace, cut.size, len(frozen.rows("train")), recipe))
    began = time.perf_counter()
    data = watched.data(held_out, safe.mixing)
    with hardware.fast(part, cut, head, recipe, hardware.here()) as learning:
        tuned = fine_tune.fine_tune(learning, data, recipe, work.progress, work.run_dir / CHECKPOINT)
    if not tuned.stopped:
        watched.remember(time.perf_counter() - began, tuned.epochs)
    classifier = classifiers.finished(backbone, classifiers.learned(classifier, head), recipe.dropout)
    probabilities = data.objective.probabilities(fine_tune.logits(part, held_out, frozen.keys(work.held_out)))
    return Adapted(classifier, probabilities, tuned.best_epoch, tuned.stopped)


class _Watched:
    """The training views, with a watch on how long they take to compute: the next estimate is made from it."""

    def __init__(self, work: RunContext, seen: views.Views, number: int):
        self._work, self._seen, self._number = work, seen, number
        self._rows = work.snapshot.rows("train")
        self._keys = work.snapshot.keys(self._rows)
        self._computed, self._seconds = 0, 0.0

    def data(self, held_out: fine_tune.Readable, mixing: tuple[str, ...]) -> fine_tune.Data:
        """Return what fine-tuning needs; the held-out pictures are read from `held_out`."""
        frozen = self._work.snapshot
        validation = frozen.rows("validation")
        return fine_tune.Data(
            train_keys=self._keys,
            y_train=frozen.y[self._rows],
            validation_keys=frozen.keys(validation),
            y_validation=frozen.y[validation],
            held_out=held_out,
            view=self._view,
            number_of_views=self._number,
            objective=self._work.objective,
            mixing=mixing,
        )

    def remember(self, seconds: float, epochs: int) -> None:
        """Keep the pace of this run, when it computed enough to tell."""
        streams = self._seen.run is None
        if epochs * len(self._keys) < speed.ENOUGH or (self._computed < speed.ENOUGH and not streams):
            return
        training = epochs * len(self._keys) / max(seconds - self._seconds, 1e-9)
        computing = (speed.AT_ONCE, 0) if streams else (self._computed / self._seconds, self._seen.cut.size)
        pace = speed.Pace(computing[0], training, computing[1])
        speed.remember_fine_tuning(self._work.workspace, self._work.recipe, pace)

    def _view(self, number: int) -> fine_tune.Readable:
        began = time.perf_counter()
        self._computed += self._seen.missing(self._keys, number)
        cache = self._seen.training(self._keys, number, _listen(self._work))
        self._seconds += time.perf_counter() - began
        return cache


def _safe(work: RunContext, features: ShardCache) -> Safe:
    """Return the augmentations and mixtures of the recipe; where it says "auto", those that these pictures survive."""
    recipe, frozen = work.recipe, work.snapshot
    wanted = Safe(recipe.augmentation, () if recipe.mixing in ("none", "auto") else (recipe.mixing,), {})
    mixes = recipe.streams and recipe.mixing == "auto"
    if recipe.augmentation != ("auto",) and not mixes:
        return wanted
    rows = frozen.rows("train")
    keys = frozen.keys(rows)
    run = forward.open_backbone(work.workspace, recipe.backbone, recipe.size)
    kept = features.folder.with_name(f"{features.folder.name}-changed")
    found = safe_augmentation.choose(
        features.read(keys), frozen.y[rows], keys, recipe, work.pixels, run, kept, frozen.units(rows)
    )
    if recipe.augmentation == ("auto",):
        wanted = replace(wanted, augmentation=found.augmentation)
    if mixes:
        wanted = replace(wanted, mixing=found.mixing)
    told = {"chosen": list(wanted.augmentation), "mixing": list(wanted.mixing), "costs": found.costs}
    work.progress.writer.event("augmentation", **told)
    return wanted


def _views(work: RunContext, backbone: keras.Model, cut: cuts.CutPoint, augmentation: tuple[str, ...]) -> views.Views:
    """Return where the activations at the cut come from."""
    recipe = work.recipe
    views.make_room(work.workspace)
    name = f"{recipe.backbone}-{weights_hash(recipe.backbone)}-{recipe.size}"
    run = None if cut.depth == 0 else forward.open_base(work.workspace, name, backbone, cut)
    return views.Views(work.workspace, name, cut, work.pixels, run, augmentation, recipe.seed)


def _listen(work: RunContext):
    """Return an `advance` that only listens for a stop request: the epochs tell how far the phase is."""
    return lambda _done, _total: work.progress.check_stop()
