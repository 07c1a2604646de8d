"""Exports of a finished run's model: begun by a button or a command, made by a worker between trainings, kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.compute.background_jobs import BackgroundJobs
from engine.sharing import export_table

KIND = "model_exports"


@dataclass(frozen=True)
class ModelExports:
    """The exports of the runs of one workspace."""

    jobs: BackgroundJobs

    def start(self, run_dir: Path, keys: Sequence[str]) -> None:
        """Begin to export these formats, unless something is being exported. Raises UserError without a model."""
        wanted = f"{export_table.stamp(run_dir)} {' '.join(keys)}"
        self.jobs.discard(KIND, run_dir.name)
        job = {"run_dir": str(run_dir), "formats": list(keys)}
        self.jobs.start(KIND, run_dir.name, wanted, lambda: job, task="export_model")

    def start_pack(self, run_dir: Path, keys: Sequence[str], *, title: str, language: str) -> None:
        """Begin to make a hand-over pack of these formats, as `start` does; its row is called "pack"."""
        wanted = f"{export_table.stamp(run_dir)} pack {' '.join(keys)} {title} {language}"
        self.jobs.discard(KIND, run_dir.name)
        job = {"run_dir": str(run_dir), "formats": list(keys), "title": title, "language": language}
        self.jobs.start(KIND, run_dir.name, wanted, lambda: job, task="pack_model")

    def stop(self, run_dir: Path) -> None:
        """End it; what is whole by then stays."""
        self.jobs.stop(KIND, run_dir.name)

    def status(self, run_dir: Path) -> dict:
        """Return {state: none|running|ended|failed, begun, stopping, progress, message, values}."""
        return self.jobs.status(KIND, run_dir.name)
