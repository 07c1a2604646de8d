"""What each command of the command line does. Every function takes the parsed options and prints its result."""

import contextlib
import getpass
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from engine import backbone_commands, command_parts, command_several, runs, settings, translation
from engine.data import several
from engine.errors import DataError, UserError
from engine.evaluation import results, selective
from engine.graft import Graft
from engine.registry import Project, Registry
from engine.runs import find_run
from engine.workspace import Workspace

ANSWERS = {"auto": None, "yes": True, "no": False}


def train(options) -> None:
    """Bring the source in, train, print the honest number."""
    started = time.monotonic()
    recipe = _checked_recipe(options)
    check_there(options.source)
    with Graft.open(shared_worker=True) as graft:
        graft.warm_up()
        recipe["backbone"] = backbone_commands.kept(graft, options)
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

    recipe = {"name": options.recipe, "backbone": backbone_commands.named(options), "seed": options.seed}
    recipe |= {"output": options.output}
    recipe |= {"target_accuracy": options.target_accuracy, "time_limit": options.time_limit}
    Recipe.from_dict(recipe).validate()
    return recipe


def check_there(source: str) -> None:
    if not source.startswith("example:") and not Path(source).exists():
        raise DataError(
            "There is no file or folder '{source}'. Give a folder, an archive, a CSV or JSONL table, example:digits or "
            "example:signs.",
            source=source,
        )


@contextlib.contextmanager
def new_project(graft: Graft, options) -> Iterator[Project]:
    """Create a project for a source; it goes again when what is done inside fails in a way that a person can fix."""
    project = graft.registry.create_project(options.project or Path(options.source.rstrip("/")).stem)
    apart = {"groups_apart": options.groups_apart, "split_seed": options.seed}
    graft.registry.set_dataset_options(project.dataset_id, **apart)
    try:
        yield project
    except UserError:
        graft.delete_project(project.id)
        raise


def bring_in(graft: Graft, dataset_id: str, options) -> dict:
    source = options.source if options.source.startswith("example:") else str(Path(options.source).resolve())
    reading = {"layout": options.layout, "several_classes": ANSWERS[options.several_classes]}
    import_id = graft.start_import(dataset_id, source, **reading)
    account = graft.wait_for_import(import_id, lambda status: show_progress(in_words(status), status))
    end_progress(f"{account['received']} received, {account['used']} used, {len(account['refused'])} refused")
    return account


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
    refused = [_refusal(entry) for entry in account["refused"]]
    result |= {"received": account["received"], "used": account["used"], "refused": refused}
    result["seconds"] = {**result["seconds"], "ingest": round(account["seconds"], 3)}
    return result


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
        [answer] = graft.ask("predict", str(run_dir), str(graft.workspace.root), [source], timeout=600)
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
        return {"file": file, **command_several.prediction(run_dir, facts, answer["probabilities"])}
    class_names = facts["class_names"]
    shares = dict(zip(class_names, map(float, answer["probabilities"]), strict=True))
    verdict = selective.verdict(selective.read(run_dir), list(shares.values()), class_names, answer["unknown"])
    said = {"answer": None, "reason": verdict.said}
    if verdict.said == "answer":
        said = {"answer": class_names[verdict.position], "reason": None}
    label = max(shares, key=shares.get)
    return {"file": file, "label": label, **said, "threshold": verdict.threshold, "probabilities": shares}


def _answer_in_words(result: dict) -> str:
    """Return the likeliest classes, after "I don't know" or a class that its own threshold called."""
    if "error" in result:
        return result["error"]
    if "labels" in result:
        return command_several.answer(result)
    best = sorted(result["probabilities"].items(), key=lambda pair: -pair[1])[:3]
    shown = "  ".join(f"{name} {share:.1%}" for name, share in best)
    held_back = {"unsure": "I don't know", "unknown": "unlike anything it has seen"}
    if result["reason"]:
        return f"{held_back[result['reason']]} ({shown})"
    called = result["threshold"] is not None
    return f"{result['answer']}, called so from {result['threshold']:.1%} on ({shown})" if called else shown


def list_runs(options) -> None:
    """List the runs of the workspace, newest first."""
    rows = [_run_row(run) for run in _registry().runs()]
    if options.json:
        return print_json({"runs": rows})
    for row in rows:
        accuracy = "-" if row["accuracy"] is None else f"{row['accuracy']:.1%}"
        print(f"{row['run']:24} {row['state']:12} {accuracy:>6}  {row['backbone']:18} {row['name']}")
    return None


def _run_row(run) -> dict:
    run_dir = settings.current().workspace / "runs" / run.id
    recipe, evaluation = runs.read_recipe(run_dir), runs.read_evaluation(run_dir) or {}
    return {
        "run": run.id,
        "run_dir": str(run_dir),
        "name": run.name,
        "created": run.created,
        "owner": run.owner,
        "state": runs.read_status(run_dir)["state"],
        "recipe": recipe.get("name"),
        "backbone": recipe.get("backbone") or "-",
        "accuracy": evaluation.get("accuracy"),
    }


