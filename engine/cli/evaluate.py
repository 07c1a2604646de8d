"""`evaluate`: how good a run is, from its own files."""

import sys
from pathlib import Path

from engine.cli import backbones, report_lines
from engine.cli.output import in_words, print_json
from engine.errors import UserError
from engine.evaluation import results
from engine.storage import runs
from engine.storage.runs import find_run


def evaluate(options) -> None:
    """Print how good a run is, from its own files."""
    print_evaluation(evaluation_result(find_run(options.run)), options.json)


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
    lines = report_lines.multi_label_lines if result.get("task") == "several" else _evaluation_lines
    print("\n".join(lines(result)), file=out)
    if as_json:
        print_json(result)


def _evaluation_lines(result: dict) -> list[str]:
    low, high = result["accuracy_interval"]
    base, (largest, share) = result["baselines"], results.largest_class(result)
    largest = f"{largest}, their largest class" if largest else "one and the same class"
    words = (
        f"Right on {result['accuracy']:.1%} of {result['splits']['test']} test pictures"
        f"{backbones.unseen(result)} (between {low:.1%} and {high:.1%}).\n"
        f"Always answering {largest}: {share:.1%}. "
        f"The same network before fine-tuning: {base['before_fine_tuning']:.1%}."
    )
    classes = map(report_lines.class_line, results.per_class(result))
    return [words, *classes, *report_lines.group_lines(result["groups"])]
