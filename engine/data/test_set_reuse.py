"""Test pictures that deleted runs were measured on: whoever deletes the runs that lost has still seen how they did.

A number that was chosen among others flatters a little, whether the others are still there or not.
"""

import functools
import shutil
from pathlib import Path

from engine.data import versions
from engine.storage import runs
from engine.storage.workspace import Workspace, read_json, write_atomic


def note(workspace: Workspace, dataset_id: str, run_dir: Path) -> None:
    """Note, before a run is deleted, which pictures it was measured on; nothing where it was not measured."""
    if (run_dir / runs.EVALUATION).exists():
        items = ",".join(map(str, sorted(versions.test_items(run_dir))))
        write_atomic(_folder(workspace, dataset_id) / f"{run_dir.name}.json", f"[{items}]")


def by_deleted_runs(workspace: Workspace, dataset_id: str) -> list[frozenset[int]]:
    """Return the test items of every run that was measured and then deleted."""
    return [_items(path) for path in sorted(_folder(workspace, dataset_id).glob("*.json"))]


def forget(workspace: Workspace, dataset_id: str) -> None:
    """Forget what is noted of a dataset that is deleted."""
    shutil.rmtree(_folder(workspace, dataset_id), ignore_errors=True)


def _folder(workspace: Workspace, dataset_id: str) -> Path:
    return workspace.looked_at / dataset_id


@functools.lru_cache(maxsize=256)
def _items(path: Path) -> frozenset[int]:
    return frozenset(read_json(path, []))
