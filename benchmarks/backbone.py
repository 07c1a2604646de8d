"""How good is the embedded backbone? One table: python -m benchmarks.backbone --data DIR.

Every network is judged the same way: a linear probe (Graft's own) on the features of the frozen network, its penalty
chosen by cross-validation on the training part, and its accuracy on the fixed test part. `--balanced` also
fine-tunes. Results are kept in --work, so that an interrupted benchmark goes on where it ended.
"""

import argparse
import contextlib
import functools
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import keras
import numpy as np

from benchmarks import backbone_sets
from engine import runs, settings, tasks
from engine.backbones import build, catalogue, forward, local_weights, pretrained, sprout
from engine.training import features, probe
from engine.training.pixels import Pixels
from engine.training.recipe import Recipe
from engine.workspace import Workspace, read_json, write_atomic, write_json

TEACHER = "mobilenet_v2_035"
SPEED_PICTURES = 512


@dataclass(frozen=True)
class Contender:
    """A row of the table. `network` and `weights` replace Sprout's own where they are given."""

    title: str
    key: str
    image_size: int
    weights: Path | None = None
    network: object = None


def main() -> None:
    """Measure what is not measured yet, then print the table in Markdown."""
    options = _options()
    os.environ["GRAFT_WEIGHTS_DIR"] = str(options.data)
    settings.current.cache_clear()
    workspace = Workspace(options.work).create()
    known = read_json(options.work / "results.json", {})
    sets = {name: backbone_sets.read(name, options.data, workspace) for name in backbone_sets.NAMES}
    contenders = _contenders(options)
    kinds = ("probe", "balanced") if options.balanced else ("probe",)
    for contender in contenders:
        with _in_place(contender):
            _measure(contender, kinds, sets, workspace, known)
    print(_table(contenders, kinds, known))


def _measure(contender: Contender, kinds: tuple, sets: dict, workspace: Workspace, known: dict) -> None:
    title = _identity(contender)
    if f"{title}|speed" not in known:
        known[f"{title}|speed"] = _milliseconds(contender, workspace)
    for kind in kinds:
        for name, pictures in sets.items():
            entry = f"{title}|{kind}|{name}"
            if entry in known:
                continue
            known[entry] = {"probe": _probe, "balanced": _balanced}[kind](contender, pictures, workspace)
            print(f"{entry}: {known[entry]:.4f}", flush=True)
            write_json(workspace.root / "results.json", known)


def _probe(contender: Contender, pictures: list, workspace: Workspace) -> float:
    """Return the test accuracy of the linear probe."""
    pixels = Pixels(workspace, contender.image_size, "crop")
    keys = [picture.sha256 for picture in pictures]
    cache = features.embed(workspace, contender.key, pixels, list(dict.fromkeys(keys)), lambda _done, _total: None)
    x, splits = cache.read(keys), np.array([picture.split for picture in pictures])
    names, y = np.unique([picture.label for picture in pictures], return_inverse=True)
    train, test = splits == "train", splits == "test"
    head = probe.fit(x[train], y[train], len(names), Recipe()).head
    return float((head.logits(x[test]).argmax(axis=1) == y[test]).mean())


def _balanced(contender: Contender, pictures: list, workspace: Workspace) -> float:
    """Return the test accuracy of a run with the recipe "balanced"."""
    choices = {"name": "balanced", "backbone": contender.key, "image_size": contender.image_size, "fit": "crop"}
    recipe = Recipe.from_dict(choices).to_dict()
    run_dir = workspace.run_dir(runs.new_run(workspace, recipe, backbone_sets.with_validation(pictures)))
    tasks.train(str(run_dir), str(workspace.root))
    return float(runs.read_evaluation(run_dir)["accuracy"])


def _milliseconds(contender: Contender, workspace: Workspace) -> float:
    """Return the processor time one picture takes, in milliseconds of one core (other programs do not count)."""
    run = forward.open_backbone(workspace, contender.key, contender.image_size)
    side = contender.image_size
    pixels = np.random.default_rng(0).uniform(0, 255, (SPEED_PICTURES, side, side, 3)).astype(np.float32)
    forward.run(run, pixels[: forward.batch_size()])
    began = time.process_time()
    forward.run(run, pixels)
    return 1000 * (time.process_time() - began) / SPEED_PICTURES


@contextlib.contextmanager
def _in_place(contender: Contender) -> Iterator[None]:
    """Let the contender's weights and definition stand where Sprout's do; caches know weights by their hash."""
    with contextlib.ExitStack() as stack:
        if contender.weights:
            stack.enter_context(mock.patch.object(pretrained, "SPROUT_WEIGHTS", contender.weights))
            stack.enter_context(mock.patch.object(local_weights, "SPROUT_WEIGHTS", contender.weights))
        if contender.network:
            stack.enter_context(mock.patch.object(build, "sprout", contender.network))
        yield


def _identity(contender: Contender) -> str:
    with _in_place(contender):
        return f"{contender.title}|{pretrained.weights_hash(contender.key)}"


def _contenders(options: argparse.Namespace) -> list[Contender]:
    rows = [Contender("random weights, 96 px", "sprout", 96, _random_weights(options.work))]
    for path in options.candidates:
        network = functools.partial(sprout.sprout, widths=_widths(path), pooled_stages=tuple(options.stages))
        rows.append(Contender(f"{path.stem}, 96 px", "sprout", 96, path, network))
    default = catalogue.info("sprout").image_sizes[0]
    rows.append(Contender(f"Sprout as shipped, {default} px", "sprout", default))
    rows += [Contender(f"teacher, {size} px", TEACHER, size) for size in (96, 224)]
    return rows


def _widths(path: Path) -> tuple[int, ...]:
    names = ("stem_conv", *(f"stage{stage}_block1_conv1" for stage in range(1, len(sprout.WIDTHS))))
    with np.load(path) as arrays:
        return tuple(arrays[f"{name}/kernel"].shape[-1] for name in names)


def _random_weights(work: Path) -> Path:
    path = work / f"random-{sprout.WIDTHS[-1]}.npz"
    if not path.exists():
        keras.utils.set_random_seed(0)
        write_atomic(path, sprout.save_weights(build.architecture("sprout", 96)))
    return path


def _table(contenders: list[Contender], kinds: tuple, known: dict) -> str:
    columns = [f"{name} ({kind})" for kind in kinds for name in (*backbone_sets.NAMES, "mean")]
    lines = ["| network | ms a picture | " + " | ".join(columns) + " |", "|---" * (len(columns) + 2) + "|"]
    for contender in contenders:
        title, cells = _identity(contender), []
        for kind in kinds:
            own = [known[f"{title}|{kind}|{name}"] for name in backbone_sets.NAMES]
            cells += [f"{value:.3f}" for value in (*own, np.mean(own))]
        lines.append(f"| {contender.title} | {known[f'{title}|speed']:.2f} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backbone", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with the archives and the teacher's weights")
    parser.add_argument("--work", type=Path, required=True, help="scratch folder; a fresh one per --stages")
    parser.add_argument("--candidates", type=Path, nargs="*", default=[], help="other weights, of any widths")
    stages = list(sprout.POOLED_STAGES)
    parser.add_argument(
        "--stages", type=int, nargs="+", default=stages, help="stages the candidates' features are from"
    )
    parser.add_argument("--balanced", action="store_true", help="also fine-tune (takes minutes a set)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
