"""`export`: the model of a run in another format, compared with the app before it is handed out."""

import shutil
import sys
import time
from pathlib import Path

from engine.cli.output import end_progress, in_words, print_json, show_progress
from engine.errors import UserError
from engine.graft import Graft
from engine.sharing import export_table
from engine.sharing.formats import saved_model
from engine.storage.runs import find_run


def export(options) -> None:
    """Write one format of a run's model, and say what it costs."""
    run_dir, target, key = find_run(options.run), Path(options.output).resolve(), options.format
    export_table.stamp(run_dir)  # raises where there is no model
    made_of = {"browser": "onnx"}.get(key, key)
    with Graft.open(shared_worker=True) as graft:
        _make(graft, run_dir, made_of)
        run = graft.registry.run(run_dir.name)
    row = export_table.rows(run_dir)[made_of]
    made = export_table.folder(run_dir) / row["file"]
    target.parent.mkdir(parents=True, exist_ok=True)
    if key == "browser":
        _write_demo(run_dir, target, run.name if run else "", options.language)
        row = {**row, "bytes": target.stat().st_size}
    elif key == "savedmodel" and target.suffix != ".zip":
        saved_model.unpack(made, target)
    else:
        shutil.copyfile(made, target)
    end_progress(f"{options.format} of {run_dir.name} is in {target}")
    print(_in_words(row), file=sys.stderr if options.json else sys.stdout)
    if options.json:
        print_json({"run": run_dir.name, "format": key, **row, "file": str(target)})


def _write_demo(run_dir: Path, target: Path, title: str, language: str) -> None:
    from engine.sharing import browser_demo  # with it come Plotly and Jinja

    browser_demo.write(run_dir, target, title=title, language=language)


def _make(graft: Graft, run_dir: Path, key: str) -> None:
    if export_table.path(run_dir, key) is not None:
        return
    graft.model_exports.start(run_dir, [key])
    try:
        while (status := graft.model_exports.status(run_dir))["state"] == "running":
            if status["begun"]:
                show_progress(in_words(status), status)
            time.sleep(0.1)
    except KeyboardInterrupt:
        graft.model_exports.stop(run_dir)
        raise
    if status["state"] == "failed":
        raise UserError(status["message"], **status["values"])


def _in_words(row: dict) -> str:
    size = f"{row['bytes'] / 1e6:.1f} MB"
    if "same" not in row:
        return size
    words = "{size}, {milliseconds:.1f} ms a picture here, {accuracy:.1%} right on {pictures} test pictures, "
    return (words + "{same:.1%} of the answers are those of the app").format(size=size, **row)
