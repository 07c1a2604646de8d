"""Long looks at a whole dataset (its map, suggestions) or a run that a worker takes while the page goes on.

One job of a kind at a time for a dataset or run; what it finds are files below caches/, readable while it works. No
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
class _Job:
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
    """The jobs this server has begun. Threads may share it. `compute()` waits until the workers are up.

    `subject` is the id of a dataset or a run.
    """

    workspace: Workspace
    compute: Callable[[], Compute]
    _jobs: dict[Path, _Job] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def folder(self, kind: str, subject: str) -> Path:
        """Return where a job keeps what it finds."""
        return self.workspace.caches / kind / subject

    def start(self, kind: str, subject: str, wanted: str, facts: Callable[[], dict], *, task: str) -> None:
        """Let a worker do `task` (of engine.worker.tasks) unless it is at it, or has just failed at the very same.

        `wanted` names the state of the subject that is looked at. `facts()` gathers the plain data of the job; it runs
        in a thread of its own, for it may take a moment.
        """
        folder = self.folder(kind, subject)
        with self._lock:
            job = self._jobs.get(folder)
            if job is not None and (job.running or (job.error is not None and job.wanted == wanted)):
                return
            self._jobs[folder] = job = _Job(wanted)
        StatusFile(folder / STATUS).clear()
        threading.Thread(target=self._submit, args=(task, folder, job, facts), name=kind, daemon=True).start()

    def stop(self, kind: str, subject: str) -> None:
        """Let go of a job: one that waits for its turn is gone at once, one that works ends at its next step."""
        folder = self.folder(kind, subject)
        with self._lock:
            job = self._jobs.get(folder)
            if job is None or not job.running or job.stopping:
                return
            job.stopping = True
        status = StatusFile(folder / STATUS)
        status.request_stop()
        if job.key and not status.has_begun():
            self.compute().cancel(job.key)
            job.running = False

    def status(self, kind: str, subject: str) -> dict:
        """Return {state: none|running|ended|failed, begun, stopping, progress, message, values} of the latest job.

        "begun" tells whether a worker is at it already. Ask for this before what the job has found: what is read first
        may be older than its end.
        """
        folder = self.folder(kind, subject)
        job = self._jobs.get(folder)
        if job is None:
            return {**NOTHING, "state": "none"}
        if job.error is not None:
            return {**NOTHING, "state": "failed", "message": job.error.template, "values": job.error.values}
        state, told = "running" if job.running else "ended", StatusFile(folder / STATUS).read()
        return {**NOTHING, **told, "state": state, "begun": bool(told), "stopping": job.stopping}

    def discard(self, kind: str, subject: str) -> None:
        """Forget a job that has ended; one that failed may then be tried again."""
        with self._lock:
            job = self._jobs.get(self.folder(kind, subject))
            if job is not None and not job.running:
                del self._jobs[self.folder(kind, subject)]

    def _submit(self, task: str, folder: Path, job: _Job, facts: Callable[[], dict]) -> None:
        try:
            path = folder / JOB
            write_json(path, facts())
            key = f"{task}-{secrets.token_hex(4)}"
            self.compute().submit(
                task, path, self.workspace, queue="study", key=key, on_done=lambda error: self._end(job, error)
            )
            job.key = key
        except Exception as error:  # noqa: BLE001 - whatever kept it from starting is how it ended
            self._end(job, error)

    def _end(self, job: _Job, error: Exception | None) -> None:
        if isinstance(error, Stopped):
            error = None
        if error is not None and not isinstance(error, UserError):
            log.error("background job", exc_info=error)
            error = UserError(UNEXPECTED, error=repr(error))
        job.error = error
        job.running = False
