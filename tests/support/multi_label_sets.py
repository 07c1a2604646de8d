"""Drawn pictures that show a red disc, a blue square, both or neither; with a table that says which."""

import io
import random
import zipfile
from pathlib import Path

from PIL import Image, ImageDraw

KINDS = ((), ("disc",), ("square",), ("disc", "square"))


def picture(shows: tuple[str, ...], seed: int) -> bytes:
    """Return a PNG; what it shows lies anywhere, on a grey ground with a few lines."""
    chance = random.Random(seed)
    image = Image.new("RGB", (64, 64), (chance.randrange(170, 220),) * 3)
    draw = ImageDraw.Draw(image)
    for _line in range(3):
        draw.line([chance.randrange(64) for _ in range(4)], fill=(120, 130, 120))
    for kind in shows:
        x, y, side = chance.randrange(2, 38), chance.randrange(2, 38), chance.randrange(14, 22)
        box = (x, y, x + side, y + side)
        if kind == "disc":
            draw.ellipse(box, fill=(200, 40, 40))
        else:
            draw.rectangle(box, fill=(40, 60, 200))
    sink = io.BytesIO()
    image.save(sink, "PNG")
    return sink.getvalue()


def drawn(each: int) -> dict[str, tuple[tuple[str, ...], bytes]]:
    """Return {file: (classes, content)}, `each` pictures of every kind."""
    return {
        f"{number:03}.png": (kind, picture(kind, number))
        for number, kind in enumerate(kind for kind in KINDS for _ in range(each))
    }


def table(shown: dict[str, tuple[str, ...]], *, column: str = "labels", separator: str = "|") -> str:
    return "\n".join([f"file,{column}", *(f"{file},{separator.join(kinds)}" for file, kinds in shown.items())])


def archive(path: Path, each: int, **options) -> Path:
    """Write a zip of `each` pictures of every kind with its table labels.csv."""
    files = drawn(each)
    with zipfile.ZipFile(path, "w") as target:
        for name, (_kinds, content) in files.items():
            target.writestr(name, content)
        target.writestr("labels.csv", table({name: kinds for name, (kinds, _content) in files.items()}, **options))
    return path
