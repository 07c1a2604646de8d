"""Bring pictures in: every file received is either used or refused by name with the reason."""

import contextlib
import functools
import hashlib
import json
import os
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TextIO

from PIL import Image

from engine import settings
from engine.data import label_kinds, thumbnails
from engine.data import layout as layouts
from engine.data.boxes import geometry
from engine.data.examples import catalogue as examples
from engine.data.importing import copy_search, row_matching, sources, tables, text_tables
from engine.data.importing import reading as readings
from engine.data.importing.archive import Entry
from engine.data.importing.box_formats import read as box_formats
from engine.data.importing.box_formats.annotated import Annotations
from engine.data.importing.budget import check_time
from engine.data.importing.choices import Choices, question
from engine.data.importing.reading import Reading
from engine.data.importing.zip_names import ZipNames
from engine.data.label_kinds import detection
from engine.data.modalities import bit_depth
from engine.data.modalities import registry as modalities
from engine.data.modalities.image_facts import image_facts
from engine.data.modalities.text import TEXT
from engine.errors import DataError
from engine.storage.registry import ItemRecord
from engine.storage.workspace import Workspace, check_free_space, read_json, replaced, write_atomic, write_json

ORIENTATION = 0x0112  # EXIF
MAX_WAITING = 64  # pictures read but not yet decoded
REPORTED = 200  # texts of a table between two reports
MAX_WAITING_BYTES = 64 * 2**20
ACCOUNT, USED, NEW_BLOBS = "account.json", "used.jsonl", "new-blobs.txt"

NO_CLASS = "It does not lie in a class folder. Put it into the folder of its class."
DEEP = (
    "{count} pictures have more than 8 bits. In all of them {low} was taken as black and {high} as white, so that they "
    "stay as bright as they are beside each other."
)
NO_RANGE = '"values":null'
ALREADY = "It is already in this dataset, in the same class."


