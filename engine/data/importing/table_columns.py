"""What the columns of a table mean: by their names first, then by what stands in them; what is guessed is asked."""

import functools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from engine.data import split_names
from engine.data.importing.choices import NONE, Choices, question
from engine.data.importing.table_text import PICTURE, Cell, Sheet
from engine.data.layout import shown
from engine.data.split_names import YES, folded
from engine.errors import DataError

NO_COLUMNS = (
    "{name} does not say which label a file has. Give it the columns 'file' and 'label' and a line for each picture."
)
NO_FILES = "{name} has the columns {columns}, but none that names files. Call that column 'file'."
NO_LABELS = "{name} has the columns {columns}, but none that gives a class. Call that column 'label'."
NEITHER = "{name} has the columns {columns}. A table that gives classes needs the columns 'file' and 'label'."
NO_SUCH_COLUMN = "{name} has no column {column}. It has: {columns}."
MOST_COLUMNS = 8  # named in a sentence
COLUMNS = {
    "file": (
        *("file", "filename", "file_name", "filepath", "file_path", "path", "image", "image_path", "img", "picture"),
        *("image_file", "image_name", "image_id", "photo", "img_path", "img_name", "img_id", "imagename", "imageid"),
        *("imagepath", "fname", "relative_path", "image_filename", "img_file", "datei", "dateiname", "dateipfad"),
        *("pfad", "bild", "bilddatei", "bildname", "foto", "fichier", "nom_de_fichier", "nom_du_fichier"),
        *("nom_fichier", "chemin", "archivo", "imagen", "arquivo", "imagem"),
    ),
    "label": (
        *("label", "class", "class_name", "classname", "category", "target", "labels", "tag", "klasse", "kategorie"),
        *("klassenname", "etikett", "bezeichnung", "classe", "nom_de_classe", "categorie", "etiquette", "libelle"),
        *("tags", "classes", "categories", "multi_label", "klassen", "kategorien", "etiketten", "schlagworte"),
        *("schlagworter", "stichworte", "bezeichnungen", "etiquettes", "libelles", "mots_cles", "label_name"),
        *("category_name", "ground_truth", "annotation", "clase", "etiqueta", "rotulo", "categoria"),
    ),
    "group": (
        *("group", "group_id", "domain", "subject", "patient", "speaker", "source", "subject_id", "patient_id"),
        *("speaker_id", "gruppe", "patientin", "sprecher", "sprecherin", "quelle", "domaene", "groupe", "sujet"),
        *("locuteur", "domaine"),
    ),
    "split": (
        *("split", "set", "subset", "partition", "part", "usage", "phase", "fold_type", "data_split", "dataset_split"),
        *("split_name", "train_test", "train_val_test", "train_or_test", "train_test_split", "teil", "aufteilung"),
        *("datensatz_teil", "partie", "ensemble", "jeu", "particion", "conjunto", "divisao"),
    ),
}
# Columns of these names say that a picture may have several classes, as soon as one of their cells holds several.
PLURALS = {
    *("labels", "tags", "classes", "categories", "multi_label", "klassen", "kategorien", "etiketten", "schlagworte"),
    *("schlagworter", "stichworte", "bezeichnungen", "etiquettes", "libelles", "mots_cles"),
}
FLAGS = split_names.YES | split_names.NO
# Words in the names of columns of 0 and 1 that describe a picture, or whom it shows, rather than what it is.
ABOUT = {
    *("fold", "sex", "gender", "male", "female", "age", "id", "index", "is", "has", "flag", "verified", "checked"),
    *("quality", "usable", "weight", "crowd", "occluded", "truncated", "difficult", "augmented", "synthetic", "left"),
    *("right", "geschlecht", "alter", "sexe", "unnamed", "site", "batch", "version"),
}
MIN_MATCHED = 0.5  # of the cells must name files that came, where a column's name says nothing
MOST_SPLITS = 6  # values of a column that is one of splits


