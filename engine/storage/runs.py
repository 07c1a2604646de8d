"""A run is a directory of plain files. This module names them; a worker writes them, everybody reads them."""

import csv
import io
import json
import os
import secrets
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pyarrow
import pyarrow.json
import pyarrow.parquet

from engine import settings
from engine.errors import UserError
from engine.storage import liveness
from engine.storage.evaluation import Evaluation
from engine.storage.status_file import STATUS, STOP
from engine.storage.workspace import Workspace, check_free_space, read_json, write_atomic, write_json

LABELS = "labels.json"  # how they came in, where there is more to tell than the account of an import
RECIPE, SNAPSHOT, EVENTS, METRICS = "recipe.json", "snapshot.parquet", "events.jsonl", "metrics.csv"
EVALUATION, PREDICTIONS, MODEL = "evaluation.json", "predictions.parquet", "model.keras"
PAUSE, HEARTBEAT = "pause", "heartbeat"
# What went wrong inside Graft, for whoever mends it.
LOG = "log.txt"
# What the network said before any training of ours.
BEFORE = "before_fine_tuning.parquet"
EARLIER, SEARCH = "earlier.json", "search.json"
# How a training found its own learning rate: {rates, losses, chosen}.
RANGE_TEST = "range_test.json"
# Who queued a run last, and the name of that attempt at it: a worker begins only the attempt that still stands there.
SUBMITTER = "submitter.json"
METRIC_COLUMNS = (
    "phase",
    "epoch",
    "loss",
    "accuracy",
    "validation_loss",
    "validation_accuracy",
    "learning_rate",
    "seconds",
)
ACTIVE = ("queued", "running")

_SNAPSHOT_SCHEMA = pyarrow.schema(
    [
        (name, pyarrow.int64() if name == "item" else pyarrow.string())
        for name in ("item", "sha256", "name", "label", "group", "split", "boxes")
    ]
)


def now() -> str:
    """Return the time as ISO 8601 text in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def numbered(name: str, taken: Iterable[str]) -> str:
    """Return `name`, or "name 2", "name 3" ... where it is taken, so that two runs can be told apart."""
    names = set(taken)
    return next(n for n in (name, *(f"{name} {i}" for i in range(2, len(names) + 3))) if n not in names)


def new_run(workspace: Workspace, recipe: dict, items: Iterable) -> str:
    """Create a run directory with its recipe and the frozen list of items; return the run's id.

    `items` are registry Items with a split. Raises UserError when the disk is full.
    """
    run_id, part = _begin(workspace, recipe)
    write_snapshot(part, items)
    os.replace(part, workspace.run_dir(run_id))
    return run_id


def new_run_of(workspace: Workspace, recipe: dict, files: Iterable[Path]) -> str:
    """Create a run directory with copies of `files` and folders, a snapshot among them; return the run's id."""
    run_id, part = _begin(workspace, recipe)
    for path in files:
        if path.is_dir():
            shutil.copytree(path, part / path.name)
        elif path.exists():
            shutil.copy(path, part / path.name)
    os.replace(part, workspace.run_dir(run_id))
    return run_id


def _begin(workspace: Workspace, recipe: dict) -> tuple[str, Path]:
    """Return the id of a new run, and its directory under a name that nobody looks for yet."""
    run_id = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    run_dir = workspace.run_dir(run_id)
    check_free_space(run_dir, 20_000_000)
    part = run_dir.with_name(f".{run_id}.part")
    part.mkdir(parents=True)
    write_json(part / RECIPE, recipe)
    write_json(part / STATUS, first_status())
    take_back(part)
    return run_id, part


def write_snapshot(run_dir: Path, items: Iterable) -> None:
    """Freeze `items` into snapshot.parquet (item, sha256, name, label, group, split and, if there are any, boxes)."""
    columns = {"item": "id", **{name: name for name in _SNAPSHOT_SCHEMA.names[1:]}}
    rows = ({column: getattr(item, name) for column, name in columns.items()} for item in items)
    lines = io.BytesIO("\n".join(json.dumps(row) for row in rows).encode())
    # Read as JSON, since a table made of Python lists imports pandas: 60 MB more in the server.
    table = pyarrow.json.read_json(lines, parse_options=pyarrow.json.ParseOptions(explicit_schema=_SNAPSHOT_SCHEMA))
    sink = io.BytesIO()
    pyarrow.parquet.write_table(table, sink)
    write_atomic(run_dir / SNAPSHOT, sink.getvalue())


