"""The commands `pause` and `resume`: lay a training aside, and go on exactly where it was."""

import sys
import time
from pathlib import Path

from engine.cli.evaluate import evaluation_result, print_evaluation
from engine.cli.output import print_json
from engine.cli.train import watch
from engine.errors import UserError
from engine.graft import Graft
from engine.storage import runs
from engine.storage.runs import find_run

# A batch of a large network on a slow machine, and writing its checkpoint.
PATIENCE_SECONDS = 120.0


def pause(options) -> None:
    """Lay a run aside that waits or trains, and say where it will go on."""
    run_dir = find_run(options.run)
    state = runs.read_status(run_dir)["state"]
    if state == "running":
        runs.request_pause(run_dir)
        _wait(run_dir)
    elif state == "queued":
        with Graft.open(shared_worker=True) as graft:
            graft.pause_run(run_dir.name)
    else:
        raise UserError("The run {run} cannot be paused: it is {state}.", run=run_dir.name, state=state)
    status = runs.read_status(run_dir)
    words = status["message"].format(**status["values"])
    print(words, file=sys.stderr if options.json else sys.stdout)
    if options.json:
        print_json({"run": run_dir.name, "run_dir": str(run_dir), "state": status["state"], "message": words})


def resume(options) -> None:
    """Go on with a run that was paused, stopped, interrupted or has failed, and show how good it has become."""
    run_dir = find_run(options.run)
    if (state := runs.read_status(run_dir)["state"]) == "finished":
        raise UserError("The run {run} cannot be resumed: it is {state}.", run=run_dir.name, state=state)
    with Graft.open(shared_worker=True) as graft:
        graft.warm_up()
        if state != "running":
            graft.resume_run(run_dir.name)
        watch(graft, run_dir.name)
    print_evaluation(evaluation_result(run_dir), options.json)


def _wait(run_dir: Path) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while runs.read_status(run_dir)["state"] == "running":
        if time.monotonic() > until:
            raise UserError("The run {run} was asked to pause but has not done so yet. Look again.", run=run_dir.name)
        time.sleep(0.1)
