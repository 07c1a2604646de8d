"""Read class, group and split out of where a picture lies: `class/file`, `train/class/file`, `group/class/file` ..."""

import functools
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.data import file_name_labels, split_names
from engine.data.unicode_form import composed
from engine.errors import DataError

# animals-20240101T120000Z-001 (a drive's download), photos.part2, photos-teil-3of4, photos-002
PART = re.compile(
    r"^(?P<base>.+?)(?P<stamp>-\d{8}T\d{6}Z)?[-_. ](?P<word>part|pt|vol|volume|disk|chunk|teil|partie)?[-_. ]?"
    r"\d{1,3}(?:[-_ ]?of[-_ ]?\d{1,3})?$",
    re.IGNORECASE,
)
MEANINGS = ("split", "group", "class")
MIN_LIKENESS = 0.8  # mean share of all class names that each group has
MIN_DEEPER = 0.9  # a cover picture beside the class folders does not hide them
MIN_BESIDE = 0.2  # a heap of pictures without a class beside several class folders does not hide them either
MAX_LABEL = 80  # characters
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
    "name": "The file names say the class, as in {example} ({classes} classes).",
    "split/name": "The folder is the split, and the file names say the class, as in {example} ({classes} classes).",
    "boxes": "Boxes in the form of {format} say where {objects} objects of {classes} classes are.",
    "split": "The folders are splits, and there are no class folders in them: the pictures have no class yet.",
    "flat": "There are no class folders: the pictures have no class yet.",
}
KINDS = tuple(DESCRIPTIONS)
IN_NAMES = ("name", "split/name")


@dataclass(frozen=True)
class Layout:
    """What the folders mean. `kind` is one of KINDS, `stripped` the folders that everything lies in.

    `passed` are folders (as tuples from the top) that say nothing, such as one alone in a folder of its own name;
    `drawings` hold masks or annotations beside the pictures; `splits` says what each split folder is called, None
    where it is not known; `named` are the labels that file names give, by path.
    """

    kind: str
    stripped: tuple[str, ...] = ()
    passed: frozenset[tuple[str, ...]] = frozenset()
    drawings: frozenset[tuple[str, ...]] = frozenset()
    splits: Mapping[str, str | None] = field(default_factory=dict)
    named: Mapping[str, str] = field(default_factory=dict)

    def parse(self, path: str) -> tuple[str | None, str | None, str | None]:
        """Return (label, group, split) of a path; all None when it does not lie as deep as the layout asks."""
        if self.kind in ("flat", "table") or self.is_drawing(path):
            return None, None, None
        folders = self.folders(path)
        meanings = [meaning for meaning in self.kind.split("/") if meaning != "name"]
        if len(folders) < len(meanings):
            return None, None, None
        found = dict(zip(meanings, folders, strict=False))
        split = self.splits.get(found["split"]) if "split" in found else None
        label = clean_name(found["class"]) if "class" in found else None
        if "name" in self.kind and path in self.named:
            label = clean_name(self.named[path])
        return label, clean_name(found["group"]) if "group" in found else None, split

    def folders(self, path: str) -> list[str]:
        """Return the folders of a path that say something."""
        return _kept(_folders(path), self.passed)[len(self.stripped) :]

    def is_drawing(self, path: str) -> bool:
        """Tell whether a file lies in a folder of masks or annotations, beside one of pictures."""
        folders = tuple(_folders(path))
        return any(folders[:depth] in self.drawings for depth in range(1, len(folders) + 1)) if self.drawings else False

    @property
    def unknown_splits(self) -> list[str]:
        """Return the folders that lie beside those of parts, of which nobody knows whether they are one."""
        return [name for name, split in self.splits.items() if split is None and not split_names.is_unlabelled(name)]


def recognise(paths: Iterable[str], kind: str = "auto", splits: Mapping[str, str | None] | None = None) -> Layout:
    """Return the layout of these relative paths of pictures; `kind` other than "auto" overrides what is found.

    Folders that everything lies in are left out, as is one alone in a folder of its own name. Split folders are known
    by name (see `split_names`), or told by `splits`. `group/class` is only found when the first folders hold nearly
    the same second folders; otherwise the first folder is the class.
    Raises DataError for an unknown `kind`.
    """
    if kind != "auto" and kind not in KINDS:
        raise DataError(
            "The layout '{kind}' is unknown. Choose one of: auto, {kinds}.", kind=kind, kinds=", ".join(KINDS)
        )
    if kind in ("flat", "table"):
        return Layout(kind)
    paths, told = list(paths), splits or {}
    counts = Counter(parts for path in paths if (parts := tuple(_folders(path))))
    drawings = _drawings(counts)
    counts = Counter({parts: n for parts, n in counts.items() if not _inside(parts, drawings)})
    passed = _passed(counts, told)
    kept: Counter = Counter()
    for parts, number in counts.items():
        kept[tuple(_kept(parts, passed))] += number
    depth = 1 if kind == "auto" else len([meaning for meaning in kind.split("/") if meaning != "name"])
    stripped = _common_top(list(kept.elements()), depth, told) if depth else ()
    below: Counter = Counter()
    for parts, number in kept.items():
        below[parts[len(stripped) :]] += number
    below.pop((), None)
    kind = _kind(below, told) if kind == "auto" else kind
    found = Layout(kind, stripped, passed, drawings, _split_folders(kind, below, told))
    return replace(found, named=_named(found, paths)) if "name" in kind else found


@functools.lru_cache(maxsize=1024)
def clean_name(text: str) -> str:
    """Return a class or group name that can be shown and stored: printable, at most 80 characters.

    Unicode is composed (NFC), because archives made on a Mac hold it decomposed and one class would become two.
    """
    text = text.encode("utf-8", "replace").decode()
    text = composed(text)
    text = "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
    name = text.strip() or "unnamed"
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


