"""Tables that say which class a file has: CSV, TSV or JSONL with file, label and, where wanted, group and split."""

import contextlib
import csv
import io
import json
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from engine import settings
from engine.data import label_kinds
from engine.data.label_kinds import multi_label
from engine.data.label_kinds.label_kind import LabelKind
from engine.data.layout import SPLIT_NAMES, clean_name, shown
from engine.errors import DataError

JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
SUFFIXES = (".csv", ".tsv", *JSON_SUFFIXES)
DELIMITERS = ",;\t|"
NO_COLUMNS = (
    "{name} does not say which label a file has. Give it the columns 'file' and 'label' and a line for each picture."
)
NO_FILES = "{name} has the columns {columns}, but none that names files. Call that column 'file'."
NO_LABELS = "{name} has the columns {columns}, but none that gives a class. Call that column 'label'."
NEITHER = "{name} has the columns {columns}. A table that gives classes needs the columns 'file' and 'label'."
MOST_COLUMNS = 8  # named in a sentence
MAX_CELL = 1_000_000  # characters
MAX_WORD = 200  # characters of a heading or of the name of a split that are looked at
MAX_BYTES, MAX_CELLS = 64 * 2**20, 5_000_000  # of a table; it is held in memory, at some 200 bytes a cell
COLUMNS = {
    "file": (
        *("file", "filename", "file_name", "filepath", "file_path", "path", "image", "image_path", "img", "picture"),
        *("image_file", "image_name", "image_id", "photo", "datei", "dateiname", "dateipfad", "pfad", "bild"),
        *("bilddatei", "bildname", "foto", "fichier", "nom_de_fichier", "nom_du_fichier", "nom_fichier", "chemin"),
    ),
    "label": (
        *("label", "class", "class_name", "classname", "category", "target", "labels", "tag", "klasse", "kategorie"),
        *("klassenname", "etikett", "bezeichnung", "classe", "nom_de_classe", "categorie", "etiquette", "libelle"),
        *("tags", "classes", "categories", "multi_label", "klassen", "kategorien", "etiketten", "schlagworte"),
        *("schlagworter", "stichworte", "bezeichnungen", "etiquettes", "libelles", "mots_cles"),
    ),
    "group": (
        *("group", "group_id", "domain", "subject", "patient", "speaker", "source", "subject_id", "patient_id"),
        *("speaker_id", "gruppe", "patientin", "sprecher", "sprecherin", "quelle", "domaene", "groupe", "sujet"),
        *("locuteur", "domaine"),
    ),
    "split": ("split", "set", "subset", "partition", "part", "teil", "aufteilung", "partie", "ensemble"),
}
# Columns of these names say that a picture may have several classes, as soon as one of their cells holds several.
PLURALS = {
    *("labels", "tags", "classes", "categories", "multi_label", "klassen", "kategorien", "etiketten", "schlagworte"),
    *("schlagworter", "stichworte", "bezeichnungen", "etiquettes", "libelles", "mots_cles"),
}
YES, NO = {"1", "1.0", "true", "x", "yes"}, {"", "0", "0.0", "false", "no"}
# In cells only: a folder of one of these names may well be a class.
PARTS = SPLIT_NAMES | {
    "validierung": "validation",
    "apprentissage": "train",
    "entrainement": "train",
    "trainieren": "train",
}


@dataclass(frozen=True)
class Row:
    """One line of a table. `where` names the table and the line for messages; no label means none yet.

    `labels` is what the cell says where pictures may show several classes (None: none yet, (): none of them),
    `tells_multi_label` whether the table itself says that they may.
    """

    file: str  # as it is written in the table
    folder: str  # where the table lies
    label: str | None
    group: str | None
    split: str | None
    where: str
    refused: DataError | None = None
    labels: tuple[str, ...] | None = None
    tells_multi_label: bool = False


def is_table(name: str) -> bool:
    return name.lower().endswith(SUFFIXES)


