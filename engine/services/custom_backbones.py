"""Networks of one's own in a workspace: add a model file, take it away, and keep what later runs were built on."""

import contextlib
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

from engine.backbones import catalogue, custom, learned_from
from engine.backbones.catalogue import CATALOGUE, FROM_NOTHING
from engine.backbones.facts import BackboneInfo
from engine.compute.client import Compute
from engine.errors import BackboneError
from engine.storage import runs
from engine.storage.registry import Registry, Run
from engine.storage.workspace import Workspace, read_json, write_json

# A large model on a busy machine: loading it twice, and letting it look once.
PATIENCE_SECONDS = 600


class CustomBackbones:
    """The networks of one's own in one workspace. Several threads may use it."""

    def __init__(self, workspace: Workspace, registry: Registry, compute: Callable[[], Compute] | None = None):
        self._workspace = custom.look_in(workspace)
        self._registry = registry
        self._compute = compute

    def read(self, path: Path) -> dict:
        """Let a worker say what a model file holds (see import_model.look). Raises BackboneError."""
        return self._ask("read_model_file", path)

    def keep(self, path: Path, title: str, preparation: str = "") -> str:
        """Let a worker keep the network of a file; return its key, as which a recipe names it. Raises BackboneError."""
        return self._ask("keep_model_file", self._workspace, path, title, preparation)

    def uploaded(self) -> list[BackboneInfo]:
        """Return the uploaded networks, newest first."""
        return custom.uploaded(self._workspace)

    def of_runs(self) -> list[tuple[Run, BackboneInfo]]:
        """Return every run that ended with a model, of all projects, newest first, with its network's facts."""
        found = []
        for run in self._registry.runs():
            if self._has_model(run.id):
                with contextlib.suppress(BackboneError):  # a damaged file is no network to start from
                    found.append((run, replace(custom.info(custom.key_of_run(run.id)), title=self.title(run))))
        return found

    def remove(self, key: str) -> None:
        """Take an uploaded network away. Where runs were built on it, it only leaves the list: they need it."""
        facts = custom.folder(self._workspace, key) / custom.FACTS
        write_json(facts, {**read_json(facts, {}), "offered": False})
        self._drop_unneeded(key)

    def note_start(self, key: str) -> None:
        """Note what an earlier run is called, now that another one starts from its network."""
        run = self._registry.run(key.removeprefix(custom.RUN)) if key.startswith(custom.RUN) else None
        if run is not None:
            facts = custom.folder(self._workspace, key) / custom.FACTS
            write_json(facts, {**read_json(facts, {}), "title": self.title(run)})

    def title_of(self, key: str) -> str:
        """Return what a network is called: of the catalogue, uploaded, or that of a run as it is called now."""
        run = self._registry.run(key.removeprefix(custom.RUN)) if key.startswith(custom.RUN) else None
        if run is not None:
            return self.title(run)
        known = catalogue.plain(key) in (*CATALOGUE, FROM_NOTHING.key)
        return catalogue.info(key).title if known else custom.title_of(key)

    def title(self, run: Run) -> str:
        """Return "project: run"."""
        project = self._registry.project(run.project_id)
        return f"{project.name}: {run.name}" if project else run.name

    def before_delete(self, run_id: str) -> None:
        """Keep the network of a run that is about to be deleted, where other runs were built on it."""
        key, model = custom.key_of_run(run_id), self._workspace.run_dir(run_id) / runs.MODEL
        if model.exists() and custom.runs_from(self._workspace, key):
            kept = custom.folder(self._workspace, key)
            kept.mkdir(parents=True, exist_ok=True)
            learned_from.keep(self._workspace.run_dir(run_id), kept)
            os.replace(model, kept / custom.MODEL)

    def after_delete(self) -> None:
        """Delete networks that were kept for runs which are gone now."""
        for folder in self._workspace.networks.glob("*"):
            self._drop_unneeded(folder.name)

    def _drop_unneeded(self, key: str) -> None:
        folder = custom.folder(self._workspace, key)
        offered = read_json(folder / custom.FACTS, {}).get("offered")
        if custom.is_own(key) and not offered and not custom.runs_from(self._workspace, key):
            shutil.rmtree(folder, ignore_errors=True)

    def _has_model(self, run_id: str) -> bool:
        run_dir = self._workspace.run_dir(run_id)
        ended = runs.read_status(run_dir)["state"] not in runs.ACTIVE
        return ended and (run_dir / runs.MODEL).exists() and runs.read_evaluation(run_dir) is not None

    def _ask(self, task: str, *args):
        compute = cast(Callable[[], Compute], self._compute)  # only what asks nothing is made without workers
        return compute().ask(task, *args, timeout=PATIENCE_SECONDS, queue="study")
