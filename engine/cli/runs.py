"""`runs`: the runs of the workspace."""

from engine import settings
from engine.cli.output import print_json
from engine.storage import runs
from engine.storage.registry import Registry
from engine.storage.workspace import Workspace


def list_runs(options) -> None:
    """List the runs of the workspace, newest first."""
    rows = [_run_row(run) for run in open_registry().runs()]
    if options.json:
        return print_json({"runs": rows})
    for row in rows:
        accuracy = "-" if row["accuracy"] is None else f"{row['accuracy']:.1%}"
        print(f"{row['run']:24} {row['state']:12} {accuracy:>6}  {row['backbone']:18} {row['name']}")
    return None


def _run_row(run) -> dict:
    run_dir = settings.current().workspace / "runs" / run.id
    recipe, evaluation = runs.read_recipe(run_dir), runs.read_evaluation(run_dir)
    return {
        "run": run.id,
        "run_dir": str(run_dir),
        "name": run.name,
        "created": run.created,
        "owner": run.owner,
        "state": runs.read_status(run_dir)["state"],
        "recipe": recipe.get("name"),
        "backbone": recipe.get("backbone") or "-",
        "accuracy": evaluation["accuracy"] if evaluation is not None else None,
    }


def open_registry() -> Registry:
    config = settings.current()
    Workspace(config.workspace).create()
    return Registry(config.database_url)
