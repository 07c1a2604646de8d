"""The runs that wait for a worker, in the order people want, and who of them goes next.

The line is a folder of small files, one for each run that waits (`queue/RUN.json`: its place), so a restart keeps the
order. Runs wait here and not at the scheduler, which could neither reorder them nor choose the emptiest worker.
"""

import itertools
import logging
import threading
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from engine.compute.client import Compute
from engine.compute.workers import TRAINING
from engine.errors import UNEXPECTED_IN_LOG, ComputeError, DiskError, UserError
from engine.storage import runs
from engine.storage.workspace import Workspace, read_json, write_json

MOST_ATTEMPTS = 5  # how often a run may lose the worker it was given to before it began
LOOK_SECONDS = 1.0
MOVES = ("front", "up", "down")

log = logging.getLogger("graft")


class RunQueue:
    """The line of one workspace. Several threads may use it, and processes that share the workspace see one line.

    Each process gives only its own runs to its workers. `compute()` waits until those are up.
    """

    def __init__(self, workspace: Workspace, compute: Callable[[], Compute]):
        self._workspace = workspace
        self._compute = compute
        self._own: dict[str, int] = {}  # run that waits here -> how often it was given to a worker in vain
        self._at_work: dict[str, int] = {}  # the same for those that are with a worker
        self._lock = threading.RLock()
        self._changed = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None

    def add(self, run_id: str) -> None:
        """Let a run wait at the end of the line, or at its old place where it has one, and give it to a worker at once
        when one has room."""
        with self._lock:
            self._own_it(run_id, max(self._places().values(), default=0) + 1)
        self._give()
        self._watch()

    def take_over(self, run_ids: list[str]) -> None:
        """Let runs wait that a process left behind when it died: at their old places, or first where they had been
        given to a worker already. `run_ids` are in the order they were started."""
        with self._lock:
            first = min(self._places().values(), default=1) - len(run_ids)
            for place, run_id in enumerate(run_ids, start=first):
                self._own_it(run_id, place)
        self._give()
        self._watch()

    def waiting(self) -> list[str]:
        """Return the runs that wait, first in line first; not those whose process is gone: they are interrupted."""
        places = self._places()
        waiting = [run_id for run_id in places if self._is_in_line(run_id)]
        return sorted(waiting, key=lambda run_id: (places[run_id], run_id))

    def move(self, run_id: str, where: str) -> None:
        """Move a run that waits to the "front" of the line, or one place "up" or "down". Nothing if it went already."""
        with self._lock:
            line = self.waiting()
            if run_id not in line or where not in MOVES:
                return
            old = line.index(run_id)
            new = {"front": 0, "up": max(0, old - 1), "down": old + 1}[where]
            line.insert(new, line.pop(old))
            for place, other in enumerate(line, start=1):
                if self._path(other).exists():  # else another process has given it to a worker just now
                    self._put(other, place)

    def spare(self) -> list[str]:
        """Return the workers with room for work that gives way to runs, as Compute.room does: none while one waits."""
        with self._lock:
            return [] if self._closed or self.waiting() else self._compute().room(self._busy())

    def leave(self, run_id: str) -> None:
        """Take a run out of the line, or back from the worker that has not begun it."""
        with self._lock:
            self._own.pop(run_id, None)
            self._at_work.pop(run_id, None)
            self._path(run_id).unlink(missing_ok=True)
            if (run_dir := self._workspace.run_dir(run_id)).exists():
                runs.take_back(run_dir)
        self._compute().cancel(run_id)

    def close(self) -> None:
        """Give nothing any more; what waits stays in line."""
        self._closed = True
        self._changed.set()

    # inside

    def _is_in_line(self, run_id: str) -> bool:
        run_dir = self._workspace.run_dir(run_id)
        return run_dir.exists() and runs.read_status(run_dir)["state"] == "queued"

    def _own_it(self, run_id: str, place: int) -> None:
        """Make a run ours; it stands at `place` unless it has one."""
        if not self._path(run_id).exists():
            self._put(run_id, place)
        self._own[run_id] = 0
        runs.take_back(self._workspace.run_dir(run_id))

    def _give(self) -> None:
        """Give the first in line to workers, as many as have room."""
        with self._lock:
            line = [run_id for run_id in self.waiting() if run_id in self._own]
            if not line or self._closed:
                return
            for run_id, worker in zip(line, self._compute().room(self._busy()), strict=False):
                self._at_work[run_id] = self._own.pop(run_id)
                self._path(run_id).unlink(missing_ok=True)
                self._submit(run_id, worker)

    def _submit(self, run_id: str, worker: str) -> None:
        run_dir = self._workspace.run_dir(run_id)
        self._compute().submit(
            TRAINING,
            run_dir,
            self._workspace,
            runs.note_attempt(run_dir),
            queue="train",
            key=run_id,
            worker=worker,
            on_done=lambda error: self._finish(run_id, error),
        )

    def _finish(self, run_id: str, error: Exception | None) -> None:
        """Make the status true when the worker could not do so itself; a run that had not begun waits again, first."""
        run_dir = self._workspace.run_dir(run_id)
        with self._lock:
            attempts = self._at_work.pop(run_id, None)
            state = read_json(run_dir / runs.STATUS, {}).get("state")
            if attempts is not None and error is not None and state in runs.ACTIVE:
                begun = state != "queued" or runs.was_begun(run_dir)
                if not begun and isinstance(error, ComputeError) and attempts + 1 < MOST_ATTEMPTS:
                    self._own[run_id] = attempts + 1
                    self._put(run_id, min(self._places().values(), default=1) - 1)
                else:
                    _mark_ended(run_dir, error)
        self._changed.set()

    def _busy(self) -> dict[str, set[str]]:
        """Return {address of a worker: runs and trials that are there}, by the signs of life in their folders."""
        busy, workspace = defaultdict(set), self._workspace
        beats = workspace.runs.glob(f"*/{runs.HEARTBEAT}"), workspace.searches.glob(f"*/trials/*/{runs.HEARTBEAT}")
        for beat in itertools.chain(*beats):
            if worker := runs.worker_of(beat.parent):
                busy[worker].add(beat.parent.name)
        return busy

    def _watch(self) -> None:
        with self._lock:
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._look, name="run-queue", daemon=True)
                self._thread.start()

    def _look(self) -> None:
        """Look after the line while something of ours is in it: workers come and go without telling."""
        while not self._closed:
            self._changed.wait(LOOK_SECONDS)
            self._changed.clear()
            with self._lock:
                if not self._own and not self._at_work:
                    self._thread = None
                    return
            try:
                self._compute().give_up_strays()
                self._give()
            except Exception:  # a worker lost in the middle, a full disk: the next look may do better
                if not self._closed:
                    log.exception("the line of runs")

    def _places(self) -> dict[str, int]:
        return {path.stem: read_json(path, {}).get("place", 0) for path in self._workspace.queue.glob("*.json")}

    def _put(self, run_id: str, place: int) -> None:
        write_json(self._path(run_id), {"place": place})

    def _path(self, run_id: str) -> Path:
        return self._workspace.queue / f"{run_id}.json"


def _mark_ended(run_dir: Path, error: Exception) -> None:
    if isinstance(error, ComputeError):
        runs.mark(run_dir, "interrupted", runs.INTERRUPTED)
    elif isinstance(error, DiskError):
        runs.mark(run_dir, "interrupted", error.template, error.values)
    elif isinstance(error, UserError):
        runs.mark(run_dir, "failed", error.template, error.values)
    else:
        log.error("run %s", run_dir.name, exc_info=error)
        runs.mark(run_dir, "failed", UNEXPECTED_IN_LOG, {"error": repr(error), "log": str(run_dir / runs.LOG)})
