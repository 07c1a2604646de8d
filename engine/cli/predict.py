"""`predict`: the likeliest classes of files and of all pictures in folders."""

import csv
import io
import sys
from pathlib import Path
from typing import cast

from engine.cli.evaluate import evaluation_result
from engine.cli.output import end_progress, print_json
from engine.data.formula_cells import mark
from engine.data.layout import is_system_file
from engine.errors import DataError
from engine.evaluation import evaluators
from engine.graft import Graft
from engine.storage.evaluation import Evaluation
from engine.storage.runs import find_run
from engine.storage.workspace import write_atomic


def predict(options) -> None:
    """Print the most likely classes of each file."""
    run_dir = find_run(options.run)
    evaluation = cast("Evaluation", evaluation_result(run_dir))
    files = _files(options.files)
    with Graft.open(shared_worker=True) as graft:
        graft.warm_up()
        answers = [_prediction(graft, run_dir, file, evaluation) for file in files]
    evaluator = evaluators.of(evaluation["task"])
    out = sys.stderr if options.json else sys.stdout
    for result in answers if options.output is None else ():
        words = result["error"] if "error" in result else evaluator.prediction_in_words(result)
        print(f"{result['file']}: {words}", file=out)
    if options.output is not None:
        write_atomic(Path(options.output).resolve(), as_csv(answers, evaluation["class_names"]))
        end_progress(f"{len(answers)} answers are in {options.output}")
    if options.json:
        print_json({"run": run_dir.name, "predictions": answers})
    if all("error" in result for result in answers):
        raise DataError("None of the files could be read.")


def _prediction(graft: Graft, run_dir: Path, file: str, facts: Evaluation) -> dict:
    source = str(Path(file).resolve())
    try:
        [answer] = graft.compute.ask(
            evaluators.of(facts["task"]).ASKED, run_dir, graft.workspace, [source], timeout=600
        )
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


def _files(named: list[str]) -> list[str]:
    """Return the files that were named and those in the folders that were. Raises DataError for what is not there."""
    found: list[str] = []
    for name in named:
        path = Path(name)
        if path.is_dir():
            below = (file for file in sorted(path.rglob("*")) if file.is_file())
            found += [str(file) for file in below if not is_system_file(file.relative_to(path).as_posix())]
        elif path.is_file():
            found.append(name)
        else:
            raise DataError("There is no file '{file}'.", file=name)
    if not found:
        raise DataError("There is no file in '{folder}'.", folder=named[0])
    return found


def as_csv(answers: list[dict], class_names: list[str]) -> str:
    """Return a table with a row a file: what it answers, why not, and a column of probabilities a class.

    Several classes of a picture stand in one cell with | between them. A file that is no picture has its `error`.
    """
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(["file", "answer", "reason", "error", *map(mark, class_names)])
    for row in answers:
        shown = "|".join(row["labels"]) if "labels" in row else row["answer"] or ""
        shares = [row["probabilities"].get(name, "") for name in class_names]
        writer.writerow([mark(row["file"]), mark(shown), row.get("reason") or "", row.get("error", ""), *shares])
    return sink.getvalue()
