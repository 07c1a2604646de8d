"""The long look at a dataset (layer two of the report): asked for, watched, kept for each version of the dataset.

A report is a file `caches/reports/<dataset>-<version>.json`; engine.curation.feature_checks says what is in it.
"""

import functools
import hashlib
from pathlib import Path

from engine.compute.background_jobs import BackgroundJobs
from engine.storage.registry import Registry
from engine.storage.workspace import Workspace, read_json

KIND = "inspect"
KEPT = 3  # reports of one dataset that stay on disk
BACKBONE = "sprout"  # the network that is always there; any other may be asked for


class DatasetChecks:
    """The inspections of one workspace. Several threads may use it."""

    def __init__(self, workspace: Workspace, registry: Registry, background_jobs: BackgroundJobs):
        self._workspace = workspace
        self._registry = registry
        self._jobs = background_jobs

    def start(self, dataset_id: str, *, backbone: str = BACKBONE) -> None:
        """Begin to inspect a dataset as it is now, unless that is being done or is done already.

        One that failed, or whose server ended, begins again; features computed by then are kept.
        """
        version = self._version(dataset_id)
        report = self._report(dataset_id, version)
        if report.exists():
            return
        self._jobs.discard(KIND, dataset_id)
        facts = functools.partial(self._facts, dataset_id, version, backbone, report)
        self._jobs.start(KIND, dataset_id, version, facts, task="check_dataset")

    def status(self, dataset_id: str) -> dict:
        """Return {state: none|running|done|failed, progress, message, values, report, stale}.

        `report` is that of this version of the dataset, or else the last one: `stale` then says that something has
        changed since. Keys of "changes" in it are item ids, as in engine.curation.row_checks.
        """
        status = self._jobs.status(KIND, dataset_id)  # first: it may end between two reads
        current = self._read(self._report(dataset_id, self._version(dataset_id)))
        report = current or next(filter(None, map(self._read, self._reports(dataset_id))), None)
        state = status["state"] if status["state"] in ("running", "failed") else "done" if report else "none"
        if current:
            state = "done"
        told = {"state": state, "report": report, "stale": bool(report and not current)}
        return {**{key: status[key] for key in ("progress", "message", "values")}, **told}

    def discard(self, dataset_id: str) -> None:
        """Delete the reports of a dataset."""
        for path in self._reports(dataset_id):
            path.unlink(missing_ok=True)

    def _facts(self, dataset_id: str, version: str, backbone: str, report: Path) -> dict:
        for path in self._reports(dataset_id)[KEPT - 1 :]:
            path.unlink(missing_ok=True)
        # What a person marked as really ambiguous is in no training: to ask about it again would be to nag.
        items = [vars(item) for item in self._registry.items(dataset_id) if not item.ambiguous]
        return {"version": version, "backbone": backbone, "report": str(report), "items": items}

    def _reports(self, dataset_id: str) -> list[Path]:
        """Return the reports of a dataset, newest first."""
        found = self._workspace.caches.glob(f"reports/{dataset_id}-*.json")
        return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)

    def _report(self, dataset_id: str, version: str) -> Path:
        return self._workspace.caches / "reports" / f"{dataset_id}-{version}.json"

    def _version(self, dataset_id: str) -> str:
        """Return the dataset's version as a part of a file name."""
        return hashlib.sha256(self._registry.version(dataset_id).encode()).hexdigest()[:16]

    def _read(self, path: Path) -> dict | None:
        """Return a report with item ids as numbers again; JSON knows only text as keys."""
        report = read_json(path)
        for finding in (report or {}).get("findings", ()):
            for fix in finding["fixes"]:
                if "changes" in fix:
                    fix["changes"] = {int(item): values for item, values in fix["changes"].items()}
        return report
