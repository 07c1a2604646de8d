"""The searches of a workspace: begin one, look at it, stop it, go on with it. Its best trial becomes a run."""

import logging
import shutil
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from engine import settings
from engine.backbones import catalogue, learned_from, local_weights
from engine.compute.client import Compute
from engine.compute.run_queue import RunQueue
from engine.data import versions
from engine.errors import UNEXPECTED, BackboneError, TrainingError, UserError
from engine.search.plan import Plan, recipe_of
from engine.search.search_directory import (
    AT_WORK,
    CHECKPOINT,
    PLAN,
    WINNER,
    SearchDirectory,
    Trial,
    best_of,
    new_search,
)
from engine.storage import runs
from engine.storage.registry import Registry, Run
from engine.storage.run_writer import RunWriter
from engine.storage.workspace import Workspace, write_json
from engine.training.limits import duration, percent
from engine.training.recipe import Recipe

SEARCHING = "Trying networks and recipes. The weak are dropped early."
TARGET = "Good enough: {share} % on the validation pictures, {target} % were wanted."
PERFECT = "Every validation picture is right: nothing could do better on them."
TIME = "The time limit of {time} was reached."
TRIED = "Everything there is to try was tried."
STOPPED = "Stopped. The best so far was kept."
NO_TIME = "The time limit of {time} was reached before anything could be measured. Give it more time."
NOTHING = "Stopped before anything could be measured."
ALREADY = "A search for these pictures is at work already. Wait for its end, or stop it first."
NOT_HERE = "Its weights are not on this machine. Choose it to have them downloaded."
ENDING_SECONDS = 10.0

log = logging.getLogger("graft")


@dataclass(frozen=True)
class SearchView:
    """A search as its files are now. `live` holds the status of the trials that are at work, by number."""

    id: str
    plan: Plan
    status: dict
    trials: list[Trial]
    live: dict[int, dict]
    winner: dict

    @property
    def state(self) -> str:
        """queued, running, finished, stopped, failed or interrupted."""
        return self.status["state"]

    @property
    def is_active(self) -> bool:
        return self.state in runs.ACTIVE

    @property
    def best(self) -> Trial | None:
        return best_of(self.trials)

    def recipe(self, trial: Trial, *, planned: bool = False) -> Recipe:
        """Return the recipe of what a trial has learned so far: Instant until it was fine-tuned, unless `planned`."""
        return recipe_of(self.plan, trial.choice, tuned=planned or trial.epochs > 0)


