"""Data sets that need no download: digits, signs, sounds and scenes made here, our own sentences."""

import io
import json
import os
import random
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from engine.data.examples import scenes, sentences, signs, sounds
from engine.errors import DataError
from engine.storage.workspace import disk_error

PREFIX = "example:"
DIGIT_SIDE = 48  # pixels; the originals have 8, too few to look at
PICTURES_PER_WORD = 50
SEED = 7
SPLIT_OF_TEN = ("train",) * 7 + ("validation", "test", "test")
SCENES = 300
JPEG_QUALITIES = (55, 65, 75, 85, 92)


def draw(name: str, folder: Path) -> Path:
    """Write the example `name` (one of EXAMPLES) as a zip into `folder`; return its path.

    The same pictures come out every time. Raises DataError for another name, UserError when the disk is full.
    """
    if name not in EXAMPLES:
        raise DataError("There is no example '{name}'. Choose one of: {known}.", name=name, known=", ".join(EXAMPLES))
    path = folder / f"{name}.zip"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for file, content in EXAMPLES[name]():
                archive.writestr(file, content)
    except OSError as error:
        raise disk_error(path, error) from error
    return path


def _digits() -> Iterator[tuple[str, bytes]]:
    """Yield 1,797 handwritten digits as class/file.png (Alpaydin and Kaynak 1998, as scikit-learn ships them)."""
    from sklearn.datasets import load_digits  # here: the server, which may import this module, never loads sklearn

    images, digits = load_digits(return_X_y=True)
    inks = np.round(255 - images.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)  # dark ink on white paper
    for number, (ink, digit) in enumerate(zip(inks, digits, strict=True)):
        picture = Image.fromarray(ink).resize((DIGIT_SIDE, DIGIT_SIDE), Image.Resampling.BICUBIC)
        yield f"{digit}/{number:04}.png", _encoded(picture, format="PNG", compress_level=1)


def _signs() -> Iterator[tuple[str, bytes]]:
    """Yield words of warning and direction signs: class = meaning, group = language, a split with all of both."""
    drawn = [(*entry, number) for entry in signs.words() for number in range(PICTURES_PER_WORD)]
    lines = []
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for line, content in pool.map(lambda entry: _sign(*entry), drawn):
            lines.append(json.dumps(line))
            yield line["file"], content
    yield "labels.jsonl", "\n".join(lines).encode()


def _sign(meaning: str, language: str, word: str, number: int) -> tuple[dict, bytes]:
    """Draw one sign; return its line of the table and the JPEG."""
    draws = random.Random(f"{SEED} {word} {number}")  # noqa: S311 - to be the same on every machine
    content = _encoded(signs.draw(word, meaning, draws), format="JPEG", quality=draws.choice(JPEG_QUALITIES))
    file = f"pictures/{meaning}-{language}-{number:02}.jpg"
    split = SPLIT_OF_TEN[number % len(SPLIT_OF_TEN)]
    return {"file": file, "label": meaning, "group": language, "split": split}, content


def _encoded(picture: Image.Image, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, **options)
    return buffer.getvalue()


def _shapes() -> Iterator[tuple[str, bytes]]:
    """Yield scenes with discs, squares and triangles of three sizes in a split, and where they are in COCO's form."""
    told: dict[str, list] = {}
    for number, (split, picture, objects) in enumerate(scenes.scenes(SCENES, SEED)):
        file = f"{number:04}.jpg"
        told.setdefault(split, []).append((file, objects))
        yield f"{split}/{file}", _encoded(picture, format="JPEG", quality=90)
    for split, own in told.items():
        yield f"{split}/_annotations.coco.json", scenes.as_coco(own).encode()


EXAMPLES = {
    "digits": _digits,
    "signs": _signs,
    "sounds": sounds.files,
    "sentences": sentences.files,
    "shapes": _shapes,
}
