"""A model as one HTML file that answers by itself: no server, nothing fetched, no picture leaves the page.

In it are the ONNX file of the model and ONNX Runtime Web, which comes with Graft (`browser/`): it works without a
network, from a file and on a phone. Pictures are made small as Graft does it.
"""

import base64
import functools
import gzip
import json
from importlib.resources import files
from pathlib import Path
from typing import cast

import jinja2

from engine.backbones import catalogue
from engine.data import label_kinds
from engine.errors import UserError
from engine.evaluation import results
from engine.evaluation.charts import per_class as colours
from engine.evaluation.honest_number import honest_number
from engine.sharing import export_table, html_report, model_labels
from engine.sharing.report_words import Words
from engine.storage.evaluation import Evaluation
from engine.storage.workspace import write_atomic
from engine.translation import Speech

MOST_BYTES = 60_000_000  # a larger file is opened by no phone and sent by no mail


def write(run_dir: Path, target: Path, *, title: str = "", language: str = "en") -> None:
    """Write the demo of a run. Raises UserError as `render` does."""
    write_atomic(target, render(run_dir, title=title, language=language).encode())


def render(run_dir: Path, *, title: str = "", language: str = "en") -> str:
    """Return the demo as HTML. Raises UserError where the run was not exported as ONNX, or its model is too large."""
    model = export_table.path(run_dir, "onnx")
    if model is None:
        raise UserError("The browser demo is made from the ONNX file. Export that first.")
    if model.stat().st_size > MOST_BYTES:
        raise UserError(
            "The model has {size} MB: too much for one page. Choose a smaller network, or hand over the ONNX file.",
            size=model.stat().st_size // 1_000_000,
        )
    about, recipe = model_labels.describe(run_dir), results.recipe(run_dir)
    facts = cast(Evaluation, results.evaluation(run_dir))  # a run that is handed over has ended
    if not model_labels.takes_pictures(run_dir):
        raise UserError("The browser demo takes pictures only, and this model was trained on something else.")
    words, base = Words(language), results.base(facts, recipe)
    exclusive = label_kinds.of_task(facts["task"]).EXCLUSIVE
    said = _words(words.speech)
    return _template().render(
        language=language,
        title=title or html_report.title_of(recipe) or catalogue.plain(recipe.get("backbone", "")),
        claim=words.claim(honest_number(facts), known=base is not None and base["unknown"], exactly=not exclusive),
        words=said,
        colours=colours.LIGHT,
        licence=_part("LICENSE.txt").decode(),
        about=_as_script(about),
        said=_as_script(said),
        runtime=base64.b64encode(_part("onnxruntime.mjs")).decode(),
        wasm=base64.b64encode(_part("onnxruntime.wasm.gz")).decode(),
        model=base64.b64encode(gzip.compress(model.read_bytes(), 6, mtime=0)).decode(),
        script=_part("demo.js").decode(),
    )


def _words(_: Speech) -> dict[str, str]:
    """Return the fixed words of the page."""
    return {
        "drop": _("Drop a picture here, paste one, or"),
        "choose": _("Choose a picture"),
        "camera": _("Use the camera"),
        "starting": _("The model is starting…"),
        "unsure": _("I don't know"),
        "none": _("None of them"),
        "unreadable": _("This could not be read as a picture. Try a JPEG or a PNG."),
        "nocamera": _("The camera could not be used. Allow it in the browser, or choose a picture instead."),
        "broken": _("This browser cannot run the model. Open the file in a current Chrome, Edge, Firefox or Safari."),
        "limits": _("It knows these classes only, and answers for pictures like those it learned from."),
        "private": _("Everything happens on this device: no picture leaves this page."),
        "made": _("Made with Graft and ONNX Runtime Web"),
    }


def _as_script(value: object) -> str:
    """Return JSON that cannot end the element it stands in, whatever somebody has called a class."""
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("<", "\\u003c").replace("&", "\\u0026")


def _part(name: str) -> bytes:
    return files("engine.sharing").joinpath("browser", name).read_bytes()


@functools.cache
def _template() -> jinja2.Template:
    source = files("engine.sharing").joinpath("browser", "demo.html.j2").read_text(encoding="utf-8")
    return jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(source)