@dataclass(frozen=True)
class Roles:
    """Positions of the columns: file, label, group, split; `marked` is {class: position} where each has a column."""

    header: list[str]
    at: dict[str, int]
    marked: dict[str, int] = field(default_factory=dict)
    splits: dict[str, str | None] = field(default_factory=dict)
    plural: bool = False
    questions: tuple[dict, ...] = ()

    def cell(self, role: str, cells: list[Cell]) -> Cell:
        """Return the cell of a role on a line; objects in JSON may call it otherwise from line to line."""
        places = [self.at[role], *_synonyms(role, self.header)] if role in self.at else []
        return next((cells[place] for place in places if place < len(cells) and cells[place] is not None), None)


def understand(
    name: str, sheet: Sheet, choices: Choices, names_file: Callable[[str], bool]
) -> tuple[Roles, list[tuple[int, list[Cell]]]]:
    """Return what the columns of a sheet mean, and its lines without the header.

    names_file: whether a cell names a file that came. Raises DataError with what is missing.
    """
    header, lines = with_header(sheet, names_file)
    at = named(header)
    asked: list[dict] = []
    for role in ("file", "label"):
        if wanted := getattr(choices, f"{role}_column"):
            at[role] = position(name, header, wanted)
    find_files(at, header, lines, names_file)
    if "file" in at and takes_part(choices):
        splits, questions = splits_of_column(name, header, lines, at, choices)
        asked += questions
    else:
        splits = {}
        at.pop("split", None)
    marked, questions = _marked(name, header, lines, at, choices)
    asked += questions
    if marked and "label" in at and not choices.label_column:
        del at["label"]
    if "file" in at and "label" not in at and not marked:
        asked += find_labels(header, lines, at)
    if "file" not in at or ("label" not in at and not marked):
        raise not_understood(name, header, at)
    plural = "label" in at and key(header[at["label"]]) in PLURALS
    return Roles(header, at, marked, splits, plural, tuple(asked)), lines


def key(cell: str) -> str:
    return folded(cell.strip().strip('"')).replace(" ", "_").replace("-", "_")


def not_understood(name: str, header: list[str], at: dict[str, int]) -> DataError:
    """Return which column is missing, with those that are there."""
    there = [shown(cell.strip())[:40] for cell in header if cell.strip()]
    if not there:
        return DataError(NO_COLUMNS, name=shown(name))
    template = NO_LABELS if "file" in at else NO_FILES if "label" in at else NEITHER
    more = ["…"] if len(there) > MOST_COLUMNS else []
    return DataError(template, name=shown(name), columns=", ".join(there[:MOST_COLUMNS] + more))


def with_header(sheet: Sheet, names_file: Callable[[str], bool]) -> tuple[list[str], list[tuple[int, list[Cell]]]]:
    """Return the names of the columns and the other lines; names are made up where the first line is one of files."""
    if sheet.header or not sheet.lines:
        return sheet.header, sheet.lines
    first = [cell if isinstance(cell, str) else "" for cell in sheet.lines[0][1]]
    files = [place for place, cell in enumerate(first) if PICTURE.search(cell) or ("." in cell and names_file(cell))]
    if not files or len(first) < 2 or {"file", "label"} & named(first).keys():
        return first, sheet.lines[1:]
    others = [place for place in range(len(first)) if place != files[0]]
    label = min((p for p in others if p > files[0]), default=others[0])
    header = [f"column {place + 1}" for place in range(len(first))]
    header[files[0]], header[label] = "file", "label"
    return header, sheet.lines


def named(header: Sequence[str]) -> dict[str, int]:
    """Return {"file": position, ...}; an earlier synonym wins over a later one."""
    names = [key(cell) for cell in header]
    found = {}
    for role, synonyms in COLUMNS.items():
        known = [names.index(synonym) for synonym in synonyms if synonym in names]
        if known:
            found[role] = known[0]
    return found


