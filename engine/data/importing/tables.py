"""Tables that say which class a file has: CSV, JSON, sheets and lists with file, label, perhaps group and split."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from engine.data import label_kinds, split_names
from engine.data.importing import row_matching, table_text
from engine.data.importing.choices import BLANK, NONE, SEPARATORS, Choices, question
from engine.data.importing.row_matching import Files
from engine.data.importing.table_columns import NO_COLUMNS, Roles, is_yes, understand
from engine.data.importing.table_text import SUFFIXES, Cell, Sheet, is_list
from engine.data.label_kinds import multi_label
from engine.data.label_kinds.label_kind import LabelKind
from engine.data.layout import clean_name, shown
from engine.errors import DataError

MISSING = "The file {file} is missing. Put it beside the table."
OUTSIDE = "{file} lies outside the folder of the table, and no file of this name came with it. Put it beside the table."
ELSEWHERE = (
    "The file {file} is missing. A file of this name lies elsewhere ({candidates}), which the line does not say."
)
AMBIGUOUS = "Several files are called {file}: {candidates}. Write in which folder it lies."
PLACEHOLDER = "It only shows how answers are handed in, so its labels were not used."


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


@dataclass(frozen=True)
class Table:
    """The rows of a table, and the questions that reading it left."""

    name: str
    rows: list[Row]
    questions: list[dict] = field(default_factory=list)


@dataclass
class Tables:
    """All tables that came: their rows together, which were read, which were not and why, and what is asked."""

    rows: list[Row] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    refused: list[tuple[str, DataError]] = field(default_factory=list)
    questions: list[dict] = field(default_factory=list)


def is_table(name: str, content: bytes | None = None) -> bool:
    """Tell by its name whether a file is a table; a text only where its content (if given) is a list of pictures."""
    if name.lower().endswith(table_text.LIST_SUFFIXES):
        return content is not None and is_list(name, content)
    return name.lower().endswith(SUFFIXES)


def may_be_table(name: str) -> bool:
    """Tell whether a file may be a table, as far as its name says."""
    return name.lower().endswith((*SUFFIXES, *table_text.LIST_SUFFIXES))


def read_all(entries: Sequence, files: Files, choices: Choices | None = None) -> Tables:
    """Read the tables among what came (entries with `name` and `content`), `files` being those beside them."""
    found = Tables()
    read_tables = []
    for entry in entries:
        try:
            read_tables.append(read(entry.name, entry.content, files, choices))
        except DataError as error:
            found.refused.append((entry.name, error))
    for table in read_tables:
        if _is_placeholder(table, read_tables):
            found.refused.append((table.name, DataError(PLACEHOLDER)))
        else:
            found.rows += table.rows
            found.used.append(table.name)
            found.questions += table.questions
    return found


def read(name: str, content: bytes, files: Files | None = None, choices: Choices | None = None) -> Table:
    """Return the rows of a table, file names relative to the folder the table lies in.

    How it is written and what its columns mean is found out, with the help of the `files` that came; `name` is the path
    of the table. Raises DataError when it has no columns for file and label, which is how other tables are told apart.
    """
    choices = choices or Choices()
    files = files or Files([])
    rows, asked, problem = [], [], None
    for sheet in table_text.read(name, content, choices.encoding):
        try:
            roles, lines = understand(name, sheet, choices, files.may_be_named)
        except DataError as error:
            problem = problem or error
            continue
        more, questions = _rows(name, roles, lines, choices)
        rows += more
        asked += [*_about_encoding(name, sheet), *roles.questions, *questions]
    if not rows and problem:
        raise problem
    if not any(row.file and (row.label or not row.refused) for row in rows):
        raise DataError(NO_COLUMNS, name=shown(name))
    return Table(name, rows, asked)


def _about_encoding(name: str, sheet: Sheet) -> list[dict]:
    if not sheet.guess.guessed:
        return []
    about = "{name} does not say how its letters are written. Read as {encoding}, it says: {example}."
    values = {"name": shown(name), "encoding": sheet.guess.encoding, "example": sheet.text}
    return [question("encoding", about, sheet.guess.encoding, sheet.guess.others, **values)]


def label_kind(rows: Sequence[Row]) -> LabelKind:
    """Return the label kind that tables with these rows tell by themselves."""
    return label_kinds.of({multi_label.OPTION: any(row.tells_multi_label for row in rows)})


def _is_placeholder(table: Table, everything: Sequence[Table]) -> bool:
    """Tell whether a table only shows how answers are handed in: by its name, or by one label for all."""
    words = set(split_names.words(PurePosixPath(table.name).stem))
    if len(everything) > 1 and words & {"submission", "submissions", "submit", "einreichung", "soumission"}:
        return True
    others = {row.label for other in everything if other is not table for row in other.rows}
    own = {row.label for row in table.rows}
    return len(own) == 1 and len(others) > 1 and bool(words & {"sample", "example", "template", "vorlage", "beispiel"})


def _rows(
    name: str, roles: Roles, lines: Sequence[tuple[int, list[Cell]]], choices: Choices
) -> tuple[list[Row], list[dict]]:
    folder = PurePosixPath(name).parent
    own_split = split_names.split_of(PurePosixPath(name).stem)  # train.csv, test_labels.csv
    cells = [_line(roles, values) for _number, values in lines]
    rows = [
        _row(folder, f"{name}:{number}", line, roles, own_split)
        for (number, _values), line in zip(lines, cells, strict=True)
    ]
    return _with_several(rows, cells, roles.plural, choices)


def _line(roles: Roles, values: list[Cell]) -> dict[str, Cell]:
    line = {role: cell for role in roles.at if (cell := roles.cell(role, values)) is not None}
    if roles.marked:
        line["label"] = [name for name, at in roles.marked.items() if is_yes(values, at)]
    return line


def _with_several(rows: list[Row], lines: list[dict], plural: bool, choices: Choices) -> tuple[list[Row], list[dict]]:
    """Return the rows with what they say where pictures may show several classes, and what is asked about that.

    An empty cell then means none of the classes, unless the table has another way to say so ("|" or an empty list);
    "?" means that nobody has looked yet.
    """
    cells = [line.get("label", "") for line in lines]
    separator, asked = _separator(cells, plural, choices)
    read = [multi_label.read_cell(cell, separator) for cell in cells]
    lists = any(multi_label.is_list(cell) for cell in cells)
    said = choices.label_separator not in (None, NONE) or bool(asked and separator)
    told = (plural or lists or said) and any(names is not None and len(names) != 1 for names in read)
    marked = () in read
    found = []
    for row, line, names in zip(rows, lines, read, strict=True):
        if line.get("label") == multi_label.NOT_YET:
            names = None
        elif names is None and told and not marked and "label" in line:
            names = ()
        found.append(replace(row, labels=names, tells_multi_label=told))
    return found, asked


def _separator(cells: Sequence[Cell], plural: bool, choices: Choices) -> tuple[str | None, list[dict]]:
    """Return what stands between two classes in a cell, None where nothing does, and what is asked about it."""
    if choices.label_separator:
        return SEPARATORS[choices.label_separator] or None, []
    if mark := multi_label.table_separator(cells):
        return mark, []
    texts = [cell for cell in cells if isinstance(cell, str) and cell and not multi_label.is_list(cell)]
    for mark in (",", "+", "&", "/", " "):
        pieces, whole = multi_label.taken_apart(texts, mark), set(texts)
        if not pieces:
            continue
        again = len(pieces) < len(whole)  # the same words in other company
        if not (plural or again):
            continue
        apart = (plural and (mark != " " or len(pieces) <= len(whole))) or (again and mark == ",")
        name = BLANK if mark == " " else mark
        example = next(text for text in texts if mark in text)
        about = "A cell such as {example} may be one class, or several. It was taken as {taken}."
        taken = ", ".join(multi_label.read_cell(example, mark)) if apart else example
        answer, other = (name, NONE) if apart else (NONE, name)
        asked = question("label_separator", about, answer, [other], example=example, taken=taken)
        return (mark if apart else None), [asked]
    return None, []


def speaks_for(named: int, pictures: int) -> bool:
    """Tell whether tables that name so many of the pictures are believed rather than the folders."""
    return 2 * named >= pictures


def match(rows: Sequence[Row], names: Sequence[str]) -> list[int | None]:
    """Return for each row the index of the file it means, or None; see `row_matching`."""
    return [found.index for found in row_matching.match(rows, Files(names))]


def problem_of(row: Row, found: row_matching.Match) -> DataError | None:
    """Return why a row labels nothing, None where it labels a file or was refused before."""
    if found.index is not None or row.refused:
        return None
    candidates = ", ".join(map(shown, found.candidates))
    if found.problem == "missing":
        return DataError(OUTSIDE if _is_outside(row) else MISSING, file=shown(row.file))
    template = AMBIGUOUS if found.problem == "ambiguous" else ELSEWHERE
    return DataError(template, file=shown(row.file), candidates=candidates)


def _is_outside(row: Row) -> bool:
    absolute = row.file.startswith("/") or ":" in row.file.split("/")[0]
    return absolute or not row_matching.resolved(row.folder, row.file)


def _text(value: Cell) -> str:
    return multi_label.MARK.join(map(str, value)) if isinstance(value, list) else str(value).strip()


def _tidy(path: str) -> str:
    """Return a path as pathlib writes it, which takes ten times as long: no "." and no "//" in it."""
    start = "/" if path.startswith("/") else ""
    return start + "/".join(part for part in path.split("/") if part not in ("", "."))


def _row(folder: PurePosixPath, where: str, line: dict, roles: Roles, own_split: str | None) -> Row:
    cells = {role: _text(value) for role, value in line.items()}
    file, label = cells.get("file", "").replace("\\", "/"), cells.get("label", "")
    refused = None
    if not file:
        refused = DataError("This line names no file. Write the file and its label.")
    elif "label" not in cells:  # an empty cell says that the picture has no class yet; a missing one is a mistake
        refused = DataError("This line gives no label for {file}.", file=file)
    split = roles.splits.get(cells.get("split", "")) if "split" in roles.at else None
    return Row(
        file=_tidy(file),
        folder=folder.as_posix(),
        label=clean_name(label) if label else None,
        group=clean_name(cells["group"]) if cells.get("group") else None,
        split=split or (None if cells.get("split") else own_split),
        where=where,
        refused=refused,
    )
