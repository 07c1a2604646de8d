"""The command `search`: which network and recipe are best for these pictures?"""

import getpass
import sys
import time
from pathlib import Path
from types import SimpleNamespace

from engine.backbones import catalogue
from engine.cli import backbones, evaluate, export_data, output, train
from engine.cli import source as sources
from engine.errors import BackboneError, TrainingError, UserError
from engine.graft import Graft
from engine.search import searches
from engine.search.plan import STEPS, TIME_LIMIT, USUAL, Plan
from engine.search.search_directory import DROPPED, FAILED, LATE, Trial
from engine.search.searches import SearchView
from engine.storage.registry import Project

LOOK_SECONDS = 0.2
NOT_HERE = "Their weights are not on this machine; one that is named in --backbones is downloaded."
STOPPING = "Stopping: the best so far is kept. Ctrl-C once more leaves at once; --resume goes on later."


def search(options) -> None:
    """Try networks and recipes until one is good enough or the time is over; print how good the best is."""
    wanted = _wanted(options)
    with Graft.open(shared_worker=True) as graft:
        graft.warm_up()
        project, account = _pictures(graft, options)
        search_id = _begin(graft, project, wanted, options, brought=account is not None)
        view = _follow(graft, search_id)
        if "run" not in view.winner:
            raise UserError(view.status["message"], **view.status["values"])
        run_id = view.winner["run"]
        train.watch(graft, run_id)
        run_dir = graft.workspace.run_dir(run_id)
        result = train.train_result(graft, run_id, account) if account else evaluate.evaluation_result(run_dir)
        result |= _account(graft, view)
    _print_trials(result, sys.stderr if options.json else sys.stdout)
    evaluate.print_evaluation(result, options.json)


def _wanted(options) -> dict:
    """Return the options of the search, refused before anything is brought in when they make no sense."""
    _check_fits(options)
    networks = [_network(text) for text in _names(options.backbones)]
    recipes = _names(options.recipes) or list(USUAL)
    limits = {"target_accuracy": options.target_accuracy, "time_limit": options.time_limit or TIME_LIMIT}
    wanted = {"recipes": recipes, **limits, "common": {"seed": options.seed}}
    wanted |= {"networks": networks} if networks else {}
    Plan.from_dict({"networks": ["sprout"], **wanted, "project": "", "dataset": ""}).validate()
    return wanted


def _check_fits(options) -> None:
    """Raise TrainingError for options that do nothing for this source, or this project."""
    if _is_source(options.source):
        if options.resume:
            raise TrainingError("--resume goes on with the last search of a project. Give its name or id, or 'latest'.")
        return
    for option in ("layout", "several_classes", "groups_apart"):
        if getattr(options, option) != "auto":
            raise TrainingError(
                "--{option} is about pictures that are brought in, and {project} is a project that is there already.",
                option=option.replace("_", "-"),
                project=options.source,
            )


def _is_source(text: str) -> bool:
    return text.startswith("example:") or Path(text).exists()


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _network(text: str) -> str:
    if text.lower().endswith(backbones.MODEL_FILES):
        raise BackboneError("A search tries networks of 'backbones' and runs (run:ID), not the file {file}.", file=text)
    key = backbones.named(SimpleNamespace(backbone=text, pixels=""))
    catalogue.info(key)
    return key


def _pictures(graft: Graft, options) -> tuple[Project, dict | None]:
    """Return the project to search for, with the account of what was brought in; None for one that was there."""
    source = options.source
    if _is_source(source):
        with sources.new_project(graft, options) as project:
            return project, sources.bring_in(graft, project.dataset_id, options)
    return export_data.find_project(graft.registry, source), None


def _begin(graft: Graft, project: Project, wanted: dict, options, *, brought: bool) -> str:
    """Begin the search, or go on with the last one; return its id."""
    if options.resume:
        known = graft.searches.of_project(project.id)
        if not known:
            raise TrainingError("There was no search for {project} yet. Leave --resume out.", project=project.name)
        graft.searches.resume(known[0], options.time_limit)
        return known[0]
    try:
        return graft.start_search(project.id, wanted, owner=getpass.getuser())
    except UserError:
        if brought:
            graft.delete_project(project.id)
        raise


def _follow(graft: Graft, search_id: str) -> SearchView:
    """Tell what happens until the search has ended, and return it. The first Ctrl-C lets it keep the best so far."""
    told: set[str] = set()
    stopping = False
    while True:
        try:
            view = graft.searches.status(search_id)
            _tell(view, told)
            if not view.is_active:
                output.end_progress(output.in_words(view.status))
                return view
            if sys.stderr.isatty():  # elsewhere the lines that stay are enough
                output.show_progress(_now(view), {"progress": _share(view)})
            time.sleep(LOOK_SECONDS)
        except KeyboardInterrupt:
            if stopping:
                raise
            stopping = True
            graft.searches.stop(search_id)
            output.end_progress(STOPPING)


