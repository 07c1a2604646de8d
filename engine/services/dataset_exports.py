"""A dataset as one zip to take along: packed by a worker, kept for the version of the dataset it was made of."""

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from engine.compute.background_jobs import BackgroundJobs
from engine.data import multi_label
from engine.storage.registry import Registry
from engine.storage.workspace import Workspace, read_json

KIND = "pack"


class DatasetExports:
    """The exports of one workspace. Several threads may use it."""

    def __init__(self, workspace: Workspace, registry: Registry, background_jobs: BackgroundJobs):
        self._workspace = workspace
        self._registry = registry
        self._studies = background_jobs

    def start(self, dataset_id: str) -> None:
        """Begin to pack the dataset as it is now, unless that is being done or is done already."""
        version = self._registry.version(dataset_id)
        if self.path(dataset_id, version) is None:
            self._studies.forget(KIND, dataset_id)
            self._studies.begin(KIND, dataset_id, version, lambda: self._job(dataset_id, version))

    def look(self, dataset_id: str) -> dict:
        """Return {state: none|running|done|failed, progress, message, values, version}; done: pictures, bytes, missing.

        Done means that there is a zip of the dataset as it is at this moment.
        """
        version = self._registry.version(dataset_id)
        if self.path(dataset_id, version) is not None:
            made = read_json(self._zip(dataset_id, version).with_suffix(".json"), {})
            return {"state": "done", "progress": 1.0, "message": "", "values": {}, "version": version, **made}
        status = self._studies.status(KIND, dataset_id)
        state = status["state"] if status["state"] in ("running", "failed") else "none"
        return {**status, "state": state, "version": version}

    def path(self, dataset_id: str, version: str) -> Path | None:
        """Return the zip of a version of a dataset, None while there is none."""
        path = self._zip(dataset_id, version)
        return path if path.with_suffix(".json").exists() and path.exists() else None  # the JSON is written last

    def forget(self, dataset_id: str) -> None:
        """Delete what was packed of a dataset."""
        for path in self._studies.folder(KIND, dataset_id).glob("*"):
            with suppress(OSError):  # somebody may be downloading it, which some systems do not allow to disturb
                path.unlink()

    def _job(self, dataset_id: str, version: str) -> dict:
        self.forget(dataset_id)
        items = [asdict(item) for item in self._registry.items(dataset_id)]
        several_classes = multi_label.applies(self._registry.dataset_options(dataset_id))
        return {"target": str(self._zip(dataset_id, version)), "items": items, "several_classes": several_classes}

    def _zip(self, dataset_id: str, version: str) -> Path:
        return self._studies.folder(KIND, dataset_id) / f"{version}.zip"
