"""Which pictures a run would leave out of learning as copies of its test pictures: in sets without, and with, copies.

python -m benchmarks.copies_apart --part none|planted --data DIR
DIR holds clothing.zip, cifar10-sample.zip, digit-scripts.zip and omniglot-alphabets.zip. "May be" counts the pairs that
the search offers, "are" those that the closer look confirms, in all parts, in the whole set and in small draws of it.
"""

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.checks import CHANGES
from benchmarks.common import Watch, arguments, bring_in, row, workspace_in
from engine.curation import split_copies
from engine.storage import runs
from engine.storage.registry import Item
from engine.storage.workspace import Workspace
from engine.training import snapshot
from engine.training.features import embed
from engine.training.inputs.pixels import Pixels, choose_fit
from engine.training.recipe import Recipe
from tests.support.drawn_sets import fixed_scene, grainy, saved

SETS = ("example:digits", "clothing.zip", "cifar10-sample.zip", "digit-scripts.zip", "omniglot-alphabets.zip")
DRAWS = ((40, 12), (120, 12), (400, 6))  # (pictures, times)
ORIGINALS, TESTED, COPIED = 300, 80, 50


def main() -> None:
    options = arguments(__doc__.splitlines()[0], part="none", data="../shared/data")
    with tempfile.TemporaryDirectory() as folder:
        {"none": without, "planted": planted}[options.part](Path(options.data), Path(folder))


def without(data: Path, folder: Path) -> None:
    """Print what is taken for copies in sets that hold none, or hardly any."""
    row("set", "pictures", "may be", "are", "left out of learning", "seconds", "in draws: may be", "in draws: are")
    row(*["---"] * 8)
    for name in SETS:
        _without(name, str(data / name) if name.endswith("zip") else name, folder)
    for name, draw in DRAWN.items():
        for number in range(120):
            path = folder / name / "ab"[number % 2] / f"{number}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(draw(number))
        _without(name, str(folder / name), folder)


def _without(name: str, source: str, folder: Path) -> None:
    look = Look(workspace_in(folder / f"of {Path(name).stem}"), source)
    watch = Watch()
    _apart, found = split_copies.keep_apart(look.workspace, look.frozen, look.pixels, look.cache.read, "one")
    seconds = watch.spent()[0]
    draws = [look.counted(look.draw(size, seed)) for size, times in DRAWS for seed in range(times)]
    row(name, len(look.keys), *look.counted(look.keys), len(found.learned), seconds, *np.sum(draws, axis=0))


class Look:
    """A source as a run with the defaults sees it: its frozen list, its pixels, the features of its pictures."""

    def __init__(self, workspace: Workspace, source: str):
        items = [item for item in bring_in(source, workspace) if item.label is not None]
        run = workspace.run_dir(runs.new_run(workspace, Recipe().to_dict(), items))
        self.workspace, self.items, self.frozen = workspace, items, snapshot.read(run)
        self.keys = sorted({item.sha256 for item in items})
        fit = choose_fit(workspace, "auto", self.keys)
        self.pixels = Pixels(workspace, Recipe().size, fit)
        self.cache = embed.embed(workspace, Recipe().backbone, self.pixels, self.keys, lambda _done, _total: None)

    def draw(self, size: int, seed: int) -> list[str]:
        rng = np.random.default_rng((size, seed))
        return rng.choice(self.keys, min(size, len(self.keys)), replace=False).tolist()

    def pairs(self, keys: list[str]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """Return the pairs that may be copies and those that are, as content hashes."""
        may_be = split_copies._pairs(self.workspace, keys, self.pixels, self.cache.read)
        are = split_copies._copies(self.workspace, keys, self.pixels, may_be)
        return tuple([(keys[pair.left], keys[pair.right]) for pair in pairs] for pairs in (may_be, are))

    def counted(self, keys: list[str]) -> tuple[int, int]:
        may_be, are = self.pairs(keys)
        return len(may_be), len(are)


def planted(data: Path, folder: Path) -> None:
    """Print how many of 50 copies are found, and how many other pairs: may be / are."""
    row("set, change", "found: may be", "found: are", "false: may be", "false: are")
    row(*["---"] * 5)
    for name in ("clothing.zip", "cifar10-sample.zip"):
        original = workspace_in(folder / name)
        items = [item for item in bring_in(str(data / name), original) if item.label is not None]
        chosen = [items[row] for row in np.random.default_rng(0).permutation(len(items))[:ORIGINALS]]
        for change in CHANGES:
            source = folder / f"{Path(name).stem} {change}"
            _plant(original, chosen, source, change)
            look = Look(workspace_in(folder / "of" / source.name), str(source))
            number = {item.sha256: item.name.split("/")[-1][:4] for item in look.items}
            pairs = [[(number[a], number[b]) for a, b in found] for found in look.pairs(look.keys)]
            right = [len({a for a, b in found if a == b}) for found in pairs]
            row(f"{Path(name).stem}, {change}", *right, *(sum(a != b for a, b in found) for found in pairs))


def _plant(workspace: Workspace, chosen: list[Item], target: Path, change: str) -> None:
    for number, item in enumerate(chosen):
        image = Image.open(workspace.blob_path(item.sha256)).convert("RGB")
        train, test = (target / part / item.label for part in ("train", "test"))
        for folder in (train, test):
            folder.mkdir(parents=True, exist_ok=True)
        image.save((test if number >= ORIGINALS - TESTED else train) / f"{number:04}.png", compress_level=1)
        if number < COPIED:
            (test / f"{number:04}-copy.jpg").write_bytes(CHANGES[change](image))


def disc(number: int) -> bytes:
    rng = np.random.default_rng(number)
    radius, (x, y) = rng.integers(8, 20), rng.integers(20, 44, 2)
    image = Image.new("RGB", (64, 64), "white")
    ImageDraw.Draw(image).ellipse((x - radius, y - radius, x + radius, y + radius), fill=("red", "blue")[number % 2])
    return saved(image, "JPEG", quality=95)


def dial(number: int) -> bytes:
    angle = np.random.default_rng(number).uniform(0, 1.4) + 1.6 * (number % 2)
    image = fixed_scene(2, (200, 200))
    ImageDraw.Draw(image).line((100, 100, 100 + 60 * np.cos(angle), 100 + 60 * np.sin(angle)), fill=(0, 0, 0), width=4)
    return saved(grainy(image, number, 3, number % 5 - 2), "JPEG", quality=90)


def lamp(number: int) -> bytes:
    image = fixed_scene(1)
    ImageDraw.Draw(image).ellipse((80, 60, 84, 64), fill=(255, 40, 40) if number % 2 else (60, 20, 20))
    return saved(grainy(image, number, 3, number % 5 - 2), "JPEG", quality=90)


DRAWN = {"discs": disc, "one camera, a dial": dial, "one camera, a lamp": lamp}

if __name__ == "__main__":
    main()