def _share(view: SearchView) -> float:
    seconds = view.status.get("seconds", 0.0)
    return min(1.0, seconds / view.plan.limit) if view.plan.limit else 0.0


def _now(view: SearchView) -> str:
    at_work = [f"{_title(view, trial)}: {_doing(view, trial)}" for trial in view.trials if trial.number in view.live]
    return "; ".join(at_work) or "waiting for a worker"


def _doing(view: SearchView, trial: Trial) -> str:
    return output.in_words(view.live[trial.number]).rstrip(".")


def _tell(view: SearchView, told: set[str]) -> None:
    """Print what has happened since the last look, each thing once."""
    for reason, titles in _left_out(view).items():
        _once(told, f"left out: {', '.join(titles)}. {reason}")
    for trial in view.trials:
        name = f"trial {trial.number}, {_title(view, trial)}"
        for step, accuracy in sorted(trial.scores.items()):
            _once(told, f"{name}: {accuracy:.1%} of the validation pictures right after {_step(view, trial, step)}")
        if trial.state == DROPPED:
            _once(told, f"{name}: dropped, others are as good or better")
        if trial.state == FAILED and trial.error is not None:
            _once(told, f"{name}: failed. {_sentence(trial.error)}")
        if trial.state == LATE and not view.is_active:
            _once(told, f"{name}: there was no time left for it")


def _left_out(view: SearchView) -> dict[str, list[str]]:
    """Return {why: titles of the networks that are left out for it}."""
    found: dict[str, list[str]] = {}
    for entry in view.plan.left_out:
        reason = NOT_HERE if entry["template"] == searches.NOT_HERE else _sentence(entry)
        found.setdefault(reason, []).append(catalogue.info(entry["network"]).title)
    return found


def _sentence(told: dict) -> str:
    return str(UserError(told["template"], **told["values"]))


def _once(told: set[str], line: str) -> None:
    if line not in told:
        told.add(line)
        output.end_progress(line)


def _title(view: SearchView, trial: Trial) -> str:
    recipe = view.recipe(trial, planned=True)
    parts = [catalogue.info(recipe.backbone).title, f"{recipe.size} pixels"]
    parts += ["hidden layer"] if recipe.head == "hidden" else []
    parts += [f"learning rate {recipe.learning_rate:g}"] if trial.choice["rate"] != "own" else []
    return " · ".join([*parts, recipe.title])


def _step(view: SearchView, trial: Trial, step: int) -> str:
    if STEPS[step].of_pictures < 1:
        return "a quarter of the training pictures"
    last = step == max(trial.scores)
    if not STEPS[step].of_epochs or (last and not trial.epochs):
        return "all training pictures"
    recipe = view.recipe(trial, planned=True)
    return f"{trial.epochs if last else STEPS[step].epochs(recipe)} of {recipe.epochs} rounds of fine-tuning"


def _account(graft: Graft, view: SearchView) -> dict:
    """Return what --json tells of the search beside the evaluation of its best."""
    return {
        "search": view.id,
        "search_dir": str(graft.workspace.searches / view.id),
        "project": view.plan.project,
        "ended": view.status["reason"],
        "search_seconds": view.status.get("seconds", 0.0),
        "trials": [_row(graft, view, trial) for trial in view.trials],
        "left_out": [{"backbone": entry["network"], "reason": _sentence(entry)} for entry in view.plan.left_out],
    }


def _row(graft: Graft, view: SearchView, trial: Trial) -> dict:
    recipe = view.recipe(trial)
    return {
        "trial": trial.number,
        "title": _title(view, trial),
        "backbone": recipe.backbone,
        "recipe": recipe.name,
        "image_size": recipe.size,
        "head": recipe.head,
        "learning_rate": recipe.learning_rate if recipe.fine_tunes else None,
        "epochs": trial.epochs,
        "state": trial.state,
        "validation_accuracy": trial.accuracy,
        "scores": {STEPS[step].name: accuracy for step, accuracy in sorted(trial.scores.items())},
        "seconds": trial.seconds,
        "reason": _sentence(trial.error) if trial.error else None,
        "best": trial.number == view.winner["trial"],
        "files": str(graft.searches.trial_dir(view.id, trial.number)),
    }


def _print_trials(result: dict, out) -> None:
    """Print the table of trials, the best first."""
    rows = sorted(result["trials"], key=lambda row: (not row["best"], -(row["validation_accuracy"] or 0)))
    tried, seconds = sum(bool(row["scores"]) for row in rows), f"{result['search_seconds']:.0f} s"
    alone = f"Tried one combination in {seconds}, so there is nothing to compare it with:"
    print(alone if tried == 1 else f"Tried {tried} combinations in {seconds}:", file=out)
    for row in rows:
        right = f"{row['validation_accuracy']:6.1%}" if row["scores"] else "     -"
        mark = "best" if row["best"] else row["state"]
        print(f"  {right}  {mark:8} {row['title']}", file=out)
