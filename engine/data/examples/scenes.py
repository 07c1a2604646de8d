"""Scenes with objects to find: three kinds in three sizes on a mottled ground, some behind others."""

import json
import random
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

KINDS = ("disc", "square", "triangle")
SIZE = (240, 180)
SIDES = ((16, 22), (26, 36), (42, 56))
INKS = {"disc": (205, 70, 60), "square": (60, 105, 200), "triangle": (70, 160, 85)}
MOST_HIDDEN = 0.35  # of an object may lie behind another one
SPLITS = ("train",) * 3 + ("valid", "test")


def scenes(number: int, seed: int) -> Iterator[tuple[str, Image.Image, list[tuple]]]:
    """Yield (split, picture, [(kind, x, y, width, height)]): the same ones every time."""
    for place in range(number):
        draws = random.Random(f"{seed} scene {place}")  # noqa: S311 - to be the same on every machine
        yield SPLITS[place % len(SPLITS)], *_scene(draws)


def as_coco(told: list[tuple[str, list[tuple]]]) -> str:
    """Return the annotations of pictures, (file, objects), in COCO's form."""
    images: list[dict] = []
    boxes: list[dict] = []
    for number, (file, objects) in enumerate(told, 1):
        images.append({"id": number, "file_name": file, "width": SIZE[0], "height": SIZE[1]})
        for kind, *box in objects:
            category = KINDS.index(kind) + 1
            one = {"id": len(boxes) + 1, "image_id": number, "category_id": category, "bbox": box, "iscrowd": 0}
            boxes.append(one)
    categories = [{"id": place, "name": kind} for place, kind in enumerate(KINDS, 1)]
    return json.dumps({"images": images, "annotations": boxes, "categories": categories})


def _scene(draws: random.Random) -> tuple[Image.Image, list[tuple]]:
    mottled = np.random.default_rng(draws.getrandbits(32)).normal(
        128, draws.randint(20, 60), (SIZE[1] // 6, SIZE[0] // 6)
    )
    ground = Image.fromarray(np.clip(mottled, 0, 255).astype(np.uint8)).resize(SIZE)
    tint = [draws.randint(170, 235) for _channel in range(3)]
    picture = Image.merge("RGB", [ground.point(lambda v, t=t: int(t + (v - 128) / 4)) for t in tint])
    objects: list[tuple] = []
    for _try in range(draws.randint(0, 9)):
        kind, side = draws.choice(KINDS), draws.uniform(*draws.choice(SIDES))
        width, height = side * draws.uniform(0.85, 1.15), side * draws.uniform(0.85, 1.15)
        x, y = draws.uniform(0, SIZE[0] - width), draws.uniform(0, SIZE[1] - height)
        box = (round(x), round(y), round(width), round(height))
        if all(_hidden(other[1:], box) <= MOST_HIDDEN and _hidden(box, other[1:]) <= 0.8 for other in objects):
            objects.append((kind, *box))
            _paint(picture, kind, box, draws)
    return picture.filter(ImageFilter.GaussianBlur(draws.uniform(0.2, 0.9))), objects


def _hidden(below: tuple, above: tuple) -> float:
    """Return how much of one box lies behind another one."""
    width = min(below[0] + below[2], above[0] + above[2]) - max(below[0], above[0])
    height = min(below[1] + below[3], above[1] + above[3]) - max(below[1], above[1])
    return max(0, width) * max(0, height) / (below[2] * below[3])


def _paint(picture: Image.Image, kind: str, box: tuple, draws: random.Random) -> None:
    x, y, width, height = box
    ink = tuple(max(0, min(255, channel + draws.randint(-35, 35))) for channel in INKS[kind])
    pen = ImageDraw.Draw(picture)
    corners = (x, y, x + width - 1, y + height - 1)
    edge = tuple(channel // 2 for channel in ink)
    if kind == "disc":
        pen.ellipse(corners, fill=ink, outline=edge)
    elif kind == "square":
        pen.rectangle(corners, fill=ink, outline=edge)
    else:
        pen.polygon([(x, corners[3]), (corners[2], corners[3]), (x + width / 2, y)], fill=ink, outline=edge)
