"""A hand-over pack as a worker makes it: the formats it holds first, then the zip."""

from pathlib import Path

from engine.sharing import export_job, export_table, handover_pack
from engine.storage.status_file import StatusFile
from engine.storage.workspace import Workspace, read_json

PACKING = "Packing, and asking every format about the sample pictures."


def carry_out(job_path: Path, workspace: Workspace) -> None:
    """Make what job.json asks: {"run_dir", "formats": keys, "title", "language"}; status.json tells how far it is."""
    job, status = read_json(job_path), StatusFile.beside(job_path)
    run_dir = Path(job["run_dir"])
    made_of = export_table.stamp(run_dir)
    status.tell(0.0)
    export_job.make(run_dir, workspace, job["formats"], status.advance)
    status.tell(0.9, PACKING)
    told = {"title": job["title"], "language": job["language"]}
    path = handover_pack.write(run_dir, workspace, job["formats"], **told)
    export_table.keep(run_dir, made_of, "pack", {"file": path.name, "bytes": path.stat().st_size})
