"""What has arrived, by names alone: which classes, groups and splits its folders or its table would give.

Nothing is decoded and nothing is stored. A zip is asked for its directory, a tar is read through for its names as long
as that takes little time; only tables are opened, since they say how everything else is meant.
"""

import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.data import layout as layouts
from engine.data.importing import archive, row_matching, sources, tables, text_tables
from engine.data.importing import reading as readings
from engine.data.importing.box_formats import arrival as box_arrival
from engine.data.importing.box_formats import read as box_formats
from engine.data.importing.choices import Choices
from engine.data.importing.reading import Reading
from engine.data.importing.zip_names import ZipNames
from engine.data.label_kinds import multi_label, single_label
from engine.data.label_kinds.label_kind import LabelKind
from engine.data.layout import is_system_file
from engine.data.modalities import registry as modalities
from engine.data.modalities.text import TEXT

SECONDS = 10.0  # a tar has no directory: after this long its first files must do
MAX_TABLE_BYTES = 64 * 2**20
MAX_INNER_BYTES = 512 * 2**20  # a larger archive inside is not unpacked only to look at its names
SHOWN = 12  # names of classes, groups and other files
MIN_SHARE = 0.5  # of the pictures must get a class, or a layout is not worth offering


@dataclass
class _Seen:
    files: int = 0
    system: int = 0
    complete: bool = True
    by_kind: dict[str, list[str]] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    tables: list[archive.Entry] = field(default_factory=list)
    annotations: list[archive.Entry] = field(default_factory=list)  # what may say where objects are
    questions: list[dict] = field(default_factory=list)

    @property
    def modality(self) -> str:
        """The kind that most of the files seem to be of; the others will be refused by name."""
        return modalities.kind_of_most({kind: len(names) for kind, names in self.by_kind.items()})

    @property
    def pictures(self) -> list[str]:
        return self.by_kind.get(self.modality, [])

    @property
    def foreign(self) -> list[str]:
        most = self.pictures
        return [name for names in self.by_kind.values() if names is not most for name in names]


def look(
    path: Path,
    scratch: Path,
    *,
    title: str = "",
    reading: Mapping[str, str] | None = None,
    progress: Callable[[int], None] | None = None,
) -> dict:
    """Return what `path` holds as plain data, for a person to decide how it is to be read.

    {"files", "pictures", "modality", "system", "complete", "bytes", "others": {"count", "names"}, "recommended": kind,
    "choices": [choice], "questions": [question of `choices`], "reading": the answers that this follows}; a choice is
    {"kind", "classes": [[name, pictures], ...], "num_classes", "groups",
    "num_groups", "splits": {split: pictures}, "without_class", and for a table "tables", "rows_without_class" (they
    come in without one) and "missing" (lines whose file is not there), for a label "label"}, names being the first
    `SHOWN`; a table's has "several" (whether it says that pictures may show several classes) and, where that makes a
    difference, "as_several": the choice when they may, with "nothing" (pictures that show none of the classes);
    "unread" are tables that were not understood: {"template", "values"}.
    `reading`: answers given so far, as {option: text}. Raises DataError as `sources.entries` does: too large, broken,
    locked, empty.
    """
    choices = Choices.from_options(reading or {})
    seen = _see(path, scratch, ZipNames(choices.encoding), choices, progress or (lambda files: None))
    boxes = _boxes(seen)
    texts = _texts(seen, choices)
    read = readings.read(seen.pictures, seen.tables, "auto", choices, [*seen.questions, *texts.questions])
    ways, recommended = _choices(seen, read, stem(title or path.name))
    if boxes:
        ways, recommended = [boxes], "boxes"
    elif texts.rows:
        ways, recommended = [_by_texts(texts), *(ways if seen.pictures else ())], "table"
    others = [*seen.others, *seen.foreign]
    return {
        "files": seen.files,
        "pictures": len(seen.pictures) + len(texts.rows),
        "modality": TEXT.name if texts.rows else seen.modality,
        "system": seen.system,
        "complete": seen.complete,
        "bytes": sources.survey(path)[1] if path.is_dir() else path.stat().st_size,
        "others": {"count": len(others), "names": [layouts.shown(name) for name in others[:SHOWN]]},
        "unread": [error.to_dict() for _name, error in (*texts.refused, *read.tables.refused)[:SHOWN]],
        "recommended": recommended,
        "choices": ways,
        "questions": seen.questions if boxes else read.questions,  # folders are not asked what boxes say
        "reading": dict(reading or {}),
    }


