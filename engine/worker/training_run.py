"""One training run, from its frozen list of pictures to an honest evaluation. Reads top-down as a story."""

import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np

from engine.backbones import catalogue, custom, out_of_memory
from engine.backbones.build import frozen
from engine.backbones.local_weights import local_path
from engine.backbones.pretrained import weights_hash
from engine.compute import peers
from engine.curation import split_copies
from engine.curation.split_copies import Copies
from engine.data import versions
from engine.data.modalities import fits
from engine.data.modalities import registry as modalities
from engine.errors import UNEXPECTED_IN_LOG, ComputeError, DiskError, Stopped, TrainingError, UserError
from engine.evaluation import beside_network, evaluators, transfer
from engine.evaluation.evaluators.predictions import Predictions
from engine.evaluation.predict import PREPARATION
from engine.evaluation.reliability import out_of_distribution
from engine.storage import runs
from engine.storage.run_writer import RunWriter
from engine.storage.shards import ShardCache
from engine.storage.workspace import Workspace, disk_error, is_full, write_json
from engine.training import estimate, snapshot
from engine.training.features import distributed_embed, embed
from engine.training.fine_tuning import checkpoint, hardware, speed
from engine.training.fine_tuning import classifier as classifiers
from engine.training.fine_tuning.adapt import CHECKPOINT, adapt
from engine.training.heads import hidden_head
from engine.training.heads.head import Head
from engine.training.inputs.pixels import Pixels, choose_fit
from engine.training.limits import TARGET, TIME, Limits, duration, percent
from engine.training.progress import Paused, Progress
from engine.training.recipe import Recipe
from engine.training.run_context import RunContext
from engine.worker import detection_run

DOWNLOADING = "Downloading {network} ({size} MB)."
LOOKING = "Looking at the pictures with {network}."
LEARNING = "Learning the last step."
TESTING = "Testing on pictures the model has never seen."
DONE = "Finished."
STOPPED = "Stopped. The best model so far was kept and tested."
TIME_UP = "Stopped: the time limit of {time} was reached. The best model so far was kept and tested."
SEARCH_STOPPED = "The search stopped it after round {rounds} of {epochs}. The best model so far was kept and tested."
GOOD_ENOUGH = "Ended early because it was good enough: {share} % on the validation pictures, {target} % were wanted."
REACHED = "Finished: {share} % on the validation pictures, {target} % were wanted."
MISSED = "Finished. {target} % on the validation pictures were wanted; {share} % is the best it reached."
STOPPED_EARLY = "Stopped before there was a model."
COURSES = {"detection": detection_run.train}  # tasks whose runs go another way than a classifier's


@dataclass(frozen=True)
class Outcome:
    """What training ended with; `probabilities` are those of the held-out rows, divided by `temperature` or not yet.

    `held_out` counts the training pictures of the probe's cross-validation that helped to find the temperature.
    """

    classifier: keras.Model
    probabilities: np.ndarray
    chosen: str
    stopped: bool
    temperature: float = 1.0
    held_out: int = 0


def carry_out(run_dir: Path, workspace: Workspace, attempt: str = "") -> None:
    """Train as a worker was asked to; every result is a file in `run_dir`.

    attempt: as `runs.note_attempt` called it. One that is out of date is left alone; one that a worker died of is not
    begun again (ComputeError), whatever the scheduler thinks of it: a person decides.
    """
    if not runs.may_begin(run_dir, attempt):
        return
    if runs.was_begun(run_dir):
        raise ComputeError(runs.INTERRUPTED)
    train(run_dir, workspace, attempt)


def train(run_dir: Path, workspace: Workspace, attempt: str = "") -> None:
    """Train, evaluate and write every file of the run directory. What a person can fix ends in its status."""
    with RunWriter(run_dir, worker=peers.own_address(), attempt=attempt) as writer:
        try:
            with out_of_memory.telling(lambda batch, smaller: writer.event("memory", batch=batch, smaller=smaller)):
                work = RunContext(*_prepare(run_dir, workspace, writer))
                COURSES.get(work.recipe.task, _train)(work, writer)
        except Stopped:
            writer.status(state="stopped", message=STOPPED_EARLY, values={}, finished=runs.now(), seconds_left=None)
        except Paused as pause:
            writer.status(state="paused", message=pause.message, values=pause.values, seconds_left=None)
        except DiskError as error:
            _lay_aside(writer, error)
        except UserError as error:
            _fail(writer, error)
        except Exception as error:
            if isinstance(error, OSError) and is_full(error):
                _lay_aside(writer, disk_error(Path(error.filename or runs.MODEL), error))
            elif out_of_memory.is_short(error):
                _fail(writer, TrainingError(out_of_memory.NO_MEMORY))
            else:
                (run_dir / runs.LOG).write_text(traceback.format_exc(), encoding="utf-8")
                _fail(writer, TrainingError(UNEXPECTED_IN_LOG, error=repr(error), log=str(run_dir / runs.LOG)))
                raise


