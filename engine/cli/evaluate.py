"""`evaluate`: how good a run is, from its own files."""

import sys
from pathlib import Path
from typing import cast

from engine.cli.output import in_words, print_json
from engine.errors import UserError
from engine.evaluation import evaluators
from engine.sharing import result_tables
from engine.storage import runs
from engine.storage.evaluation import Evaluation
from engine.storage.runs import find_run
from engine.storage.workspace import write_atomic


def evaluate(options) -> None:
    """Print how good a run is, from its own files."""
    run_dir = find_run(options.run)
    result = evaluation_result(run_dir)
    if options.tables is not None:
        for name, text in result_tables.tables(run_dir).items():
            write_atomic(Path(options.tables).resolve() / name, text)
    print_evaluation(result, options.json)


def evaluation_result(run_dir: Path) -> dict:
    """Return the evaluation of a run with its id, directory and state. Raises UserError while there is none."""
    evaluation = runs.read_evaluation(run_dir)
    status = runs.read_status(run_dir)
    if evaluation is None:
        raise UserError("The run {run} has no evaluation: it is {state}.", run=run_dir.name, state=status["state"])
    head = {"run": run_dir.name, "run_dir": str(run_dir), "state": status["state"], "message": in_words(status)}
    return {**head, "recipe": runs.read_recipe(run_dir), "splits": evaluation["counts"], **evaluation}


def print_evaluation(result: dict, as_json: bool) -> None:
    out = sys.stderr if as_json else sys.stdout
    print(f"Run {result['run']} in {result['run_dir']}", file=out)
    print("\n".join(evaluators.of(result["task"]).lines(cast("Evaluation", result))), file=out)
    if as_json:
        print_json(result)
