"""`export-data`: a project's pictures as a zip that imports again."""

import functools
import sys
from pathlib import Path

from engine import settings
from engine.cli.output import end_progress, print_json, show_progress
from engine.cli.runs import open_registry
from engine.data import label_kinds
from engine.errors import DataError, UserError
from engine.storage.registry import Project, Registry
from engine.storage.status_file import Throttle
from engine.storage.workspace import Workspace


def export_data(options) -> None:
    """Write the pictures of a project as a zip that imports again with the same labels, groups and splits."""
    from engine.data import dataset_zip

    registry = open_registry()
    project = find_project(registry, options.project)
    items = registry.items(project.dataset_id)
    if not items:
        raise DataError("The project {project} has no pictures to export.", project=project.name)
    target = Path(options.output).resolve()
    workspace = Workspace(settings.current().workspace)
    label_kind = label_kinds.of(registry.dataset_options(project.dataset_id))
    told = functools.partial(_export_progress, Throttle())
    made = dataset_zip.write(workspace, items, target, told, label_kind=label_kind, form=options.format)
    for name in made.missing:
        print(f"left out, its original is gone: {name}", file=sys.stderr)
    end_progress(f"{made.pictures} pictures of {project.name} in {target} ({made.bytes / 1e6:.1f} MB)")
    if options.json:
        print_json({"file": str(target), "project": project.id, "pictures": made.pictures, "missing": made.missing})


def _export_progress(throttle: Throttle, done: int, total: int) -> None:
    if throttle.is_due(at_once=done == total):
        show_progress(f"{done} of {total} pictures packed", {"progress": done / max(1, total)})


def find_project(registry: Registry, text: str) -> Project:
    """Return the project given by id, name or 'latest'."""
    projects = registry.projects()
    named = [project for project in projects if text in (project.id, project.name)]
    found = projects[:1] if text == "latest" else named
    if len(found) > 1:
        lines = "".join(f"\n  {project.id}  {project.created[:16].replace('T', ' ')}" for project in found)
        raise UserError(
            "{count} projects are called {text}. Give the id of one: {lines}", count=len(found), text=text, lines=lines
        )
    if not projects:
        raise UserError("There is no project yet. Train on pictures or bring some in on the Data page first.")
    if not found:
        names = ", ".join(f"{project.name} ({project.id})" for project in projects[:10])
        more = " …" if len(projects) > 10 else ""
        raise UserError(
            "There is no project called {text}; these are there: {names}{more}", text=text, names=names, more=more
        )
    return found[0]
