"""How far a piece of work is, in one small file: a worker tells, everybody reads, a file `stop` beside it ends it.

It holds {"progress": 0 to 1, "message": an English template, "values": what fills it in, "seconds_left": None where
nobody can tell}.
"""

import time
from pathlib import Path
from typing import Any

from engine.errors import Stopped
from engine.storage.workspace import read_json, write_json

STATUS, STOP = "status.json", "stop"
REPORT_EVERY = 0.25  # seconds; pages look once or twice a second


class Throttle:
    """Lets through what is told again and again, but only every few moments."""

    def __init__(self, seconds: float | None = None):
        self._seconds = seconds
        self._last: float | None = None

    def is_due(self, *, at_once: bool = False) -> bool:
        """Tell whether it is time again, which counts as having told; the first time always is."""
        now, wait = time.monotonic(), REPORT_EVERY if self._seconds is None else self._seconds
        if not at_once and self._last is not None and now - self._last < wait:
            return False
        self._last = now
        return True


class StatusFile:
    """The status of one piece of work. Without a path nobody is told, and nobody can stop it."""

    def __init__(self, path: str | Path | None):
        self.path = Path(path) if path else None
        self._throttle = Throttle()
        self._message: str | None = None  # the last one, None before the first
        self._began = time.monotonic()

    @classmethod
    def beside(cls, job_path: str | Path) -> "StatusFile":
        """Return the status of a job: status.json in the folder of its job.json."""
        return cls(Path(job_path).with_name(STATUS))

    # the worker's side

    def tell(self, progress: float, message: str = "", *, seconds_left: float | None = None, **values: Any) -> None:
        """Say how far it is, a few times a second at most; the end and another message are always told.

        Raises Stopped when somebody asked for that.
        """
        at_once = message != self._message or progress >= 1
        if self.path is None or not self._throttle.is_due(at_once=at_once):
            return
        if self.stop_requested():
            raise Stopped
        self._message = message
        told = {"progress": progress, "message": message, "values": values, "seconds_left": seconds_left}
        write_json(self.path, told)

    def advance(self, done: int, total: int, message: str = "", **values: Any) -> None:
        """Say that `done` of `total` steps are done, with the seconds that the others take at the pace so far.

        A message may name {done}, {total} and {percent}; the pace is measured anew for each. Raises Stopped.
        """
        if message != self._message:
            self._began = time.monotonic()
        share = min(1.0, done / max(1, total))
        spent = time.monotonic() - self._began
        left = round(spent * (1 - share) / share, 1) if share > 0 and self._message is not None else None
        counted = {"done": done, "total": total, "percent": round(100 * share)} if message else {}
        self.tell(share, message, seconds_left=left, **counted, **values)

    def stop_requested(self) -> bool:
        """Tell whether somebody asked for the end of the work."""
        return self.path is not None and self.path.with_name(STOP).exists()

    # everybody's side

    def read(self) -> dict:
        """Return what was told last; {} before the first."""
        return read_json(self.path, {}) if self.path is not None else {}

    def has_begun(self) -> bool:
        """Tell whether a worker has said anything yet."""
        return self.path is not None and self.path.exists()

    def request_stop(self) -> None:
        """Ask for the end of the work at its next step."""
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.with_name(STOP).touch()

    def clear(self) -> None:
        """Forget what was told and asked for: the work is about to begin."""
        if self.path is not None:
            for path in (self.path, self.path.with_name(STOP)):
                path.unlink(missing_ok=True)
