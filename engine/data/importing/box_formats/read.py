"""Boxes that came with pictures: which format they are in, and which picture each of them lies on."""

import functools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from engine.data import layout as layouts
from engine.data import split_names
from engine.data.boxes import geometry
from engine.data.boxes.geometry import Box
from engine.data.importing.archive import Entry
from engine.data.importing.box_formats import box_table, coco, label_studio, voc, yolo
from engine.data.importing.box_formats.annotated import FRACTIONS, Annotated, Annotations, RawBox
from engine.data.unicode_form import composed
from engine.errors import DataError

SUFFIXES = (".json", ".yaml", ".yml", ".csv", ".tsv", ".names", ".labels")
TEXT_SUFFIXES = (".txt", ".xml")  # these are often something else
MISSING = "The picture {file} is missing. Put it beside its annotations."
AMBIGUOUS = "Several pictures may be meant by {file}. Give them different names."
NO_PICTURE = "Its picture {file} is not there or could not be used."
UNTOLD = "No annotation names it. Add one, also where none of the objects is to be seen."
TWICE = "The picture {file} is annotated twice; the first was taken."
SAME_SHAPE = 0.03  # two sizes are the same picture enlarged where their proportions differ by less
SHOWN = 200  # refused boxes that are kept with their reasons


def may_annotate(entry: Entry) -> bool:
    """Tell whether a file may say where objects are, so that it is kept until all names are known."""
    if not entry.name.lower().endswith(TEXT_SUFFIXES):
        return entry.name.lower().endswith(SUFFIXES)
    path = PurePosixPath(entry.name.lower())
    lists = "imagesets" in path.parts or split_names.split_of(path.stem) is not None
    return lists or path.name in yolo.NAME_FILES or voc.is_voc(entry) or yolo.is_label_file(entry)


def understand(entries: Sequence[Entry], pictures: Sequence[str]) -> Annotations | None:
    """Return what the files among `entries` say about pictures of these names, None where none is an annotation."""
    found, rest, label_files, xmls = Annotations(), [], [], []
    for entry in entries:
        if (content := coco.parsed(entry)) is not None:
            _take(found, "COCO", entry)
            coco.read(entry, content, found)
        elif (tasks := label_studio.parsed(entry)) is not None:
            _take(found, "Label Studio", entry)
            label_studio.read(entry, tasks, found)
        elif (rows := box_table.rows_of(entry)) is not None:
            _take(found, "CSV", entry)
            box_table.read(entry, rows, found)
        elif voc.is_voc(entry):
            xmls.append(entry)
        elif yolo.is_label_file(entry):
            label_files.append(entry)
        else:
            rest.append(entry)
    if xmls:
        _take(found, "Pascal VOC", *xmls)
        voc.read(xmls, found)
    if label_files and _belong(label_files, rest, pictures):
        _take_yolo(found, label_files, rest)
    if not found.used:
        return None
    _take_lists(found, rest, pictures)
    return found


def _take(found: Annotations, kind: str, *entries: Entry) -> None:
    found.format = found.format or kind
    found.used |= {entry.name for entry in entries}


def _belong(label_files: list[Entry], rest: list[Entry], pictures: Sequence[str]) -> bool:
    """Tell whether texts of numbers are YOLO's: a file names their classes, or half of the pictures have one each."""
    if any(yolo.names_in(entry) for entry in rest):
        return True
    stems = {_stem(name) for name in pictures}
    own = sum(_stem(entry.name) in stems for entry in label_files)
    return 2 * own >= max(len(label_files), len(pictures))


def _take_yolo(found: Annotations, label_files: list[Entry], rest: list[Entry]) -> None:
    _take(found, "YOLO", *label_files)
    told = [(entry, names) for entry in rest if (names := yolo.names_in(entry)) is not None]
    found.used |= {entry.name for entry, _names in told}
    # A data.yaml counts more than a list of names, which tools leave behind.
    told = [pair for pair in told if pair[1]]
    entry, names = min(told, key=lambda pair: not pair[0].name.endswith((".yaml", ".yml")), default=(None, []))
    yolo.read(label_files, names, entry.name if entry else "", found)


