"""The one writer of a run directory: status, events, metrics and the heartbeat of a run that is being worked on."""

import csv
import io
import json
import os
import threading
from pathlib import Path
from typing import Self

from engine.storage import liveness
from engine.storage.runs import EVENTS, HEARTBEAT, METRIC_COLUMNS, METRICS, PAUSE, first_status, now
from engine.storage.status_file import STATUS, STOP
from engine.storage.workspace import disk_error, read_json, write_atomic, write_json

# Room kept while a run is worked on, so that on a disk that has become full there is enough to say so.
RESERVE, RESERVE_BYTES = "reserve", 65_536
HEARTBEAT_SECONDS = 2.0


class RunWriter:
    """What a worker writes while it works on a run. Use as a context manager: it shows a sign of life meanwhile.

    worker: the address of the worker in its cluster; attempt: as `note_attempt` called it.
    """

    def __init__(self, run_dir: Path, *, worker: str | None = None, attempt: str = ""):
        self.run_dir = run_dir
        self._who = {**liveness.this_process(), "worker": worker, "attempt": attempt}
        self._status = read_json(run_dir / STATUS, first_status())
        self._ended = threading.Event()
        self._pulse = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        for name in (EVENTS, METRICS):
            _cut_half_line(self.run_dir / name)
        write_atomic(self.run_dir / RESERVE, os.urandom(RESERVE_BYTES))
        write_json(self.run_dir / HEARTBEAT, self._who)
        self._pulse.start()
        first = {"phase": "features"} if self._status["phase"] == "waiting" else {}  # it waits no longer
        about = {"message": "Getting ready.", "values": {}}
        self.status(state="running", started=now(), finished=None, error=None, **about, **first)
        return self

    def __exit__(self, *_exception) -> None:
        self._ended.set()
        self._pulse.join()
        self.use_reserve()
        (self.run_dir / HEARTBEAT).unlink(missing_ok=True)

    def status(self, **changes) -> None:
        """Change fields of status.json (state, phase, progress, message, values, seconds_left, error, finished)."""
        self._status = {**self._status, **changes, "updated": now()}
        write_json(self.run_dir / STATUS, self._status)

    def use_reserve(self) -> None:
        """Give up the room that was kept, for what is to be said last."""
        (self.run_dir / RESERVE).unlink(missing_ok=True)

    def spent(self) -> dict[str, float]:
        """Return the seconds of every phase that earlier attempts at this run took; empty for a new run."""
        return dict(self._status.get("spent", {}))

    def event(self, kind: str, **values) -> None:
        """Append a line to events.jsonl."""
        self._append(EVENTS, json.dumps({"time": now(), "kind": kind, **values}, ensure_ascii=False) + "\n")

    def metric(self, **row) -> None:
        """Append an epoch to metrics.csv; names outside METRIC_COLUMNS are an error."""
        self._append(METRICS, _csv([row], header=not (self.run_dir / METRICS).exists()))

    def replace_metrics(self, rows: list[dict]) -> None:
        """Let metrics.csv hold these rows instead."""
        write_atomic(self.run_dir / METRICS, _csv(rows, header=True))

    def time_used(self) -> float:
        """Return how many seconds of its time limit a run had used up when it was paused."""
        return float(self._status.get("time_used", 0.0))

    def stop_requested(self) -> bool:
        return (self.run_dir / STOP).exists()

    def pause_requested(self) -> bool:
        return (self.run_dir / PAUSE).exists()

    def _append(self, name: str, text: str) -> None:
        try:
            with open(self.run_dir / name, "a", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise disk_error(self.run_dir / name, error) from error

    def _beat(self) -> None:
        while not self._ended.wait(HEARTBEAT_SECONDS):
            try:
                os.utime(self.run_dir / HEARTBEAT)
            except OSError:
                return


def _csv(rows: list[dict], *, header: bool) -> str:
    sink = io.StringIO()
    writer = csv.DictWriter(sink, METRIC_COLUMNS, lineterminator="\n")
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return sink.getvalue()


def _cut_half_line(path: Path) -> None:
    """Remove what a writer that was killed in the middle of a line has left of it: the next line would go on there."""
    if path.exists() and not (content := path.read_bytes()).endswith(b"\n"):
        os.truncate(path, content.rfind(b"\n") + 1)
