"""What takes a while to measure about a finished run, as a background job asks a worker for it."""

from pathlib import Path

from engine.evaluation import learning_curve
from engine.evaluation.explain import mean_heat_map
from engine.evaluation.reliability import robustness
from engine.storage.status_file import StatusFile
from engine.storage.workspace import Workspace, read_json

MEASURES = {
    "learning_curve": learning_curve.measure,
    "looks": mean_heat_map.measure,
    "robustness": robustness.measure_all,
}


def carry_out(job_path: Path, workspace: Workspace) -> None:
    """Measure what job.json asks: {"task": one of MEASURES, "run_dir"}; the run keeps it.

    status.json beside the job tells how far it is; a file `stop` there ends it with Stopped.
    """
    job, status = read_json(job_path), StatusFile.beside(job_path)
    status.tell(0.0)
    MEASURES[job["task"]](Path(job["run_dir"]), workspace, status.advance)
