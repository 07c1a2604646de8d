"""Hand a dataset on: a zip of class folders and a table, which imports again with the same labels, groups and splits.

The pictures are the original bytes. Names are kept as far as every system can unpack them; `items.csv` says what each
file is (file, label, group, split), an empty label meaning that it has none yet.
"""

import csv
import io
import re
import shutil
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from engine.data import label_kinds
from engine.data.boxes import box_zip
from engine.data.formula_cells import mark
from engine.data.label_kinds import multi_label, single_label
from engine.data.label_kinds.label_kind import LabelKind
from engine.data.layout import is_system_file
from engine.data.modalities import registry as modalities
from engine.data.split_names import split_of
from engine.data.unicode_form import composed
from engine.errors import DataError
from engine.storage.registry import Item
from engine.storage.status_file import StatusFile
from engine.storage.workspace import Workspace, beside, check_free_space, read_json, write_json

FOLDERS = "folders"  # the form of class folders and a table
TABLE = "items.csv"
COLUMNS = ("file", "label", "group", "split")
NO_CLASSES = "none of the classes"
UNLABELLED = "no class"
LONGEST = 120  # characters of a name; with class folder and drive this stays below what Windows unpacks
FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
UNPACKED = (".bmp", ".ppm", ".pgm", ".pnm", ".tif", ".tiff")  # formats that a zip makes smaller
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same dataset gives the same bytes


@dataclass(frozen=True)
class Exported:
    """What a zip holds: so many pictures in so many bytes; `missing` are names whose originals are gone."""

    pictures: int
    bytes: int
    missing: tuple[str, ...]


def write(
    workspace: Workspace,
    items: Sequence[Item],
    target: Path,
    progress: Callable[[int, int], None] | None = None,
    *,
    label_kind: LabelKind = single_label,
    form: str = "",
) -> Exported:
    """Write the items as a zip to `target`, one file at a time. A reader of `target` never sees half of it.

    `label_kind` is that of the dataset, `form` one of its FORMS, else the usual one.
    `progress(done, total)` is called before every file and at the end. Raises UserError when the disk is full or the
    form is none of the dataset's.
    """
    form = checked_form(form, label_kind)
    check_free_space(target, sum(item.bytes for item in items))
    present = [(item, workspace.blob_path(item.sha256)) for item in items]
    missing = tuple(item.name for item, blob in present if not blob.exists())
    present = [(item, blob) for item, blob in present if blob.exists()]
    with beside(target) as part:
        _write(part, present, progress or (lambda done, total: None), label_kind, form)
    return Exported(len(present), target.stat().st_size, missing)


def carry_out(job_path: Path, workspace: Workspace) -> None:
    """Write the zip that job.json names ({"target", "items", "task"}), and what it holds as JSON beside it.

    status.json beside the job tells how far it is.
    """
    job, status = read_json(job_path), StatusFile.beside(job_path)
    target, items = Path(job["target"]), [Item(**item) for item in job["items"]]

    def tell(done: int, total: int) -> None:
        status.advance(done, total, "{done} of {total} pictures packed")

    made = write(workspace, items, target, tell, label_kind=label_kinds.of_task(job["task"]))
    write_json(target.with_suffix(".json"), asdict(made))


def members(items: Sequence[Item]) -> list[str]:
    """Return the path of every item in the zip: class folder/file, no two alike on any system."""
    taken = {TABLE}
    folders: dict[str | None, str] = {}
    for label in sorted({item.label for item in items}, key=lambda label: (label is None, label or "")):
        shown = UNLABELLED if label is None else NO_CLASSES if label == multi_label.NOTHING else label
        folders[label] = _unique(_folder(shown), taken)
    used: dict[str | None, set[str]] = {label: set() for label in folders}
    names = [modalities.file_name(PurePosixPath(item.name).name, item.modality) for item in items]
    return [
        f"{folders[item.label]}/{_unique(_safe(name), used[item.label])}"
        for item, name in zip(items, names, strict=True)
    ]


def _write(
    part: Path,
    present: list[tuple[Item, Path]],
    progress: Callable[[int, int], None],
    label_kind: LabelKind,
    form: str,
) -> None:
    names, texts = _laid_out(form, [item for item, _ in present], label_kind)
    with zipfile.ZipFile(part, "w") as archive:
        for name, text in texts:
            archive.writestr(_info(name, packed=True), text)
        for done, ((_, blob), name) in enumerate(zip(present, names, strict=True)):
            progress(done, len(present))
            info = _info(name, packed=name.lower().endswith(UNPACKED))
            info.file_size = blob.stat().st_size  # known, so that large files get the form they need
            with blob.open("rb") as source, archive.open(info, "w") as sink:
                shutil.copyfileobj(source, sink, 2**20)
    progress(len(present), len(present))


def checked_form(form: str, label_kind: LabelKind) -> str:
    """Return the form of a zip, the usual one where none is asked for. Raises DataError for one that does not fit."""
    if form and form not in label_kind.FORMS:
        raise DataError(
            "'{form}' is no form for these pictures. Choose one of: {known}.",
            form=form,
            known=", ".join(label_kind.FORMS),
        )
    return form or label_kind.FORMS[0]


def _laid_out(form: str, items: Sequence[Item], label_kind: LabelKind) -> tuple[list[str], Iterable[tuple[str, str]]]:
    """Return where each picture lies, and (path, text) of the files that say what they are."""
    if form == FOLDERS:
        names = members(items)
        return names, [(TABLE, _table(items, names, label_kind))]
    taken: set[str] = set()
    stems = [_unique(PurePosixPath(_safe(PurePosixPath(item.name).name)).stem, taken) for item in items]
    suffixes = [PurePosixPath(item.name).suffix for item in items]
    files = [f"{stem}{suffix}" for stem, suffix in zip(stems, suffixes, strict=True)]
    names = box_zip.members(form, items, files)
    return names, box_zip.annotations(form, items, names)


def _info(name: str, *, packed: bool) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    info.external_attr = 0o644 << 16
    return info


def _table(items: Sequence[Item], names: Sequence[str], label_kind: LabelKind) -> str:
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(label_kind.COLUMN if column == "label" else column for column in COLUMNS)
    for item, name in zip(items, names, strict=True):
        writer.writerow(map(mark, (name, item.label or label_kind.NO_LABEL, item.group or "", item.split or "")))
    return sink.getvalue()


def _folder(label: str) -> str:
    name = _safe(label)
    return f"{name}_" if split_of(name) else name  # a class called "train" is no split


def _safe(text: str) -> str:
    """Return a name that Windows, macOS and Linux can unpack, and that no import takes for a hidden file."""
    name = "".join(letter if letter.isprintable() else "_" for letter in FORBIDDEN.sub("_", text))
    path = PurePosixPath(name.strip())
    suffix = path.suffix if len(path.suffix) <= 10 else ""
    name = (path.name.removesuffix(suffix)[: LONGEST - len(suffix)] + suffix).rstrip(". ") or "_"
    if is_system_file(name) or name.split(".")[0].strip().lower() in DEVICES or name.startswith(".."):
        return f"_{name}"
    return name


def _unique(name: str, taken: set[str]) -> str:
    """Return `name`, numbered when one that some system holds for the same is in `taken`; enter it there."""
    path, number, found = PurePosixPath(name), 2, name
    while _key(found) in taken:
        found = f"{path.stem} ({number}){path.suffix}"
        number += 1
    taken.add(_key(found))
    return found


def _key(name: str) -> str:
    return composed(name).casefold()
