"""What has been exported of a run, beside it in the folder exports/: a file a format, and one table that compares them.

Nothing heavy here: pages and the command line ask directly.
"""

import hashlib
import json
from pathlib import Path

from engine.sharing import model_labels
from engine.storage import runs
from engine.storage.workspace import read_json, write_json

FOLDER, TABLE = "exports", "exports.json"


def folder(run_dir: Path) -> Path:
    return run_dir / FOLDER


def stamp(run_dir: Path) -> str:
    """Return what changes when the model is trained again, or somebody changes how it answers.

    Raises UserError while there is no model.
    """
    about = json.dumps(model_labels.describe(run_dir), sort_keys=True)
    trained = (run_dir / runs.MODEL).stat().st_mtime_ns
    return f"{trained}-{hashlib.sha256(about.encode()).hexdigest()[:12]}"


def rows(run_dir: Path) -> dict[str, dict]:
    """Return {format: its row} of what was exported of the model as it is now.

    A row: {"file", "bytes"} and, of the formats of `formats`, {"milliseconds" (a picture), "accuracy", "pictures",
    "same" (share of answers that are those of the app), "difference" (the largest of a probability)}.
    """
    kept = read_json(folder(run_dir) / TABLE, {})
    if kept.get("stamp") != stamp(run_dir):
        return {}
    return {key: row for key, row in kept["rows"].items() if (folder(run_dir) / row["file"]).exists()}


def keep(run_dir: Path, made_of: str, key: str, row: dict) -> None:
    """Add a row; those of another model go."""
    kept = read_json(folder(run_dir) / TABLE, {})
    others = kept["rows"] if kept.get("stamp") == made_of else {}
    write_json(folder(run_dir) / TABLE, {"stamp": made_of, "rows": {**others, key: row}})


def path(run_dir: Path, key: str) -> Path | None:
    """Return the exported file of a format, None while there is none of the model as it is now."""
    row = rows(run_dir).get(key)
    return folder(run_dir) / row["file"] if row else None
