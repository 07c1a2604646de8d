"""`bundle`: a whole project as one file, and such a file as a project again."""

import functools
import getpass
import sys
from argparse import Namespace
from pathlib import Path

from engine import settings
from engine.cli.export_data import find_project
from engine.cli.output import end_progress, print_json, show_progress
from engine.cli.runs import open_registry
from engine.errors import DataError
from engine.storage.status_file import Throttle
from engine.storage.workspace import Workspace


def bundle(options: Namespace) -> None:
    """Write a project to a file (`-o`), or bring one in (`--open`)."""
    if bool(options.open) == bool(options.output):
        raise DataError("Give either a project and -o FILE, or --open FILE.")
    if options.open:
        _open(options)
        return
    from engine.sharing import project_bundle

    registry = open_registry()
    project = find_project(registry, options.project)
    target, workspace = Path(options.output).resolve(), Workspace(settings.current().workspace)
    passphrase = _passphrase(options, twice=True) if options.encrypt or options.passphrase_file else ""
    told = functools.partial(_progress, Throttle())
    made = project_bundle.write(workspace, registry, project.id, target, passphrase=passphrase, progress=told)
    for name in made.missing:
        print(f"left out, its original is gone: {name}", file=sys.stderr)
    for name in made.left_out:
        print(f"left out, it has not ended: the run {name}", file=sys.stderr)
    words = f"{made.pictures} pictures and {made.runs} runs of {project.name} in {target} ({made.bytes / 1e6:.1f} MB)"
    end_progress(words)
    if options.json:
        facts = {"pictures": made.pictures, "runs": made.runs, "bytes": made.bytes, "encrypted": bool(passphrase)}
        print_json({"file": str(target), "project": project.id, **facts, "missing": made.missing})


def _open(options: Namespace) -> None:
    from engine.sharing import bundle_reader, sealed_file

    path = Path(options.open)
    if not path.is_file():
        raise DataError("There is no file '{file}'.", file=options.open)
    registry, workspace = open_registry(), Workspace(settings.current().workspace)
    passphrase = _passphrase(options) if sealed_file.is_sealed(path) else ""
    opened = bundle_reader.open_bundle(workspace, registry, path, passphrase=passphrase)
    end_progress(f"The project {opened.name} is here with {opened.pictures} pictures and {opened.runs} runs.")
    if options.json:
        print_json({"project": opened.project, "pictures": opened.pictures, "runs": opened.runs, "copy": opened.copy})


def _passphrase(options: Namespace, *, twice: bool = False) -> str:
    """Return the passphrase from a file, or ask for it where somebody sits at the terminal."""
    if options.passphrase_file:
        try:
            return Path(options.passphrase_file).read_text("utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise DataError("The passphrase file cannot be read ({reason}).", reason=str(error)) from error
    if not sys.stdin.isatty():
        raise DataError("A passphrase is needed. Give a file that holds it with --passphrase-file.")
    given = getpass.getpass("Passphrase: ")
    if twice and getpass.getpass("The same again: ") != given:
        raise DataError("The two passphrases differ. Nothing was written.")
    return given


def _progress(throttle: Throttle, done: int, total: int) -> None:
    if throttle.is_due(at_once=done == total):
        show_progress(f"{done} of {total} files packed", {"progress": done / max(1, total)})
