"""A dataset as one zip to take along: packed by a worker, kept for the version of the dataset it was made of."""

import functools
from contextlib import suppress
from pathlib import Path

from engine.compute.background_jobs import BackgroundJobs
from engine.data import label_kinds
from engine.storage.registry import Registry
from engine.storage.workspace import Workspace, read_json

KIND = "pack"


class DatasetExports:
    """The exports of one workspace. Several threads may use it."""

    def __init__(self, workspace: Workspace, registry: Registry, background_jobs: BackgroundJobs):
        self._workspace = workspace
        self._registry = registry
        self._jobs = background_jobs

    def start(self, dataset_id: str) -> None:
        """Begin to pack the dataset as it is now, unless that is being done or is done already."""
        version = self._registry.version(dataset_id)
        if self.path(dataset_id, version) is None:
            self._jobs.discard(KIND, dataset_id)
            facts = functools.partial(self._facts, dataset_id, version)
            self._jobs.start(KIND, dataset_id, version, facts, task="export_dataset")

    def status(self, dataset_id: str) -> dict:
        """Return {state: none|running|done|failed, progress, message, values, version}; done: pictures, bytes, missing.

        Done means that there is a zip of the dataset as it is at this moment.
        """
        status = self._jobs.status(KIND, dataset_id)  # first: it may end between two reads
        version = self._registry.version(dataset_id)
        if self.path(dataset_id, version) is not None:
            made = read_json(self._zip(dataset_id, version).with_suffix(".json"), {})
            return {"state": "done", "progress": 1.0, "message": "", "values": {}, "version": version, **made}
        state = status["state"] if status["state"] in ("running", "failed") else "none"
        return {**status, "state": state, "version": version}

    def path(self, dataset_id: str, version: str) -> Path | None:
        """Return the zip of a version of a dataset, None while there is none."""
        path = self._zip(dataset_id, version)
        return path if path.with_suffix(".json").exists() and path.exists() else None  # the JSON is written last

    def discard(self, dataset_id: str) -> None:
        """Delete what was packed of a dataset."""
        for path in self._jobs.folder(KIND, dataset_id).glob("*"):
            with suppress(OSError):  # somebody may be downloading it, which some systems do not allow to disturb
                path.unlink()

    def _facts(self, dataset_id: str, version: str) -> dict:
        self.discard(dataset_id)
        items = [vars(item) for item in self._registry.items(dataset_id)]
        label_kind = label_kinds.of(self._registry.dataset_options(dataset_id))
        return {"target": str(self._zip(dataset_id, version)), "items": items, "task": label_kind.TASK}

    def _zip(self, dataset_id: str, version: str) -> Path:
        return self._jobs.folder(KIND, dataset_id) / f"{version}.zip"