@functools.lru_cache(maxsize=64)
def _known(role: str, header: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(place for place, cell in enumerate(header) if key(cell) in COLUMNS[role])


def _synonyms(role: str, header: list[str]) -> tuple[int, ...]:
    return _known(role, tuple(header))


def position(name: str, header: list[str], wanted: str) -> int:
    for place, cell in enumerate(header):
        if cell == wanted or key(cell) == key(wanted):
            return place
    raise DataError(NO_SUCH_COLUMN, name=shown(name), column=wanted, columns=", ".join(header[:MOST_COLUMNS]))


def cells_of(lines: Sequence[tuple[int, list[Cell]]], place: int) -> list[str]:
    return [
        cells[place] if isinstance(cells[place], str) else "|".join(map(str, cells[place]))
        for _number, cells in lines
        if place < len(cells) and cells[place] is not None
    ]


def find_files(
    at: dict[str, int], header: list[str], lines: Sequence[tuple[int, list[Cell]]], names_file: Callable[[str], bool]
) -> None:
    """Find the column of files by what stands in it, where no name says it or where what is named is not there."""
    sample = lines[:: max(1, len(lines) // 200)]

    def share(place: int) -> float:
        cells = [cell for cell in cells_of(sample, place) if cell]
        return sum(map(names_file, cells)) / max(1, len(sample)) if cells else 0.0

    if "file" in at and share(at["file"]) > 0:
        return
    taken = {at[role] for role in ("label", "group", "split") if role in at}
    rates = {place: share(place) for place in range(len(header)) if place not in taken}
    best = max(rates, key=lambda place: rates[place], default=None)
    if best is not None and rates[best] >= MIN_MATCHED:
        at["file"] = best


def find_labels(header: list[str], lines: Sequence[tuple[int, list[Cell]]], at: dict[str, int]) -> list[dict]:
    """Take the one column whose words come back as that of classes, and ask."""
    likely = []
    for place in range(len(header)):
        values = set(cells_of(lines, place)) - {""}
        if place not in at.values() and 2 <= len(values) <= len(lines) / 2 and not split_names.are_flags(values):
            likely.append(place)
    if len(likely) != 1:
        return []
    at["label"] = likely[0]
    about = "No column is called 'label'. The classes were taken from the column {column}."
    others = [cell for place, cell in enumerate(header) if cell and place not in at.values()]
    column = header[likely[0]]
    return [question("label_column", about, column, others, column=column)]


def takes_part(choices: Choices) -> bool:
    return choices.split_column != NONE


def splits_of_column(
    name: str, header: list[str], lines: Sequence[tuple[int, list[Cell]]], at: dict[str, int], choices: Choices
) -> tuple[dict[str, str | None], list[dict]]:
    """Return {value: split} of the column of splits, entering it in `at`, and what is asked about it."""
    if choices.split_column:
        at["split"] = position(name, header, choices.split_column)
    elif "split" not in at and (place := _split_by_values(header, lines, at)) is not None:
        at["split"] = place
    if "split" not in at:
        return {}, []
    column = header[at["split"]]
    counts = Counter(cells_of(lines, at["split"]))
    found = split_names.of_values(column, counts)
    if len(found.unknown) > MOST_SPLITS and not choices.split_column:
        del at["split"]  # it says something else: a source, an album
        return {}, []
    splits = {**found.splits, **choices.split_values}
    return splits, [_about_splits(column, counts, splits)] if found.guessed and found.splits else []


def _about_splits(column: str, counts: Counter, splits: dict[str, str | None]) -> dict:
    own = {value: splits.get(value) for value in sorted(filter(None, counts))}
    unknown = [value for value, split in own.items() if split is None]
    about = "The column {column} holds {values}. They were taken as {splits}."
    if unknown:
        about = "The column {column} holds {unknown}, which is not understood as a split ({count} lines)."
    values = {
        "column": column,
        "values": ", ".join(own),
        "splits": split_names.written(own),
        "unknown": ", ".join(unknown),
        "count": sum(counts[value] for value in unknown),
    }
    return question("split_values", about, split_names.written(own), other_splits(own), **values)


def other_splits(own: dict[str, str | None]) -> list[str]:
    """Return what values of splits might mean instead, as a person types it."""
    unknown = [value for value, split in own.items() if split is None]
    if unknown:
        meant = [dict.fromkeys(unknown, split) for split in split_names.SPLITS]
        return [split_names.written({**own, **one}) for one in meant]
    splits, values = list(own.values()), list(own)
    turned = [splits[turn:] + splits[:turn] for turn in range(1, len(splits))]
    swapped = [[splits[0], *splits[:0:-1]]]
    guesses = [dict(zip(values, each, strict=True)) for each in (*swapped, *turned)]
    return [split_names.written(guess) for guess in (*guesses, dict.fromkeys(values))]


def _split_by_values(header: list[str], lines: Sequence[tuple[int, list[Cell]]], at: dict[str, int]) -> int | None:
    """Return the column that holds the names of splits, or yes and no for one ("is_test"), whatever it is called."""
    for place, column in enumerate(header):
        values = set(cells_of(lines, place)) - {""}
        if place in at.values() or not 0 < len(values) <= MOST_SPLITS:
            continue
        named = set(split_names.splits_of(values).values())
        if len(named - {None}) > 1 and None not in named:
            return place
        if split_names.flag_of(column) and split_names.are_flags(values):
            return place
    return None


def _marked(
    name: str, header: list[str], lines: Sequence[tuple[int, list[Cell]]], at: dict[str, int], choices: Choices
) -> tuple[dict[str, int], list[dict]]:
    """Return {class: position} of a table that has a column of 0 and 1 for each class, and what is asked about it."""
    if choices.class_columns:
        return {column: position(name, header, column) for column in choices.class_columns}, []
    if "file" not in at or "label" in at or not lines:
        return {}, []
    own = [place for place in range(len(header)) if place not in at.values() and header[place].strip()]
    flags = [place for place in own if set(map(str.lower, map(str.strip, cells_of(lines, place)))) <= FLAGS]
    if len(flags) < 2:
        return {}, []
    chosen, sure = _classes_among(header, flags, lines)
    if len(chosen) < 2:
        return {}, []
    marked = {header[place].strip(): place for place in chosen}
    if sure:
        return marked, []
    about = "The columns of 0 and 1 taken as classes are {columns}; {left} were not."
    left = [header[place].strip() for place in flags if place not in chosen]
    if not left:
        about = "Every column of 0 and 1 was taken as a class: {columns}."
    answer, everything = ",".join(marked), ",".join(header[place].strip() for place in flags)
    values = {"columns": ", ".join(marked), "left": ", ".join(left)}
    return marked, [question("class_columns", about, answer, [everything], **values)]


def _classes_among(
    header: list[str], flags: list[int], lines: Sequence[tuple[int, list[Cell]]]
) -> tuple[list[int], bool]:
    """Return the columns of 0 and 1 that are classes, and whether that is certain: one of them is set on every line."""
    plain = [place for place in flags if not (set(split_names.words(header[place])) & ABOUT)]
    if _one_each(flags, lines):
        return flags, len(plain) == len(flags) or len(flags) > 2
    for chosen in (plain, *(flags[:length] for length in range(len(flags) - 1, 1, -1))):
        if len(chosen) > 1 and _one_each(chosen, lines):
            return chosen, False
    kept = plain if len(plain) > 1 else flags
    return kept, kept == flags and not _describes(header, flags)


def _describes(header: list[str], flags: list[int]) -> bool:
    return any(set(split_names.words(header[place])) & ABOUT for place in flags)


def _one_each(places: list[int], lines: Sequence[tuple[int, list[Cell]]]) -> bool:
    return all(sum(is_yes(cells, place) for place in places) == 1 for _number, cells in lines)


def is_yes(cells: list[Cell], place: int) -> bool:
    """Tell whether a column of 0 and 1 is set on a line."""
    return place < len(cells) and isinstance(cells[place], str) and cells[place].strip().lower() in YES
