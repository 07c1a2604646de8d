"""What folders, tables and file names say about pictures, decided in one place for a preview and for an import."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from engine.data import layout as layouts
from engine.data import split_names
from engine.data.importing import row_matching, tables
from engine.data.importing.archive import Entry
from engine.data.importing.choices import Choices, question
from engine.data.importing.row_matching import Match
from engine.data.importing.table_columns import other_splits
from engine.data.layout import Layout

DRAWING = "It lies in a folder of masks or annotations beside the pictures, so it was not taken for a picture itself."
FOLDERS_NOT_UNDERSTOOD = (
    "Beside the folders of splits lies {unknown} ({count} pictures), which is not understood as one. Its pictures are "
    "divided as if nothing had been said."
)
NO_FOLDERS = {  # (kind of layout, whether labels stand in the file names): what is said
    ("split", False): "There are no class folders: {folders} are splits, so that nothing can be learned yet.",
    ("flat", False): "There are no class folders: {folders} say where files are kept, not what pictures show.",
    ("split", True): "There are no class folders: {folders} are splits. The labels may stand in the file names, as in "
    "{example}: {classes}.",
    ("flat", True): "There are no class folders. The labels may stand in the file names, as in {example}: {classes}.",
}
GROUPS = "Every first folder holds nearly the same second folders, so the first was taken as the group."
SHOWN = 6


@dataclass(frozen=True)
class Reading:
    """How everything that came is read: by a table or by folders, which row means which file, and what is asked."""

    layout: Layout
    tables: tables.Tables
    matches: list[Match]
    by_table: bool
    questions: list[dict]

    @property
    def named(self) -> int:
        """How many files rows name."""
        return len({found.index for found in self.matches if found.index is not None})

    def split_of(self, row: tables.Row, name: str) -> str | None:
        """Return the split of a file that a row labels: what the row says, else its folders."""
        if row.split:
            return row.split
        return self.layout.parse(name)[2] if self.layout.splits else layouts.split_of(name)


def read(
    names: Sequence[str],
    entries: Sequence[Entry],
    kind: str = "auto",
    choices: Choices | None = None,
    code_pages: Sequence[dict] = (),
) -> Reading:
    """Return how pictures of these names are read, `entries` being the tables among what came.

    code_pages: the questions that the names in zips left. Raises DataError for an unknown `kind` of layout.
    """
    choices = choices or Choices()
    layout = layouts.recognise(names, kind, choices.split_values)
    files = row_matching.Files(names if entries else ())  # 100,000 names take a second to put in order
    found = tables.read_all(entries, files, choices)
    matches = row_matching.match(found.rows, files)
    reading = Reading(layout, found, matches, False, [])
    by_table = kind == "table" or (kind == "auto" and _believed(reading, len(names)))
    asked = [*code_pages, *(found.questions if by_table else _of_folders(layout, names, kind))]
    return Reading(layout, found, matches, by_table, asked)


def _believed(reading: Reading, pictures: int) -> bool:
    """Tell whether the tables say what pictures are rather than their folders."""
    if not reading.tables.rows:
        return False
    if reading.layout.kind == "flat":
        return True
    if reading.layout.kind == "split":  # such folders say nothing about classes
        return reading.named > 0
    return tables.speaks_for(reading.named, pictures)


def _of_folders(layout: Layout, names: Sequence[str], kind: str) -> list[dict]:
    asked = []
    if unknown := layout.unknown_splits:
        asked.append(_unknown_folders(layout, names, unknown))
    if kind != "auto":
        return asked
    if layout.kind in ("split", "flat"):
        asked += _without_classes(layout, names)
    if layout.kind == "group/class":
        asked.append(question("layout", GROUPS, "group/class", ["class", "class/group"]))
    return asked


def _unknown_folders(layout: Layout, names: Sequence[str], unknown: list[str]) -> dict:
    place = layout.kind.split("/").index("split")
    folders: Counter = Counter()
    for name in names:
        parts = layout.folders(name)
        folders.update(parts[place : place + 1])
    values = {"unknown": ", ".join(unknown), "count": sum(folders[name] for name in unknown)}
    own = dict(layout.splits)
    return question("split_values", FOLDERS_NOT_UNDERSTOOD, split_names.written(own), other_splits(own), **values)


def _without_classes(layout: Layout, names: Sequence[str]) -> list[dict]:
    """Say that folders give no classes, and offer the labels that file names may hold."""
    firsts = sorted({parts[0] for name in names if (parts := layout.folders(name))})
    values = {"folders": ", ".join(firsts[:SHOWN])}
    other = "split/name" if layout.kind == "split" else "name"
    named = layouts.recognise(names, other).named
    if not named and not firsts:
        return []
    about = NO_FOLDERS[layout.kind, bool(named)]
    if not named:
        return [question("layout", about, layout.kind, ["class"], **values)]
    values["example"] = next(iter(named)).rpartition("/")[2]
    values["classes"] = ", ".join(sorted(set(named.values()))[:SHOWN])
    return [question("layout", about, layout.kind, [other], **values)]
