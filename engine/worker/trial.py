"""One step of one trial of a search, on a worker: a probe, or rounds of fine-tuning. It never sees test pictures."""

import time
import traceback
from pathlib import Path

import numpy as np

from engine.backbones import out_of_memory
from engine.compute import peers
from engine.errors import UNEXPECTED_IN_LOG, Stopped, TrainingError, UserError
from engine.storage import runs
from engine.storage.run_writer import RunWriter
from engine.storage.workspace import Workspace, write_json
from engine.training import snapshot
from engine.training.inputs.pixels import Pixels, choose_fit
from engine.training.inputs.subsample import rows_of_fraction
from engine.training.limits import Limits
from engine.training.progress import Progress
from engine.training.recipe import Recipe
from engine.training.run_context import RunContext
from engine.training.snapshot import Snapshot
from engine.worker.training_run import rehearse

STOPPED = "Stopped before it could be measured."


def carry_out(
    folder: Path, workspace: Workspace, step: int, fraction: float, epochs: int, target: float | None
) -> None:
    """Write step-N.json into the trial's folder, or why there is none into its status.

    `fraction` of the training pictures are learned from; `epochs` of fine-tuning are done in all, 0 for the probe
    alone. It ends early at `target`, a fraction of the validation pictures. step-N.json holds {"validation_accuracy",
    "epochs", "seconds", "cut": whether it was stopped}.
    """
    began = time.perf_counter()
    with RunWriter(folder, worker=peers.own_address()) as writer:
        try:
            if not epochs:  # the curve of an earlier step says nothing about this one
                (folder / runs.METRICS).unlink(missing_ok=True)
            right = rehearse(_work(folder, workspace, writer, fraction, Limits(target, epochs=epochs)), epochs)
            found = {"validation_accuracy": right, "epochs": _epochs_done(folder), "cut": writer.stop_requested()}
            write_json(folder / f"step-{step}.json", {**found, "seconds": round(time.perf_counter() - began, 2)})
            writer.status(state="finished", finished=runs.now())
        except Stopped:
            writer.status(state="stopped", message=STOPPED, values={}, finished=runs.now())
        except UserError as error:
            _fail(writer, error)
        except Exception as error:  # noqa: BLE001 - a trial that breaks is told with its log, the search goes on
            if out_of_memory.is_short(error):
                _fail(writer, TrainingError(out_of_memory.NO_MEMORY))
            else:
                (folder / runs.LOG).write_text(traceback.format_exc(), encoding="utf-8")
                _fail(writer, TrainingError(UNEXPECTED_IN_LOG, error=repr(error), log=str(folder / runs.LOG)))


def _work(folder: Path, workspace: Workspace, writer: RunWriter, fraction: float, limits: Limits) -> RunContext:
    recipe = Recipe.from_dict(runs.read_recipe(folder))
    everything = snapshot.read(folder.parents[1])
    fit = choose_fit(workspace, recipe.fit, everything.sha256.tolist(), recipe.pixel_scale)
    seen = _without_test(everything, fraction, recipe.seed)
    return RunContext(
        workspace, folder, recipe, seen, Pixels(workspace, recipe.size, fit), Progress(writer, {}, limits)
    )


def _without_test(everything: Snapshot, fraction: float, seed: int) -> Snapshot:
    """Return the validation pictures and a fraction of the training pictures, as many of everything that they show."""
    train = everything.rows("train")
    learned = train[rows_of_fraction(everything.labels[train].astype(str), fraction, seed)]
    return everything.part(np.sort(np.concatenate([learned, everything.rows("validation")])))


def _epochs_done(folder: Path) -> int:
    return sum(row["phase"] == "fine_tune" for row in runs.read_metrics(folder))


def _fail(writer: RunWriter, error: UserError) -> None:
    values = error.to_dict()["values"]
    told = {"message": error.template, "values": values, "error": error.to_dict()}
    writer.status(state="failed", finished=runs.now(), **told)
