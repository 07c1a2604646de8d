"""Long questions about a finished run: begun by a button, answered bit by bit, kept beside the run.

The parts are asked of the quick worker one after the other, so that other questions get their turn in between.
"""

import threading
from collections.abc import Callable
from pathlib import Path

from engine import runs
from engine.errors import UserError
from engine.evaluation.disturb import KINDS
from engine.workspace import read_json, write_json

ROBUSTNESS = "robustness.json"
PATIENCE_SECONDS = 900.0
UNEXPECTED = "Something went wrong inside Graft: {error}. The details are in the server's log."

_running: set[str] = set()
_lock = threading.Lock()

Ask = Callable[..., object]


def robustness(run_dir: Path) -> dict | None:
    """Return {"rows" so far (see engine.evaluation.robustness), "kinds", "error", "running"}.

    None before it began, and when the model is newer than what was measured.
    """
    found = read_json(run_dir / ROBUSTNESS)
    if found is None or _is_outdated(run_dir):
        return None
    return {**found, "running": str(run_dir) in _running}


def start_robustness(ask: Ask, run_dir: Path, workspace_root: Path) -> None:
    """Begin to measure, unless that is being done. `ask` is Graft.ask."""
    with _lock:
        if str(run_dir) in _running:
            return
        _running.add(str(run_dir))
    write_json(run_dir / ROBUSTNESS, _so_far([]))
    threading.Thread(target=_measure, args=(ask, run_dir, workspace_root), name="robustness", daemon=True).start()


def _measure(ask: Ask, run_dir: Path, workspace_root: Path) -> None:
    rows: list[dict] = []
    try:
        for kind in KINDS:
            rows.append(ask("robustness", str(run_dir), str(workspace_root), kind, timeout=PATIENCE_SECONDS))
            write_json(run_dir / ROBUSTNESS, _so_far(rows))
    except UserError as error:
        write_json(run_dir / ROBUSTNESS, {**_so_far(rows), "error": error.to_dict()})
    except Exception as error:
        problem = UserError(UNEXPECTED, error=repr(error))
        write_json(run_dir / ROBUSTNESS, {**_so_far(rows), "error": problem.to_dict()})
        raise
    finally:
        _running.discard(str(run_dir))


def _is_outdated(run_dir: Path) -> bool:
    try:
        return (run_dir / runs.MODEL).stat().st_mtime > (run_dir / ROBUSTNESS).stat().st_mtime
    except OSError:
        return False


def _so_far(rows: list[dict]) -> dict:
    return {"kinds": list(KINDS), "rows": rows, "error": None}
