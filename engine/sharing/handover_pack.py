"""The hand-over pack: a zip with the model in chosen formats and all that somebody needs to use and to check it.

A worker writes it, since what each file answers to the sample items is asked of that very file. `check.py` in it asks
again wherever the pack is unpacked.
"""

import io
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version as installed
from importlib.resources import files
from pathlib import Path

import numpy as np
from PIL import Image

from engine.data import thumbnails
from engine.data.modalities import registry as modalities
from engine.data.modalities.fits import with_scale
from engine.errors import UserError
from engine.evaluation import results
from engine.sharing import browser_demo, export_job, export_table, formats, html_report, model_card, model_labels
from engine.storage.workspace import Workspace, replaced
from engine.training import snapshot

FILE = "handover.zip"
SAMPLES, SAMPLE_SIDE = 5, 640
SCRIPTS = {"keras": "keras", "onnx": "onnx", "savedmodel": "savedmodel", "openvino": "openvino"}
ALWAYS = ("prepare.py", "check.py")
# Where a template lies in the pack, and the format it needs.
SNIPPETS = {
    "curl.sh": ("snippets/curl.sh", "onnx"),
    "javascript.mjs": ("snippets/javascript.mjs", "onnx"),
    "cpp.cc": ("snippets/cpp.cc", "onnx"),
    "serve.py": ("serve.py", "onnx"),
    "android.kt": ("snippets/android.kt", "litert"),
}
BESIDE_PICTURES = "The hand-over pack is made for pictures, and this model was trained on something else."


@dataclass
class Pack:
    """What goes into the zip, by name."""

    parts: dict[str, bytes] = field(default_factory=dict)

    def add(self, name: str, content: bytes | str) -> None:
        self.parts[name] = content.encode() if isinstance(content, str) else content

    def write(self, target: Path) -> None:
        with replaced(target, binary=True) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in sorted(self.parts.items()):
                archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)


def write(run_dir: Path, workspace: Workspace, keys: Sequence[str], *, title: str = "", language: str = "en") -> Path:
    """Write the pack of these formats, which have been exported, beside the run; return where. Raises UserError."""
    about, rows = model_labels.describe(run_dir), export_table.rows(run_dir)
    if not model_labels.takes_pictures(run_dir):
        raise UserError(BESIDE_PICTURES)
    chosen = [formats.FORMATS[key] for key in keys if key in rows]
    title = title or html_report.title_of(results.recipe(run_dir))
    pack = Pack()
    _models(pack, run_dir, chosen)
    _samples(pack, run_dir, workspace, about, chosen)
    _scripts(pack, about, chosen)
    failures = _failures(pack, run_dir, workspace)
    own = {form.key: rows[form.key] for form in chosen}
    pack.add(model_labels.FILE, json.dumps(about, ensure_ascii=False, indent=1))
    pack.add("MODEL_CARD.md", model_card.render(run_dir, title, language, own, failures))
    pack.add("report.html", html_report.render(run_dir, workspace, title=title, language=language))
    pack.add("NOTICE.txt", files("engine.sharing").joinpath("pack", "NOTICE.txt").read_bytes())
    if "onnx" in own and rows["onnx"]["bytes"] <= browser_demo.MOST_BYTES:
        pack.add("demo.html", browser_demo.render(run_dir, title=title, language=language))
    target = export_table.folder(run_dir) / FILE
    pack.write(target)
    return target


def _models(pack: Pack, run_dir: Path, chosen: Sequence[formats.Format]) -> None:
    for form in chosen:
        pack.add(form.file, (export_table.folder(run_dir) / form.file).read_bytes())
        pins = [f"{name}=={installed(name)}" for name in form.packages]
        pack.add(f"requirements-{_script(form)}.txt", "\n".join(pins) + "\n")


def _script(form: formats.Format) -> str:
    return SCRIPTS.get(form.key, "litert")


def _samples(pack: Pack, run_dir: Path, workspace: Workspace, about: dict, chosen: Sequence[formats.Format]) -> None:
    """Add five test pictures, without what else their files may hold, and what every model here says of them."""
    frozen = snapshot.read(run_dir)
    rows = frozen.rows("test")
    rows = rows[np.linspace(0, len(rows) - 1, min(SAMPLES, len(rows))).astype(int)]
    pictures = [_png(workspace.blob_path(key)) for key in frozen.keys(rows)]
    names = [f"{number}.png" for number in range(1, len(pictures) + 1)]
    size, fit = about["input"]["shape"][1], with_scale(about["input"]["fit"], about["scale"])
    pixels = np.stack([modalities.of(one).open_at(one, size, fit) for one in pictures])
    for name, content in zip(names, pictures, strict=True):
        pack.add(f"samples/{name}", content)
    pack.add("samples/1.rgb", pixels[0].tobytes())
    given = export_job.as_input(pixels, about)
    models = {form.file: _stored(form, export_table.folder(run_dir) / form.file, given) for form in chosen}
    told = {"files": names, "labels": frozen.labels[rows].tolist(), "models": models}
    pack.add("samples/samples.json", json.dumps(told, ensure_ascii=False, indent=1))


def _stored(form: formats.Format, path: Path, pixels: np.ndarray) -> dict:
    ask: Callable[[np.ndarray], np.ndarray] = form.open(path)
    found = export_job.two_columns(np.concatenate([ask(one[None]) for one in pixels]))
    return {
        "script": f"predict_{_script(form)}",
        "requirements": f"requirements-{_script(form)}.txt",
        "tolerance": form.tolerance,
        "probabilities": [[round(float(value), 6) for value in row] for row in found],
    }


def _png(path: Path) -> bytes:
    image, _size = modalities.of(path).picture(path, SAMPLE_SIDE)
    image = image.copy()
    image.thumbnail((SAMPLE_SIDE, SAMPLE_SIDE))
    sink = io.BytesIO()
    Image.fromarray(np.asarray(image)).save(sink, "PNG")  # pixels alone: no place, no camera, no name
    return sink.getvalue()


def _scripts(pack: Pack, about: dict, chosen: Sequence[formats.Format]) -> None:
    scripts = {_script(form) for form in chosen}
    for name in (*ALWAYS, *(f"predict_{script}.py" for script in sorted(scripts))):
        pack.add(name, _template(name))
    low, high = about["input"]["range"]
    facts = {"SIZE": about["input"]["shape"][1], "LOW": low, "HIGH": high, "COLUMNS": about["output"]["columns"]}
    for name, (place, script) in SNIPPETS.items():
        if script in scripts:
            text = _template(name)
            for mark, value in facts.items():
                text = text.replace(f"@{mark}@", str(value))
            pack.add(place, text)


def _template(name: str) -> str:
    return files("engine.sharing").joinpath("pack", f"{name}.txt").read_text(encoding="utf-8")


def _failures(pack: Pack, run_dir: Path, workspace: Workspace) -> list[dict]:
    """Add the pictures of the surest mistakes and return what the card says of them."""
    found: list[dict] = []
    for row in results.confident_mistakes(results.predictions(run_dir), model_card.SHOWN):
        try:
            content = thumbnails.read(workspace, row.sha256)
        except UserError:
            continue  # its original is gone
        name = f"{len(found) + 1}.jpg"
        pack.add(f"failures/{name}", content)
        found.append({"file": name, "label": row.label, "answer": row.predicted, "share": row.probability})
    return found
