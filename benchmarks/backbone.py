"""How good is the embedded backbone? All of its tables: python -m benchmarks.backbone --data DIR --work SCRATCH.

Every network is judged the same two ways on fixed test parts: "probe", a linear probe (Graft's own) on the features of
the frozen network, its penalty chosen by cross-validation on the training part; and "balanced", a run with that recipe.
Results are kept in SCRATCH one by one, so that an interrupted benchmark goes on where it ended.
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np

from benchmarks import backbone_report, backbone_rows, backbone_sets, backbone_speed
from benchmarks.backbone_rows import Row
from engine import settings
from engine.errors import UserError
from engine.evaluation import results
from engine.storage import runs
from engine.storage.workspace import Workspace, read_json, write_json
from engine.training.features import embed
from engine.training.heads import linear_probe
from engine.training.inputs.pixels import Pixels
from engine.training.recipe import Recipe
from engine.worker import door

SEED = 0


def main() -> int:
    """Measure what is not measured yet, then print the tables in Markdown."""
    options = _options()
    os.environ["GRAFT_WEIGHTS_DIR"] = str(options.data)
    settings.current.cache_clear()
    workspace = Workspace(options.work).create()
    try:
        rows = backbone_rows.rows(options.work, options.candidates)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    sets = {name: backbone_sets.read(name, options.data, workspace) for name in backbone_sets.NAMES}
    for kind in options.judge:
        for row in backbone_rows.most_telling_first(rows):
            _judge(row, kind, sets, workspace)
    if options.speed:
        backbone_speed.measure(rows, workspace)
    known = read_json(workspace.root / "results.json", {})
    print(backbone_report.tables(rows, options.judge, known))
    return 0


def _judge(row: Row, kind: str, sets: dict, workspace: Workspace) -> None:
    """Write which test pictures the row gets right into results.json, as a string of 0 and 1 in a fixed order."""
    path = workspace.root / "results.json"
    for name, pictures in sets.items():
        entry = f"{row.identity}|{kind}|{name}"
        known = read_json(path, {})
        if entry in known:
            continue
        with row.in_place():
            right = {"probe": _probe, "balanced": _balanced}[kind](row, pictures, workspace)
        known[entry] = "".join("1" if hit else "0" for hit in right)
        write_json(path, known)
        print(f"{row.title}, {kind}, {name}: {np.mean(right):.4f}", file=sys.stderr, flush=True)


def _probe(row: Row, pictures: list, workspace: Workspace) -> list[bool]:
    pixels = Pixels(workspace, row.image_size, "crop")
    keys = [picture.sha256 for picture in pictures]
    cache = embed.embed(workspace, row.key, pixels, list(dict.fromkeys(keys)), lambda _done, _total: None)
    x, splits = cache.read(keys), np.array([picture.split for picture in pictures])
    names, y = np.unique([picture.label for picture in pictures], return_inverse=True)
    train, test = splits == "train", splits == "test"
    head = linear_probe.fit(x[train], y[train], len(names), Recipe(seed=SEED)).head
    return (head.logits(x[test]).argmax(axis=1) == y[test]).tolist()


def _balanced(row: Row, pictures: list, workspace: Workspace) -> list[bool]:
    choices = {"name": "balanced", "backbone": row.key, "image_size": row.image_size, "fit": "crop", "seed": SEED}
    recipe = Recipe.from_dict(choices).to_dict()
    items = backbone_sets.with_validation(pictures)
    run_dir = workspace.run_dir(runs.new_run(workspace, recipe, items))
    door.answer("train", run_dir, workspace)
    told = results.predictions(run_dir, "test")
    answers = {row.item: row.predicted == row.label for row in told.rows(list(range(len(told))))}
    return [answers[item.id] for item in items if item.split == "test"]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backbone", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with the archives and the teacher's weights")
    parser.add_argument("--work", type=Path, required=True, help="scratch folder, where results are kept")
    parser.add_argument("--candidates", type=Path, nargs="*", default=[], help="other weights, of any widths")
    parser.add_argument(
        "--judge", nargs="+", choices=("probe", "balanced"), default=("probe", "balanced"), help="default: both"
    )
    parser.add_argument("--no-speed", dest="speed", action="store_false", help="leave out the time a picture takes")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