def read_snapshot(run_dir: Path, columns: list[str] | None = None) -> pyarrow.Table:
    return pyarrow.parquet.read_table(run_dir / SNAPSHOT, columns=columns)


def read_recipe(run_dir: Path) -> dict:
    return read_json(run_dir / RECIPE, {})


def follow(run_dir: Path, earlier: str) -> None:
    """Note the run that this one repeats on corrected pictures."""
    write_json(run_dir / EARLIER, {"run": earlier})


def earlier(run_dir: Path) -> str:
    """Return the id of the run that this one repeats on corrected pictures, or ""."""
    return read_json(run_dir / EARLIER, {}).get("run", "")


def search_facts(run_dir: Path) -> dict:
    """Return what is to be known of the search that chose this run ({search, trial, trials, ...}); {} without one."""
    return read_json(run_dir / SEARCH, {})


def follow_search(run_dir: Path, facts: dict) -> None:
    """Keep what is to be known of the search that chose this run; `rounds` ends it after so many epochs."""
    if any(facts.values()):
        write_json(run_dir / SEARCH, facts)


def read_range_test(run_dir: Path) -> dict | None:
    """Return how a run found its learning rate (see range_test.Found); None where it was given one."""
    return read_json(run_dir / RANGE_TEST)


def read_evaluation(run_dir: Path) -> Evaluation | None:
    """Return the evaluation of a run, or None while there is none. The first runs knew one task only."""
    stored = read_json(run_dir / EVALUATION)
    return None if stored is None else cast("Evaluation", {"task": "one", **stored})


def read_events(run_dir: Path) -> list[dict]:
    """Return every event so far; a line that is still being written is left for later."""
    text = _read_text(run_dir / EVENTS)
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def read_metrics(run_dir: Path) -> list[dict]:
    """Return one dict an epoch, numbers as floats (None where nothing was measured)."""
    text = _read_text(run_dir / METRICS)
    rows = csv.DictReader(io.StringIO(text[: text.rfind("\n") + 1]))
    return [{key: value if key == "phase" else _number(value) for key, value in row.items()} for row in rows]


def read_status(run_dir: Path) -> dict:
    """Return the truthful status: a run whose worker is gone is interrupted, whatever its file says.

    So is one that still waits for a process of this machine that is gone: nobody else would ever give it to a worker.
    """
    status = first_status()
    for _look in range(2):  # a worker writes its end before its heartbeat goes: what was read first may be out of date
        status = read_json(run_dir / STATUS, first_status())
        if not _is_abandoned(run_dir, status["state"]):
            return status
    return {**status, "state": "interrupted", "seconds_left": None, "message": INTERRUPTED, "values": {}}


def stored_state(run_dir: Path) -> str:
    """Return the state as the file has it, of a run that may be abandoned."""
    return read_json(run_dir / STATUS, first_status())["state"]


def waits_for_nobody(run_dir: Path) -> bool:
    """Tell whether a run is queued, and the process that would give it to a worker is gone or on another machine."""
    queued = run_dir.exists() and stored_state(run_dir) == "queued"
    return queued and not liveness.is_alive(read_json(run_dir / SUBMITTER)) and not _alive(run_dir)


def _is_abandoned(run_dir: Path, state: str) -> bool:
    if state == "running":
        return not _alive(run_dir)
    return state == "queued" and liveness.is_here(read_json(run_dir / SUBMITTER)) and waits_for_nobody(run_dir)


INTERRUPTED = "The training was interrupted: its process is gone. Nothing before that is lost; it can be resumed."