def _prepare(run_dir: Path, workspace: Workspace, writer: RunWriter) -> tuple:
    recipe = Recipe.from_dict(runs.read_recipe(run_dir))
    recipe.validate()
    frozen = snapshot.read(run_dir)
    recipe = _settled(run_dir, workspace, recipe, frozen.counts(), writer)
    fit = choose_fit(workspace, recipe.fit, frozen.sha256.tolist(), recipe.pixel_scale)
    modality = modalities.of(workspace.blob_path(frozen.sha256[0])).name
    preparation = {"image_size": recipe.size, "class_names": list(frozen.class_names), **_as_kept(fit)}
    preparation["modality"] = modality
    write_json(run_dir / PREPARATION, preparation)
    pixels = Pixels(workspace, recipe.size, fit)
    _tell_of_download(recipe, writer)
    to_embed = len(embed.features_cache(workspace, recipe.backbone, pixels).missing(frozen.sha256.tolist()))
    expected = estimate.expected(workspace, recipe, frozen.counts(), to_embed)
    return workspace, run_dir, recipe, frozen, pixels, Progress(writer, expected, _limits(writer, recipe))


def _settled(run_dir: Path, workspace: Workspace, recipe: Recipe, counts: dict[str, int], writer: RunWriter) -> Recipe:
    """Return the recipe with its picture size decided, once and for all attempts at this run."""
    settled = estimate.affordable(workspace, recipe, counts)
    if settled.size != recipe.size:
        writer.event("smaller", image_size=settled.size, wanted=recipe.size)
    if settled != recipe:
        write_json(run_dir / runs.RECIPE, settled.to_dict())
    return settled


def _limits(writer: RunWriter, recipe: Recipe) -> Limits:
    """Return what ends this attempt at the run: what its recipe says, and where a search had stopped it."""
    epochs = runs.search_facts(writer.run_dir).get("rounds")
    limits = Limits(recipe.target_accuracy, recipe.time_limit, epochs, used=writer.time_used())
    writer.status(time_used=0.0)  # counted now; an attempt after a stop begins anew
    for row in runs.read_metrics(writer.run_dir):
        limits.scored(row["validation_accuracy"])
    return limits


def _tell_of_download(recipe: Recipe, writer: RunWriter) -> None:
    info = catalogue.info(recipe.backbone)
    if local_path(recipe.backbone) is None:
        writer.status(phase="features", message=DOWNLOADING, values={"network": info.title, "size": info.download_mb})


def _train(work: RunContext, writer: RunWriter) -> None:
    writer.event("started", recipe=work.recipe.to_dict(), counts=work.snapshot.counts(), **_as_kept(work.pixels.fit))
    cache = _embed(work)
    apart, copies = split_copies.keep_apart(work.workspace, work.snapshot, work.pixels, cache.read, work.recipe.task)
    work = replace(work, snapshot=apart)
    with ThreadPoolExecutor(1, thread_name_prefix="build") as builder:
        if not work.recipe.fine_tunes:  # the network that becomes the model is built while its last step is learned
            builder.submit(frozen, work.recipe.backbone, work.recipe.size)
        head, held_out = _fit_probe(work, cache)
    outcome = _fine_tune(work, cache, head) if work.recipe.fine_tunes else _keep_probe(work, cache, head)
    outcome = _calibrate(work, outcome, held_out)
    # Saved beside the evaluation, which does not need the model.
    with ThreadPoolExecutor(1, thread_name_prefix="save") as saver:
        saved = saver.submit(classifiers.save, outcome.classifier, work.run_dir / runs.MODEL)
        _evaluate(work, cache, head, outcome, copies)
        saved.result()
    writer.event("finished", chosen=outcome.chosen)
    state, message, values = _ending(work, outcome)
    if state == "finished":
        checkpoint.forget(work.run_dir / CHECKPOINT)
    writer.status(
        state=state, phase="done", progress=1.0, message=message, values=values, seconds_left=0.0, finished=runs.now()
    )


def rehearse(work: RunContext, epochs: int) -> float:
    """Train as a run does, for so many epochs of fine-tuning in all; return how right it is on the validation pictures.

    `work` holds no test pictures. Nothing is evaluated, and only the checkpoint is kept, from which a run can go on.
    """
    cache = _embed(work)
    head, _held_out = _fit_probe(work, cache)
    frozen, rows = work.snapshot, work.held_out
    if epochs:
        probabilities = _fine_tune(work, cache, head).probabilities
    else:
        probabilities = head.probabilities(cache.read(frozen.keys(rows)))
    return work.objective.scores(frozen.y[rows], probabilities)["validation_accuracy"]


