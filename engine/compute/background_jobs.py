"""Long looks at a whole dataset (its map, suggestions) or a run that a worker takes while the page goes on.

One study of a kind at a time for a dataset or run; what it finds are files below caches/, readable while it works. No
thread waits for one: the workers tell of its end.
"""

import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from engine.compute.client import Compute
from engine.errors import UNEXPECTED, Stopped, UserError
from engine.storage.status_file import STATUS, StatusFile
from engine.storage.workspace import Workspace, write_json

JOB = "job.json"

NOTHING = {"begun": False, "stopping": False, "progress": 0.0, "message": "", "values": {}}

log = logging.getLogger("graft")


@dataclass
class _Study:
    """`wanted` names what is being looked at; `error` is why the last look at it ended early.

    key: its name in the queue, "" before it is there.
    """

    wanted: str
    running: bool = True
    stopping: bool = False
    key: str = ""
    error: UserError | None = None


@dataclass
class BackgroundJobs:
    """The studies this server has begun. Threads may share it. `compute()` waits until the workers are up."""

    workspace: Workspace
    compute: Callable[[], Compute]
    _studies: dict[Path, _Study] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def folder(self, kind: str, dataset_id: str) -> Path:
        """Return where a study keeps what it finds."""
        return self.workspace.caches / kind / dataset_id

    def begin(self, kind: str, dataset_id: str, wanted: str, job: Callable[[], dict], *, task: str = "") -> None:
        """Let a worker run engine.worker.tasks:{task or kind} unless it is at it, or has just failed at the very same.

        `wanted` names the state of the dataset that is looked at. `job()` gathers the plain data of the task; it runs
        in a thread of its own, for it may take a moment.
        """
        folder = self.folder(kind, dataset_id)
        with self._lock:
            study = self._studies.get(folder)
            if study is not None and (study.running or (study.error is not None and study.wanted == wanted)):
                return
            self._studies[folder] = study = _Study(wanted)
        StatusFile(folder / STATUS).clear()
        arguments = (task or kind, folder, study, job)
        threading.Thread(target=self._submit, args=arguments, name=kind, daemon=True).start()

    def stop(self, kind: str, dataset_id: str) -> None:
        """Let go of a study: one that waits for its turn is gone at once, one that works ends at its next step."""
        folder = self.folder(kind, dataset_id)
        with self._lock:
            study = self._studies.get(folder)
            if study is None or not study.running or study.stopping:
                return
            study.stopping = True
        status = StatusFile(folder / STATUS)
        status.request_stop()
        if study.key and not status.has_begun():
            self.compute().cancel(study.key)
            study.running = False

    def status(self, kind: str, dataset_id: str) -> dict:
        """Return {state: none|running|ended|failed, begun, stopping, progress, message, values} of the latest study.

        "begun" tells whether a worker is at it already.
        """
        folder = self.folder(kind, dataset_id)
        study = self._studies.get(folder)
        if study is None:
            return {**NOTHING, "state": "none"}
        if study.error is not None:
            return {**NOTHING, "state": "failed", **_sentence(study.error)}
        told, state = StatusFile(folder / STATUS).read(), "running" if study.running else "ended"
        return {**NOTHING, **told, "state": state, "begun": bool(told), "stopping": study.stopping}

    def forget(self, kind: str, dataset_id: str) -> None:
        """Let a study that failed be tried again."""
        with self._lock:
            study = self._studies.get(self.folder(kind, dataset_id))
            if study is not None and not study.running:
                del self._studies[self.folder(kind, dataset_id)]

    def _submit(self, task: str, folder: Path, study: _Study, job: Callable[[], dict]) -> None:
        try:
            path = folder / JOB
            write_json(path, job())
            key = f"{task}-{secrets.token_hex(4)}"
            self.compute().submit(
                f"engine.worker.tasks:{task}",
                str(path),
                str(self.workspace.root),
                queue="study",
                key=key,
                on_done=lambda error: self._end(study, error),
            )
            study.key = key
        except Exception as error:  # noqa: BLE001 - whatever kept it from starting is how it ended
            self._end(study, error)

    def _end(self, study: _Study, error: Exception | None) -> None:
        if isinstance(error, Stopped):
            error = None
        if error is not None and not isinstance(error, UserError):
            log.error("study", exc_info=error)
            error = UserError(UNEXPECTED, error=repr(error))
        study.error = error
        study.running = False


def _sentence(error: UserError) -> dict:
    return {"message": error.template, "values": error.values}