def mark(run_dir: Path, state: str, message: str = "", values: dict | None = None) -> None:
    """Set the state of a run that no worker is writing to (queued, stopped before its start, interrupted)."""
    ended = None if state in ACTIVE else now()
    status = {**read_json(run_dir / STATUS, first_status()), "state": state, "updated": now(), "finished": ended}
    write_json(run_dir / STATUS, {**status, "message": message, "values": values or {}, "seconds_left": None})


def note_attempt(run_dir: Path) -> str:
    """Note that this process queues the run now; return the name of the attempt, which its worker must show."""
    attempt = secrets.token_hex(8)
    write_json(run_dir / SUBMITTER, {**liveness.this_process(), "attempt": attempt})
    return attempt


def take_back(run_dir: Path) -> None:
    """Note that it is this process that the run waits for now; an attempt that was queued before never begins."""
    write_json(run_dir / SUBMITTER, {**liveness.this_process(), "attempt": None})


def may_begin(run_dir: Path, attempt: str) -> bool:
    """Tell whether a worker that was given this attempt may work on it: not when it was queued anew or taken back."""
    return not attempt or read_json(run_dir / SUBMITTER, {}).get("attempt", attempt) == attempt


def was_begun(run_dir: Path) -> bool:
    """Tell whether a worker has begun the last attempt; asked where it is no longer at it, so that worker is gone."""
    attempt = read_json(run_dir / SUBMITTER, {}).get("attempt")
    return attempt is not None and read_json(run_dir / HEARTBEAT, {}).get("attempt") == attempt


def worker_of(run_dir: Path) -> str | None:
    """Return the address of the worker that is at this run, or None when none is."""
    beat = read_json(run_dir / HEARTBEAT)
    return beat.get("worker") if beat is not None and _alive(run_dir) else None


def request_stop(run_dir: Path) -> None:
    """Ask the worker to end within a batch; it keeps and evaluates the best so far."""
    (run_dir / STOP).touch()


def request_pause(run_dir: Path) -> None:
    """Ask the worker to lay the run aside within a batch, so that it can go on exactly there."""
    (run_dir / PAUSE).touch()


def forget_requests(run_dir: Path) -> None:
    """Take back what the worker was asked for: the run is to go on."""
    for request in (STOP, PAUSE):
        (run_dir / request).unlink(missing_ok=True)


def must_end(run_dir: Path) -> bool:
    """Tell whether a run was asked to stop or to pause, or is gone altogether."""
    return (run_dir / STOP).exists() or (run_dir / PAUSE).exists() or not run_dir.exists()


def find_run(text: str) -> Path:
    """Return the directory of a run given by id, first letters, directory or 'latest'."""
    if (Path(text) / STATUS).exists():
        return Path(text).resolve()
    folder = settings.current().workspace / "runs"
    ids = sorted(path.name for path in folder.glob("*") if (path / STATUS).exists()) if folder.exists() else []
    if not ids:
        raise UserError(
            "There is no run in {folder} yet. 'python -m engine train SOURCE' makes the first; if yours are elsewhere, "
            "give --workspace DIR.",
            folder=str(folder.parent),
        )
    found = ids[-1:] if text == "latest" else [run_id for run_id in ids if run_id.startswith(text)]
    if len(found) != 1:
        raise UserError(
            "There is no single run '{text}' in {folder} ({count} found). 'python -m engine runs' lists them.",
            text=text,
            folder=str(folder),
            count=len(found),
        )
    return folder / found[0]


def delete_run(run_dir: Path) -> None:
    shutil.rmtree(run_dir, ignore_errors=True)


def _alive(run_dir: Path) -> bool:
    who = read_json(run_dir / HEARTBEAT)
    if who is None:
        return False
    return liveness.is_alive(who) if liveness.is_here(who) else liveness.is_touched(run_dir / HEARTBEAT)


def first_status() -> dict:
    return {
        "state": "queued",
        "phase": "waiting",
        "progress": 0.0,
        "message": "Waiting for its turn.",
        "values": {},
        "seconds_left": None,
        "started": None,
        "updated": now(),
        "finished": None,
        "error": None,
        "spent": {},
    }


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _number(text: str) -> float | None:
    return float(text) if text else None
