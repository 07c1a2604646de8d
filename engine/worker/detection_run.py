"""One training run that learns to find objects, from its frozen list of pictures to an honest evaluation."""

import time

import keras

from engine.backbones import catalogue
from engine.data.boxes.geometry import from_text
from engine.data.modalities import registry as modalities
from engine.errors import Stopped
from engine.evaluation.detection_results import true_rows
from engine.evaluation.evaluators import detection as evaluator
from engine.evaluation.metrics import detection as metrics
from engine.evaluation.predict import PREPARATION
from engine.storage import runs
from engine.storage.run_writer import RunWriter
from engine.storage.workspace import write_json
from engine.training.detection import frame as frames
from engine.training.detection import learn, map_cache
from engine.training.detection.frame import Frame
from engine.training.detection.learn import Pictures, Round
from engine.training.detection.map_cache import Extractor
from engine.training.fine_tuning import classifier as models
from engine.training.limits import duration
from engine.training.run_context import RunContext

LOOKING = "Looking at the pictures with {network}, {views} times at each."
LEARNING = "Learning to find objects: round {epoch} of {epochs}."
TESTING = "Testing on pictures the model has never seen."
DONE = "Finished."
STOPPED = "Stopped. The best model so far was kept and tested."
TIME_UP = "Stopped: the time limit of {time} was reached. The best model so far was kept and tested."
# Views of each picture, rounds, and rounds without a better one after which it ends.
EFFORT = {"instant": (8, 24, 8), "balanced": (16, 40, 12), "best": (24, 60, 15)}


def train(work: RunContext, writer: RunWriter) -> None:
    """Train, evaluate and write every file of the run; raises Stopped where it ends before there is a model."""
    writer.event("started", recipe=work.recipe.to_dict(), counts=work.snapshot.counts())
    splits = {split: _pictures(work, split) for split in ("train", "validation", "test")}
    frame, told = frames.choose(splits["train"].sizes, splits["train"].boxes)
    for warning in told:
        writer.event("warning", **warning)
    number, epochs, patience = EFFORT[work.recipe.name]
    splits["train"] = _varied(work, splits["train"], number)
    extractor = _look(work, frame, splits)
    head, stopped, best = _learn(work, extractor, splits, epochs, patience)
    _write_preparation(work, frame)
    models.save(learn.whole(extractor, head), work.run_dir / runs.MODEL)
    work.progress.begin("evaluate", TESTING)
    rows = work.held_out
    found = learn.find(extractor, head, splits["validation"]) + learn.find(extractor, head, splits["test"])
    work.progress.end()
    seconds = {phase: round(value, 3) for phase, value in work.progress.spent().items()}
    facts = {
        "chosen": f"round {best}",
        "warnings": told,
        "frame": [frame.width, frame.height],
        "image_size": frame.width,
        "fit": "letterbox",
        "seconds": {"ingest": 0.0, **seconds, "total": round(sum(seconds.values()), 3)},
    }
    evaluator.keep(work.run_dir, work.snapshot, evaluator.Found(rows, found), facts)
    writer.event("finished", chosen=facts["chosen"])
    state, message, values = _ending(work, stopped)
    ended = {"progress": 1.0, "seconds_left": 0.0, "finished": runs.now(), "phase": "done"}
    writer.status(state=state, message=message, values=values, **ended)


def _pictures(work: RunContext, split: str) -> Pictures:
    """Return the pictures of a split with their boxes; their sizes are asked of the files."""
    rows = work.snapshot.rows(split)
    keys = work.snapshot.keys(rows)
    return Pictures(keys, [_size(work, key) for key in keys], [from_text(work.snapshot.boxes[row]) for row in rows])


def _size(work: RunContext, sha256: str) -> tuple[int, int]:
    path = work.workspace.blob_path(sha256)
    return modalities.of(path).picture(path, 64)[1]


def _varied(work: RunContext, train: Pictures, number: int) -> Pictures:
    """Give training pictures more views; they are mirrored unless what they are forbids it."""
    tolerated = work.pixels.augmentations(list(train.keys)).tolerance
    chosen = work.recipe.augmentation
    mirror = "flip" in tolerated if chosen == ("auto",) else "flip" in chosen
    upside_down = "flip_vertical" in chosen
    views = frames.views(number if chosen else 1, work.recipe.seed, mirror=mirror, upside_down=upside_down)
    return Pictures(train.keys, train.sizes, train.boxes, views)


def _look(work: RunContext, frame: Frame, splits: dict[str, Pictures]) -> Extractor:
    title, number = catalogue.info(work.recipe.backbone).title, len(splits["train"].views)
    work.progress.begin("features", LOOKING, network=title, views=number)
    extractor = map_cache.extractor(work.workspace, work.recipe.backbone, frame, splits["train"].keys)
    wanted = [one for pictures in splits.values() for one in pictures.every()]
    extractor.fill(wanted, work.progress.advance)
    work.progress.writer.event("embedded", pictures=len(wanted), computed=len(wanted), elsewhere={})
    return extractor


def _learn(
    work: RunContext, extractor: Extractor, splits: dict[str, Pictures], epochs: int, patience: int
) -> tuple[keras.Model, bool, float]:
    """Return the head, whether it was stopped before it was done, and the round that it is from."""
    work.progress.begin("fine_tune", LEARNING, epoch=1, epochs=epochs)
    names, began, best = work.snapshot.class_names, time.perf_counter(), [0.0, 0]
    truth = [true_rows(own, names) for own in splits["validation"].boxes]
    stop = [False]

    def score(model: keras.Model) -> float:
        found = learn.find(extractor, model, splits["validation"])
        ranked = [metrics.ranked(truth, found, label) for label in range(len(names))]
        return metrics.mean_average_precision(ranked)[0]

    def told(one: Round) -> None:
        if one.score > best[0] or not best[1]:
            best[:] = one.score, one.number
        seconds = time.perf_counter() - began
        scores = {"accuracy": one.score, "validation_accuracy": one.score, "validation_loss": one.loss}
        work.progress.metric(phase="fine_tune", epoch=one.number, loss=one.loss, seconds=seconds, **scores)

    def check(done: float, total: int) -> bool:
        try:
            work.progress.advance(done, total, LEARNING, epoch=int(done) + 1, epochs=total)
        except Stopped:
            if not best[1]:
                raise
            stop[0] = True
        return not stop[0]

    head = learn.learn(
        extractor, splits["train"], names, score, told, check, epochs=epochs, patience=patience, seed=work.recipe.seed
    )
    return head, stop[0], best[1]


def _write_preparation(work: RunContext, frame: Frame) -> None:
    told = {"image_size": frame.width, "frame": [frame.width, frame.height], "fit": "letterbox"}
    write_json(work.run_dir / PREPARATION, {**told, "class_names": list(work.snapshot.class_names)})


def _ending(work: RunContext, stopped: bool) -> tuple[str, str, dict]:
    if not stopped:
        return "finished", DONE, {}
    if not (work.run_dir / runs.STOP).exists() and work.recipe.time_limit:
        return "stopped", TIME_UP, {"time": duration(work.recipe.time_limit)}
    return "stopped", STOPPED, {}
