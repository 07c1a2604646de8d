"""How well the report finds what was planted, and how long it takes: label errors, near duplicates, 20,000 pictures.

python -m benchmarks.checks --part labels|copies|many --data DIR
DIR holds clothing.zip, cifar10-sample.zip, digit-scripts.zip and mnist.npz.
"""

import io
import resource
import tempfile
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from benchmarks.common import arguments, bring_in, row, workspace_in
from engine.curation import row_checks
from engine.curation.feature_checks import inspect
from engine.storage.registry import Item
from engine.storage.workspace import Workspace

MANY, ORIGINALS, COPIED = 20_000, 600, 200
SETS = ("clothing.zip", "cifar10-sample.zip", "digit-scripts.zip")


def main() -> None:
    options = arguments(__doc__, part="labels", data="../shared/data", seeds=2)
    parts = {"labels": label_errors, "copies": near_copies, "many": many}
    with tempfile.TemporaryDirectory() as folder:
        parts[options.part](Path(options.data), Path(folder), options.seeds)


def label_errors(data: Path, folder: Path, seeds: int) -> None:
    """Replace 5 % of the labels by random others and see how many are among the first two suggestions for each."""
    row("set, seed", "pictures", "planted", "suggested", "among the first 2x", "seconds for labels")
    row(*["---"] * 6)
    for source in ("example:digits", str(data / "clothing.zip")):
        workspace = workspace_in(folder / Path(source).stem)
        items = bring_in(source, workspace)
        for seed in range(seeds):
            wrong, planted = mislabelled(items, 0.05, seed)
            report = look(workspace, wrong)
            asked = [q["item"] for f in report["findings"] if f["kind"] == "label_error" for q in f["questions"]]
            share = len(planted & set(asked[: 2 * len(planted)])) / len(planted)
            took = report["seconds"]["labels"]
            row(f"{Path(source).name}, {seed}", len(items), len(planted), len(asked), share, took)


def mislabelled(items: list[Item], share: float, seed: int) -> tuple[list[Item], set[int]]:
    """Return the items with some labels replaced by random other classes, and the ids of those."""
    rng = np.random.default_rng(seed)
    names = sorted({item.label for item in items})
    rows = rng.permutation(len(items))[: int(share * len(items))]
    others = {
        int(r): names[(names.index(items[r].label) + int(rng.integers(1, len(names)))) % len(names)] for r in rows
    }
    return [replace(item, label=others.get(n, item.label)) for n, item in enumerate(items)], {items[r].id for r in rows}


def near_copies(data: Path, folder: Path, _seeds: int) -> None:
    """Save copies of pictures anew, resized, cropped, lightened or mirrored, and see which families are found."""
    row("set", "change", "found by fingerprint", "found by the report", "false pairs of all found")
    row(*["---"] * 5)
    for name in SETS:
        for change, make in CHANGES.items():
            source = folder / f"{Path(name).stem}-{change}"
            _plant(data / name, source, make)
            workspace = workspace_in(folder / "workspace")
            items = bring_in(str(source), workspace)
            quick = [f for f in row_checks.findings(items) if f["kind"] in ("duplicates", "near_duplicates")]
            seen = quick + [f for f in look(workspace, items)["findings"] if f["kind"] == "look_alikes"]
            before, _wrong = _found(items, quick)
            found, wrong = _found(items, seen)
            row(Path(name).stem, change, before / COPIED, found / COPIED, wrong / max(1, wrong + found))


def _plant(archive: Path, target: Path, make) -> None:
    with zipfile.ZipFile(archive) as pack:
        names = sorted(n for n in pack.namelist() if n.lower().endswith((".png", ".jpg", ".jpeg")))
        chosen = np.random.default_rng(0).permutation(len(names))[:ORIGINALS]
        for number, position in enumerate(chosen):
            image = Image.open(io.BytesIO(pack.read(names[position]))).convert("RGB")
            folder = target / ("a" if number % 2 else "b")
            folder.mkdir(parents=True, exist_ok=True)
            image.save(folder / f"{number:04}.png", compress_level=1)
            if number < COPIED:
                content = make(image)
                (folder / f"{number:04}-copy").write_bytes(content)


def _found(items: list[Item], findings: list[dict]) -> tuple[int, int]:
    """Return how many planted copies lie in a family with their original, and how many pairs of others do."""
    number = {item.id: item.name.split("/")[-1][:4] for item in items}
    families = [[number[item] for item in family] for finding in findings for family in finding["families"]]
    right = {own for family in families for own in family if family.count(own) > 1}
    return len(right), sum(len(set(family)) - 1 for family in families)


def _saved(image: Image.Image, quality: int = 0) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality) if quality else image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _scaled(image: Image.Image, factor: float) -> Image.Image:
    return image.resize([max(1, round(side * factor)) for side in image.size], Image.Resampling.BICUBIC)


CHANGES = {
    "JPEG 30": lambda image: _saved(image, 30),
    "JPEG 90": lambda image: _saved(image, 90),
    "x 0.4": lambda image: _saved(_scaled(image, 0.4)),
    "x 0.7": lambda image: _saved(_scaled(image, 0.7)),
    "x 2": lambda image: _saved(_scaled(image, 2)),
    "cropped 5 %": lambda image: _saved(ImageOps.crop(image, round(0.05 * min(image.size)))),
    "lighter 1.2": lambda image: _saved(image.point(lambda value: min(255, int(value * 1.2)))),
    "mirrored": lambda image: _saved(ImageOps.mirror(image)),
}


def many(data: Path, folder: Path, _seeds: int) -> None:
    """Time both layers of the report on 20,000 handwritten digits."""
    with np.load(data / "mnist.npz") as stored:
        x, y = stored["x_train"][:MANY], stored["y_train"][:MANY]
    for number, (ink, label) in enumerate(zip(x, y, strict=True)):
        path = folder / "digits" / str(label) / f"{number:05}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(ink).save(path, compress_level=1)
    workspace = workspace_in(folder / "workspace")
    items = bring_in(str(folder / "digits"), workspace)
    row("what", "seconds", "processor seconds")
    row("---", "---", "---")
    _timed("findings from rows alone", lambda: row_checks.findings(items))
    _timed("report, features computed", lambda: look(workspace, items))
    report = _timed("report once features exist", lambda: look(workspace, items))
    print(report["seconds"], {finding["kind"]: len(finding["items"]) for finding in report["findings"]})
    print(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:.0f} MB")


def _timed(what: str, work):
    began, spent = time.perf_counter(), time.process_time()
    answer = work()
    row(what, time.perf_counter() - began, time.process_time() - spent)
    return answer


def look(workspace: Workspace, items: list[Item]) -> dict:
    """Return the report of a worker, made in this process."""
    return inspect(workspace, [vars(item) for item in items], "sprout", lambda *_told, **_values: None)


if __name__ == "__main__":
    main()
