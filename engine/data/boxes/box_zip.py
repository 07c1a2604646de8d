"""Pictures with boxes as other tools read them: COCO, YOLO and Pascal VOC, each importing again with the same boxes."""

import json
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from xml.sax.saxutils import escape

from engine.data.boxes.geometry import Box, from_text
from engine.data.modalities.image_facts import image_facts
from engine.storage.registry import Item

COCO, YOLO, VOC = "coco", "yolo", "voc"
FOLDERS = {"train": "train", "validation": "valid", "test": "test", None: "undivided"}
VOC_LISTS = {"train": "train", "validation": "val", "test": "test"}
COCO_FILE = "_annotations.coco.json"
VOC_HEAD = (
    "<annotation><folder>JPEGImages</folder><filename>{file}</filename>"
    "<size><width>{width}</width><height>{height}</height><depth>3</depth></size>"
)
VOC_BOX = (
    "<object><name>{name}</name><difficult>0</difficult><bndbox><xmin>{0}</xmin><ymin>{1}</ymin>"
    "<xmax>{2}</xmax><ymax>{3}</ymax></bndbox></object>"
)


def members(form: str, items: Sequence[Item], file_names: Sequence[str]) -> list[str]:
    """Return where each picture lies in a zip of this form; `file_names` are safe, and no two have the same stem."""
    folders = {
        COCO: lambda item: FOLDERS[item.split],
        YOLO: lambda item: f"images/{FOLDERS[item.split]}",
        VOC: lambda item: "JPEGImages",
    }
    return [f"{folders[form](item)}/{name}" for item, name in zip(items, file_names, strict=True)]


def annotations(form: str, items: Sequence[Item], names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield (path, text) of the files that say where objects are; pictures that nobody looked at are not in them."""
    known = [(item, name) for item, name in zip(items, names, strict=True) if item.boxes is not None]
    classes = sorted({box.label for item, _name in known for box in from_text(item.boxes)})
    yield from {COCO: _coco, YOLO: _yolo, VOC: _voc}[form](known, classes)


def _coco(known: list[tuple[Item, str]], classes: list[str]) -> Iterator[tuple[str, str]]:
    categories = [{"id": place, "name": name, "supercategory": "object"} for place, name in enumerate(classes, 1)]
    for split in {item.split: None for item, _name in known}:
        own = [(item, name) for item, name in known if item.split == split]
        images: list[dict] = []
        boxes: list[dict] = []
        for number, (item, name) in enumerate(own, 1):
            facts, file = image_facts(item), PurePosixPath(name).name
            images.append({"id": number, "file_name": file, "width": facts.width, "height": facts.height})
            for box in from_text(item.boxes):
                place = classes.index(box.label) + 1
                boxes.append(_annotation(len(boxes) + 1, number, place, box))
        content = {"images": images, "annotations": boxes, "categories": categories}
        yield f"{FOLDERS[split]}/{COCO_FILE}", json.dumps(content, ensure_ascii=False)


def _annotation(number: int, image: int, category: int, box: Box) -> dict:
    area = round(box.width * box.height, 2)
    told = {"id": number, "image_id": image, "category_id": category, "bbox": list(box[1:])}
    return {**told, "area": area, "iscrowd": 0, "segmentation": []}


def _yolo(known: list[tuple[Item, str]], classes: list[str]) -> Iterator[tuple[str, str]]:
    lines = ["path: ."]
    there = {item.split for item, _name in known}
    keys = {"train": "train", "validation": "val", "test": "test"}
    lines += [f"{key}: images/{FOLDERS[split]}" for split, key in keys.items() if split in there]
    names = [f"  {place}: {json.dumps(name, ensure_ascii=False)}" for place, name in enumerate(classes)]
    yield "data.yaml", "\n".join([*lines, "names:", *names, ""])
    for item, name in known:
        width, height = image_facts(item)[:2]
        path = PurePosixPath("labels", *PurePosixPath(name).with_suffix(".txt").parts[1:])
        rows = []
        for box in from_text(item.boxes):
            x, y = (box.x + box.width / 2) / width, (box.y + box.height / 2) / height
            rows.append(f"{classes.index(box.label)} {x:.8f} {y:.8f} {box.width / width:.8f} {box.height / height:.8f}")
        yield path.as_posix(), "".join(f"{row}\n" for row in rows)


def _voc(known: list[tuple[Item, str]], _classes: list[str]) -> Iterator[tuple[str, str]]:
    for item, name in known:
        path, facts = PurePosixPath(name), image_facts(item)
        head = VOC_HEAD.format(file=escape(path.name), width=facts.width, height=facts.height)
        boxes = "".join(_voc_box(box) for box in from_text(item.boxes))
        yield f"Annotations/{path.stem}.xml", f"{head}{boxes}</annotation>\n"
    for split, file in VOC_LISTS.items():
        stems = [PurePosixPath(name).stem for item, name in known if item.split == split]
        yield f"ImageSets/Main/{file}.txt", "".join(f"{stem}\n" for stem in stems)


def _voc_box(box: Box) -> str:
    """Corners count from 1, both inside: the first pixel alone is 1, 1, 1, 1. Fractions of pixels are kept."""
    left, top, right, bottom = box.corners
    return VOC_BOX.format(*(f"{value:g}" for value in (left + 1, top + 1, right, bottom)), name=escape(box.label))