def _boxes(seen: _Seen) -> dict | None:
    """Take the annotations out of what was seen, and return the choice that they are; None where there are none."""
    told = {entry.name for entry in seen.annotations}
    named = [name for names in seen.by_kind.values() for name in names]
    found = box_arrival.choice(seen.annotations, [name for name in named if name not in told], SHOWN) if told else None
    if not found:
        return None
    choice, used = found
    seen.tables = [entry for entry in seen.tables if entry.name not in used]
    seen.others = [name for name in seen.others if name not in used]
    seen.by_kind = {kind: [name for name in names if name not in used] for kind, names in seen.by_kind.items()}
    return choice


def _texts(seen: _Seen, choices: Choices) -> text_tables.TextTables:
    """Take the tables of texts out of what was seen, where it holds nothing but texts, and read them."""
    if not modalities.may_hold_texts(seen.modality):
        return text_tables.TextTables()
    found = text_tables.read_all(seen.tables, seen.pictures, choices)
    names = {*found.used, *(name for name, _error in found.refused)}
    seen.tables = [entry for entry in seen.tables if entry.name not in names]
    return found


def _by_texts(texts: text_tables.TextTables) -> dict:
    tally, bare = _Tally(), 0
    for row in texts.rows:
        bare += row.label is None
        if row.label is not None:
            tally.add(row.label, row.group, row.split, 1)
    names = [layouts.shown(name) for name in texts.used[:SHOWN]]
    return tally.choice("table") | {"tables": names, "rows_without_class": bare, "missing": 0}


def worth_asking(source: Path) -> bool:
    """Tell whether names can say something about what was sent: an archive, a table, or a folder with folders in it."""
    if not source.is_dir():
        return source.name.lower().endswith(archive.SUFFIXES) or tables.is_table(source.name)
    with os.scandir(source) as found:
        return any(
            entry.is_dir() or entry.name.lower().endswith((*archive.SUFFIXES, *tables.SUFFIXES)) for entry in found
        )


def stem(name: str) -> str:
    """Return the name of an archive without its suffix, also "shapes" of "shapes.tar.gz"; other names as they are."""
    suffix = next((suffix for suffix in sorted(archive.SUFFIXES, key=len)[::-1] if name.lower().endswith(suffix)), "")
    return name[: len(name) - len(suffix)] or name


def _wanted(name: str, size: int) -> bool:
    if tables.may_be_table(name):
        return size <= MAX_TABLE_BYTES
    if name.lower().endswith((*box_formats.SUFFIXES, *box_formats.TEXT_SUFFIXES)):
        return size <= MAX_TABLE_BYTES
    return name.lower().endswith(archive.SUFFIXES) and size <= MAX_INNER_BYTES


def _see(path: Path, scratch: Path, names: ZipNames, choices: Choices, progress: Callable[[int], None]) -> _Seen:
    seen, started = _Seen(), time.monotonic()
    with tempfile.TemporaryDirectory(dir=scratch, prefix="look-") as folder:
        for entry in sources.entries(path, Path(folder), _wanted, names, choices):
            seen.files += 1
            _sort(entry, seen)
            if time.monotonic() - started > SECONDS:
                seen.complete = False
                break
            progress(seen.files)
    seen.questions = [code_page.question() for code_page in names.guessed]
    return seen


def _sort(entry: archive.Entry, seen: _Seen) -> None:
    if not is_system_file(entry.name) and not entry.refused and box_formats.may_annotate(entry):
        seen.annotations.append(entry)
    if is_system_file(entry.name):
        seen.system += 1
    elif entry.refused or entry.name.lower().endswith(archive.SUFFIXES):
        seen.others.append(entry.name)
    elif tables.is_table(entry.name, entry.content):
        seen.tables.append(entry)
    elif kind := modalities.by_name(entry.name):
        seen.by_kind.setdefault(kind, []).append(entry.name)
    else:
        seen.others.append(entry.name)


def _choices(seen: _Seen, read: Reading, title: str) -> tuple[list[dict], str]:
    """Return the ways in which the files can be read, the recommended one first, and its kind."""
    found = read.layout
    choices = [_by_folders(seen.pictures, found), *ways(seen.pictures, without=found.kind)]
    if read.tables.rows and (read.named or found.kind == "flat"):
        choices.insert(0 if read.by_table else len(choices), _by_table(seen, read))
    recommended = choices[0]["kind"]
    if found.kind == "flat":
        choices.append(_by_label(seen.pictures, layouts.clean_name(title)))
    else:
        choices.append(_by_folders(seen.pictures, layouts.Layout("flat")))
    return choices, recommended