def _kept(folders: Sequence[str], passed: frozenset[tuple[str, ...]]) -> list[str]:
    if not passed:
        return list(folders)
    return [part for place, part in enumerate(folders) if tuple(folders[: place + 1]) not in passed]


def _inside(folders: tuple[str, ...], tops: frozenset[tuple[str, ...]]) -> bool:
    return any(folders[:depth] in tops for depth in range(1, len(folders) + 1))


def _children(folders: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], set[str]]:
    """Return the folders in each folder; "" among them where pictures lie directly in it."""
    found: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for parts in folders:
        for depth, part in enumerate(parts):
            found[parts[:depth]].add(part)
        found[parts].add("")
    return found


def _drawings(counts: Counter) -> frozenset[tuple[str, ...]]:
    """Return the folders of masks and annotations that lie beside a folder of pictures."""
    found = []
    for parent, names in _children(counts).items():
        if any(split_names.holds_pictures(name) for name in names):
            found += [(*parent, name) for name in names if name and split_names.holds_drawings(name)]
    return frozenset(found)


def _passed(counts: Counter, told: Mapping) -> frozenset[tuple[str, ...]]:
    """Return the folders that say nothing: alone in a folder of their own name, or alone and called "images"."""
    found, children = [], _children(counts)
    for parent, names in children.items():
        found += [(*parent, name) for name in _parts_of_a_download(parent, names, children)]
        if len(names) != 1 or not parent or "" in names:
            continue
        (name,) = names
        own = split_names.folded(name) == split_names.folded(parent[-1])
        beside = len(children[parent[:-1]]) > 1
        if own or (beside and split_names.holds_pictures(name) and name not in told):
            found.append((*parent, name))
    return frozenset(found)


def _parts_of_a_download(parent: tuple[str, ...], names: set[str], children: dict) -> list[str]:
    """Return the folders that are one download in several archives: named so, or numbered with one folder in each."""
    families: dict[str, list[str]] = defaultdict(list)
    for name in names:
        if match := PART.match(name):
            families[match["base"].casefold()].append(name)
    found = []
    for members in families.values():
        matches = [PART.match(name) for name in members]
        inside = [frozenset(children[*parent, name]) for name in members]
        alike = len(set(inside)) == 1 and len(inside[0]) == 1 and "" not in inside[0]
        if len(members) > 1 and (alike or all(match and (match["stamp"] or match["word"]) for match in matches)):
            found += members
    return found


def _common_top(folders: list[tuple[str, ...]], depth: int, told: Mapping) -> tuple[str, ...]:
    """Return the folders that hold everything, as long as nearly every picture lies `depth` or more levels below.

    With several folders below, a part of the pictures is enough: as one class, all of them would say nothing.
    """
    stripped: list[str] = []
    while len({parts[0] for parts in folders}) == 1 and not _is_split(folders[0][0], told):
        deeper = [parts[1:] for parts in folders if len(parts) > depth]
        branches = len({parts[0] for parts in deeper}) > 1
        if len(deeper) < (MIN_BESIDE if branches else MIN_DEEPER) * len(folders):
            break
        stripped.append(folders[0][0])
        folders = deeper
    return tuple(stripped)


def _is_split(name: str, told: Mapping) -> bool:
    return name in told or split_names.split_of(name) is not None


def _kind(counts: Counter, told: Mapping) -> str:
    if not counts:
        return "flat"
    deep = {parts for parts in counts if len(parts) > 1}
    firsts = {parts[0] for parts in counts}
    if split_names.are_splits(firsts) or firsts & set(told):
        splits = {name for name, split in _splits_of(firsts, told).items() if split}
        inside = Counter({parts: number for parts, number in counts.items() if parts[0] in splits})
        below = {parts[1:] for parts in inside if len(parts) > 1}
        if not below or not _any_deep(inside):
            return "split"
        return "split/group/class" if _are_groups(below) else "split/class"
    if all(map(split_names.says_no_class, firsts)):
        return "flat"
    if len(deep) < len(counts):
        return "class"
    if all(_is_split(parts[1], told) for parts in deep) and split_names.are_splits({parts[1] for parts in deep}):
        return "class/split"
    return "group/class" if _are_groups(deep) else "class"


def _any_deep(counts: Counter) -> bool:
    """Tell whether most pictures of one of the split folders lie in folders inside it."""
    deep: Counter = Counter()
    all_of_them: Counter = Counter()
    for parts, number in counts.items():
        all_of_them[parts[0]] += number
        deep[parts[0]] += number if len(parts) > 1 else 0
    return any(2 * deep[name] >= number for name, number in all_of_them.items())


def _splits_of(names: Collection[str], told: Mapping) -> dict[str, str | None]:
    found = split_names.splits_of(names)
    return {name: told.get(name, split) for name, split in found.items()}


def _split_folders(kind: str, counts: Counter, told: Mapping) -> dict[str, str | None]:
    """Return what each folder at the place of the split means."""
    meanings = kind.split("/")
    if "split" not in meanings:
        return {}
    place = meanings.index("split")
    return _splits_of(sorted({parts[place] for parts in counts if len(parts) > place}), told)


def _named(found: Layout, paths: Sequence[str]) -> dict[str, str]:
    """Return the labels in file names; those of the training part alone where the others carry none."""
    taught = [path for path in paths if found.parse(path)[2] == "train"]
    return file_name_labels.recognise(paths) or file_name_labels.recognise(taught) or {}


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
    return next((split for folder in _folders(path) if (split := split_names.split_of(folder))), None)
