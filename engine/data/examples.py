"""Data sets that need no download: handwritten digits, and signs that are drawn here."""

import io
import json
import os
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from engine.data import sign_drawing
from engine.errors import DataError
from engine.workspace import write_atomic

PREFIX = "example:"
DIGIT_SIDE = 48  # pixels; the originals have 8, too few to look at
PICTURES_PER_WORD = 50
SEED = 7
SPLIT_OF_TEN = ("train",) * 7 + ("validation", "test", "test")
JPEG_QUALITIES = (55, 65, 75, 85, 92)


def draw(name: str, folder: Path) -> Path:
    """Write the example `name` ("digits" or "signs") into `folder` as ordinary files; return what to bring in.

    The same pictures come out every time. Raises DataError for another name, UserError when the disk is full.
    """
    if name not in EXAMPLES:
        raise DataError("There is no example '{name}'. Choose one of: {known}.", name=name, known=", ".join(EXAMPLES))
    folder.mkdir(parents=True, exist_ok=True)
    EXAMPLES[name](folder)
    return folder


def _digits(folder: Path) -> None:
    """Write 1,797 handwritten digits as class/file.png (Alpaydin and Kaynak 1998, as scikit-learn ships them)."""
    from sklearn.datasets import load_digits  # here: the server, which may import this module, never loads sklearn

    images, digits = load_digits(return_X_y=True)
    inks = np.round(255 - images.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)  # dark ink on white paper
    for number, (ink, digit) in enumerate(zip(inks, digits, strict=True)):
        picture = Image.fromarray(ink).resize((DIGIT_SIDE, DIGIT_SIDE), Image.Resampling.BICUBIC)
        _save(picture, folder / str(digit) / f"{number:04}.png", format="PNG", compress_level=1)


def _signs(folder: Path) -> None:
    """Write words of warning and direction signs: class = meaning, group = language, a split with all of both."""
    drawn = [(*entry, number) for entry in sign_drawing.words() for number in range(PICTURES_PER_WORD)]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        lines = list(pool.map(lambda entry: _sign(folder, *entry), drawn))
    write_atomic(folder / "labels.jsonl", "".join(json.dumps(line) + "\n" for line in lines))


def _sign(folder: Path, meaning: str, language: str, word: str, number: int) -> dict:
    """Draw one sign and return its line of the table."""
    draws = random.Random(f"{SEED} {word} {number}")
    picture = sign_drawing.draw(word, meaning, draws)
    file = f"pictures/{meaning}-{language}-{number:02}.jpg"
    _save(picture, folder / file, format="JPEG", quality=draws.choice(JPEG_QUALITIES))
    return {"file": file, "label": meaning, "group": language, "split": SPLIT_OF_TEN[number % len(SPLIT_OF_TEN)]}


def _save(picture: Image.Image, path: Path, **options) -> None:
    buffer = io.BytesIO()
    picture.save(buffer, **options)
    write_atomic(path, buffer.getvalue())


EXAMPLES = {"digits": _digits, "signs": _signs}