def check_source(options) -> None:
    """Say what is in a source and what stands in the way of a training, keeping nothing."""
    from engine import checking

    check_there(options.source)
    account, findings = checking.check(
        options.source,
        options.layout,
        quick=options.quick,
        tell=show_progress,
        several_classes=ANSWERS[options.several_classes],
    )
    end_progress(f"{account.received} received, {len(account.used)} used, {len(account.refused)} refused")
    for finding in findings:
        example = f" ({finding['files'][0]})" if finding["files"] else ""
        words = f"{finding['severity']}: {finding['message']} {finding['fix'] or ''}{example}"
        print(words, file=sys.stderr if options.json else sys.stdout)
    if options.json:
        summary = {"received": account.received, "used": len(account.used), "findings": findings}
        summary["refused"] = [_refusal(entry) for entry in account.refused]
        summary["layout"] = in_words({"message": account.layout["template"], "values": account.layout["values"]})
        print_json(summary)


def _refusal(entry: dict) -> dict:
    return {"file": entry["file"], "reason": str(UserError(entry["reason"], **entry.get("values", {})))}


def export_data(options) -> None:
    """Write the pictures of a project as a zip that imports again with the same labels, groups and splits."""
    from engine.data import export

    registry = _registry()
    project = find_project(registry, options.project)
    items = registry.items(project.dataset_id)
    if not items:
        raise DataError("The project {project} has no pictures to export.", project=project.name)
    target = Path(options.output).resolve()
    workspace = Workspace(settings.current().workspace)
    several_classes = several.applies(registry.dataset_options(project.dataset_id))
    made = export.write(workspace, items, target, _export_progress, several_classes=several_classes)
    for name in made.missing:
        print(f"left out, its original is gone: {name}", file=sys.stderr)
    end_progress(f"{made.pictures} pictures of {project.name} in {target} ({made.bytes / 1e6:.1f} MB)")
    if options.json:
        print_json({"file": str(target), "project": project.id, "pictures": made.pictures, "missing": made.missing})


def _export_progress(done: int, total: int) -> None:
    show_progress(f"{done} of {total} pictures packed", {"progress": done / max(1, total)})


def find_project(registry: Registry, text: str) -> Project:
    """Return the project given by id, name or 'latest'."""
    projects = registry.projects()
    named = [project for project in projects if text in (project.id, project.name)]
    found = projects[:1] if text == "latest" else named
    if len(found) > 1:
        lines = "".join(f"\n  {project.id}  {project.created[:16].replace('T', ' ')}" for project in found)
        raise UserError(
            "{count} projects are called {text}. Give the id of one: {lines}", count=len(found), text=text, lines=lines
        )
    if not projects:
        raise UserError("There is no project yet. Train on pictures or bring some in on the Data page first.")
    if not found:
        names = ", ".join(f"{project.name} ({project.id})" for project in projects[:10])
        more = " …" if len(projects) > 10 else ""
        raise UserError(
            "There is no project called {text}; these are there: {names}{more}", text=text, names=names, more=more
        )
    return found[0]


def _registry() -> Registry:
    config = settings.current()
    Workspace(config.workspace).create()
    return Registry(config.database_url)


def in_words(status: dict) -> str:
    sentence = str(UserError(status.get("message", ""), **status.get("values", {})))
    return translation.one_of_a_kind(sentence, "en")


def show_progress(words: str, status: dict) -> None:
    left = status.get("seconds_left")
    line = f"{status.get('progress') or 0:4.0%}  {words}"
    if left:
        line = f"{line.removesuffix('.')}, {left:.0f} s left"
    if sys.stderr.isatty():
        print(f"\r\033[K{line[:110]}", end="", file=sys.stderr, flush=True)
    elif line != show_progress.last:
        print(line, file=sys.stderr)
    show_progress.last = line


show_progress.last = ""


def end_progress(words: str) -> None:
    print(f"\r\033[K{words}" if sys.stderr.isatty() else words, file=sys.stderr)


def print_evaluation(result: dict, as_json: bool) -> None:
    out = sys.stderr if as_json else sys.stdout
    print(f"Run {result['run']} in {result['run_dir']}", file=out)
    lines = command_several.evaluation if result.get("task") == "several" else _evaluation_lines
    print("\n".join(lines(result)), file=out)
    if as_json:
        print_json(result)


def _evaluation_lines(result: dict) -> list[str]:
    low, high = result["accuracy_interval"]
    base, (largest, share) = result["baselines"], results.largest_class(result)
    largest = f"{largest}, their largest class" if largest else "one and the same class"
    words = (
        f"Right on {result['accuracy']:.1%} of {result['splits']['test']} test pictures"
        f"{backbone_commands.unseen(result)} (between {low:.1%} and {high:.1%}).\n"
        f"Always answering {largest}: {share:.1%}. "
        f"The same network before fine-tuning: {base['before_fine_tuning']:.1%}."
    )
    classes = map(command_parts.class_line, results.per_class(result))
    return [words, *classes, *command_parts.group_lines(result["groups"])]


def print_json(value: dict) -> None:
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps(value, ensure_ascii=False), flush=True)