class Searches:
    """Threads may share it; processes that share the workspace see the same searches. `compute()` waits for workers."""

    def __init__(self, workspace: Workspace, registry: Registry, queue: RunQueue, compute: Callable[[], Compute]):
        self._workspace, self._registry, self._queue, self._compute = workspace, registry, queue, compute
        self._own: dict[str, tuple[threading.Thread, threading.Event]] = {}
        self._lock = threading.Lock()

    def start(self, plan: Plan, items: Iterable) -> str:
        """Begin a search on these items and return its id. Raises UserError for a plan that makes no sense."""
        plan.validate()
        if any(self.is_active(search_id) for search_id in self.of_project(plan.project)):
            raise TrainingError(ALREADY)
        search = new_search(self._workspace, replace(plan, created=runs.now()), items)
        self._begin(search)
        return search.id

    def resume(self, search_id: str, more: float | None = None) -> None:
        """Go on with a search that was interrupted or has ended; one that has ended gets its time again, or `more`."""
        search = self._folder(search_id)
        status = runs.read_status(search.path)
        if status["state"] in runs.ACTIVE and not runs.waits_for_nobody(search.path):
            return
        plan, spent = search.plan(), status.get("seconds", 0.0)
        if plan.time_limit is not None and (more or status["state"] != "interrupted"):
            search.write_plan(replace(plan, extra=spent + (more or plan.time_limit) - plan.time_limit))
        (search.path / runs.STOP).unlink(missing_ok=True)
        runs.take_back(search.path)
        runs.mark(search.path, "queued", "Waiting for its turn.")
        self._begin(search)

    def stop(self, search_id: str) -> None:
        """Ask a search to end; its best trial becomes a run."""
        if self.is_active(search_id):
            runs.request_stop(self._folder(search_id).path)

    def delete(self, search_id: str) -> None:
        """Delete a search and its files; the run that it found stays."""
        self._leave(search_id)
        shutil.rmtree(self._folder(search_id).path, ignore_errors=True)

    def close(self) -> None:
        """Leave every search of this process as it is; it can go on later."""
        for search_id in list(self._own):
            self._leave(search_id)

    def of_project(self, project_id: str) -> list[str]:
        """Return the ids of a project's searches, newest first."""
        folders = [SearchDirectory(path.parent) for path in self._workspace.searches.glob(f"[!.]*/{PLAN}")]
        return sorted((one.id for one in folders if one.plan().project == project_id), reverse=True)

    def active_projects(self) -> list[str]:
        """Return the ids of the projects for which a search is at work, whoever began it."""
        folders = [SearchDirectory(path.parent) for path in self._workspace.searches.glob(f"[!.]*/{PLAN}")]
        return [one.plan().project for one in folders if self.is_active(one.id)]

    def is_active(self, search_id: str) -> bool:
        return runs.read_status(self._folder(search_id).path)["state"] in runs.ACTIVE

    def status(self, search_id: str) -> SearchView:
        """Return everything there is to know of a search."""
        search = self._folder(search_id)
        trials = search.trials()
        at_work = [trial.number for trial in trials if trial.state == AT_WORK]
        live = {number: runs.read_status(search.trial_dir(number)) for number in at_work}
        return SearchView(search_id, search.plan(), runs.read_status(search.path), trials, live, search.winner())

    def trial_dir(self, search_id: str, number: int) -> Path:
        """Return where the files of a trial are."""
        return self._folder(search_id).trial_dir(number)

    # inside

    def _folder(self, search_id: str) -> SearchDirectory:
        return SearchDirectory(self._workspace.searches / search_id)

    def _begin(self, search: SearchDirectory) -> None:
        leave = threading.Event()
        thread = threading.Thread(target=self._carry_out, args=(search, leave), name="search", daemon=True)
        with self._lock:
            self._own[search.id] = thread, leave
        thread.start()

    def _leave(self, search_id: str) -> None:
        with self._lock:
            thread, leave = self._own.pop(search_id, (None, None))
        if thread is not None and leave is not None:
            leave.set()
            thread.join(ENDING_SECONDS)

    def _carry_out(self, search: SearchDirectory, leave: threading.Event) -> None:
        from engine.search.scheduler import Closed, Scheduler  # brings Optuna, which only a search needs

        earlier = runs.read_status(search.path).get("seconds", 0.0)
        with RunWriter(search.path) as writer:
            try:
                writer.status(message=SEARCHING, values={})
                _leave_out_unreachable(search)
                scheduler = Scheduler(search, self._workspace, self._compute, self._queue, leave)
                self._end(search, writer, scheduler.carry_out(writer, earlier))
            except Closed:
                return
            except UserError as error:
                _fail(writer, error)
            except Exception as error:
                log.exception("search %s", search.id)
                _fail(writer, TrainingError(UNEXPECTED, error=repr(error)))

    def _end(self, search: SearchDirectory, writer: RunWriter, reason: str) -> None:
        """Make the best trial a run and say why the search has ended."""
        trials = search.trials()
        best = best_of(trials)
        if best is not None and not self._is_known(search, best):
            self._hand_over(search, best)
        for trial in trials:
            if not trial.cut:
                search.forget_checkpoint(trial.number)
        message, values = _ending(search.plan(), best, reason)
        state = "stopped" if reason == "stopped" or best is None else "finished"
        writer.status(state=state, message=message, values=values, progress=1.0, finished=runs.now(), reason=reason)

    def _is_known(self, search: SearchDirectory, best: Trial) -> bool:
        """Tell whether the best trial became a run already, before the search went on."""
        winner = search.winner()
        same = (winner.get("trial"), winner.get("epochs")) == (best.number, best.epochs)
        return same and self._registry.run(winner["run"]) is not None

    def _hand_over(self, search: SearchDirectory, best: Trial) -> None:
        plan = search.plan()
        recipe = recipe_of(plan, best.choice, tuned=best.epochs > 0)
        trial_dir = search.trial_dir(best.number)
        # It goes on where the trial stopped: nothing is learned twice.
        learned = [trial_dir / CHECKPOINT, trial_dir / runs.METRICS] if best.epochs else []
        run_id = runs.new_run_of(self._workspace, recipe.to_dict(), [search.path / runs.SNAPSHOT, *learned])
        run_dir = self._workspace.run_dir(run_id)
        self._leave_out(run_dir, recipe.backbone)
        tried = sum(bool(trial.scores) for trial in search.trials())
        epochs = best.epochs if 0 < best.epochs < recipe.epochs else None
        runs.follow_search(run_dir, {"search": search.id, "trial": best.number, "trials": tried, "rounds": epochs})
        name = runs.numbered(recipe.title, [run.name for run in self._registry.runs(plan.project)])
        self._registry.add_run(Run(run_id, plan.project, plan.dataset, name, runs.now(), plan.owner))
        write_json(search.path / WINNER, {"trial": best.number, "epochs": best.epochs, "run": run_id})
        self._queue.add(run_id)

    def _leave_out(self, run_dir: Path, network: str) -> None:
        """Note the test pictures that the network of a winner knows by heart, as at the start of any other run."""
        pictures = versions.of_run(run_dir)
        known = self._registry.items_by_id([picture.item for picture in pictures])
        then = [replace(known[one.item], split=one.split) for one in pictures if one.item in known]
        versions.leave_out(run_dir, learned_from.left_out(network, then))
        versions.note_pictures(run_dir, pictures)


