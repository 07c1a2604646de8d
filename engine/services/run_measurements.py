"""Long questions about a finished run: begun by a button, answered by a worker between trainings, kept beside the run.

What is being measured is known to the studies of the server, not to a page: every browser finds it, and none begins it
a second time.
"""

from dataclasses import dataclass
from pathlib import Path

from engine.compute.background_jobs import BackgroundJobs
from engine.storage import runs
from engine.storage.workspace import read_json

LEARNING_CURVE, LOOKS, ROBUSTNESS = "learning_curve", "looks", "robustness"
FILES = {LEARNING_CURVE: "learning_curve.json", LOOKS: "looks.json", ROBUSTNESS: "robustness.json"}
WORKING = ("waiting", "running", "stopping")


@dataclass(frozen=True)
class Checkup:
    """How far a checkup is.

    state: none, waiting (for its turn), running, stopping, failed (`message` and `values` say why) or done.
    progress: in [0, 1]; seconds_left: None where nobody can tell yet. found: what was measured, also so far while it
    runs where it comes in parts; None where there is nothing.
    """

    state: str
    progress: float = 0.0
    seconds_left: float | None = None
    message: str = ""
    values: dict | None = None
    found: dict | None = None


def begin(background_jobs: BackgroundJobs, task: str, run_dir: Path) -> None:
    """Begin to measure, unless that is being done. task: one of FILES."""
    background_jobs.forget(task, run_dir.name)
    job = {"task": task, "run_dir": str(run_dir)}
    background_jobs.begin(task, run_dir.name, str(_stamp(run_dir)), lambda: job, task="checkup")


def stop(background_jobs: BackgroundJobs, task: str, run_dir: Path) -> None:
    """Let go of what is being measured; robustness keeps the kinds it has, and goes on from there next time."""
    background_jobs.stop(task, run_dir.name)


def look(background_jobs: BackgroundJobs, task: str, run_dir: Path) -> Checkup:
    """Return how far it is; what was measured before the model was trained again does not count."""
    told, found = background_jobs.status(task, run_dir.name), _found(run_dir, FILES[task])
    if told["state"] == "running":
        state = "stopping" if told["stopping"] else "running" if told["begun"] else "waiting"
        return Checkup(state, told["progress"], told.get("seconds_left"), found=found)
    if found is not None and is_complete(found):
        return Checkup("done", 1.0, found=found)
    if told["state"] == "failed":
        return Checkup("failed", message=told["message"], values=told["values"])
    return Checkup("none")


def is_complete(found: dict) -> bool:
    """Tell whether all parts are there, of what comes in parts."""
    return len(found["rows"]) == len(found["kinds"]) if "kinds" in found else True


def _found(run_dir: Path, file: str) -> dict | None:
    try:
        is_old = (run_dir / runs.MODEL).stat().st_mtime > (run_dir / file).stat().st_mtime
    except OSError:
        return None
    return None if is_old else read_json(run_dir / file)


def _stamp(run_dir: Path) -> int:
    """Return what tells two trainings of one run apart."""
    try:
        return (run_dir / runs.MODEL).stat().st_mtime_ns
    except OSError:
        return 0
