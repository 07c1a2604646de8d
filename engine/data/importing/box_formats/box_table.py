"""A table with a line a box: file, label, xmin, ymin, xmax, ymax; without corners, a picture without objects."""

import csv
import io
from collections import defaultdict
from pathlib import PurePosixPath

from engine.data import split_names
from engine.data.importing.archive import Entry
from engine.data.importing.box_formats.annotated import FRACTIONS, PIXELS, Annotated, Annotations, RawBox, number
from engine.data.importing.box_formats.coco import split_of
from engine.data.layout import clean_name
from engine.errors import DataError

COLUMNS = {
    "file": ("file", "filename", "file_name", "image", "image_path", "path", "image_id", "img"),
    "label": ("label", "class", "class_name", "category", "name", "label_name"),
    "xmin": ("xmin", "x_min", "x1", "left"),
    "ymin": ("ymin", "y_min", "y1", "top"),
    "xmax": ("xmax", "x_max", "x2", "right"),
    "ymax": ("ymax", "y_max", "y2", "bottom"),
    "width": ("width", "image_width"),
    "height": ("height", "image_height"),
    "split": ("split", "set", "subset"),
}
CORNERS = ("xmin", "ymin", "xmax", "ymax")
NO_LABEL = "It has no class."


def rows_of(entry: Entry) -> list[dict[str, str]] | None:
    """Return the lines of a table of boxes by what its columns mean, None for any other file."""
    if not entry.name.lower().endswith((".csv", ".tsv")):
        return None
    text = entry.content.decode("utf-8-sig", errors="replace")
    first = text.partition("\n")[0].lower()
    if "min" not in first and "x1" not in first and "left" not in first:
        return None
    mark = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=mark)
    header = [name.strip().lower() for name in next(reader, [])]
    roles = {role: header.index(name) for role, own in COLUMNS.items() for name in own[::-1] if name in header}
    if not {"file", *CORNERS} <= roles.keys():
        return None
    lines = (line for line in reader if any(cell.strip() for cell in line))
    return [{role: line[place].strip() if place < len(line) else "" for role, place in roles.items()} for line in lines]


def read(entry: Entry, rows: list[dict[str, str]], found: Annotations) -> None:
    """Add what a table says to `found`."""
    own: dict[str, list[tuple[int, dict]]] = defaultdict(list)
    for line, row in enumerate(rows, 2):
        own[row["file"]].append((line, row))
    values = [number(row[side]) for row in rows for side in CORNERS if row[side]]
    unit = FRACTIONS if values and max(values) <= 1.5 else PIXELS
    for file, lines in own.items():
        boxes = [_box(f"{entry.name}: line {n}", row) for n, row in lines if any(row[side] for side in CORNERS)]
        first = lines[0][1]
        width, height = (int(number(first.get(side) or 0) or 0) for side in ("width", "height"))
        split = split_names.split_of(first.get("split", "")) or split_of(entry.name)
        where = f"{entry.name}: line {lines[0][0]}"
        folder = str(PurePosixPath(entry.name).parent)
        found.pictures.append(
            Annotated(
                file, folder, where, tuple(boxes), (width, height) if width and height else None, unit, split=split
            )
        )


def _box(where: str, row: dict[str, str]) -> RawBox:
    corners = tuple(number(row[side]) for side in CORNERS)
    if "label" not in row:
        return RawBox("object", corners, where)
    if not row["label"]:
        return RawBox("", (), where, DataError(NO_LABEL))
    return RawBox(clean_name(row["label"]), corners, where)
