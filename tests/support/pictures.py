"""Pictures that tests draw: coloured shapes that are easy to tell apart, saved as real files."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

COLOURS = {"red": (200, 40, 40), "green": (40, 160, 60), "blue": (40, 70, 200), "yellow": (220, 200, 40)}


def draw_picture(colour: tuple[int, int, int], seed: int, size: tuple[int, int] = (64, 48)) -> Image.Image:
    """Return a picture of a disc in `colour` somewhere on a noisy ground; every seed gives another picture."""
    rng = np.random.default_rng(seed)
    ground = rng.integers(90, 160, (size[1], size[0], 3), dtype=np.uint8)
    image = Image.fromarray(ground)
    radius = int(rng.integers(size[1] // 5, size[1] // 3))
    x, y = (int(rng.integers(radius, length - radius)) for length in size)
    ImageDraw.Draw(image).ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    return image


def draw_folder(folder: Path, classes: dict[str, int], *, suffix: str = ".png") -> Path:
    """Fill `folder` with class folders of so many pictures each; class names are keys of COLOURS or any text."""
    for index, (label, count) in enumerate(classes.items()):
        (folder / label).mkdir(parents=True, exist_ok=True)
        colour = COLOURS.get(label, list(COLOURS.values())[index % len(COLOURS)])
        for number in range(count):
            draw_picture(colour, seed=1000 * index + number).save(folder / label / f"{label}-{number:03}{suffix}")
    return folder
