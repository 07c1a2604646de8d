"""What a table holds before it is known what its columns mean: CSV, TSV, JSON, lists and sheets as rows of cells."""

import contextlib
import csv
import io
import json
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

from engine import settings
from engine.data.formula_cells import unmark
from engine.data.importing import code_pages
from engine.data.importing.code_pages import Guess
from engine.data.layout import shown
from engine.errors import DataError

JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
SHEET_SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
LIST_SUFFIXES = (".txt", ".lst", ".list")
SUFFIXES = (".csv", ".tsv", *JSON_SUFFIXES, *SHEET_SUFFIXES)
PICTURE = re.compile(r"\.(jpe?g|jpe|jfif|png|gif|bmp|tiff?|webp|avif|heic|heif|p[pgnb]m|jp2|ico)$", re.IGNORECASE)
DELIMITERS = ",;\t|"
MAX_CELL = 1_000_000  # characters
MAX_BYTES, MAX_CELLS = 64 * 2**20, 5_000_000  # of a table; it is held in memory, at some 200 bytes a cell
MAX_UNPACKED = 256 * 2**20  # bytes of a spreadsheet, which is a zip of XML
SNIFFED = 20  # lines that tell a list from a text
INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
SHEET_DAMAGED = "{name} is a sheet that cannot be read: it is empty, damaged or protected. Save it again, or as CSV."

UTF_8 = Guess("utf-8")
Cell = str | list | None  # None: the line has no such cell


@dataclass(frozen=True)
class Sheet:
    """Rows of cells with the number of each line; `header` is empty where the first line names no columns yet."""

    header: list[str]
    lines: list[tuple[int, list[Cell]]]
    guess: Guess = UTF_8
    text: str = ""  # foreign words in it, to show what the code page makes of them


def read(name: str, content: bytes, encoding: str | None = None) -> list[Sheet]:
    """Return the sheets of a table file, one for all but spreadsheets. Raises DataError when it is none."""
    lower = name.lower()
    if lower.endswith(SHEET_SUFFIXES):
        return _spreadsheet(name, content)
    guess = code_pages.of_text(content, encoding)
    text = code_pages.decoded(content, guess.encoding).lstrip("\ufeff").replace("\0", "")
    _check_size(name, text)
    if lower.endswith(JSON_SUFFIXES):
        sheet = _json(text)
    elif lower.endswith(LIST_SUFFIXES):
        sheet = _list(text)
    else:
        sheet = _csv(name, text)
    return [Sheet(sheet.header, sheet.lines, guess, _foreign(text) if guess.guessed else "")]


def _check_size(name: str, text: str) -> None:
    """Raise DataError for a table that memory would not hold as rows and cells, before it is made into them."""
    rows, most = text.count("\n") + text.count("\r") + text.count("{"), settings.current().max_archive_members
    cells = rows + sum(text.count(mark) for mark in (*DELIMITERS, "["))
    if len(text) > MAX_BYTES or cells > MAX_CELLS or rows > 2 * most:
        raise _too_large(name)


def _too_large(name: str) -> DataError:
    return DataError(
        "{name} is too large for a table: at most {bytes} MB, {rows} lines and {cells} cells are read. Divide it.",
        name=shown(name),
        bytes=MAX_BYTES // 2**20,
        rows=settings.current().max_archive_members,
        cells=MAX_CELLS,
    )


def is_list(name: str, content: bytes) -> bool:
    """Tell whether a text is a list of pictures with labels: "path label" on most of its lines."""
    if not name.lower().endswith(LIST_SUFFIXES) or b"\0\0" in content[:100]:
        return False
    text = code_pages.decoded(content[:20_000], "latin-1")
    lines = [line.strip() for line in text.splitlines()[:SNIFFED] if line.strip() and line.strip()[0] != "#"]
    told = [line for line in lines if _path_and_label(line)]
    return len(told) > 0 and 2 * len(told) > len(lines)


def _foreign(text: str) -> str:
    """Return the first words that are not plain letters, which a wrong code page would spoil."""
    words = (word.strip(" \"'") for word in re.split(r"[\r\n;,\t|]", text) if not word.isascii())
    return ", ".join(list(dict.fromkeys(words))[:3])


def _cell(value: str) -> str:
    return value.translate(INVISIBLE).strip()


def _csv(name: str, text: str) -> Sheet:
    said = re.match(r'\s*"?sep=(.)"?[ \t]*\r?\n', text)
    skipped = text[: said.end()].count("\n") if said else 0
    text = text[said.end() :] if said else text
    csv.field_size_limit(MAX_CELL)
    delimiter = said[1] if said else _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        lines = [(reader.line_num + skipped, [unmark(_cell(cell)) for cell in cells]) for cells in reader]
    except csv.Error as error:
        raise DataError("{name} cannot be read as a table ({detail}).", name=shown(name), detail=str(error)) from error
    return Sheet([], _without_comments([(number, cells) for number, cells in lines if any(cells)]))


