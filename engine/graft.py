"""One open workspace: the registry, the workers, and what pages and the command line ask of them.

with Graft.open() as graft:
    project = graft.registry.create_project("My pictures")
    graft.wait_for_import(graft.start_import(project.dataset_id, "pictures.zip"))
    run_id = graft.start_run(project.id, {"name": "instant", "backbone": "sprout"})

What goes on in a workspace is asked of the one who does it: `graft.imports`, `dataset_checks`, `dataset_exports`,
`maps`, `label_suggestions`, `run_measurements`, `model_exports`, `custom_backbones`, `searches`, `queue`. Jobs have the
verbs start, status, stop and discard everywhere.
"""

import functools
import secrets
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Self

from engine import settings
from engine.backbones import learned_from
from engine.compute.background_jobs import BackgroundJobs
from engine.compute.client import Compute
from engine.compute.run_queue import RunQueue
from engine.data import copies, label_kinds, readiness, test_set_reuse, versions
from engine.data.label_kinds.label_kind import LabelKind
from engine.errors import UserError
from engine.evaluation.reliability import multi_label_thresholds, selective
from engine.search.plan import COMMON, Plan
from engine.search.searches import Searches, networks_here, not_here
from engine.services.custom_backbones import CustomBackbones
from engine.services.dataset_checks import DatasetChecks
from engine.services.dataset_exports import DatasetExports
from engine.services.imports import Imports
from engine.services.label_suggestions import LabelSuggestions
from engine.services.maps import Maps
from engine.services.model_exports import ModelExports
from engine.services.run_measurements import RunMeasurements
from engine.services.uploads import Uploads
from engine.storage import runs
from engine.storage.registry import Item, Project, Registry, Run
from engine.storage.workspace import Workspace, read_json, write_json
from engine.training.recipe import Recipe, fitted

NO_SEARCH = (
    "Networks cannot be compared by a search where objects are found. Train with each of them, and compare the runs."
)


