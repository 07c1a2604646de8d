"""`export`: the model of a run in another format, compared with the app before it is handed out."""

import shutil
import sys
import time
from pathlib import Path

from engine.cli.output import end_progress, in_words, print_json, show_progress
from engine.errors import UserError
from engine.evaluation import evaluators
from engine.graft import Graft
from engine.sharing import export_table
from engine.sharing.formats import FORMATS, saved_model
from engine.storage import runs
from engine.storage.runs import find_run


def export(options) -> None:
    """Write one format of a run's model, and say what it costs."""
    run_dir, target, key = find_run(options.run), Path(options.output).resolve(), options.format
    export_table.stamp(run_dir)  # raises where there is no model
    evaluators.check_handed_on(runs.read_recipe(run_dir).get("task", "one"))
    made_of = {"browser": "onnx"}.get(key, key)
    with Graft.open(shared_worker=True) as graft:
        run = graft.registry.run(run_dir.name)
        _make(graft, run_dir, made_of, options, run.name if run else "")
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


def _make(graft: Graft, run_dir: Path, key: str, options, title: str) -> None:
    if key == "pack":
        graft.model_exports.start_pack(run_dir, _formats(options.formats), title=title, language=options.language)
    elif export_table.path(run_dir, key) is None:
        graft.model_exports.start(run_dir, [key])
    else:
        return
    _wait(graft, run_dir)


def _formats(listed: str) -> list[str]:
    """Return the formats of a list with commas. Raises UserError for one that there is not."""
    named = [name.strip() for name in listed.split(",") if name.strip()]
    unknown = [name for name in named if name not in FORMATS]
    if unknown or not named:
        raise UserError(
            "There is no format '{format}'. There are: {formats}.",
            format=", ".join(unknown),
            formats=", ".join(FORMATS),
        )
    return named


def _wait(graft: Graft, run_dir: Path) -> None:
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
