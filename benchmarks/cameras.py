"""How often pictures of a camera that does not move are taken for copies, and how often real copies are found.

python -m benchmarks.cameras [--frames 24] [--data DIR] [--pictures 120]
"""

import io
import itertools
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.common import arguments, row
from engine.data import closer_look, fingerprint
from engine.data.modalities import registry as modalities
from engine.data.modalities.image_facts import image_facts
from tests.support.drawn_sets import fixed_scene, grainy, png, saved

SETS = ("clothing.zip", "cifar10-sample.zip", "digit-scripts.zip")


def main() -> None:
    chosen = arguments(__doc__.splitlines()[0], frames=24, data="", pictures=120)
    row("frames of one scene", "pairs", "taken for copies by the fingerprint alone", "after the closer look")
    row("---", "---", "---", "---")
    for name, frame in FRAMES.items():
        contents = [frame(number) for number in range(chosen.frames)]
        pairs = list(itertools.combinations(range(len(contents)), 2))
        likely = fingerprint.near_duplicates([image_facts(modalities.of(one).read(one)) for one in contents])
        seen = [closer_look.see(one) for one in contents]
        found = sum(closer_look.same(seen[left], seen[right]) for left, right in pairs)
        row(name, len(pairs), len(likely), found)
    if chosen.data:
        recall(Path(chosen.data), chosen.pictures)


def lamp(number: int, quality: int = 0) -> bytes:
    image = fixed_scene(1)
    ImageDraw.Draw(image).ellipse((80, 60, 84, 64), fill=(255, 40, 40) if number % 2 else (60, 20, 20))
    image = grainy(image, number, sigma=3, brightness=number % 5 - 2)
    return saved(image, "JPEG", quality=quality) if quality else png(image)


def dial(number: int) -> bytes:
    image, angle = fixed_scene(2, (200, 200)), 0.3 + 0.05 * number
    ImageDraw.Draw(image).line((100, 100, 100 + 40 * np.cos(angle), 100 + 40 * np.sin(angle)), fill=(0, 0, 0), width=2)
    return saved(image, "JPEG", quality=90)


def colour(number: int) -> bytes:
    image = Image.new("RGB", (160, 160), "white")
    hue = tuple(int(value) for value in np.random.default_rng(number).integers(30, 220, 3))
    ImageDraw.Draw(image).ellipse((40, 40, 120, 120), fill=hue)
    return saved(image, "JPEG", quality=90)


def defect(number: int) -> bytes:
    image = grainy(Image.new("RGB", (512, 512), (140, 140, 140)), 3, sigma=2)
    ImageDraw.Draw(image).rectangle((18 * number, 31, 18 * number + 2, 32), fill=(60, 60, 60))
    return png(image)


FRAMES: dict[str, Callable[[int], bytes]] = {
    "a lamp of 20 pixels, noise and brightness differ (PNG)": lamp,
    "the same (JPEG 85)": lambda number: lamp(number, 85),
    "a dial (JPEG 90)": dial,
    "one shape in many colours (JPEG 90)": colour,
    "a scratch of six pixels (PNG)": defect,
}


def recall(data: Path, pictures: int) -> None:
    """Print how many copies are found: by the fingerprint, and by it and the closer look together."""
    row("change", *SETS)
    row("---", *("---" for _ in SETS))
    originals = {name: sample(data / name, pictures) for name in SETS}
    for change, make in CHANGES.items():
        row(change, *(shares(images, make) for images in originals.values()))


def shares(images: list[Image.Image], make: Callable[[Image.Image], bytes]) -> str:
    likely = both = 0
    for image in images:
        one, other = png(image), make(image)
        facts = [image_facts(modalities.of(each).read(each)) for each in (one, other)]
        if fingerprint.near_duplicates(facts):
            likely += 1
            both += closer_look.same(closer_look.see(one), closer_look.see(other))
    return f"{likely / len(images):.3f} / {both / len(images):.3f}"


def sample(path: Path, number: int) -> list[Image.Image]:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.lower().endswith((".jpg", ".jpeg", ".png"))]
        random.Random(0).shuffle(names)
        return [Image.open(io.BytesIO(archive.read(name))).convert("RGB") for name in names[:number]]


def scaled(image: Image.Image, factor: float) -> bytes:
    size = tuple(max(1, round(side * factor)) for side in image.size)
    return png(image.resize(size, Image.Resampling.LANCZOS))


CHANGES: dict[str, Callable[[Image.Image], bytes]] = {
    "JPEG quality 30": lambda image: saved(image, "JPEG", quality=30),
    "JPEG quality 90": lambda image: saved(image, "JPEG", quality=90),
    "0.4 times the size": lambda image: scaled(image, 0.4),
    "0.7 times the size": lambda image: scaled(image, 0.7),
    "2 times the size": lambda image: scaled(image, 2),
}


if __name__ == "__main__":
    main()