def _ending(work: RunContext, outcome: Outcome) -> tuple[str, str, dict]:
    """Return (state, message, values): why the run ended."""
    recipe, limits = work.recipe, work.progress.limits
    if outcome.stopped and limits.reached() != TARGET:
        if (work.run_dir / runs.STOP).exists():
            return "stopped", STOPPED, {}
        if limits.reached() == TIME:
            return "stopped", TIME_UP, {"time": duration(recipe.time_limit or 0.0)}
        return "stopped", SEARCH_STOPPED, {"rounds": limits.epochs, "epochs": recipe.epochs}
    if recipe.target_accuracy is None or limits.best is None:
        return "finished", DONE, {}
    values = {"target": percent(recipe.target_accuracy), "share": percent(limits.best)}
    if limits.reached() != TARGET:
        return "finished", MISSED, values
    return "finished", GOOD_ENOUGH if outcome.stopped else REACHED, values


def _embed(work: RunContext) -> ShardCache:
    work.progress.begin("features", LOOKING, network=catalogue.info(work.recipe.backbone).title)
    keys = list(dict.fromkeys(work.snapshot.sha256.tolist()))
    began = time.perf_counter()
    missing = len(embed.features_cache(work.workspace, work.recipe.backbone, work.pixels).missing(keys))
    undecoded = work.pixels.missing(keys)
    cache, elsewhere = distributed_embed.embed(
        work.workspace, work.recipe.backbone, work.pixels, keys, work.progress.advance, work.run_dir
    )
    if not elsewhere:  # where others helped it says little about this machine
        spent = time.perf_counter() - began
        speed.remember(work.workspace, work.recipe, missing, spent, decoded=bool(undecoded))
    work.progress.writer.event("embedded", pictures=len(keys), computed=missing, elsewhere=elsewhere)
    return cache


def _fit_probe(work: RunContext, cache: ShardCache) -> tuple[Head, tuple | None]:
    """Return the head and, where it was cross-validated, `held_out` as in probe.Probe."""
    work.progress.begin("probe", LEARNING)
    frozen, began = work.snapshot, time.perf_counter()
    train_rows, held_out = frozen.rows("train"), frozen.rows("validation")
    x, y = cache.read(frozen.keys(train_rows)), frozen.y[train_rows]
    head, answered = _learn_head(work, x, y)
    if runs.read_metrics(work.run_dir):
        return head, answered  # a resumed run has told this before
    objective = work.objective
    on_train = objective.scores(y, head.probabilities(x))
    on_validation = objective.scores(frozen.y[held_out], head.probabilities(cache.read(frozen.keys(held_out))))
    work.progress.metric(
        phase="probe",
        epoch=0,
        loss=on_train["validation_loss"],
        accuracy=on_train["validation_accuracy"],
        seconds=time.perf_counter() - began,
        **on_validation,
    )
    return head, answered


def _learn_head(work: RunContext, x: np.ndarray, y: np.ndarray) -> tuple[Head, tuple | None]:
    if work.recipe.head == "hidden":
        return hidden_head.fit(x, y, work.objective, work.recipe, work.progress), None
    units = work.snapshot.units(work.snapshot.rows("train"))
    fitted = work.objective.fit_probe(x, y, work.recipe, units)
    work.progress.writer.event("probe", strength=fitted.strength, source=fitted.source)
    return fitted.head, fitted.held_out


def _keep_probe(work: RunContext, cache: ShardCache, head: Head) -> Outcome:
    """Take the probe as the run's model."""
    backbone = frozen(work.recipe.backbone, work.recipe.size)
    probabilities = head.probabilities(cache.read(work.snapshot.keys(work.held_out)))
    return Outcome(classifiers.finished(backbone, head, work.recipe.dropout), probabilities, "probe", stopped=False)


def _fine_tune(work: RunContext, cache: ShardCache, head: Head) -> Outcome:
    """Adapt the network and take the best of it, probe included, as the run's model."""
    try:
        if not checkpoint.exists(work.run_dir / CHECKPOINT):  # else the best so far may be better than the probe
            work.progress.check_stop()
        adapted = adapt(work, cache, head)
    except Stopped:  # before its first step: the probe is the best so far
        return replace(_keep_probe(work, cache, head), stopped=True)
    chosen = f"epoch {adapted.best_epoch}" if adapted.best_epoch else "probe"
    cut_short = work.progress.limits.last_epoch(work.recipe.epochs) < work.recipe.epochs
    return Outcome(adapted.classifier, adapted.probabilities, chosen, adapted.stopped or cut_short)


