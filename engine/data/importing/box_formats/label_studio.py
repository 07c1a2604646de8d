"""Label Studio: tasks with results in per cent of the picture as it was shown; its JSON and its JSON-MIN."""

import json
import math
import re
from pathlib import PurePosixPath
from urllib.parse import unquote

from engine.data.importing.archive import Entry
from engine.data.importing.box_formats.annotated import FRACTIONS, Annotated, Annotations, RawBox, around, number
from engine.data.importing.box_formats.coco import split_of
from engine.data.layout import clean_name
from engine.errors import DataError

NO_LABEL = "It has no class."
UPLOADED = re.compile(r"^[0-9a-f]{8}-")  # what Label Studio puts before the names of files
SHAPES = ("rectanglelabels", "polygonlabels")


def parsed(entry: Entry) -> list[dict] | None:
    """Return the tasks of an export of Label Studio, None for any other file."""
    told = (b"rectanglelabels", b"polygonlabels")
    if not entry.name.lower().endswith(".json") or not any(word in entry.content for word in told):
        return None
    try:
        content = json.loads(entry.content)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, list) and all(isinstance(task, dict) for task in content) else None


def read(entry: Entry, tasks: list[dict], found: Annotations) -> None:
    """Add what the tasks say to `found`; tasks that nobody answered say nothing of their pictures."""
    for place, task in enumerate(tasks, 1):
        results = _results(task)
        if results is None:
            continue
        file = _file(task)
        where = f"{entry.name}: task {task.get('id', place)}"
        shapes = [one for one in results if _labels(one) is not None]
        boxes = tuple(_box(f"{where}, region {n}", one) for n, one in enumerate(shapes, 1))
        plain = UPLOADED.sub("", PurePosixPath(file).name)
        folder, split = str(PurePosixPath(entry.name).parent), split_of(entry.name)
        found.pictures.append(Annotated(file, folder, where, boxes, None, FRACTIONS, split, (plain,)))


def _results(task: dict) -> list[dict] | None:
    if isinstance(task.get("label"), list):  # JSON-MIN
        return task["label"]
    answers = [one for one in task.get("annotations") or [] if not one.get("was_cancelled")]
    if answers:
        return answers[-1].get("result") or []
    return [] if "data" not in task and "annotations" not in task else None


def _file(task: dict) -> str:
    inner = task.get("data")
    data = inner if isinstance(inner, dict) else task
    texts = [value for key, value in data.items() if isinstance(value, str) and key not in ("annotator", "updated_at")]
    known = [data[key] for key in ("image", "img", "picture", "url") if isinstance(data.get(key), str)]
    path = (known or texts or [""])[0]
    return unquote(path.split("?d=")[-1].split("?")[0]).replace("\\", "/")


def _labels(one: dict) -> list[str] | None:
    value = one.get("value", one)
    return next((value[shape] for shape in SHAPES if isinstance(value.get(shape), list)), None)


def _box(where: str, one: dict) -> RawBox:
    value, labels = one.get("value", one), _labels(one)
    if not labels:
        return RawBox("", (), where, DataError(NO_LABEL))
    if "points" in value:
        points = [(number(x) / 100, number(y) / 100) for x, y in value["points"]]
        return RawBox(clean_name(str(labels[0])), around(points), where)
    ratio = (number(one.get("original_height") or 1) or 1) / (number(one.get("original_width") or 1) or 1)
    return RawBox(clean_name(str(labels[0])), _turned(value, ratio), where)


def _turned(value: dict, ratio: float) -> tuple[float, ...]:
    """Return the box around a rectangle that is turned about its upper left corner; ratio: height by width."""
    x, y, width, height = (number(value.get(key)) / 100 for key in ("x", "y", "width", "height"))
    angle = math.radians(number(value.get("rotation") or 0))
    if not angle:
        return x, y, x + width, y + height
    cos, sin = math.cos(angle), math.sin(angle)
    offsets = ((0, 0), (width, 0), (0, height * ratio), (width, height * ratio))
    points = [(x + dx * cos - dy * sin, y + (dx * sin + dy * cos) / ratio) for dx, dy in offsets]
    return around(points)
