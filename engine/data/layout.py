"""Read class, group and split out of where a picture lies: `class/file`, `train/class/file`, `group/class/file` ..."""

import functools
import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from engine.errors import DataError

SPLIT_NAMES = {  # what folders and tables call the splits
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
MEANINGS = ("split", "group", "class")
MIN_LIKENESS = 0.8  # mean share of all class names that each group has
MIN_DEEPER = 0.9  # a cover picture beside the class folders does not hide them
MIN_BESIDE = 0.2  # a heap of pictures without a class beside several class folders does not hide them either
MAX_LABEL = 80  # characters
MAX_COMPOSED = 2000  # letters: composing a text takes the square of the accents in a row, minutes for a million
KEPT_OF_LONG = MAX_LABEL - 9  # of a longer name, before a mark and eight letters that tell it apart
LONG = re.compile(rf"(.{{{KEPT_OF_LONG}}}…)[0-9a-f]{{8}}")
MAX_NAME = 4096  # characters of a path that are kept, its end
SYSTEM_NAMES = {"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "@eadir", "$recycle.bin"}

DESCRIPTIONS = {
    "class": "The first folder is the class ({classes} classes).",
    "split/class": "The first folder is the split, the second the class ({classes} classes).",
    "class/split": "The first folder is the class ({classes} classes), the second the split.",
    "group/class": "The first folder is the group ({groups} groups), the second the class ({classes} classes), "
    "because every first folder holds nearly the same second folders.",
    "class/group": "The first folder is the class ({classes} classes), the second the group ({groups} groups).",
    "split/group/class": "The folders are the split, the group ({groups} groups) and the class ({classes} classes).",
    "split/class/group": "The folders are the split, the class ({classes} classes) and the group ({groups} groups).",
    "table": "The table says which class each file has ({classes} classes).",
    "flat": "There are no class folders: the pictures have no class yet.",
}
KINDS = tuple(DESCRIPTIONS)


@dataclass(frozen=True)
class Layout:
    """What the folders mean. `kind` is one of KINDS, `stripped` the folders that everything lies in."""

    kind: str
    stripped: tuple[str, ...] = ()

    def parse(self, path: str) -> tuple[str | None, str | None, str | None]:
        """Return (label, group, split) of a path; all None when it does not lie as deep as the layout asks."""
        if self.kind in ("flat", "table"):
            return None, None, None
        folders = _folders(path)[len(self.stripped) :]
        meanings = self.kind.split("/")
        if len(folders) < len(meanings):
            return None, None, None
        found = dict(zip(meanings, folders, strict=False))
        split = SPLIT_NAMES.get(found["split"].lower()) if "split" in found else None
        if "split" in found and split is None:
            return None, None, None
        return clean_name(found["class"]), clean_name(found["group"]) if "group" in found else None, split


def recognise(paths: Iterable[str], kind: str = "auto") -> Layout:
    """Return the layout of these relative paths of pictures; `kind` other than "auto" overrides what is found.

    Folders that everything lies in are left out. Split folders are known by name. `group/class` is only found when
    the first folders hold nearly the same second folders; otherwise the first folder is the class.
    Raises DataError for an unknown `kind`.
    """
    if kind != "auto" and kind not in KINDS:
        raise DataError(
            "The layout '{kind}' is unknown. Choose one of: auto, {kinds}.", kind=kind, kinds=", ".join(KINDS)
        )
    if kind in ("flat", "table"):
        return Layout(kind)
    folders = [parts for parts in (tuple(_folders(path)) for path in paths) if parts]
    stripped = _common_top(folders, depth=1 if kind == "auto" else len(kind.split("/")))
    if kind == "auto":
        kind = _kind({parts[len(stripped) :] for parts in folders} - {()})
    return Layout(kind, stripped)


@functools.lru_cache(maxsize=1024)
def clean_name(text: str) -> str:
    """Return a class or group name that can be shown and stored: printable, no path separators, at most 80 characters.

    Unicode is composed (NFC), because archives made on a Mac hold it decomposed and one class would become two.
    """
    text = text.encode("utf-8", "replace").decode()
    if len(text) <= MAX_COMPOSED:
        text = unicodedata.normalize("NFC", text)
    text = "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
    name = re.sub(r"[/\\]", "_", text).strip() or "unnamed"
    if len(name) <= MAX_LABEL:
        return name
    # Two long names that begin alike stay two classes.
    return f"{name[:KEPT_OF_LONG]}…{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def without_tails(text: str, classes: Collection[str]) -> str:
    """Return a text with long class names in it as people know them, without the letters `clean_name` ends them in.

    The letters stay where they tell a name from another one of `classes`, and at names that are none of them.
    """

    def readable(found: re.Match) -> str:
        rivals = sum(name.startswith(found[1]) and len(name) == MAX_LABEL for name in classes)
        return found[1] if rivals == 1 and found[0] in classes else found[0]

    return LONG.sub(readable, text)


def shown(name: str) -> str:
    """Return a file's name so that it can be stored and shown: no control characters, no half of a surrogate pair."""
    name = name.encode("utf-8", "replace").decode()
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)[-MAX_NAME:]


def is_system_file(path: str) -> bool:
    """Say whether a path is left behind by an operating system or an editor (hidden, __MACOSX, Thumbs.db ...)."""
    parts = path.split("/")
    return any(part.startswith(".") or part.lower() in SYSTEM_NAMES for part in parts if part not in (".", ".."))


def _folders(path: str) -> list[str]:
    return [part for part in path.split("/")[:-1] if part not in ("", ".")]


def _common_top(folders: list[tuple[str, ...]], depth: int) -> tuple[str, ...]:
    """Return the folders that hold everything, as long as nearly every picture lies `depth` or more levels below.

    With several folders below, a part of the pictures is enough: as one class, all of them would say nothing.
    """
    stripped: list[str] = []
    while len({parts[0] for parts in folders}) == 1 and folders[0][0].lower() not in SPLIT_NAMES:
        deeper = [parts[1:] for parts in folders if len(parts) > depth]
        branches = len({parts[0] for parts in deeper}) > 1
        if len(deeper) < (MIN_BESIDE if branches else MIN_DEEPER) * len(folders):
            break
        stripped.append(folders[0][0])
        folders = deeper
    return tuple(stripped)


def _kind(folders: set[tuple[str, ...]]) -> str:
    if not folders:
        return "flat"
    deep = {parts for parts in folders if len(parts) > 1}
    below_splits = {parts[1:] for parts in deep if parts[0].lower() in SPLIT_NAMES}
    if below_splits and _are_splits({parts[0] for parts in folders}):
        return "split/group/class" if _are_groups(below_splits) else "split/class"
    if len(deep) < len(folders):
        return "class"
    if all(parts[1].lower() in SPLIT_NAMES for parts in deep):
        return "class/split"
    return "group/class" if _are_groups(deep) else "class"


def _are_splits(names: set[str]) -> bool:
    """Two folders with different split names are enough; one alone must be the only folder."""
    splits = {SPLIT_NAMES[name.lower()] for name in names if name.lower() in SPLIT_NAMES}
    return len(splits) >= 2 or (len(splits) == 1 and len(names) == 1)


def _are_groups(folders: set[tuple[str, ...]]) -> bool:
    below = defaultdict(set)
    for parts in folders:
        below[parts[0]].add(parts[1] if len(parts) > 1 else None)
    names = set().union(*below.values())
    if len(below) < 2 or len(names) < 2 or None in names:
        return False
    return sum(len(own) / len(names) for own in below.values()) / len(below) >= MIN_LIKENESS


def split_of(path: str) -> str | None:
    """Return the split that the first folder with the name of a split says, or None."""
    return next((SPLIT_NAMES[folder.lower()] for folder in _folders(path) if folder.lower() in SPLIT_NAMES), None)
