"""`predict`: the likeliest classes of files."""

import sys
from pathlib import Path
from typing import cast

from engine.cli.evaluate import evaluation_result
from engine.cli.output import print_json
from engine.errors import DataError
from engine.evaluation import evaluators
from engine.graft import Graft
from engine.storage.evaluation import Evaluation
from engine.storage.runs import find_run


def predict(options) -> None:
    """Print the most likely classes of each file."""
    run_dir = find_run(options.run)
    evaluation = cast("Evaluation", evaluation_result(run_dir))
    missing = [file for file in options.files if not Path(file).is_file()]
    if missing:
        raise DataError("There is no file '{file}'.", file=missing[0])
    with Graft.open(shared_worker=True) as graft:
        graft.warm_up()
        answers = [_prediction(graft, run_dir, file, evaluation) for file in options.files]
    evaluator = evaluators.of(evaluation["task"])
    for result in answers:
        words = result["error"] if "error" in result else evaluator.prediction_in_words(result)
        print(f"{result['file']}: {words}", file=sys.stderr if options.json else sys.stdout)
    if options.json:
        print_json({"run": run_dir.name, "predictions": answers})
    if all("error" in result for result in answers):
        raise DataError("None of the files could be read.")


def _prediction(graft: Graft, run_dir: Path, file: str, facts: Evaluation) -> dict:
    source = str(Path(file).resolve())
    try:
        [answer] = graft.compute.ask("predict", run_dir, graft.workspace, [source], timeout=600)
    except DataError as error:
        return {
            "file": file,
            "label": None,
            "answer": None,
            "reason": "unreadable",
            "threshold": None,
            "probabilities": {},
            "error": str(error),
        }
    return {"file": file, **evaluators.of(facts["task"]).prediction(run_dir, facts, answer)}
