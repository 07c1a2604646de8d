"""Pictures with boxes drawn on them, as addresses that a gallery or a page can show."""

import functools
import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from engine import graft
from engine.data.boxes.geometry import from_text
from engine.data.modalities import registry as modalities
from engine.storage.registry import Item
from pages.components.gallery.gallery import data_url, thumbnail_url
from pages.session.i18n import plural

# Told apart also by people who see fewer colours (Okabe and Ito 2008), each legible on light and dark ground.
COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#CC79A7", "#D55E00", "#0072B2", "#F0E442")
SIDE = 320
# A box: left, top, right, bottom in pixels of the picture, its colour, and whether its line is broken.
Drawn = tuple[float, float, float, float, str, bool]


def colour(place: int) -> str:
    """Return the colour of a class by its place among the classes."""
    return COLOURS[place % len(COLOURS)]


def address(sha256: str, boxes: Sequence[Drawn], side: int = SIDE) -> str:
    """Return a stored picture with boxes as an address; the plain thumbnail where there are none or it is gone."""
    path = graft.current().workspace.blob_path(sha256)
    return (_stored(str(path), tuple(boxes), side) if boxes and path.exists() else "") or thumbnail_url(sha256)


def of_item(item: Item, class_names: Sequence[str]) -> str:
    """Return a picture of a dataset with its boxes as an address."""
    place = {name: number for number, name in enumerate(class_names)}
    boxes = [(*box.corners, colour(place.get(box.label, 0)), False) for box in from_text(item.boxes)]
    return address(item.sha256, boxes)


def counted(item: Item) -> str:
    """Return how many objects are on a picture, in words."""
    return plural("{n} object", "{n} objects", len(from_text(item.boxes)))


@functools.lru_cache(maxsize=512)
def _stored(path: str, boxes: tuple[Drawn, ...], side: int) -> str:
    file = Path(path)
    image, size = modalities.of(file).picture(file, side)
    return data_url(drawn(image, size, boxes, side), "image/jpeg")


def drawn(image: Image.Image, size: tuple[int, int], boxes: Sequence[Drawn], side: int = SIDE) -> bytes:
    """Return an image with boxes as JPEG, at most `side` pixels; `size` is that in which the boxes are measured."""
    image = image.copy()
    image.thumbnail((side, side))
    pen, scale = ImageDraw.Draw(image), image.width / size[0]
    for *corners, ink, broken in boxes:
        left, top, right, bottom = (value * scale for value in corners)
        right, bottom = max(right, left + 1), max(bottom, top + 1)
        pen.rectangle((left - 1, top - 1, right + 1, bottom + 1), outline="#ffffffaa")
        if broken:
            _broken(pen, (left, top, right, bottom), ink)
        else:
            pen.rectangle((left, top, right, bottom), outline=ink, width=2)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def _broken(pen: ImageDraw.ImageDraw, corners: tuple[float, ...], ink: str, dash: int = 5) -> None:
    left, top, right, bottom = corners
    for start in range(int(left), int(right), 2 * dash):
        for y in (top, bottom):
            pen.line((start, y, min(start + dash, right), y), fill=ink, width=2)
    for y in range(int(top), int(bottom), 2 * dash):
        for x in (left, right):
            pen.line((x, y, x, min(y + dash, bottom)), fill=ink, width=2)
