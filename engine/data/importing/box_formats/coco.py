"""COCO: one JSON with images, annotations as [x, y, width, height] in pixels, categories whose ids may have holes."""

import json
from pathlib import PurePosixPath

from engine.data import layout as layouts
from engine.data import split_names
from engine.data.importing.archive import Entry
from engine.data.importing.box_formats.annotated import Annotated, Annotations, RawBox, around, number
from engine.data.layout import clean_name
from engine.errors import DataError

NO_CATEGORY = "Its category {id} is not among the categories of {file}."
NO_IMAGE = "It belongs to the image {id}, which {file} does not list."
CROWD = "It marks a crowd, not one object."


def parsed(entry: Entry) -> dict | None:
    """Return the content of a COCO file, None for any other."""
    if not entry.name.lower().endswith(".json") or b'"images"' not in entry.content:
        return None
    try:
        content = json.loads(entry.content)
    except (ValueError, RecursionError):
        return None
    lists = isinstance(content, dict) and all(isinstance(content.get(key), list) for key in ("images", "annotations"))
    return content if lists and isinstance(content.get("categories"), list) else None


def read(entry: Entry, content: dict, found: Annotations) -> None:
    """Add what a COCO file says to `found`."""
    names = {one.get("id"): clean_name(str(one.get("name", ""))) for one in content["categories"]}
    boxes: dict = {image.get("id"): [] for image in content["images"]}
    for place, one in enumerate(content["annotations"], 1):
        box = _box(entry.name, place, one, names)
        if (image := one.get("image_id")) in boxes:
            boxes[image].append(box)
        else:
            found.orphans.append(RawBox("", (), box.where, DataError(NO_IMAGE, id=str(image), file=entry.name)))
    folder, split = str(PurePosixPath(entry.name).parent), split_of(entry.name)
    for image in content["images"]:
        size = (int(image.get("width") or 0), int(image.get("height") or 0))
        file = str(image.get("file_name", ""))
        where = f"{entry.name}: {file}"
        own = tuple(boxes[image.get("id")])
        found.pictures.append(Annotated(file, folder, where, own, size if all(size) else None, split=split))


def split_of(name: str) -> str | None:
    """Return the split that the name of a file with annotations says, its folder's before its own."""
    if split := layouts.split_of(name):
        return split
    words = split_names.words(PurePosixPath(name).stem)
    return next((split for word in words if (split := split_names.split_of(word.rstrip("0123456789")))), None)


def _box(file: str, place: int, one: dict, names: dict) -> RawBox:
    where = f"{file}: annotation {one.get('id', place)}"
    if (category := one.get("category_id")) not in names:
        return RawBox("", (), where, DataError(NO_CATEGORY, id=str(category), file=file))
    if one.get("iscrowd") == 1:
        return RawBox("", (), where, DataError(CROWD))
    return RawBox(names[category], _corners(one), where)


def _corners(one: dict) -> tuple[float, ...]:
    box = one.get("bbox")
    if isinstance(box, list) and len(box) == 4:
        x, y, width, height = map(number, box)
        return x, y, x + width, y + height
    polygons = one.get("segmentation")
    if not isinstance(polygons, list):
        return ()
    flat = [number(value) for polygon in polygons if isinstance(polygon, list) for value in polygon]
    return around(list(zip(flat[::2], flat[1::2], strict=False)))