def _calibrate(work: RunContext, outcome: Outcome, held_out: tuple | None) -> Outcome:
    """Make the model as sure as it is right on pictures it did not learn from; its answers stay."""
    if outcome.chosen != "probe":
        held_out = None  # probes say nothing about how sure a fine-tuned network is
    validation = work.snapshot.splits[work.held_out] == "validation"
    y = work.snapshot.y[work.held_out[validation]]
    evaluator = evaluators.of(work.recipe.task)
    temperature = evaluator.fit_temperature(y, outcome.probabilities[validation], held_out)
    classifiers.temper(outcome.classifier, temperature)
    count = 0 if held_out is None else len(held_out[0])
    probabilities = evaluator.tempered(outcome.probabilities, temperature)
    return replace(outcome, probabilities=probabilities, temperature=temperature, held_out=count)


def _evaluate(work: RunContext, cache: ShardCache, head: Head, outcome: Outcome, copies: Copies) -> None:
    work.progress.begin("evaluate", TESTING)
    frozen, rows = work.snapshot, work.held_out
    train_rows = frozen.rows("train")
    held_out, train_features = cache.read(frozen.keys(rows)), cache.read(frozen.keys(train_rows))
    evaluator = evaluators.of(work.recipe.task)
    before = evaluator.nearest_class_mean(held_out, train_features, frozen.y[train_rows])
    predictions = Predictions(rows, outcome.probabilities, before, outcome.temperature, outcome.held_out)
    probe_scores = evaluator.probe_scores(frozen, rows, head.probabilities(held_out))
    facts = _facts(work, probe_scores, outcome) | copies.facts()
    if work.recipe.tells_the_strange:
        weights = weights_hash(work.recipe.backbone)
        facts["unknown"] = out_of_distribution.learn(work.run_dir, frozen, weights, train_features, held_out)
    test = frozen.splits[rows] == "test"
    if found := transfer.measure(frozen, work.recipe, train_features, rows[test], held_out[test]):
        facts["transfer"] = found
    modality = facts["modality"]
    beside = beside_network.learn(work.run_dir, work.workspace, frozen, rows, modality)
    if beside is not None:
        facts["baselines"] = {"ngram": beside_network.report(frozen, rows, outcome.probabilities, beside)}
    work.progress.end()
    facts |= _seconds(work)
    evaluator.write(work.run_dir, frozen, predictions, facts)


def _as_kept(fit: str) -> dict:
    """Return {"fit"} and, for pictures of more than 8 bits, {"pixel_scale"}: what is black and white in them."""
    plain, scale = fits.parted(fit)
    return {"fit": plain, "pixel_scale": scale} if scale else {"fit": plain}


def _facts(work: RunContext, probe_scores: dict, outcome: Outcome) -> dict:
    return {
        "probe": probe_scores,
        "chosen": outcome.chosen,
        "image_size": work.pixels.image_size,
        **_as_kept(work.pixels.fit),
        "modality": modalities.of(work.workspace.blob_path(work.snapshot.sha256[0])).name,
        "hardware": hardware.told(work.recipe),
        "images_per_second": speed.known(work.workspace, work.recipe.backbone, work.recipe.size),
        **_of_the_base(work),
    }


def _of_the_base(work: RunContext) -> dict:
    """Return {"base": {"left_out": how many test pictures, "unknown"}} where the network is one of one's own."""
    if not custom.is_own(catalogue.plain(work.recipe.backbone)):
        return {}
    left_out = versions.left_out(work.run_dir)
    return {"base": {"left_out": len(left_out["items"]), "unknown": left_out["unknown"]}}


def _seconds(work: RunContext) -> dict:
    seconds = {phase: round(value, 3) for phase, value in work.progress.spent().items()}
    return {"seconds": {"ingest": 0.0, **seconds, "total": round(sum(seconds.values()), 3)}}


def _lay_aside(writer: RunWriter, error: DiskError) -> None:
    """Say that there was no room to go on: everything up to the last checkpoint is there, and resuming uses it."""
    writer.use_reserve()
    writer.status(
        state="interrupted",
        message=error.template,
        values=error.to_dict()["values"],
        seconds_left=None,
        finished=runs.now(),
    )


def _fail(writer: RunWriter, error: UserError) -> None:
    writer.event("failed", error=str(error))
    writer.status(
        state="failed",
        message=error.template,
        values=error.to_dict()["values"],
        seconds_left=None,
        finished=runs.now(),
        error=error.to_dict(),
    )
