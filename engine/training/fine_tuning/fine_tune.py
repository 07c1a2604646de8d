"""Fine-tune the part of the network after the cut, starting from the probe's head (LP-FT, Kumar et al. 2022).

BatchNorm stays frozen unless there are very many pictures, the learning rate warms up and falls along a cosine,
gradients are clipped. The validation pictures choose between the probe, every epoch, averages of its weights and
mixtures with the probe, so the result is never worse than the probe on them. A training that diverges starts again with
a lower rate; one that stays without a better epoch ends early.
"""

import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import keras
import numpy as np

from engine.backbones import device, out_of_memory
from engine.errors import Stopped
from engine.storage import runs
from engine.storage.workspace import write_json
from engine.training.fine_tuning import batch_norm, checkpoint, gradient_accumulation, range_test, replicas
from engine.training.fine_tuning.checkpoint import State
from engine.training.fine_tuning.optimizer import make_optimizer
from engine.training.inputs import mixing, stream
from engine.training.objectives.objective import Objective
from engine.training.progress import PAUSED, Paused, Progress
from engine.training.recipe import Recipe

EPOCH_MESSAGE = "Adapting the network: round {epoch} of {epochs}."
# How TensorFlow says that it was XLA, which cannot compile every network, that a step failed in.
XLA_NAMES = ("XLA", "xla", "jit_compile", "ptxas")
TRYING_RATES = "Trying how large the steps may be."
# Within a long epoch a checkpoint is written so often: no more than this is lost when the machine fails.
KEEP_SECONDS = 120.0
# Predictions are made in batches of at most this many pictures, and this many numbers, so that memory stays flat.
PREDICT_BATCH, PREDICT_NUMBERS = 256, 256 * 96 * 96 * 3
# After divergence the rate falls to this share; after so many restarts the best so far stays.
GENTLER = 0.1
MOST_RESTARTS = 3
# The validation loss has diverged when it is this many times that of the probe, and clearly worse than guessing.
DIVERGED = 3.0
WORSE_THAN_GUESSING = 1.5
# A network that begins with random weights is compared with its training loss on so many first batches instead.
FIRST_BATCHES = 8
MIXTURES = (0.25, 0.5, 0.75)
MIXING_DICE = 1  # another stream of chance than the order of the pictures


class Readable(Protocol):
    """Pictures as the trainable part takes them in, by content hash: activations at the cut, or pixels."""

    def read(self, keys: Sequence[str]) -> np.ndarray: ...


@dataclass(frozen=True)
class Data:
    """Classes and activations of the training and validation pictures, and what is to be learned about them.

    `view(number)` returns view 1, 2, ... of the training pictures, `held_out` is read as it is. `mixing` names the
    mixtures that the pictures stand.
    """

    train_keys: list[str]
    y_train: np.ndarray
    validation_keys: list[str]
    y_validation: np.ndarray
    held_out: Readable
    view: Callable[[int], Readable]
    number_of_views: int
    objective: Objective
    mixing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tuned:
    """How fine-tuning ended: the best epoch (0: the probe), how many were trained now, whether it was stopped."""

    best_epoch: int
    epochs: int
    stopped: bool


# Writes the checkpoint as things stand now.
Keep = Callable[[], None]


class Diverged(Exception):
    """The loss left the range in which learning makes sense."""


def fine_tune(part: keras.Model, data: Data, recipe: Recipe, progress: Progress, folder: Path) -> Tuned:
    """Train `part` (activations to logits), and leave it with the weights that were best on validation.

    Goes on from the checkpoint in `folder` when there is one, in the middle of an epoch if need be: weights, optimizer
    and chance are as they were, so the end is the same. Raises Paused.
    """
    batch_norm.set_up(part, learns=batch_norm.learns(recipe, len(data.y_train)), from_nothing=recipe.from_nothing)
    probe = _weights(part)
    saved = checkpoint.load(folder)
    saved = saved if saved is not None and saved.fits(part) else None
    state = saved.state if saved else _first_state(part, data, recipe, progress)
    state.views = state.views or data.number_of_views
    progress.forget_epochs_after(state.epoch)
    progress.goes_on(state.epoch + state.step / steps_per_epoch(data, recipe), recipe.epochs)
    first = state.epoch
    stopped = False
    try:
        while not _attempt(part, data, recipe, state, progress, folder, saved):
            saved = None
            if not _start_gently(part, probe, state, progress, folder):
                break
        if state.epoch:
            _try_mixtures(part, probe, data, state)
    except Stopped:
        stopped = True
    except Paused as pause:
        raise Paused(PAUSED, epoch=min(state.epoch + 1, recipe.epochs), epochs=recipe.epochs) from pause
    _assign(part, state.best)
    return Tuned(state.best_epoch, state.epoch - first, stopped)


