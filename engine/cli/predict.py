"""`predict`: the likeliest classes of files."""

import sys
from pathlib import Path

from engine.cli import report_lines
from engine.cli.evaluate import evaluation_result
from engine.cli.output import print_json
from engine.errors import DataError
from engine.evaluation.reliability import selective
from engine.graft import Graft
from engine.storage.runs import find_run


def predict(options) -> None:
    """Print the most likely classes of each file."""
    run_dir = find_run(options.run)
    evaluation = evaluation_result(run_dir)
    missing = [file for file in options.files if not Path(file).is_file()]
    if missing:
        raise DataError("There is no file '{file}'.", file=missing[0])
    with Graft.open(shared_worker=True) as graft:
        graft.warm_up()
        answers = [_prediction(graft, run_dir, file, evaluation) for file in options.files]
    for result in answers:
        print(f"{result['file']}: {_answer_in_words(result)}", file=sys.stderr if options.json else sys.stdout)
    if options.json:
        print_json({"run": run_dir.name, "predictions": answers})
    if all("error" in result for result in answers):
        raise DataError("None of the files could be read as a picture.")


def _prediction(graft: Graft, run_dir: Path, file: str, facts: dict) -> dict:
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
    if facts.get("task") == "several":
        return {"file": file, **report_lines.multi_label_prediction(run_dir, facts, answer["probabilities"])}
    class_names = facts["class_names"]
    shares = dict(zip(class_names, map(float, answer["probabilities"]), strict=True))
    verdict = selective.verdict(selective.read(run_dir), list(shares.values()), class_names, answer["unknown"])
    said = {"answer": None, "reason": verdict.said}
    if verdict.said == "answer":
        said = {"answer": class_names[verdict.position], "reason": None}
    label = max(shares, key=shares.__getitem__)
    return {"file": file, "label": label, **said, "threshold": verdict.threshold, "probabilities": shares}


def _answer_in_words(result: dict) -> str:
    """Return the likeliest classes, after "I don't know" or a class that its own threshold called."""
    if "error" in result:
        return result["error"]
    if "labels" in result:
        return report_lines.multi_label_answer(result)
    best = sorted(result["probabilities"].items(), key=lambda pair: -pair[1])[:3]
    shown = "  ".join(f"{name} {share:.1%}" for name, share in best)
    held_back = {"unsure": "I don't know", "unknown": "unlike anything it has seen"}
    if result["reason"]:
        return f"{held_back[result['reason']]} ({shown})"
    called = result["threshold"] is not None
    return f"{result['answer']}, called so from {result['threshold']:.1%} on ({shown})" if called else shown