def _take_lists(found: Annotations, rest: Iterable[Entry], pictures: Sequence[str]) -> None:
    """Take texts that are called as a split is and list pictures: ImageSets/Main/train.txt, or YOLO's train.txt."""
    stems = {_stem(name) for name in pictures}
    lists: dict[str, set[str]] = defaultdict(set)
    for entry in rest:
        if not entry.name.lower().endswith(".txt"):
            continue
        name = PurePosixPath(entry.name).stem.lower()
        listed = set(_listed(entry, stems))
        in_sets = "imagesets" in entry.name.lower()
        if not in_sets and not (listed and 2 * len(listed & stems) >= len(listed)):
            continue
        found.used.add(entry.name)
        split = "trainval" if name == "trainval" else split_names.split_of(name)
        if split:
            lists[split] |= listed
    if "train" not in lists and "trainval" in lists:
        lists["train"] = lists["trainval"] - lists.get("validation", set()) - lists.get("test", set())
    found.lists = {split: names for split, names in lists.items() if split != "trainval"}


def _listed(entry: Entry, stems: set[str]) -> Iterator[str]:
    """Yield what each line names; a class's list has a 1 or a -1 behind the name, and a name may hold a blank."""
    for line in entry.content.decode("utf-8-sig", "replace").splitlines():
        if line.strip():
            whole = _stem(line.strip())
            yield whole if whole in stems else _stem(line.split()[0])


@dataclass
class Attached:
    """What became of boxes and pictures: boxes and split by the place of a picture, and everything that was refused.

    `problems` are pictures or annotations refused, (file, reason); `refused_boxes` likewise.
    """

    boxes: dict[int, tuple[Box, ...]] = field(default_factory=dict)
    splits: dict[int, str | None] = field(default_factory=dict)
    problems: list[tuple[str, DataError]] = field(default_factory=list)
    refused_boxes: list[tuple[str, DataError]] = field(default_factory=list)
    received: int = 0
    used: int = 0
    clipped: int = 0

    def account(self) -> dict:
        """Return {"received", "used", "clipped" (of those used), "refused", "reasons"}: every box is in it."""
        reasons = [
            {"file": where, "reason": error.template, "values": error.values}
            for where, error in self.refused_boxes[:SHOWN]
        ]
        refused = len(self.refused_boxes)
        told = {"received": self.received, "used": self.used, "clipped": self.clipped, "refused": refused}
        return {**told, "reasons": reasons}


def attach(
    found: Annotations, names: Sequence[str], sizes: Sequence[tuple[int, int]], orientation=lambda index: 1
) -> Attached:
    """Return the boxes of every picture of these names and sizes (upright); `orientation(index)` is EXIF's."""
    attached, pictures = Attached(), Pictures(names)
    for box in found.orphans:
        _refuse(attached, box, box.refused or DataError(NO_PICTURE, file=""))
    for one in found.pictures:
        place = pictures.find(one)
        error = _problem(one, place, attached)
        if error:
            attached.problems.append((one.where, error))
            for box in one.boxes:
                _refuse(attached, box, error)
            continue
        own = [_fit(box, one, sizes[place], functools.partial(orientation, place), attached) for box in one.boxes]
        attached.boxes[place] = tuple(box for box in own if box)
        attached.splits[place] = one.split
    for place, name in enumerate(names):
        if place not in attached.boxes and found.all_pictures:
            attached.boxes[place], attached.splits[place] = (), None
        if place in attached.boxes:
            attached.splits[place] = _split(found, attached.splits[place], name)
    return attached


def _problem(one: Annotated, place: int | None, attached: Attached) -> DataError | None:
    if place is None:
        return DataError(MISSING, file=one.file)
    if place < 0:
        return DataError(AMBIGUOUS, file=one.file)
    if place in attached.boxes:
        return DataError(TWICE, file=one.file)
    return None