def prepare(
    part: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    objective: Objective,
    class_balancing: str = "none",
    number_of_pieces: int = 1,
    *,
    compiled: bool = True,
) -> None:
    """Compile `part` for training on dense targets, each batch in so many pieces; by XLA too where that pays."""
    gradient_accumulation.in_pieces(optimizer, number_of_pieces)
    loss = objective.loss(class_balancing)
    part.compile(optimizer=optimizer, loss=loss, weighted_metrics=objective.metrics(), jit_compile=compiled and _jit())
    optimizer.build(part.trainable_variables)


def logits(part: keras.Model, pictures: Readable, keys: Sequence[str]) -> np.ndarray:
    """Return float32 logits (N, num_classes) of any number of pictures; only one batch is in memory at a time."""
    step = max(1, min(PREDICT_BATCH, len(keys), PREDICT_NUMBERS // int(np.prod(part.input_shape[1:]))))
    devices = replicas.count(part)
    while True:
        try:
            return _logits(part, pictures, keys, -(-step // devices) * devices)
        except Exception as error:  # noqa: BLE001 - what is no lack of memory is raised again
            step = out_of_memory.half(step, error)


def _logits(part: keras.Model, pictures: Readable, keys: Sequence[str], step: int) -> np.ndarray:
    found = []
    for first in range(0, len(keys), step):
        batch = pictures.read(keys[first : first + step])
        # Every batch has the same shape: another shape would be compiled anew.
        padded = np.zeros((step, *batch.shape[1:]), np.float32)
        padded[: len(batch)] = batch
        found.append(np.asarray(replicas.predict_on_batch(part, padded)[: len(batch)], np.float32))
    return np.concatenate(found)


def _attempt(part, data: Data, recipe: Recipe, state: State, progress: Progress, folder: Path, saved) -> bool:
    """Train from the state to the last epoch; return False when the loss diverged on the way.

    Where memory does not hold a batch, it goes on from the last step with pieces of half the size.
    """
    while True:
        with replicas.scope_of(part):
            optimizer = make_optimizer(recipe, state.learning_rate, recipe.epochs * steps_per_epoch(data, recipe))
            prepare(part, optimizer, data.objective, recipe.class_balancing, state.pieces, compiled=state.compiled)
            if saved is not None:
                saved.apply(part, optimizer)
        start = checkpoint.take(part, optimizer, replace(state))
        try:
            return _epochs(part, data, recipe, state, progress, folder)
        except Exception as error:  # noqa: BLE001 - what is no lack of memory is raised again
            pieces_then, compiled_then = _gentler(part, error, state, _batch_size(recipe, len(data.y_train)))
            if state.compiled and not compiled_then:
                progress.writer.event("uncompiled", error=repr(error))
            saved = _rescued(part, optimizer, state, folder, start)
            state.pieces, state.compiled = pieces_then, compiled_then


def _gentler(part, error: Exception, state: State, size: int) -> tuple[int, bool]:
    """Return in how many pieces, and whether compiled by XLA, a step may do that failed. Raises what has no answer."""
    if part.jit_compile and not out_of_memory.is_short(error) and any(name in str(error) for name in XLA_NAMES):
        return state.pieces, False
    return -(-size // out_of_memory.half(-(-size // state.pieces), error)), state.compiled


def _rescued(part, optimizer, state: State, folder: Path, start: checkpoint.Checkpoint) -> checkpoint.Checkpoint:
    """Return how things stood before the step that failed, or `start` or a later checkpoint where that is gone."""
    try:
        return checkpoint.take(part, optimizer, state)
    except (RuntimeError, ValueError):  # JAX gives the memory of the weights to every step, also to one that fails
        saved = checkpoint.load(folder) or start
        vars(state).update(vars(saved.state))
        return saved


def _epochs(part, data: Data, recipe: Recipe, state: State, progress: Progress, folder: Path) -> bool:
    keep = functools.partial(checkpoint.save, folder, part, part.optimizer, state)
    try:
        while state.epoch < progress.limits.last_epoch(recipe.epochs):
            if state.epoch - state.best_epoch >= recipe.patience:
                progress.writer.event("patience", epoch=state.epoch, best_epoch=state.best_epoch)
                break
            _epoch(part, data, recipe, state, progress, keep)
            keep()
    except Diverged:
        return False
    return True


def _epoch(part, data: Data, recipe: Recipe, state: State, progress: Progress, keep: Keep) -> None:
    epoch, began = state.epoch + 1, time.perf_counter()
    learned = _train(part, data, recipe, state, progress, keep)
    scores = _validate(part, data)
    guessing = data.objective.guessing_loss(data.y_train)
    # BatchNorm that begins with nothing needs some epochs until it can be validated; in training it sees its batch. The
    # pictures are varied and mixed there, so `_train` notes what their loss began with: far above that of the probe.
    loss = learned["loss"] if recipe.from_nothing else scores["validation_loss"]
    if loss > max(DIVERGED * state.start_loss, WORSE_THAN_GUESSING * guessing):
        raise Diverged
    _keep_best(part, state, epoch, scores, data.objective)
    if recipe.averages:
        _try_average(part, data, state, epoch)
    state.epoch, state.step, state.totals, state.dice = epoch, 0, (0.0, 0.0), None
    rate = float(keras.ops.convert_to_numpy(part.optimizer.learning_rate))
    seconds = time.perf_counter() - began
    progress.metric(phase="fine_tune", epoch=epoch, learning_rate=rate, seconds=seconds, **learned, **scores)


def _train(part, data: Data, recipe: Recipe, state: State, progress: Progress, keep: Keep) -> dict:
    """Train what is left of the epoch after `state.epoch`; return the loss and accuracy of all its batches."""
    epoch, kept = state.epoch + 1, time.monotonic()
    view = data.view((epoch - 1) % state.views + 1)
    size = _batch_size(recipe, len(data.y_train))
    batches = _order(data, recipe, epoch).reshape(-1, size)
    targets = data.objective.targets(data.y_train)
    weights = data.objective.weights(data.y_train, recipe.class_balancing)
    dice = _dice(recipe, epoch, state)
    left = batches[state.step :]
    pictures = stream.ahead(view.read, [[data.train_keys[row] for row in batch] for batch in left])
    for batch, x in zip(left, pictures, strict=True):
        x, y, weight = mixing.mix(x.astype(np.float32), targets[batch], weights[batch], data.mixing, dice)
        logs = gradient_accumulation.learn(part, x, y, weight, state.pieces)
        if not np.isfinite(logs["loss"]):
            raise Diverged
        state.step, state.dice = state.step + 1, dict(dice.bit_generator.state)
        state.totals = state.totals[0] + float(logs["entropy"]), state.totals[1] + float(logs["accuracy"])
        if recipe.from_nothing and epoch == 1 and state.step <= FIRST_BATCHES:
            state.start_loss = state.totals[0] / state.step
        share = epoch - 1 + state.step / len(batches)
        try:
            progress.advance(share, recipe.epochs, EPOCH_MESSAGE, epoch=epoch, epochs=recipe.epochs)
        except (Stopped, Paused):
            keep()
            raise
        if time.monotonic() - kept > KEEP_SECONDS:
            keep()
            kept = time.monotonic()
    loss, right = (total / len(batches) for total in state.totals)
    return {"loss": loss, "accuracy": right}


def _dice(recipe: Recipe, epoch: int, state: State) -> np.random.Generator:
    """Return what pictures of this epoch are mixed by; in the middle of it, as it was left there."""
    dice = np.random.default_rng([recipe.seed, epoch, MIXING_DICE])
    if state.dice is not None:
        dice.bit_generator.state = state.dice
    return dice


def steps_per_epoch(data: Data, recipe: Recipe) -> int:
    return len(_order(data, recipe, 1)) // _batch_size(recipe, len(data.y_train))


def _order(data: Data, recipe: Recipe, epoch: int) -> np.ndarray:
    """Return the rows of one epoch, shuffled; a few are repeated so that every batch is full."""
    generator = np.random.default_rng([recipe.seed, epoch])
    rows = generator.permutation(data.objective.rows(data.y_train, recipe.class_balancing, generator))
    size = _batch_size(recipe, len(data.y_train))
    return np.concatenate([rows, rows[: -len(rows) % size]])


def _batch_size(recipe: Recipe, pictures: int) -> int:
    return min(recipe.batch_size, pictures)


def _validate(part, data: Data) -> dict:
    probabilities = data.objective.probabilities(logits(part, data.held_out, data.validation_keys))
    return data.objective.scores(data.y_validation, probabilities)


def _first_state(part, data: Data, recipe: Recipe, progress: Progress) -> State:
    scores = _validate(part, data)
    loss = scores["validation_loss"]
    rate, number = (recipe.learning_rate, 1) if recipe.learning_rate else _find_rate(part, data, recipe, progress)
    return State(rate, loss, scores["validation_accuracy"], loss, best=_weights(part), pieces=number)


def _find_rate(part, data: Data, recipe: Recipe, progress: Progress, number: int = 1) -> tuple[float, int]:
    """Return the learning rate of a short test on the training pictures, whose outcome the run keeps.

    Also in how many pieces memory holds a batch: `number`, or more where it turns out so.
    """
    rows, size = _order(data, recipe, 1), _batch_size(recipe, len(data.y_train))
    targets = data.objective.targets(data.y_train)
    weights = data.objective.weights(data.y_train, recipe.class_balancing)
    view = data.view(1)

    def train_batch(step: int) -> float:
        batch = rows[(size * step + np.arange(size)) % len(rows)]
        x = view.read([data.train_keys[row] for row in batch]).astype(np.float32)
        return gradient_accumulation.learn(part, x, targets[batch], weights[batch], number)["loss"]

    def ready(optimizer) -> None:
        prepare(part, optimizer, data.objective, recipe.class_balancing, number)

    try:
        found = range_test.find(part, recipe, ready, train_batch, lambda: progress.advance(0, 1, TRYING_RATES))
    except Exception as error:  # noqa: BLE001 - what is no lack of memory is raised again
        smaller = out_of_memory.half(-(-size // number), error)
        return _find_rate(part, data, recipe, progress, -(-size // smaller))
    write_json(progress.writer.run_dir / runs.RANGE_TEST, vars(found))
    progress.writer.event("range_test", learning_rate=found.chosen, steps=len(found.rates))
    return found.chosen, number


def _keep_best(part, state: State, epoch: int, scores: dict, objective: Objective) -> None:
    """Take over this epoch when the validation pictures rank it higher than the best so far."""
    rank = objective.rank
    if rank(*_both(scores)) > rank(state.best_accuracy, state.best_loss):
        state.best, state.best_epoch = _weights(part), epoch
        state.best_accuracy, state.best_loss = _both(scores)


def _both(scores: dict) -> tuple[float, float]:
    return scores["validation_accuracy"], scores["validation_loss"]


def _try_average(part, data: Data, state: State, epoch: int) -> None:
    """Try the average of the weights over about an epoch (see optimizer), and leave the part as it was."""
    last = _weights(part)
    part.optimizer.finalize_variable_values(part.trainable_variables)
    _assign(part, _weights(part))  # copies: JAX gives the memory of a network's weights away when it predicts
    _keep_best(part, state, epoch, _validate(part, data), data.objective)
    _assign(part, last)


def _try_mixtures(part, probe: list[np.ndarray], data: Data, state: State) -> None:
    """Try weights on the way from the probe to the last epoch (WiSE-FT, Wortsman et al. 2022): often a little better.

    Measured on validation: CIFAR-10 67.0 % (probe), 67.7 % (last epoch), 68.4 % (a quarter of the way).
    """
    last = _weights(part)
    for share in MIXTURES:
        _assign(part, [old + share * (new - old) for old, new in zip(probe, last, strict=True)])
        _keep_best(part, state, state.epoch, _validate(part, data), data.objective)


def _start_gently(part, probe: list[np.ndarray], state: State, progress: Progress, folder: Path) -> bool:
    """Go back to the probe with a lower rate; a best epoch of the failed attempt is kept. False: that was the last."""
    state.epoch, state.step, state.totals, state.dice = 0, 0, (0.0, 0.0), None
    _assign(part, probe)
    checkpoint.forget(folder)
    progress.forget_epochs_after(0)
    if state.restarts == MOST_RESTARTS:
        progress.writer.event("gave_up", tries=MOST_RESTARTS + 1, learning_rate=state.learning_rate)
        return False
    state.restarts, state.learning_rate = state.restarts + 1, state.learning_rate * GENTLER
    progress.writer.event("diverged", restart=state.restarts, learning_rate=state.learning_rate)
    return True


def _weights(part) -> list[np.ndarray]:
    return [np.array(weight) for weight in part.get_weights()]


def _assign(part, weights: list[np.ndarray]) -> None:
    part.set_weights(weights)


def _jit() -> bool | str:
    # XLA takes longer to compile a network for a processor than it saves.
    on_processor = keras.backend.backend() == "tensorflow" and not device.has_gpu()
    return False if on_processor else "auto"
