"""YOLO: a text a picture, "class x y width height" as fractions around the centre; names of classes in another file."""

import re
from pathlib import PurePosixPath

from engine.data.importing.archive import Entry
from engine.data.importing.box_formats.annotated import FRACTIONS, Annotated, Annotations, RawBox, around, number
from engine.data.layout import clean_name
from engine.errors import DataError

NAME_FILES = ("classes.txt", "obj.names", "_darknet.labels", "labels.names", "predefined_classes.txt")
NO_NAME = "Its class {number} has no name: {file} names {count} classes."
MALFORMED = "The line is not 'class x y width height' or a polygon: {line}"


def is_label_file(entry: Entry) -> bool:
    """Tell whether every line is a class and at least four numbers; an empty file is one in a folder of labels."""
    if not entry.name.lower().endswith(".txt") or PurePosixPath(entry.name).name.lower() in NAME_FILES:
        return False
    lines = _lines(entry)
    if not lines:
        return "labels" in PurePosixPath(entry.name.lower()).parts
    return all(re.fullmatch(r"\d+(\s+[-+\d.eE]+|\s+nan){4,}", line) for line in lines[:50])


def names_in(entry: Entry) -> list[str] | None:
    """Return the classes that a data.yaml or a file of names lists, None for any other file."""
    name = PurePosixPath(entry.name).name.lower()
    if name in NAME_FILES or name.endswith(".names"):
        return [clean_name(line) for line in _lines(entry)]
    if not name.endswith((".yaml", ".yml")):
        return None
    return _of_yaml(_text(entry))


def read(entries: list[Entry], names: list[str], where_named: str, found: Annotations) -> None:
    """Add what label files say to `found`; pictures without one show none of the objects."""
    found.all_pictures = True
    for entry in entries:
        path = PurePosixPath(entry.name)
        boxes = [_box(f"{entry.name}: line {n}", line, names, where_named) for n, line in enumerate(_lines(entry), 1)]
        found.pictures.append(Annotated(path.stem, str(path.parent), entry.name, tuple(boxes), unit=FRACTIONS))


def _box(where: str, line: str, names: list[str], where_named: str) -> RawBox:
    first, *rest = line.split()
    values, place = list(map(number, rest)), int(number(first)) if first.isdigit() else -1
    if place < 0 or len(values) < 4:
        return RawBox("", (), where, DataError(MALFORMED, line=line[:60]))
    if names and place >= len(names):
        return RawBox("", (), where, DataError(NO_NAME, number=place, file=where_named, count=len(names)))
    label = names[place] if names else f"class {place}"
    if len(values) >= 6 and len(values) % 2 == 0:  # a polygon; five are a box with a confidence
        return RawBox(label, around(list(zip(values[::2], values[1::2], strict=True))), where)
    x, y, width, height = values[:4]
    return RawBox(label, (x - width / 2, y - height / 2, x + width / 2, y + height / 2), where)


def _of_yaml(text: str) -> list[str] | None:
    """Return the `names` of a data.yaml: a list in one line or several, or numbered ones."""
    found = re.search(r"^names\s*:[ \t]*(.*)$", text, re.MULTILINE)
    if found is None:
        return None
    head, lines = found.group(1).split(" #")[0].strip(), text[found.end() :].splitlines()
    if head.startswith(("[", "{")):
        inside = head
        while not inside.rstrip().endswith(("]", "}")) and lines:
            inside += " " + lines.pop(0).strip()
        return _numbered([part for part in _parts(inside.strip()[1:-1]) if part])
    own = []
    for line in lines:
        if line.strip() and not line.startswith((" ", "\t", "-")):
            break
        if line.strip() and not line.strip().startswith("#"):
            own.append(line.strip().removeprefix("-").strip())
    return _numbered(own)


def _parts(inside: str) -> list[str]:
    return [part.strip() for part in re.findall(r"""(?:[^,"']|"[^"]*"|'[^']*')+""", inside)]


def _numbered(parts: list[str]) -> list[str]:
    """Return names in the order of their numbers, where they have some; holes get none."""
    numbered = [re.fullmatch(r"(\d+)\s*:\s*(.+)", part) for part in parts]
    if not parts or not all(numbered):
        return [clean_name(_unquoted(part)) for part in parts]
    given = {int(one.group(1)): clean_name(_unquoted(one.group(2))) for one in numbered if one}
    return [given.get(place, f"class {place}") for place in range(max(given) + 1)]


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def _text(entry: Entry) -> str:
    return entry.content.decode("utf-8-sig", errors="replace")


def _lines(entry: Entry) -> list[str]:
    return [line.strip() for line in _text(entry).splitlines() if line.strip()]