def _delimiter(text: str) -> str:
    """Return the mark that divides the first lines most often and alike."""
    lines = [line for line in text.splitlines()[:200] if line.strip() and not line.lstrip().startswith("#")][:SNIFFED]

    def evenly(mark: str) -> tuple[int, int, int]:
        try:
            counts = [len(next(csv.reader([line], delimiter=mark, skipinitialspace=True), [])) for line in lines]
        except csv.Error:  # a cell too long: it will be said when the table is read
            return 0, 1, -DELIMITERS.index(mark)
        usual = max(set(counts), key=counts.count) if counts else 1
        return counts.count(usual) if usual > 1 else 0, usual, -DELIMITERS.index(mark)

    return max(DELIMITERS, key=evenly)


def _without_comments(lines: list[tuple[int, list[Cell]]]) -> list[tuple[int, list[Cell]]]:
    """Leave out lines that begin with #; the last of them before the cells is kept where it names the columns."""
    first = next((place for place, (_n, cells) in enumerate(lines) if not str(cells[0]).startswith("#")), len(lines))
    width = len(lines[first][1]) if first < len(lines) else 0
    kept = [(number, cells) for number, cells in lines[first:] if not _is_comment(cells, width)]
    if first and width > 1 and len(lines[first - 1][1]) == width:
        number, cells = lines[first - 1]
        return [(number, [str(cells[0]).lstrip("# "), *cells[1:]]), *kept]
    return kept


def _is_comment(cells: list[Cell], width: int) -> bool:
    return str(cells[0]).startswith("#") and len(cells) != width


def _list(text: str) -> Sheet:
    lines = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            found = _path_and_label(line.strip())
            lines.append((number, list(found) if found else [_cell(line), None]))
    return Sheet(["file", "label"], lines)


def _path_and_label(line: str) -> tuple[str, str] | None:
    """Return the file and the label of "path label", also with a comma, a tab, or the label first."""
    for mark in ("\t", ";", ",", None):
        parts = [_cell(part).strip('"') for part in (line.rsplit(mark, 1) if mark else line.rsplit(None, 1))]
        if len(parts) == 2 and all(parts) and PICTURE.search(parts[0]):
            return parts[0], parts[1]
    first = line.split(None, 1)
    if len(first) == 2 and PICTURE.search(first[1]) and not PICTURE.search(first[0]):
        return _cell(first[1]), _cell(first[0])
    return None


def _json(text: str) -> Sheet:
    """Return the objects of a JSON array or of JSON Lines, or the pairs of one object {file: label}."""
    values = None
    if text.lstrip()[:1] in ("[", "{"):
        with contextlib.suppress(ValueError, RecursionError):
            values = json.loads(text)
    if isinstance(values, dict) and _are_labels(values):
        return Sheet(["file", "label"], [(n, [key, _plain(value)]) for n, (key, value) in enumerate(values.items(), 1)])
    if isinstance(values, list):
        rows = list(enumerate(values, start=1))
    else:
        rows = [(number, _parsed(line)) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    return _objects(rows)


def _are_labels(values: dict) -> bool:
    return len(values) > 1 and all(isinstance(value, str | list | int | None) for value in values.values())


def _parsed(line: str):
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _objects(rows: Sequence[tuple[int, object]]) -> Sheet:
    header: dict[str, int] = {}
    for _number, row in rows:
        for key in row if isinstance(row, dict) else ():
            header.setdefault(str(key), len(header))
    lines = []
    for number, row in rows:
        cells: list[Cell] = [None] * len(header)
        for key, value in row.items() if isinstance(row, dict) else ():
            cells[header[str(key)]] = _plain(value)
        lines.append((number, cells))
    return Sheet(list(header), lines)


def _plain(value) -> Cell:
    if value is None or isinstance(value, list):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return _cell(str(value))


def _spreadsheet(name: str, content: bytes) -> list[Sheet]:
    from python_calamine import CalamineError, CalamineWorkbook  # a compiled reader, loaded where a sheet arrives

    if _unpacked(content) > MAX_UNPACKED:
        raise _too_large(name)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [_of_sheet(book.get_sheet_by_name(title).to_python()) for title in book.sheet_names]
    except (CalamineError, OSError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(SHEET_DAMAGED, name=shown(name)) from error
    filled = [sheet for sheet in sheets if sheet.lines]
    if not filled:
        raise DataError(SHEET_DAMAGED, name=shown(name))
    return filled


def _unpacked(content: bytes) -> int:
    """Return how many bytes a spreadsheet says it unpacks to; the old kinds, which are no zips, are not packed."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return sum(info.file_size for info in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return len(content)


def _of_sheet(rows: list[list]) -> Sheet:
    cells = [(number, [_sheet_cell(value) for value in row]) for number, row in enumerate(rows, 1)]
    return Sheet([], _without_comments([(number, row) for number, row in cells if any(row)]))


def _sheet_cell(value) -> str:
    """Return a cell as it is shown: sheets keep 7 as 7.0."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _cell(str(value))
