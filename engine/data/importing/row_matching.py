"""Which file a row of a table means: the one it names, and no other that happens to be called alike."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from engine.data.importing.table_text import INVISIBLE
from engine.data.unicode_form import composed

DRIVE = re.compile(r"^(?:[A-Za-z][A-Za-z0-9+.-]*:)?/*")  # C:\, file:///, https://, a leading slash


@dataclass(frozen=True)
class Match:
    """The index of the file that a row means, or None and why: "missing", "elsewhere" or "ambiguous".

    `candidates` are files of that name that it may or may not mean, at most three.
    """

    index: int | None
    problem: str = ""
    candidates: tuple[str, ...] = ()
    exact: bool = False


def key_of(path: str) -> str:
    """Return a path in the form in which paths are compared: NFC, nothing invisible, / between folders."""
    path = composed(path).translate(INVISIBLE).replace("\\", "/")
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def resolved(folder: str, file: str) -> str:
    """Return the path a row names, from the top: relative to its table, ".." followed as far as that stays inside."""
    parts: list[str] = []
    for part in key_of(f"{folder}/{file}").split("/"):
        if part != "..":
            parts.append(part)
        elif parts:
            parts.pop()
        else:
            return ""
    return "/".join(parts)


class Files:
    """The files that came, to look for those that rows name."""

    def __init__(self, names: Sequence[str]):
        keys = [key_of(name) for name in names]
        self._names = names
        self._exact = _unique(keys)
        self._lower = _unique([key.lower() for key in keys])
        self._stems = _unique([_without_suffix(key.lower()) for key in keys])
        self._by_name: dict[str, list[int]] = defaultdict(list)
        for index, key in enumerate(keys):
            path = PurePosixPath(key.lower())
            for base in {path.name, path.stem}:
                self._by_name[base].append(index)
        self._keys = [key.lower() for key in keys]
        self._folders = _folders(keys)

    def may_be_named(self, text: str) -> bool:
        """Tell whether a file has the name, with or without suffix, that stands in a cell."""
        return key_of(text).lower().rpartition("/")[2] in self._by_name

    def exactly(self, folder: str, file: str) -> int | None:
        """Return the file that lies where a row says: beside its table, or from the top."""
        for path in (resolved(folder, file), resolved("", file)):
            for known, own in ((self._exact, path), (self._lower, path.lower()), (self._stems, path.lower())):
                if own and known.get(own) is not None:
                    return known[own]
        return None

    def find(self, folder: str, file: str) -> Match:
        """Return the file that a row means where none lies exactly there."""
        path = key_of(DRIVE.sub("", file.replace("\\", "/"))).lower()
        parts = [part for part in path.split("/") if part != ".."]
        if not parts:
            return Match(None, "missing")
        alike = self._by_name.get(parts[-1], [])
        for start in range(len(parts) - 1):  # as much of the path as there is, its folders included
            tail = "/" + "/".join(parts[start:])
            found = [index for index in alike if self._ends(index, tail)]
            if found:
                return self._answer(found)
        if any(part in self._folders for part in parts[:-1]):
            return Match(None, "elsewhere" if alike else "missing", self._shown(alike))
        return self._answer(alike) if alike else Match(None, "missing")

    def _ends(self, index: int, tail: str) -> bool:
        key = "/" + self._keys[index]
        return key.endswith(tail) or _without_suffix(key).endswith(tail)

    def _answer(self, found: list[int]) -> Match:
        if len(found) == 1:
            return Match(found[0])
        return Match(None, "ambiguous", self._shown(found))

    def _shown(self, indices: list[int]) -> tuple[str, ...]:
        return tuple(self._names[index] for index in indices[:3])


def match(rows: Sequence, files: Files) -> list[Match]:
    """Return for each row (with `folder` and `file`) what it means."""
    return [_match(row, files) for row in rows]


def _match(row, files: Files) -> Match:
    if not row.file:
        return Match(None, "missing")
    index = files.exactly(row.folder, row.file)
    return files.find(row.folder, row.file) if index is None else Match(index, exact=True)


def claims(matches: Sequence[Match]) -> list[int]:
    """Return the places of rows in the order in which they label: those that name a place before bare names."""
    return sorted(range(len(matches)), key=lambda place: not matches[place].exact)


def _unique(keys: Sequence[str]) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    for index, key in enumerate(keys):
        found[key] = None if key in found else index
    return found


def _without_suffix(path: str) -> str:
    folder, mark, name = path.rpartition("/")
    return folder + mark + (name.rpartition(".")[0] or name)


def _folders(keys: Sequence[str]) -> set[str]:
    """Return the names of all folders in which files lie, but those in which everything lies."""
    paths = [key.lower().split("/")[:-1] for key in keys]
    if not paths:
        return set()
    depth = 0
    shortest = min(map(len, paths))
    while depth < shortest and len({path[depth] for path in paths}) == 1:
        depth += 1
    return {part for path in paths for part in path[depth:]}