@dataclass(frozen=True)
class Account:
    """What came in. `received` is always the number of `used` and `refused` together.

    `refused` holds {"file", "reason", "values"}, reason being a template; `layout` {"kind", "template", "values"}, and
    "several": True where the labels are those of pictures that may show several classes (engine.data.label_kinds).
    """

    source: str
    received: int
    used: list[ItemRecord]
    refused: list[dict]
    layout: dict
    seconds: float = 0.0

    def to_dict(self) -> dict:
        """Return plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> "Account":
        return cls(**{**values, "used": [ItemRecord(**record) for record in values["used"]]})

    def require_used(self) -> None:
        """Raise DataError with the most frequent reason when nothing could be used and nothing was there already."""
        if self.used or any(refusal["reason"] == ALREADY for refusal in self.refused):
            return
        if not self.received:
            raise DataError("There is no file in {source}.", source=self.source)
        (reason, _), *_ = Counter(refusal["reason"] for refusal in self.refused).most_common(1)
        first = next(refusal for refusal in self.refused if refusal["reason"] == reason)
        template = "None of the {received} files in {source} can be used. {file}: {reason}"
        if self.received == 1:
            template = "The only file in {source} cannot be used. {file}: {reason}"
            if first["file"] == self.source:
                template = "{file} cannot be used. {reason}"
        raise DataError(
            template,
            received=self.received,
            source=self.source,
            file=first["file"],
            reason=DataError(reason, **first["values"]),
        )


def write_account(folder: Path, account: Account) -> None:
    """Keep an account as files, one line for each picture used: 100,000 of them are never one text in memory."""
    with replaced(folder / USED) as file:
        for record in account.used:
            file.write(json.dumps(vars(record), ensure_ascii=False) + "\n")
    write_json(folder / ACCOUNT, {f.name: getattr(account, f.name) for f in fields(account) if f.name != "used"})


def read_account(folder: Path) -> Account:
    """Return what `write_account` kept."""
    with (folder / USED).open(encoding="utf-8") as lines:
        used = [ItemRecord(**json.loads(line)) for line in lines]
    return Account(**read_json(folder / ACCOUNT), used=used)


@dataclass(frozen=True)
class _Unread:
    """A file that its modality cannot read; why it is refused hangs on the modality of the others."""

    name: str
    modality: str
    error: DataError


@dataclass
class _Found:
    """What was read so far, before it is known which class anything has."""

    received: int = 0
    records: list[ItemRecord] = field(default_factory=list)
    refused: list[dict] = field(default_factory=list)
    unread: list["_Unread"] = field(default_factory=list)
    tables: list[Entry] = field(default_factory=list)
    texts: list[ItemRecord] = field(default_factory=list)  # lines of tables, with what these say of them
    annotations: list[Entry] = field(default_factory=list)
    questions: list[dict] = field(default_factory=list)

    def refuse(self, file: str, error: DataError) -> None:
        self.refused.append({"file": layouts.shown(file), "reason": error.template, "values": error.values})


def ingest(
    source: str | os.PathLike,
    workspace: Workspace,
    *,
    layout: str = "auto",
    label: str | None = None,
    loose: bool = False,
    several_classes: bool | None = None,
    reading: Mapping[str, str] | None = None,
    pixel_scale: str = "",
    modality: str = "",
    existing: Collection[tuple[str, str | None]] = (),
    known: Sequence[copy_search.Print] = (),
    progress: Callable[..., None] | None = None,
    job_dir: Path | None = None,
) -> Account:
    """Store the pictures of `source` by content and return the account; nothing is an item until the caller says so.

    `source`: a folder, zip, tar, table (CSV, TSV, JSON, sheet, list), picture, or "example:NAME". `layout` is "auto" or
    one of `layout.KINDS`; `label` gives every picture this class; with `loose`, pictures to which folders or table give
    no class come in without one instead of being refused. `several_classes`: whether pictures may show several classes;
    None: if the table says so. `reading`: answers to what can be read in more ways (`choices.OPTIONS`). `pixel_scale`:
    what is black and white in pictures of more than 8 bits, or another modality's scale, else what suits all of them.
    `modality`: what the dataset holds already; without it, that of most of the files is taken, and all others are
    refused by name. What is in `existing` as (sha256, label) is refused; among it and `known` copies are looked for.
    `progress(done=, total=, refused=)` is called for every file, total being None where only reading tells; an
    exception it raises ends the import. In `job_dir` lies what is on its way, and
    `NEW_BLOBS` there gets the content hash of every original before it is written, so that all can be taken back.
    Raises UserError when the source cannot be read or the disk is full.
    """
    started = time.monotonic()
    choices = Choices.from_options(reading or {})
    workspace.create()
    with tempfile.TemporaryDirectory(dir=job_dir or workspace.incoming, prefix="upload-") as folder:
        path = _locate(source, Path(folder))
        total, size = sources.survey(path)
        check_free_space(workspace.blobs, size)
        scratch, names = Path(folder), ZipNames(choices.encoding)
        with (job_dir / NEW_BLOBS).open("a", buffering=1) if job_dir else contextlib.nullcontext() as notes:
            store = functools.partial(_store, workspace=workspace, notes=notes)
            in_time = functools.partial(check_time, started, size, grace=settings.current().max_import_seconds)
            entries = sources.entries(path, scratch, names=names, choices=choices)
            may_annotate = box_formats.may_annotate if label is None and layout in ("auto", "boxes") else _nothing
            found = _read_all(entries, store, _told(progress, total), in_time, may_annotate)
            told = _annotations(found, store)
            if told is None and _may_hold_texts(found, modality):
                _bring_texts(found, choices, store, progress, bare=loose or label is not None)
    found.questions += [code_page.question() for code_page in names.guessed]
    scale = pixel_scale or choices.pixel_scale or ""
    kind = _of_one_kind(found, modality or (TEXT.name if found.texts else ""))
    about_scale = _scaled_alike(found, workspace, scale) or _scale_told(found, kind, scale)
    if told or layout == "boxes":
        records, description = _with_boxes(found, told, workspace, loose) if told else _without_boxes(found, loose)
    else:
        records, description = _with_labels(found, layout, label, loose, several_classes, choices)
    description |= about_scale | ({"modality": kind} if kind else {})
    used = copy_search.marked(_without_existing(records, found, set(existing)), workspace, known)
    shown = str(source) if str(source).startswith(examples.PREFIX) else path.name
    seconds = round(time.monotonic() - started, 3)
    return Account(shown, found.received, used, found.refused, description, seconds)


def _locate(source: str | os.PathLike, scratch: Path) -> Path:
    if not str(source).startswith(examples.PREFIX):
        return Path(source).expanduser().resolve()
    name = str(source).removeprefix(examples.PREFIX)
    return examples.draw(name, scratch)


def _told(progress: Callable[..., None] | None, total: int | None) -> Callable[..., None]:
    """Return report(found, done): the files that are told are at least those there are."""

    def report(found: _Found, done: int, final: bool = False) -> None:
        if progress:
            progress(done=done, total=done if final else total and max(total, done), refused=len(found.refused))

    return report


def _read_all(
    entries: Iterable[Entry],
    store: Callable,
    report: Callable[..., None],
    in_time: Callable[[int], None],
    may_annotate: Callable[[Entry], bool],
) -> _Found:
    """Decode and store in threads (Pillow and hashing release the GIL) while this thread reads on.

    `in_time(files)` raises LimitError when so many files took too long.
    """
    found, held = _Found(), 0
    waiting: deque[tuple[int, Future]] = deque()
    pool = ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="decode")
    try:
        for entry in entries:
            found.received += 1
            if entry.refused:
                found.refuse(entry.name, entry.refused)
            elif may_annotate(entry):
                found.annotations.append(entry)
            elif tables.is_table(entry.name, entry.content):
                found.tables.append(entry)
            else:
                waiting.append((len(entry.content), pool.submit(store, entry)))
                held += len(entry.content)
            while len(waiting) > MAX_WAITING or (held > MAX_WAITING_BYTES and waiting):
                held -= _collect(found, *waiting.popleft())
            report(found, found.received - len(waiting))
            in_time(found.received)
        for size, future in waiting:
            _collect(found, size, future)
    finally:
        pool.shutdown(cancel_futures=True)
    report(found, found.received, final=True)
    return found


def _nothing(_entry: Entry) -> bool:
    return False


def _annotations(found: _Found, store: Callable) -> Annotations | None:
    """Return what files say about boxes; None where none does: those that came are tables, or refused, as ever."""
    told = box_formats.understand(found.annotations, [record.name for record in found.records])
    for entry in found.annotations:
        if told and entry.name in told.used:
            found.received -= 1  # it says what pictures are; it is not one of them
        elif told or not tables.is_table(entry.name, entry.content):
            _collect(found, 0, _Now(store(entry)))
        else:
            found.tables.append(entry)
    found.annotations.clear()
    return told


@dataclass(frozen=True)
class _Now:
    """An outcome that is there already."""

    outcome: ItemRecord | _Unread

    def result(self) -> ItemRecord | _Unread:
        return self.outcome


def _may_hold_texts(found: _Found, modality: str) -> bool:
    """Tell whether lines of tables may be texts: nothing of another kind came with them, or is there."""
    return all(map(modalities.may_hold_texts, (modality, *(record.modality for record in found.records))))


def _with_boxes(found: _Found, told: Annotations, workspace: Workspace, loose: bool) -> tuple[list[ItemRecord], dict]:
    """Give every picture its boxes; what is annotated but not there, and what nobody annotated, is refused by name."""
    names = [record.name for record in found.records]
    known = [image_facts(record) for record in found.records]
    turned = functools.partial(_orientation, found.records, workspace)
    attached = box_formats.attach(told, names, [(one.width, one.height) for one in known], turned)
    for file, error in [*told.refused, *attached.problems]:
        found.received += 1
        found.refuse(file, error)
    records = []
    for index, record in enumerate(found.records):
        if index in attached.boxes:
            records.append(_boxed(record, attached.boxes[index], attached.splits[index]))
        elif loose:
            records.append(record)
        else:
            found.refuse(record.name, DataError(box_formats.UNTOLD))
    classes = len({box.label for own in attached.boxes.values() for box in own})
    values = {"format": told.format, "objects": attached.used, "classes": classes}
    described = _described("boxes", layouts.DESCRIPTIONS["boxes"], **values)
    return records, {**described, **detection.DESCRIBED, "boxes": attached.account(), "questions": found.questions}


def _without_boxes(found: _Found, loose: bool) -> tuple[list[ItemRecord], dict]:
    if not loose:
        raise DataError(detection.NO_BOX)
    _refuse_tables(found, DataError(detection.NO_BOX))
    return found.records, {**_counted("flat", found.records), "questions": found.questions}


def _boxed(record: ItemRecord, boxes: tuple, split: str | None) -> ItemRecord:
    own = [box._replace(label=detection.clean(box.label)) for box in boxes]
    label = detection.joined(box.label for box in own)
    return replace(record, label=label, boxes=geometry.to_text(own), split=split)


def _orientation(records: list[ItemRecord], workspace: Workspace, index: int) -> int:
    """Return how EXIF asks to turn a picture."""
    with Image.open(workspace.blob_path(records[index].sha256)) as image:
        return image.getexif().get(ORIENTATION, 1)


def _bring_texts(
    found: _Found, choices: Choices, store: Callable, progress: Callable[..., None] | None, *, bare: bool
) -> None:
    """Store the lines of tables that hold texts themselves, each as an item of its own.

    bare: a table need not give them classes. A table counts as its lines, except one that could not be read.
    """
    read = text_tables.read_all(found.tables, [record.name for record in found.records], choices, bare=bare)
    found.questions += read.questions
    for name, error in read.refused:
        found.refuse(name, error)
    names = {*read.used, *(name for name, _error in read.refused)}
    found.tables = [entry for entry in found.tables if entry.name not in names]
    found.received += len(read.rows) - len(read.used)
    report = _told(progress, len(read.rows))
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="draw") as pool:
        outcomes = pool.map(store, (Entry(row.where + TEXT.SUFFIX, row.text.encode()) for row in read.rows))
        for done, (row, outcome) in enumerate(zip(read.rows, outcomes, strict=True), start=1):
            if isinstance(outcome, _Unread):
                found.refuse(row.where, outcome.error)
            else:
                told = {"name": row.name, "label": row.label, "group": row.group, "split": row.split}
                found.texts.append(replace(outcome, **told))
            if done % REPORTED == 0:
                report(found, done)


def _collect(found: _Found, size: int, future: Future) -> int:
    outcome = future.result()
    if isinstance(outcome, _Unread):
        found.unread.append(outcome)
    else:
        found.records.append(outcome)
    return size


def _of_one_kind(found: _Found, wanted: str) -> str:
    """Refuse by name what is not of the modality that the dataset holds, or most of the files are; return its name."""
    kinds = Counter(record.modality for record in found.records)
    chosen = wanted or modalities.kind_of_most(kinds)
    for one in found.unread:
        found.refuse(one.name, _why_unread(one, chosen))
    found.unread.clear()
    for record in found.records:
        if reason := modalities.refusal(record.modality, chosen):
            found.refuse(record.name, DataError(reason))
    found.records = [record for record in found.records if not modalities.refusal(record.modality, chosen)]
    return chosen


def _why_unread(one: _Unread, chosen: str) -> DataError:
    reason = modalities.refusal(one.modality, chosen, readable=False) if chosen else ""
    return DataError(reason) if reason else one.error


def _scale_told(found: _Found, kind: str, scale: str) -> dict:
    """Return {"pixel_scale"} where the modality of the files tells one for all of them from their facts."""
    if not kind or not found.records:
        return {}
    modality = modalities.named(kind)
    wanted = scale if modality.reads_scale(scale) else ""
    told = modality.scale_of_facts([record.facts for record in found.records], wanted)
    return {"pixel_scale": told} if told else {}


def _scaled_alike(found: _Found, workspace: Workspace, scale: str) -> dict:
    """Give all pictures of more than 8 bits one scale; return {"pixel_scale"} and ask about it where it was guessed."""
    # Facts are read only where they may hold a range: 100,000 of them take a second.
    likely = [place for place, record in enumerate(found.records) if NO_RANGE not in record.facts]
    known = ((place, image_facts(found.records[place]).values) for place in likely)
    deep = {place: bit_depth.Range(*values) for place, values in known if values}
    if not deep:
        return {}
    ranges = list(deep.values())
    chosen = scale or bit_depth.scale_of(ranges)
    for place, one in deep.items():
        if chosen != bit_depth.scale_of([one]):
            found.records[place] = _looked_at_again(found.records[place], workspace, chosen)
    if not scale:
        low, high = chosen.split(":")
        others = [bit_depth.written(0, depth) for depth in bit_depth.DEPTHS if depth > 255]
        others.append(bit_depth.written(min(one.low for one in ranges), max(one.high for one in ranges)))
        found.questions.append(question("pixel_scale", DEEP, chosen, others, count=len(deep), low=low, high=high))
    return {"pixel_scale": chosen}


def _looked_at_again(record: ItemRecord, workspace: Workspace, scale: str) -> ItemRecord:
    """Return the record with thumbnail, fingerprints and measures as the picture looks at this scale."""
    blob = workspace.blob_path(record.sha256)
    reading = modalities.of(blob).read(blob, scale)
    thumbnails.replace(workspace, record.sha256, reading.small)
    return replace(record, facts=reading.facts)


def _store(entry: Entry, workspace: Workspace, notes: TextIO | None) -> ItemRecord | _Unread:
    """Keep a file and its thumbnail, and return what is known of it; or why it cannot be used."""
    modality = modalities.of_arriving(entry.name, entry.content)
    try:
        reading = modality.read(entry.content)
    except DataError as error:
        return _Unread(entry.name, modality.name, error)
    sha256 = hashlib.sha256(entry.content).hexdigest()
    blob = workspace.blob_path(sha256)
    if not blob.exists():
        if notes:
            notes.write(f"{sha256}\n")
        write_atomic(blob, entry.content)
    thumbnails.write(workspace, sha256, reading.picture, reading.small)
    return ItemRecord(
        sha256=sha256,
        name=layouts.shown(entry.name),
        label=None,
        bytes=len(entry.content),
        modality=modality.name,
        facts=reading.facts,
    )


def _with_labels(
    found: _Found, kind: str, label: str | None, loose: bool, several_classes: bool | None, choices: Choices
) -> tuple[list[ItemRecord], dict]:
    records, described = _labelled(found, kind, label, loose, several_classes, choices)
    came = label_kinds.of_account(described)
    wanted = label_kinds.asked_for(several_classes, told=came)
    if wanted is came:
        return records, described
    return [replace(record, label=wanted.of_one_class(record.label)) for record in records], {
        **described,
        **wanted.DESCRIBED,
    }


def _labelled(
    found: _Found, kind: str, label: str | None, loose: bool, several_classes: bool | None, choices: Choices
) -> tuple[list[ItemRecord], dict]:
    if label is not None:
        name = layouts.clean_name(label)
        _refuse_tables(found, DataError("A table was not needed: all pictures were put into {label}.", label=name))
        described = _described("label", "All pictures belong to the class {label}.", label=name)
        return [replace(record, label=name) for record in (*found.records, *found.texts)], described
    if found.texts and not found.records and not found.tables:
        return found.texts, {**_counted("table", found.texts), "questions": found.questions}
    names = [record.name for record in found.records]
    reading = readings.read(names, found.tables, kind, choices, found.questions)
    _refuse_unread(found, reading)
    if kind == "table" and not reading.tables.rows:
        raise DataError("There is no table with the columns 'file' and 'label'. Add one, or choose another layout.")
    if reading.by_table:
        records, described = _by_table(found, reading, loose, several_classes)
    else:
        unused = "A table that names {named} of {total} pictures was not used. Choose the layout 'table' to use it."
        _refuse_tables(found, DataError(unused, named=reading.named, total=len(names)))
        records, described = _from_folders(found, reading.layout, loose)
    return [*records, *found.texts], {**described, "questions": reading.questions}


def _by_table(
    found: _Found, reading: Reading, loose: bool, several_classes: bool | None
) -> tuple[list[ItemRecord], dict]:
    found.received -= len(found.tables)  # a table says what the others are; it is not one of them
    label_kind = label_kinds.asked_for(several_classes, told=tables.label_kind(reading.tables.rows))
    rows = [replace(row, label=label_kind.of_row(row)) for row in reading.tables.rows]
    records, described = _from_table(found, rows, reading, loose)
    classes = len({name for record in records for name in label_kind.names_of(record.label)})
    return records, {**described, "values": {**described["values"], "classes": classes}, **label_kind.DESCRIBED}


def _refuse_tables(found: _Found, reason: DataError) -> None:
    for entry in found.tables:
        found.refuse(entry.name, reason)
    found.tables.clear()


def _refuse_unread(found: _Found, reading: Reading) -> None:
    """Refuse a table that cannot be read like any other file that is no picture."""
    for name, error in reading.tables.refused:
        found.refuse(name, error)
    found.tables = [entry for entry in found.tables if entry.name in set(reading.tables.used)]


def _from_folders(found: _Found, layout: layouts.Layout, loose: bool) -> tuple[list[ItemRecord], dict]:
    records, bare = [], loose or layout.kind in ("flat", "split")
    for record in found.records:
        label, group, split = layout.parse(record.name)
        if layout.is_drawing(record.name):
            found.refuse(record.name, DataError(readings.DRAWING))
        elif label is None and not bare:
            found.refuse(record.name, DataError(NO_CLASS))
        else:
            records.append(replace(record, label=label, group=group, split=split))
    example = next(iter(layout.named), "").rpartition("/")[2]
    return records, _counted(layout.kind, records, **({"example": example} if example else {}))


def _from_table(found: _Found, rows: list[tables.Row], reading: Reading, loose: bool) -> tuple[list[ItemRecord], dict]:
    """Give every picture what its row says; rows without a picture and pictures without a row are refused by name."""
    labelled: dict[int, ItemRecord] = {}
    known = {row_matching.key_of(refusal["file"]) for refusal in found.refused}
    for place in row_matching.claims(reading.matches):
        row, match = rows[place], reading.matches[place]
        index = match.index
        record = None if index is None else found.records[index]
        problem = row.refused or _row_problem(row, match, labelled.get(index), record, known)
        if problem:
            found.received += 1
            found.refuse(row.where, problem)
        elif record and index not in labelled:
            split = reading.split_of(row, record.name)
            labelled[index] = replace(record, label=row.label, group=row.group, split=split)
    for index, record in enumerate(found.records):
        if index not in labelled and loose:
            labelled[index] = record
        elif index not in labelled:
            found.refuse(record.name, DataError("No line of the table names it. Add a line with its label."))
    records = [labelled[index] for index in sorted(labelled)]
    return records, _counted("table", records)


def _row_problem(
    row: tables.Row, match: row_matching.Match, earlier: ItemRecord | None, record: ItemRecord | None, known: set[str]
) -> DataError | None:
    if record is None:
        if known & {row_matching.key_of(row.file), row_matching.resolved(row.folder, row.file)}:
            return None  # it came, and was refused with its own reason
        return tables.problem_of(row, match)
    if earlier and earlier.label != row.label:
        return DataError(
            "The table gives {file} twice, as {first} and as {second}; the first was taken. Remove one line.",
            file=record.name,
            first=earlier.label or "",
            second=row.label or "",
        )
    return None


def _without_existing(records: list[ItemRecord], found: _Found, existing: set) -> list[ItemRecord]:
    used = []
    for record in records:
        if (record.sha256, record.label) in existing:
            found.refuse(record.name, DataError(ALREADY))
        else:
            used.append(record)
    return used


def _counted(kind: str, records: list[ItemRecord], **more) -> dict:
    classes = len({record.label for record in records if record.label})
    groups = len({record.group for record in records if record.group})
    return _described(kind, layouts.DESCRIPTIONS[kind], classes=classes, groups=groups, **more)


def _described(kind: str, template: str, **values) -> dict:
    return {"kind": kind, "template": template, "values": values}