def read(name: str, content: bytes) -> list[Row]:
    """Return the rows of a table, file names relative to the folder the table lies in.

    The delimiter (comma, semicolon, tab, |) and the columns are found from the header; `name` is the path of the table.
    Raises DataError when it has no columns for file and label, which is how other CSV files are told apart.
    """
    text = _decode(content)
    _check_size(name, text)
    lines = list(_json_rows(text) if name.lower().endswith(JSON_SUFFIXES) else _csv_lines(name, text))
    folder = PurePosixPath(name).parent
    own_split = SPLIT_NAMES.get(PurePosixPath(name).stem.lower())  # train.csv, test.csv
    rows = [_row(folder, f"{name}:{number}", cells, own_split) for number, cells in lines]
    rows = _with_all_labels(rows, [cells for _number, cells in lines])
    if not any(row.file and (row.label or not row.refused) for row in rows):
        raise DataError(NO_COLUMNS, name=shown(name))
    return rows


def _check_size(name: str, text: str) -> None:
    """Raise DataError for a table that memory would not hold as rows and cells, before it is made into them."""
    rows, most = text.count("\n") + text.count("\r") + text.count("{"), settings.current().max_archive_members
    cells = rows + sum(text.count(mark) for mark in (*DELIMITERS, "["))
    if len(text) > MAX_BYTES or cells > MAX_CELLS or rows > 2 * most:
        raise DataError(
            "{name} is too large for a table: at most {bytes} MB, {rows} lines and {cells} cells are read. Divide it.",
            name=shown(name),
            bytes=MAX_BYTES // 2**20,
            rows=most,
            cells=MAX_CELLS,
        )


def label_kind(rows: Sequence[Row]) -> LabelKind:
    """Return the label kind that tables with these rows tell by themselves."""
    return label_kinds.of({multi_label.OPTION: any(row.tells_multi_label for row in rows)})


def _with_all_labels(rows: list[Row], lines: list[dict]) -> list[Row]:
    """Return the rows with what they say where pictures may show several classes.

    An empty cell then means none of the classes, unless the table has another way to say so ("|" or an empty list);
    "?" means that nobody has looked yet.
    """
    cells = [line.get("label", "") for line in lines]
    separator = multi_label.table_separator(cells)
    read = [multi_label.read_cell(cell, separator) for cell in cells]
    plural = any(line.get("plural") for line in lines)
    lists = any(isinstance(cell, list) for cell in cells)
    told = (plural or lists) and any(names is not None and len(names) != 1 for names in read)
    marked = () in read
    found = []
    for row, line, names in zip(rows, lines, read, strict=True):
        if line.get("label") == multi_label.NOT_YET:
            names = None
        elif names is None and told and not marked and "label" in line:
            names = ()
        found.append(replace(row, labels=names, tells_multi_label=told))
    return found


def _decode(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")  # what Excel writes on Windows


def _csv_lines(name: str, text: str) -> Iterator[tuple[int, dict]]:
    first = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=lambda mark: (len(_columns(first.split(mark))), first.count(mark)))
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=delimiter)
    try:
        header = next(reader, [])
        columns = _columns(header)
        lines = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
        marked = _marked_columns(header, columns, [cells for _number, cells in lines])
        if not {"file", "label"} <= columns.keys() and not marked:
            raise _not_understood(name, header, columns)
        plural = "label" in columns and _key(header[columns["label"]]) in PLURALS
        for number, cells in lines:
            line = {key: cells[at] for key, at in columns.items() if at < len(cells)} | {"plural": plural}
            yield number, line | ({"label": _marks(cells, marked)} if marked else {})
    except csv.Error as error:
        raise DataError("{name} cannot be read as a table ({detail}).", name=name, detail=str(error)) from error


def _columns(header: list[str]) -> dict[str, int]:
    """Return {"file": position, ...}; an earlier synonym wins over a later one."""
    names = [_key(cell) for cell in header]
    found = {}
    for column, synonyms in COLUMNS.items():
        known = [names.index(synonym) for synonym in synonyms if synonym in names]
        if known:
            found[column] = known[0]
    return found


def _key(cell: str) -> str:
    return _folded(cell.strip().strip('"')).replace(" ", "_").replace("-", "_")


def _marked_columns(header: list[str], columns: dict[str, int], lines: list[list[str]]) -> dict[str, int]:
    """Return {class: position} of a table that has a column of 0 and 1 for each class; {} for other tables."""
    if "file" not in columns or "label" in columns or not lines:
        return {}
    own = [at for at in range(len(header)) if at not in columns.values() and header[at].strip()]
    marked = [at for at in own if all(cells[at].strip().lower() in YES | NO for cells in lines if at < len(cells))]
    return {header[at].strip(): at for at in marked} if len(marked) > 1 else {}


