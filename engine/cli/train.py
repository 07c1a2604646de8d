"""`train`: bring a source in, train on it, print the honest number."""

import getpass
import time

from engine.cli import backbones
from engine.cli.evaluate import evaluation_result, print_evaluation
from engine.cli.output import end_progress, in_words, show_progress
from engine.cli.source import bring_in, check_there, new_project, refusal_in_words
from engine.errors import UserError
from engine.graft import Graft
from engine.storage import runs


def train(options) -> None:
    """Bring the source in, train, print the honest number."""
    started = time.monotonic()
    recipe = _checked_recipe(options)
    check_there(options.source)
    with Graft.open(shared_worker=True) as graft:
        graft.warm_up()
        recipe["backbone"] = backbones.kept(graft, options)
        with new_project(graft, options) as project:
            account = bring_in(graft, project.dataset_id, options)
            run_id = graft.start_run(project.id, _time_left(recipe, started), owner=getpass.getuser())
        watch(graft, run_id)
        result = train_result(graft, run_id, account)
    result["seconds"] |= {"total": round(time.monotonic() - started, 3)}
    print_evaluation(result, options.json)


def _checked_recipe(options) -> dict:
    """Return the recipe, refused before anything is brought in when it makes no sense."""
    from engine.training.recipe import Recipe

    recipe = {"name": options.recipe, "backbone": backbones.named(options), "seed": options.seed}
    recipe |= {"output": options.output}
    recipe |= {"target_accuracy": options.target_accuracy, "time_limit": options.time_limit}
    Recipe.from_dict(recipe).validate()
    return recipe


def _time_left(recipe: dict, started: float) -> dict:
    """Return the recipe with what is left of its time limit, which counts from the start of the command."""
    if recipe["time_limit"] is None:
        return recipe
    return {**recipe, "time_limit": round(max(1.0, recipe["time_limit"] - (time.monotonic() - started)), 1)}


def watch(graft: Graft, run_id: str) -> None:
    """Show the run's progress until it has ended."""
    status = graft.wait_for_run(run_id, lambda status: show_progress(in_words(status), status))
    end_progress(in_words(status))
    if status["state"] == "paused":
        raise UserError(
            "The run {run} was paused from elsewhere. {words} 'python -m engine resume {run} --workspace {workspace}' "
            "goes on.",
            run=run_id,
            workspace=str(graft.workspace.root),
            words=in_words(status),
        )
    if runs.read_evaluation(graft.workspace.run_dir(run_id)) is None:
        raise UserError("The run {run} was stopped before there was a model to evaluate.", run=run_id)


def train_result(graft: Graft, run_id: str, account: dict) -> dict:
    """Return what `train --json` prints."""
    run_dir = graft.workspace.run_dir(run_id)
    result = evaluation_result(run_dir)
    refused = [refusal_in_words(entry) for entry in account["refused"]]
    result |= {"received": account["received"], "used": account["used"], "refused": refused}
    result["seconds"] = {**result["seconds"], "ingest": round(account["seconds"], 3)}
    return result