class Graft:
    """An open workspace. Several threads may use it; close it, or use it as a context."""

    def __init__(self, workspace: Workspace, registry: Registry, compute: "Future[Compute]", uploads: Uploads):
        self.workspace = workspace
        self.registry = registry
        self.uploads = uploads
        self._compute = compute
        self.queue = RunQueue(workspace, lambda: self.compute)
        self.imports = Imports(workspace, registry, lambda: self.compute)
        self.background_jobs = BackgroundJobs(workspace, lambda: self.compute)
        self.dataset_checks = DatasetChecks(workspace, registry, self.background_jobs)
        self.dataset_exports = DatasetExports(workspace, registry, self.background_jobs)
        self.maps = Maps(workspace, registry, self.background_jobs)
        self.label_suggestions = LabelSuggestions(workspace, registry, self.background_jobs)
        self.run_measurements = RunMeasurements(self.background_jobs)
        self.model_exports = ModelExports(self.background_jobs)
        self.custom_backbones = CustomBackbones(workspace, registry, lambda: self.compute)
        self.searches = Searches(workspace, registry, self.queue, lambda: self.compute)
        self._device: dict | None = None

    @classmethod
    def open(cls, *, shared_worker: bool = False) -> "Graft":
        """Open the workspace of the settings; workers start in the background. Raises UserError when it cannot be."""
        config = settings.current()
        workspace = Workspace(config.workspace).create()
        registry = Registry(config.database_url)
        starter = ThreadPoolExecutor(1, thread_name_prefix="start-compute")
        begin = functools.partial(Compute.start, shared_worker=shared_worker, train_workers=config.train_workers)
        compute = starter.submit(begin, config.scheduler)
        starter.shutdown(wait=False)
        return cls(workspace, registry, compute, Uploads(workspace, config.max_upload_mb * 1_000_000))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception) -> None:
        self.close()

    def close(self) -> None:
        self.searches.close()
        self.queue.close()
        self.compute.close()
        self.registry.close()

    @property
    def compute(self) -> Compute:
        """The workers; waits until they are up."""
        return self._compute.result()

    # the machine

    def warm_up(self) -> None:
        """Let the workers load Keras now, so that nobody waits for it later; and learn what machine they are on."""
        for queue in ("train", "quick"):
            self.compute.submit(
                "warm_up",
                self.workspace,
                queue=queue,
                key=f"warm-up-{queue}-{secrets.token_hex(4)}",
                on_done=lambda _error: self._learn_device(),
            )

    def device(self) -> dict | None:
        """Return {kind, name, cores, memory_gb, backend} of the machine that trains, or None while it starts."""
        return self._device

    def _learn_device(self) -> None:
        self._device = self._device or read_json(self.workspace.device_facts)

    # imports

    def start_import(
        self,
        dataset_id: str,
        source: str | Path,
        *,
        layout: str = "auto",
        label: str | None = None,
        several_classes: bool | None = None,
        title: str = "",
        ask: bool = False,
        who: str = "",
    ) -> str:
        """Begin to bring `source` in (a file, a folder or example:NAME) and return the import's id.

        Files below the workspace's `incoming` folder are deleted once they are in. With `ask`, only the names are
        looked at; the import then waits for `imports.answer` or `imports.discard`. who: a name for the history.
        """
        options = {"layout": layout, "label": label, "several_classes": several_classes}
        return self.imports.start(dataset_id, source, title=title, ask=ask, who=who, **options)

    def wait_for_import(self, import_id: str, on_progress=None) -> dict:
        """Wait until an import is done (or waits for an answer); return its status. Raises the UserError ending it."""
        while (status := self.imports.status(import_id))["state"] == "running":
            if on_progress is not None:
                on_progress(status)
            time.sleep(0.05)
        if status["state"] == "failed":
            raise UserError(status["message"], **status["values"])
        return status

    # runs

    def start_run(self, project_id: str, recipe: dict, *, name: str = "", owner: str = "", after: str = "") -> str:
        """Freeze the dataset, queue a training and return the run's id.

        name: as its recipe where none is given; a name that is taken gets a number. owner: who started it, if known.
        after: the id of the run that this one is to be compared with, when its pictures were put right; what somebody
            chose about its answers ("I don't know", thresholds) is taken over.
        Raises DataError when the pictures do not allow a training, TrainingError for a recipe that makes no sense.
        """
        project = self._project(project_id)
        items, plan = self._ready(project, recipe)
        left_out = learned_from.left_out(plan.backbone, items)
        self.custom_backbones.note_start(plan.backbone)
        run_id = runs.new_run(self.workspace, plan.to_dict(), items)
        versions.leave_out(self.workspace.run_dir(run_id), left_out)
        versions.note(self.workspace.run_dir(run_id), items)
        self._note_labels(project.dataset_id, run_id)
        if after:
            self._repeat(after, run_id)
        name = runs.numbered(name or plan.title, [run.name for run in self.registry.runs(project_id)])
        self.registry.add_run(Run(run_id, project_id, project.dataset_id, name, runs.now(), owner))
        self.queue.add(run_id)
        return run_id

    def _note_labels(self, dataset_id: str, run_id: str) -> None:
        """Keep with a run what is to be told of how its labels came in."""
        label_kind = label_kinds.of(self.registry.dataset_options(dataset_id))
        if told := label_kind.told([entry["layout"] for entry in self.registry.imports(dataset_id)]):
            write_json(self.workspace.run_dir(run_id) / runs.LABELS, told)

    def _repeat(self, earlier: str, run_id: str) -> None:
        """Let a new run follow an earlier one: compared with it, and answering as somebody told that one to."""
        old, new = self.workspace.run_dir(earlier), self.workspace.run_dir(run_id)
        runs.follow(new, earlier)
        for name in (selective.FILE, multi_label_thresholds.FILE):
            if (told := read_json(old / name)) is not None:
                write_json(new / name, told)

    def start_search(self, project_id: str, wanted: dict, *, owner: str = "") -> str:
        """Freeze the dataset, begin to look for the best network and recipe, and return the search's id.

        wanted: options of a search (see engine.search.plan.Plan): networks (else those on this machine), recipes,
        target_accuracy, time_limit, and `common`, options of a recipe that are the same for all.
        Raises DataError when the pictures do not allow a training, UserError for a search that makes no sense.
        """
        project = self._project(project_id)
        items, recipe = self._ready(project, wanted.get("common", {}))
        if not label_kinds.of_task(recipe.task).BEGINS_WITH_PROBE:
            raise UserError(NO_SEARCH)
        common = {option: getattr(recipe, option) for option in COMMON}
        place = {"project": project.id, "dataset": project.dataset_id, "owner": owner, "common": common}
        here = {} if "networks" in wanted else {"networks": networks_here(), "left_out": not_here()}
        plan = Plan.from_dict({**wanted, **here, **place})
        for network in plan.networks:
            learned_from.left_out(network, items)  # raises where it has learned from every test picture
            self.custom_backbones.note_start(network)
        return self.searches.start(plan, items)

    def _project(self, project_id: str) -> Project:
        """Return a project. Raises UserError where there is none, as when somebody has deleted it meanwhile."""
        project = self.registry.project(project_id)
        if project is None:
            raise UserError("This project is no longer there. Open another one.")
        return project

    def _ready(self, project: Project, recipe: dict) -> tuple[list[Item], Recipe]:
        """Return the items that a training would see, and the recipe as it fits to them. Raises UserError."""
        items = [item for item in self.registry.items(project.dataset_id) if item.is_used]
        options = self.registry.dataset_options(project.dataset_id)
        label_kind = label_kinds.of(options)
        items = self._copies_together(project.dataset_id, items, label_kind)
        plan = Recipe.from_dict({**fitted(recipe, options), "task": label_kind.TASK})
        plan.validate_for({item.label for item in items if item.label is not None})
        return items, plan

    def _copies_together(self, dataset_id: str, items: list[Item], label_kind: LabelKind) -> list[Item]:
        """Return the items with all copies of a picture in one part; where that moves some, the history tells.

        Raises DataError, and moves nothing, where they do not allow a training.
        """
        moves = copies.one_side(items)
        moved = [replace(item, split=moves.get(item.id, item.split)) for item in items]
        readiness.check(moved, label_kind=label_kind)
        if not moves:
            return items
        one = len(moves) == 1
        template = "moved {n} copy to one part" if one else "moved {n} copies to one part"
        changes = {item_id: {"split": split} for item_id, split in moves.items()}
        self.registry.change_each(dataset_id, changes, {"template": template, "values": {"n": len(moves)}})
        return moved

    def resume_run(self, run_id: str) -> None:
        """Queue a run again that was paused, interrupted, stopped or failed; it goes on from its checkpoint."""
        run_dir = self.workspace.run_dir(run_id)
        if runs.read_status(run_dir)["state"] in runs.ACTIVE and not runs.waits_for_nobody(run_dir):
            return  # somebody else was quicker
        runs.forget_requests(run_dir)
        runs.follow_search(run_dir, {**runs.search_facts(run_dir), "rounds": None})
        runs.take_back(run_dir)
        runs.mark(run_dir, "queued", "Waiting for its turn.")
        self.queue.add(run_id)

    def stop_run(self, run_id: str) -> None:
        """Stop a run: one that waits leaves the queue, one that runs keeps the best so far."""
        run_dir = self.workspace.run_dir(run_id)
        runs.request_stop(run_dir)
        if runs.stored_state(run_dir) == "queued":
            self.queue.leave(run_id)
            runs.mark(run_dir, "stopped", "Taken out of the queue before it started.")

    def pause_run(self, run_id: str) -> None:
        """Lay a run aside: its worker is free within a batch, and `resume_run` goes on exactly there."""
        run_dir = self.workspace.run_dir(run_id)
        runs.request_pause(run_dir)
        if runs.stored_state(run_dir) == "queued":
            self.queue.leave(run_id)
            runs.mark(run_dir, "paused", "Paused before it began.")

    def delete_run(self, run_id: str) -> None:
        """Stop a run if need be and delete it with its files."""
        self.stop_run(run_id)
        run = self.registry.run(run_id)
        if run is not None:
            test_set_reuse.note(self.workspace, run.dataset_id, self.workspace.run_dir(run_id))
        self.registry.delete_run(run_id)
        self.custom_backbones.before_delete(run_id)
        runs.delete_run(self.workspace.run_dir(run_id))
        self.custom_backbones.after_delete()

    def delete_project(self, project_id: str) -> None:
        for search_id in self.searches.of_project(project_id):
            self.searches.delete(search_id)
        for run in self.registry.runs(project_id):
            self.delete_run(run.id)
        project = self.registry.project(project_id)
        if project is not None:
            self.dataset_exports.discard(project.dataset_id)
            test_set_reuse.forget(self.workspace, project.dataset_id)
        self.registry.delete_project(project_id)

    def wait_for_run(self, run_id: str, on_progress=None) -> dict:
        """Wait until a run has ended and return its status. Raises the UserError that ended it."""
        run_dir = self.workspace.run_dir(run_id)
        while (status := runs.read_status(run_dir))["state"] in runs.ACTIVE:
            if on_progress is not None:
                on_progress(status)
            time.sleep(0.05)
        if status["state"] in ("failed", "interrupted"):
            error = status["error"] or {"template": status["message"], "values": status["values"]}
            raise UserError(error["template"], **error["values"])
        return status

    # after a restart

    def recover(self) -> None:
        """Take up what a server that died left behind: imports and queued runs begin again, old uploads go.

        Runs that were in the middle stay: they show as interrupted and wait for a person to resume them.
        """
        self.uploads.remove_stale(keep=self.imports.sources())
        self.imports.recover()
        ids = [run.id for run in reversed(self.registry.runs())]
        self.queue.take_over([run_id for run_id in ids if runs.waits_for_nobody(self.workspace.run_dir(run_id))])


_current: Graft | None = None
_current_lock = threading.Lock()


def current() -> Graft:
    """Return the workspace this process serves, opened on first use."""
    global _current
    with _current_lock:
        if _current is None:
            _current = Graft.open()
            threading.Thread(target=_start, args=(_current,), name="start", daemon=True).start()
        return _current


def close_current() -> None:
    """Close the workspace of this process, if one is open."""
    global _current
    with _current_lock:
        if _current is not None:
            _current.close()
        _current = None


def _start(graft: Graft) -> None:
    graft.warm_up()
    graft.recover()
