"""Pascal VOC: an XML a picture, corners counted from 1 and both inside; ImageSets/Main says the splits."""

from pathlib import PurePosixPath
from xml.etree import ElementTree

from engine.data.importing.archive import Entry
from engine.data.importing.box_formats.annotated import Annotated, Annotations, RawBox, around, number
from engine.data.layout import clean_name
from engine.errors import DataError

BROKEN = "It is no annotation in Pascal VOC's form ({reason})."
ENTITIES = "It declares entities, which no annotation needs."
NO_NAME = "It has no class."


def is_voc(entry: Entry) -> bool:
    return entry.name.lower().endswith(".xml") and b"<annotation" in entry.content[:4000]


def read(entries: list[Entry], found: Annotations) -> None:
    """Add what the XML files say to `found`. Where a corner is 0, none of them counts from 1."""
    pictures = []
    for entry in entries:
        try:
            pictures.append(_picture(entry))
        except DataError as error:
            found.refused.append((entry.name, error))
    lows = [corner for one in pictures for box in one.boxes for corner in box.corners[:2]]
    from_one = not any(low < 1 for low in lows)
    found.pictures += [_counted_from_nought(one) for one in pictures] if from_one else pictures


def _picture(entry: Entry) -> Annotated:
    if b"<!ENTITY" in entry.content or b"<!DOCTYPE" in entry.content:
        raise DataError(ENTITIES)
    try:
        root = ElementTree.fromstring(entry.content)  # noqa: S314 - entities were refused above
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise DataError(BROKEN, reason=str(error)) from error
    path = PurePosixPath(entry.name)
    boxes = tuple(_box(entry.name, place, each) for place, each in enumerate(root.iter("object"), 1))
    width, height = (int(number(root.findtext(f"size/{side}") or 0) or 0) for side in ("width", "height"))
    file = (root.findtext("filename") or "").strip()
    # The file beside counts more than the name inside, which stays when pictures are renamed.
    return Annotated(
        path.stem, str(path.parent), entry.name, boxes, (width, height) if width and height else None, names=(file,)
    )


def _box(file: str, place: int, each: ElementTree.Element) -> RawBox:
    where, label = f"{file}: object {place}", clean_name((each.findtext("name") or "").strip())
    if not (each.findtext("name") or "").strip():
        return RawBox("", (), where, DataError(NO_NAME))
    box = each.find("bndbox")
    if box is not None:
        corners = tuple(number(box.findtext(side)) for side in ("xmin", "ymin", "xmax", "ymax"))
        return RawBox(label, corners, where)
    polygon = each.find("polygon")
    points = [] if polygon is None else _points(polygon)
    return RawBox(label, around(points), where)


def _points(polygon: ElementTree.Element) -> list[tuple[float, float]]:
    if polygon.find("pt") is not None:  # LabelMe's
        return [(number(pt.findtext("x")), number(pt.findtext("y"))) for pt in polygon.iter("pt")]
    ordered = {child.tag: number(child.text) for child in polygon}
    return [(ordered[f"x{n}"], ordered[f"y{n}"]) for n in range(1, len(ordered)) if f"x{n}" in ordered]


def _counted_from_nought(one: Annotated) -> Annotated:
    """Pixels 1 to 10 are all that lies between the edges 0 and 10; a corner on the wrong side stays on it."""

    def shifted(corners: tuple[float, ...]) -> tuple[float, ...]:
        if len(corners) != 4:
            return corners
        x1, y1, x2, y2 = corners
        return min(x1, x2) - 1, min(y1, y2) - 1, max(x1, x2), max(y1, y2)

    boxes = tuple(RawBox(box.label, shifted(box.corners), box.where, box.refused) for box in one.boxes)
    return Annotated(one.file, one.folder, one.where, boxes, one.size, one.unit, one.split, one.names)