def ways(names: Sequence[str], *, without: str = "") -> list[dict]:
    """Return what each layout of folders would give (a choice of `look`), if it gives most of the files a class.

    A layout with a part is only there when folders have the name of one; `without` is left out.
    """
    depth = sorted(name.count("/") for name in names)[len(names) // 2] if names else 0
    kinds = [
        kind
        for kind in layouts.KINDS
        if kind not in ("flat", "table", "split", "boxes", without) and _fits(kind, depth)
    ]
    found = [_by_folders(names, layouts.recognise(names, kind)) for kind in kinds]
    return [one for one in found if _worth_offering(one, len(names))]


def _fits(kind: str, depth: int) -> bool:
    return kind.count("/") < depth + ("name" in kind)


def _worth_offering(choice: dict, pictures: int) -> bool:
    """A way that gives most pictures a class, and a part where it speaks of one; names need only tell those of one."""
    if "split" in choice["kind"].split("/") and not choice["splits"]:
        return False
    if choice["kind"] in layouts.IN_NAMES:
        return choice["num_classes"] > 1
    return bool(choice["classes"]) and pictures - choice["without_class"] >= MIN_SHARE * pictures


def _by_folders(names: Sequence[str], found: layouts.Layout) -> dict:
    """Count what a layout gives; all files of a folder are read alike, except where their names say the class."""
    tally = _Tally()
    if found.named:
        for name in names:
            tally.add(*found.parse(name), 1)
        return tally.choice(found.kind)
    folders = Counter(name.rpartition("/")[0] for name in names)
    for folder, count in folders.items():
        label, group, split = found.parse(f"{folder}/file" if folder else "file")
        tally.add(label, group, split, count)
        if found.kind == "split":  # its pictures have a part, but no class
            tally.splits.update({split: count} if split else {})
    return tally.choice(found.kind)


def _by_table(seen: _Seen, read: Reading) -> dict:
    choice, told = _as_table(seen, read, single_label), tables.label_kind(read.tables.rows)
    del choice["nothing"]  # an answer only where pictures may show several
    if not told.DESCRIBED and all(len(row.labels or ()) < 2 for row in read.tables.rows):
        return choice
    return choice | {"several": bool(told.DESCRIBED), "as_several": _as_table(seen, read, multi_label)}


def _as_table(seen: _Seen, read: Reading, label_kind: LabelKind) -> dict:
    tally, taken, bare, missing = _Tally(), set(), 0, 0
    for place in row_matching.claims(read.matches):
        row, match = read.tables.rows[place], read.matches[place]
        if row.refused or match.index in taken:
            continue
        if match.index is None:
            missing += 1
            continue
        taken.add(match.index)
        if (label := label_kind.of_row(row)) is None:
            bare += 1  # it comes in without a class, as the table says
            continue
        tally.add_each(label_kind.names_of(label), row.group, read.split_of(row, seen.pictures[match.index]))
    tally.add(None, None, None, len(seen.pictures) - len(taken))
    names = [layouts.shown(name) for name in read.tables.used[:SHOWN]]
    return tally.choice("table") | {
        "tables": names,
        "rows_without_class": bare,
        "missing": missing,
        "nothing": tally.nothing,
    }


def _by_label(names: Sequence[str], label: str) -> dict:
    tally = _Tally()
    tally.add(label, None, None, len(names))
    return tally.choice("label") | {"label": label}


@dataclass
class _Tally:
    classes: Counter = field(default_factory=Counter)
    groups: Counter = field(default_factory=Counter)
    splits: Counter = field(default_factory=Counter)
    without_class: int = 0
    nothing: int = 0

    def add_each(self, labels: Sequence[str], group: str | None, split: str | None) -> None:
        """Count a picture for each of its classes."""
        self.nothing += not labels
        for label in labels:
            self.add(label, None, None, 1)
        self.groups.update([group] if group else [])
        self.splits.update([split] if split else [])

    def add(self, label: str | None, group: str | None, split: str | None, count: int) -> None:
        if label is None:
            self.without_class += count
            return
        self.classes[label] += count
        if group:
            self.groups[group] += count
        if split:
            self.splits[split] += count

    def choice(self, kind: str) -> dict:
        return {
            "kind": kind,
            "classes": [list(pair) for pair in sorted(self.classes.items())[:SHOWN]],
            "num_classes": len(self.classes),
            "groups": [list(pair) for pair in sorted(self.groups.items())[:SHOWN]],
            "num_groups": len(self.groups),
            "splits": dict(self.splits),
            "without_class": self.without_class,
        }