def networks_here() -> list[str]:
    """Return the networks of the catalogue whose weights are on this machine, small ones first."""
    return [key for key in catalogue.CATALOGUE if local_weights.local_path(key) is not None]


def not_here() -> tuple[dict, ...]:
    """Return the other networks of the catalogue as those that are left out, with the reason."""
    here = networks_here()
    return tuple(_left_out(key, BackboneError(NOT_HERE)) for key in catalogue.CATALOGUE if key not in here)


def _leave_out_unreachable(search: SearchDirectory) -> None:
    """Leave out networks whose weights cannot be had. Raises the error of the first when none is left.

    The workers of a team may have what this machine lacks: they are asked by trying.
    """
    plan, left_out = search.plan(), []
    for key in plan.networks if not settings.current().scheduler else ():
        try:
            if local_weights.local_path(key) is None:
                local_weights.check_reachable(catalogue.info(key))
        except BackboneError as error:
            left_out.append((key, error))
    if not left_out:
        return
    gone = [key for key, _error in left_out]
    kept = tuple(key for key in plan.networks if key not in gone)
    if not kept:
        raise left_out[0][1]
    others = tuple(entry for entry in plan.left_out if entry["network"] not in gone)
    search.write_plan(replace(plan, networks=kept, left_out=others + tuple(_left_out(*pair) for pair in left_out)))


def _left_out(key: str, error: BackboneError) -> dict:
    return {"network": key, **error.to_dict()}


def _ending(plan: Plan, best: Trial | None, reason: str) -> tuple[str, dict]:
    time = {"time": duration(plan.limit or 0)}
    if best is None:
        return (NO_TIME, time) if reason == "time" else (NOTHING, {})
    if reason == "target":
        return TARGET, {"share": percent(best.accuracy or 0.0), "target": percent(plan.target_accuracy or 0.0)}
    return {"time": (TIME, time), "tried": (TRIED, {}), "perfect": (PERFECT, {}), "stopped": (STOPPED, {})}[reason]


def _fail(writer: RunWriter, error: UserError) -> None:
    told = error.to_dict()
    writer.status(state="failed", message=told["template"], values=told["values"], error=told, finished=runs.now())