def _marks(cells: list[str], marked: dict[str, int]) -> list[str]:
    return [name for name, at in marked.items() if at < len(cells) and cells[at].strip().lower() in YES]


def _folded(text: str) -> str:
    """Return a word in small letters and without accents: "Catégorie" is "categorie"."""
    letters = unicodedata.normalize("NFD", text[:MAX_WORD].casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _not_understood(name: str, header: list[str], columns: dict[str, int]) -> DataError:
    """Return which column is missing, with those that are there."""
    there = [shown(cell.strip())[:40] for cell in header if cell.strip()]
    if not there:
        return DataError(NO_COLUMNS, name=shown(name))
    template = NO_LABELS if "file" in columns else NO_FILES if "label" in columns else NEITHER
    more = ["…"] if len(there) > MOST_COLUMNS else []
    return DataError(template, name=shown(name), columns=", ".join(there[:MOST_COLUMNS] + more))


def _json_rows(text: str) -> Iterator[tuple[int, dict]]:
    """Yield the objects of a JSON array, or of JSON Lines."""
    if text.lstrip()[:1] == "[":
        with contextlib.suppress(ValueError, RecursionError):
            rows = json.loads(text)
            return ((number, _json_cells(row)) for number, row in enumerate(rows, start=1))
    return _json_lines(text)


def _json_cells(values) -> dict:
    if not isinstance(values, dict):
        return {}
    columns = _columns(list(map(str, values)))
    names, cells = list(map(str, values)), list(values.values())
    plural = "label" in columns and _key(names[columns["label"]]) in PLURALS
    return {key: cells[at] for key, at in columns.items() if cells[at] is not None} | {"plural": plural}


def _json_lines(text: str) -> Iterator[tuple[int, dict]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            values = None
        yield number, _json_cells(values)


def speaks_for(named: int, pictures: int) -> bool:
    """Tell whether tables that name so many of the pictures are believed rather than the folders."""
    return 2 * named >= pictures


def match(rows: Sequence[Row], names: Sequence[str]) -> list[int | None]:
    """Return for each row the index of the file it means, or None.

    A file is looked for beside the table, then from the top, then anywhere by a name that only one file has; a name
    without suffix ("0001") finds "0001.jpg".
    """
    paths = {name: index for index, name in enumerate(names)}
    alone: dict[str, int | None] = {}
    for index, name in enumerate(names):
        last = name.lower().rpartition("/")[2]
        for key in {last, _stem(last)}:
            alone[key] = None if key in alone else index
    found = []
    for row in rows:
        beside = row.file if row.folder == "." else f"{row.folder}/{row.file}"
        last = row.file.lower().rpartition("/")[2]
        found.append(paths.get(beside, paths.get(row.file, alone.get(last))))
    return found


def _stem(name: str) -> str:
    dot = name.rfind(".")
    return name[:dot] if 0 < dot < len(name) - 1 else name


def _tidy(path: str) -> str:
    """Return a path as pathlib writes it, which takes ten times as long: no "." and no "//" in it."""
    start = "/" if path.startswith("/") else ""
    return start + "/".join(part for part in path.split("/") if part not in ("", "."))


def _text(value) -> str:
    return multi_label.MARK.join(map(str, value)) if isinstance(value, list) else str(value).strip()


def _row(folder: PurePosixPath, where: str, cells: dict, own_split: str | None) -> Row:
    cells = {key: _text(value) for key, value in cells.items()}
    file, label = cells.get("file", "").replace("\\", "/"), cells.get("label", "")
    refused = None
    if not file:
        refused = DataError("This line names no file. Write the file and its label.")
    elif "label" not in cells:  # an empty cell says that the picture has no class yet; a missing one is a mistake
        refused = DataError("This line gives no label for {file}.", file=file)
    elif file.startswith("/") or ".." in file.split("/") or ":" in file.split("/")[0]:
        refused = DataError("{file} lies outside the folder of the table. Put it beside the table.", file=file)
    return Row(
        file=_tidy(file),
        folder=folder.as_posix(),
        label=clean_name(label) if label else None,
        group=clean_name(cells["group"]) if cells.get("group") else None,
        split=PARTS.get(_folded(cells.get("split", "")), own_split),
        where=where,
        refused=refused,
    )