def _split(found: Annotations, told: str | None, name: str) -> str | None:
    listed = next((split for split, stems in found.lists.items() if _stem(name) in stems), None)
    return told or listed or layouts.split_of(name)


def _fit(box: RawBox, one: Annotated, size: tuple[int, int], orientation, attached: Attached) -> Box | None:
    attached.received += 1
    try:
        if box.refused:
            raise box.refused
        corners = box.corners if len(box.corners) == 4 else (float("nan"),) * 4
        kept, cut = geometry.fitted(box.label, _in_pixels(corners, one, size, orientation), size)
    except DataError as error:
        attached.refused_boxes.append((box.where, error))
        return None
    attached.used += 1
    attached.clipped += cut
    return kept


def _refuse(attached: Attached, box: RawBox, error: DataError) -> None:
    attached.received += 1
    attached.refused_boxes.append((box.where, box.refused or error))


def _in_pixels(corners: Sequence[float], one: Annotated, size: tuple[int, int], orientation) -> Sequence[float]:
    """Return corners in pixels of the upright picture, also where it was annotated as it is stored or at another size.

    A picture that EXIF turns by a quarter was annotated as stored where the size that is told lies on its side.
    """
    if one.unit == FRACTIONS:
        return _scaled(corners, (1, 1), size)
    if one.size is None or one.size == size:
        return corners
    if _alike(one.size, size[::-1]) and not _alike(one.size, size):
        turned = geometry.turned(corners, one.size, orientation())
        return _scaled(turned, one.size[::-1], size)
    return _scaled(corners, one.size, size) if _alike(one.size, size) else corners


def _alike(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return abs(one[0] * other[1] / (one[1] * other[0]) - 1) < SAME_SHAPE


def _scaled(corners: Sequence[float], old: Sequence[float], new: Sequence[float]) -> list[float]:
    return [value * new[place % 2] / old[place % 2] for place, value in enumerate(corners)]


class Pictures:
    """Pictures by name: the one an annotation means, by its name and by the folders that both have."""

    def __init__(self, names: Sequence[str]):
        self._names = [key_of(name) for name in names]
        self._by_name: dict[str, list[int]] = defaultdict(list)
        self._by_stem: dict[str, list[int]] = defaultdict(list)
        for index, name in enumerate(self._names):
            self._by_name[name.rpartition("/")[2]].append(index)
            self._by_stem[_stem(name)].append(index)

    def find(self, one: Annotated) -> int | None:
        """Return the place of the picture, None where there is none, -1 where several fit equally."""
        for name in (one.file, *one.names):
            file = key_of(name).replace("\\", "/")
            last = file.rpartition("/")[2]
            candidates = self._by_name.get(last) or self._by_stem.get(last) or self._by_stem.get(_stem(last))
            if last and candidates:
                return self._best(candidates, file, key_of(one.folder))
        return None

    def _best(self, candidates: list[int], file: str, folder: str) -> int:
        if len(candidates) == 1:
            return candidates[0]
        wanted = [part for part in f"{folder}/{file}".split("/")[:-1] if part not in ("", ".")]
        scores = {index: self._shared(index, file, wanted) for index in candidates}
        best = max(scores.values())
        leading = [index for index, score in scores.items() if score == best]
        return leading[0] if len(leading) == 1 else -1

    def _shared(self, index: int, file: str, wanted: list[str]) -> tuple[bool, int, int]:
        own = self._names[index].split("/")[:-1]
        same = sum(part in wanted for part in own)
        return self._names[index].endswith(f"/{file}"), same, -len(own)


def key_of(name: str) -> str:
    return composed(name).casefold()


def _stem(name: str) -> str:
    last = key_of(name).replace("\\", "/").rpartition("/")[2]
    return last.rpartition(".")[0] or last
