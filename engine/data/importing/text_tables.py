"""Tables whose lines are texts themselves, with a class beside each: sentence and language, review and stars."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from engine.data import split_names
from engine.data.importing import table_columns, table_text
from engine.data.importing.archive import Entry
from engine.data.importing.choices import Choices, question
from engine.data.importing.row_matching import Files
from engine.data.importing.table_columns import cells_of, key
from engine.data.importing.table_text import Sheet
from engine.data.layout import clean_name, shown
from engine.errors import DataError

TEXTS = (
    *("text", "sentence", "texts", "sentences", "document", "content", "body", "review", "message", "comment", "tweet"),
    *("utterance", "phrase", "review_text", "text_content", "abstract", "lyrics", "post", "quote", "question"),
    *("satz", "texte", "saetze", "satze", "kommentar", "nachricht", "bewertung", "rezension", "beitrag", "zitat"),
    *("commentaire", "avis", "critique", "contenu", "citation", "texto", "frase", "testo"),
)
# What else a class of texts is often called; the names of other tables' classes come first.
LABELS = (
    *("language", "lang", "sprache", "langue", "idioma", "lingua", "sentiment", "stimmung", "topic", "thema", "sujet"),
    *("intent", "absicht", "genre", "author", "autor", "autorin", "auteur", "emotion", "style", "stil", "script"),
)
SAMPLE = 200  # lines that tell what a column holds
WORDS = 2.0  # on average, from which on cells are texts and not names
DISTINCT = 0.5  # of the cells of such a column must differ
NUMBER = re.compile(r"[-+]?[\d.,\s]+%?")
NAMED = 100  # characters of a text that its item is called by

NUMBERS = (
    "The column {column} of {name} holds numbers, not texts. Name the column of texts with 'text_column', or leave the "
    "table out."
)
ASKED = "No column of {name} is called 'text'. The texts were taken from the column {column}."
NO_CLASS = (
    "{name} has texts in the column {column}, but no column that gives a class. Call that column 'label', or name it "
    "with 'label_column'."
)


class TextError(DataError):
    """What is wrong with a table that does hold texts, or is said to."""


@dataclass(frozen=True)
class TextRow:
    """One line: its text, and what it says of it. `where` names the table and the line for messages."""

    where: str
    text: str
    label: str | None
    group: str | None = None
    split: str | None = None

    @property
    def name(self) -> str:
        """Return what the item is called: the beginning of the text, for it is what a person knows it by."""
        return shown(" ".join(self.text.replace("/", "∕").split())[:NAMED]) or self.where  # a slash would be a folder


@dataclass
class TextTables:
    """All tables of texts among what came: their rows together, which they were, and what is asked about them."""

    rows: list[TextRow] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    refused: list[tuple[str, DataError]] = field(default_factory=list)
    questions: list[dict] = field(default_factory=list)


@dataclass(frozen=True)
class _Columns:
    text: int
    label: int | None
    group: int | None
    split: int | None
    splits: dict[str, str | None]
    questions: tuple[dict, ...]


def read_all(entries: Sequence[Entry], names: Sequence[str], choices: Choices, *, bare: bool = True) -> TextTables:
    """Read the tables of texts among the tables that came; `names` are the other files, which no cell may name.

    bare: a table may give no classes; otherwise it is refused.
    """
    found, files = TextTables(), Files(names)
    for entry in entries:
        try:
            _read(found, entry, files, choices, bare)
        except DataError as error:
            if choices.text_column or isinstance(error, TextError):
                found.refused.append((entry.name, error))
    return found


def is_one(name: str, content: bytes, files: Files, choices: Choices) -> bool:
    """Tell whether a table holds texts; also where something is wrong with them that is to be said."""
    try:
        opened = [_opened(sheet) for sheet in _sheets(name, content, choices)]
        return any(_text_column(name, *each, choices, files)[0] is not None for each in opened)
    except DataError as error:
        return bool(choices.text_column) or isinstance(error, TextError)


def _read(found: TextTables, entry: Entry, files: Files, choices: Choices, bare: bool) -> None:
    for sheet in _sheets(entry.name, entry.content, choices):
        header, lines = _opened(sheet)
        place, asked = _text_column(entry.name, header, lines, choices, files)
        if place is None:
            continue
        columns = _understood(entry.name, header, lines, place, choices)
        if columns.label is None and not bare:
            raise TextError(NO_CLASS, name=shown(entry.name), column=shown(header[place]))
        if entry.name not in found.used:
            found.used.append(entry.name)
        found.questions += [*asked, *columns.questions]
        found.rows += _rows(entry.name, lines, columns)


def _sheets(name: str, content: bytes, choices: Choices) -> list[Sheet]:
    return table_text.read(name, content, choices.encoding)


def _opened(sheet: Sheet) -> tuple[list[str], list[tuple[int, list]]]:
    if sheet.header or not sheet.lines:
        return sheet.header, sheet.lines
    return [cell if isinstance(cell, str) else "" for cell in sheet.lines[0][1]], sheet.lines[1:]


def _text_column(
    name: str, header: list[str], lines: Sequence, choices: Choices, files: Files
) -> tuple[int | None, list[dict]]:
    """Return the position of the column of texts, None in a table of something else, and what is asked about it."""
    sample = lines[:: max(1, len(lines) // SAMPLE)]
    if choices.text_column:
        place = table_columns.position(name, header, choices.text_column)
        if _are_numbers(cells_of(sample, place)):
            raise TextError(NUMBERS, name=shown(name), column=shown(header[place]))
        return place, []
    if choices.file_column or "file" in table_columns.named(header) or _names_files(header, sample, files):
        return None, []
    keys = [key(cell) for cell in header]
    known = [keys.index(word) for word in TEXTS if word in keys]
    if known:
        if _are_numbers(cells_of(sample, known[0])):
            raise TextError(NUMBERS, name=shown(name), column=shown(header[known[0]]))
        return known[0], []
    likely = [place for place in range(len(header)) if _are_texts(cells_of(sample, place))]
    if not likely:
        return None, []
    place = max(likely, key=lambda place: sum(map(len, cells_of(sample, place))))
    others = [header[other] for other in likely if other != place]
    return place, [question("text_column", ASKED, header[place], others, name=shown(name), column=header[place])]


def _names_files(header: list[str], sample: Sequence, files: Files) -> bool:
    at: dict[str, int] = {}
    table_columns.find_files(at, header, sample, files.may_be_named)
    return "file" in at


def _are_numbers(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell.strip()]
    return bool(filled) and sum(bool(NUMBER.fullmatch(cell)) for cell in filled) > len(filled) / 2


def _are_texts(cells: Sequence[str]) -> bool:
    """Tell whether the cells of a column are written by people for people: several words each, and hardly any twice."""
    filled = [cell for cell in cells if cell.strip()]
    if not filled or _are_numbers(filled):
        return False
    words = sum(len(cell.split()) for cell in filled) / len(filled)
    return words >= WORDS and len(set(filled)) >= DISTINCT * len(filled)


def _understood(name: str, header: list[str], lines: Sequence, text: int, choices: Choices) -> _Columns:
    at = {role: place for role, place in table_columns.named(header).items() if role != "file" and place != text}
    keys = [key(cell) for cell in header]
    asked: list = []
    if choices.label_column:
        at["label"] = table_columns.position(name, header, choices.label_column)
    elif "label" not in at and (known := [keys.index(word) for word in LABELS if word in keys]):
        at["label"] = known[0]
    if table_columns.takes_part(choices):
        splits, asked = table_columns.splits_of_column(name, header, lines, at, choices)
    else:
        splits = {}
        at.pop("split", None)
    if "label" not in at:
        taken = at | {"text": text}
        asked += table_columns.find_labels(header, lines, taken)
        at = {role: place for role, place in taken.items() if role != "text"}
    return _Columns(text, at.get("label"), at.get("group"), at.get("split"), splits, tuple(asked))


def _rows(name: str, lines: Sequence, columns: _Columns) -> Iterator[TextRow]:
    own_split = split_names.split_of(PurePosixPath(name).stem)  # train.csv
    for number, cells in lines:
        label, group, split = (_cell(cells, place) for place in (columns.label, columns.group, columns.split))
        yield TextRow(
            where=f"{shown(name)}:{number}",
            text=_cell(cells, columns.text),
            label=clean_name(label) if label else None,
            group=clean_name(group) if group else None,
            split=columns.splits.get(split) if split else own_split,
        )


def _cell(cells: Sequence, place: int | None) -> str:
    if place is None or place >= len(cells) or cells[place] is None:
        return ""
    cell = cells[place]
    return cell.strip() if isinstance(cell, str) else " ".join(map(str, cell))
