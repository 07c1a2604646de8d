"""Long questions about a finished run: begun by a button, answered by a worker between trainings, kept beside the run.

What is being measured is known to the background jobs of the server, not to a page: every browser finds it, and none
begins it a second time.
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
class Measured:
    """How far a measurement is.

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


@dataclass(frozen=True)
class RunMeasurements:
    """The measurements of the runs of one workspace. what: one of FILES."""

    jobs: BackgroundJobs

    def start(self, what: str, run_dir: Path) -> None:
        """Begin to measure, unless that is being done."""
        self.jobs.discard(what, run_dir.name)
        job = {"task": what, "run_dir": str(run_dir)}
        self.jobs.start(what, run_dir.name, str(_stamp(run_dir)), lambda: job, task="measure_run")

    def stop(self, what: str, run_dir: Path) -> None:
        """Let go of what is being measured; robustness keeps the kinds it has, and goes on from there next time."""
        self.jobs.stop(what, run_dir.name)

    def status(self, what: str, run_dir: Path) -> Measured:
        """Return how far it is; what was measured before the model was trained again does not count."""
        told, found = self.jobs.status(what, run_dir.name), _found(run_dir, FILES[what])
        if told["state"] == "running":
            state = "stopping" if told["stopping"] else "running" if told["begun"] else "waiting"
            return Measured(state, told["progress"], told.get("seconds_left"), found=found)
        if found is not None and is_complete(found):
            return Measured("done", 1.0, found=found)
        if told["state"] == "failed":
            return Measured("failed", message=told["message"], values=told["values"])
        return Measured("none")


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
