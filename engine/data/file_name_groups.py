"""Groups that file names give away: a speaker, a patient, a video, a burst. Looked for, offered, never applied alone.

Pictures of one group resemble each other; on two sides of a split they flatter the result. Three kinds of evidence, the
strongest first: folders between the class and the file; a word that names a source of pictures with a number
(`speaker_03_…`, `video12_frame0007`); and a part of the name that comes back while a counter behind it starts again.
Plain counters, hashes and dates are none: they never come back.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.data import finding as shapes
from engine.data.layout import clean_name
from engine.data.reread import given_splits
from engine.data.split import MIN_GROUPS, assign
from engine.data.split_names import split_of
from engine.storage.registry import Item, ItemRecord

# Sources of several pictures each, as people write them in English, German and French.
SOURCES = (
    "speaker|spk|patient|pat|subject|subj|participant|proband|person|user|writer|author|donor|volunteer|video|vid|clip|"
    "scene|sequence|seq|camera|cam|session|recording|rec|film|movie|episode|series|slide|specimen|animal|case|"
    "sprecher|patientin|kamera|aufnahme|serie|fall|tier|locuteur|sujet|séquence|enregistrement|cas"
)
KNOWN = re.compile(rf"(?:^|[^a-zà-ÿ])({SOURCES})[-_ .]?#?(\d+|[a-z]\d+)(?![a-z\d])", re.IGNORECASE)
BURST = re.compile(r"^(.*\d)[-_ .]*(?:burst|\(\d+\)|copy|frame)[-_ .]*\(?\d*\)?$", re.IGNORECASE)
DAY = re.compile(r"(?:19|20)\d{2}[-_.](?:0[1-9]|1[0-2])[-_.](?:0[1-9]|[12]\d|3[01])(?!\d)")
DATE = re.compile(r"^(?:19|20)\d{2}(?:[01]\d(?:[0-3]\d(?:\d{6})?)?)?$")
MIN_COVERED = 0.8  # of the pictures must carry a group
MIN_SIZE = 3.0  # pictures of a group on average, where only the pattern speaks for it
FEWEST = 3  # groups, where a folder or a word speaks for them
MIN_CLASSES = 4  # that a group is met in, where it has one picture of each
KEYS_PER_CLASS = 2.0  # otherwise the key is but another name of the class


@dataclass(frozen=True)
class Found:
    """Groups by position in the list of items, None where a name carries none; and what gave them away."""

    groups: list[str | None]
    evidence: str


def findings(items: Sequence[ItemRecord]) -> list[dict]:
    """Return the offer to use groups found in file names; nothing where the pictures have groups already."""
    if not items or any(item.group for item in items):
        return []
    found = recognise(items)
    return [_offer(items, found)] if found else []


def recognise(items: Sequence[ItemRecord]) -> Found | None:
    """Return the groups that names give away, by the strongest evidence there is; None for plain names."""
    for look, evidence in ((_by_folder, "folder"), (_by_word, "word"), (_by_pattern, "pattern")):
        groups = look(items)
        if groups and _plausible(items, groups, evidence):
            return Found(groups, evidence)
    return None


def with_splits(items: Sequence[Item], changes: dict[int, dict], *, seed: int = 0) -> dict[int, dict]:
    """Return {id: {group, split}} for the items that get a group in `changes`, every group in one part.

    A split that the folders name is kept where that leaves most of the training pictures; otherwise it is made anew.
    """
    grouped = [replace(item, group=changes.get(item.id, {}).get("group", item.group)) for item in items]
    given = given_splits(grouped)
    parts = _apart(grouped, given, seed)
    if any(given) and parts.count("train") < given.count("train") / 2:
        parts = _apart(grouped, [None] * len(grouped), seed)
    return {item.id: {"group": item.group, "split": part} for item, part in zip(grouped, parts, strict=True)}


def _apart(items: Sequence[Item], given: Sequence[str | None], seed: int) -> list[str]:
    return assign([replace(i, split=s) for i, s in zip(items, given, strict=True)], groups_apart="yes", seed=seed)


def _offer(items: Sequence[ItemRecord], found: Found) -> dict:
    sizes = Counter(group for group in found.groups if group)
    example = sizes.most_common(1)[0][0]
    member = next(item for item, group in zip(items, found.groups, strict=True) if group == example)
    message = {
        "folder": "The folders below the classes look like {groups} groups: {file} lies in {example}, with {others} "
        "other pictures.",
        "word": "The file names speak of {groups} groups: {file} belongs to {example}, like {others} other pictures.",
        "pattern": "The file names look like {groups} groups: {file} seems to belong to {example}, like {others} other "
        "pictures.",
    }[found.evidence]
    fix = (
        "Pictures of one speaker, patient or video resemble each other. Keep each group in one part, or the result is "
        "better than the model."
    )
    values = {"groups": len(sizes), "file": member.name.split("/")[-1], "example": example}
    values["others"] = sizes[example] - 1
    pairs = [(item, group) for item, group in zip(items, found.groups, strict=True) if group]
    changes = {item.id: {"group": group} for item, group in pairs if hasattr(item, "id")}
    summary = _summary("used {n} groups from the file names", n=len(sizes))
    use = shapes.change("use_groups", "Use these groups", changes, summary, action={"groups_apart": "yes"})
    shown = [item for item, group in pairs if group == example]
    return shapes.finding("name_groups", "question", shown, message, fix, fixes=[use], **values)


def _by_folder(items: Sequence[ItemRecord]) -> list[str | None] | None:
    """Return the folders of each picture that are neither its class nor a split nor the same for its whole class."""
    paths = [item.name.split("/")[:-1] for item in items]
    if not any(paths):
        return None
    rest = [
        [folder for folder in path if clean_name(folder) != item.label and not split_of(folder)]
        for path, item in zip(paths, items, strict=True)
    ]
    return _without_constant(rest, items)


def _without_constant(parts: Sequence[Sequence[str]], items: Sequence[ItemRecord]) -> list[str | None]:
    """Join the parts of each name, leaving out positions at which every class has only one word."""
    seen: dict[tuple, set[str]] = defaultdict(set)
    for own, item in zip(parts, items, strict=True):
        for position, part in enumerate(own):
            seen[position, item.label].add(part)
    telling = {position for (position, _label), words in seen.items() if len(words) > 1}
    return ["/".join(part for p, part in enumerate(own) if p in telling) or None for own in parts]


def _by_word(items: Sequence[ItemRecord]) -> list[str | None] | None:
    stems = [_stem(item) for item in items]
    words = [_known(stem, item.label) for stem, item in zip(stems, items, strict=True)]
    if sum(map(bool, words)) >= MIN_COVERED * len(items):
        return words
    bursts = [match[1] if (match := BURST.match(stem)) else None for stem in stems]
    return bursts if sum(map(bool, bursts)) >= MIN_COVERED * len(items) else None


def _known(stem: str, label: str | None) -> str | None:
    """Return the first word for a source with its number, as `speaker 03`; not when the class itself is called so."""
    for match in KNOWN.finditer(stem):
        if match[1].lower() not in (label or "").lower():
            return f"{match[1]} {match[2]}"
    return None


def _by_pattern(items: Sequence[ItemRecord]) -> list[str | None] | None:
    """Return the shortest start of the names that comes back while a counter behind it starts again."""
    split = [re.split(r"[-_ .()]+", DAY.sub("", _stem(item))) for item in items]
    usual, count = Counter(map(len, split)).most_common(1)[0]
    if usual < 2 or count < MIN_COVERED * len(items):
        return None
    rows = [position for position, parts in enumerate(split) if len(parts) == usual]
    own = [items[position] for position in rows]
    for length in range(1, usual):
        keys = _without_constant([_undated(split[position][:length]) for position in rows], own)
        counters = [_first_number(split[position][length:]) for position in rows]
        if _comes_back(keys, counters, own):
            groups: list[str | None] = [None] * len(items)
            for position, key in zip(rows, keys, strict=True):
                groups[position] = key
            return groups
    return None


def _undated(parts: Sequence[str]) -> list[str]:
    return ["" if DATE.match(part) else part for part in parts]


def _first_number(parts: Sequence[str]) -> int | None:
    return next((int(part) for part in parts if part.isdecimal() and len(part) < 10), None)


def _comes_back(keys: Sequence[str | None], counters: Sequence[int | None], items: Sequence[ItemRecord]) -> bool:
    """Say whether most keys have several pictures, numbered from a start of their own, in more than one way a class."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for key, counter in zip(keys, counters, strict=True):
        if key and key.strip("/") and counter is not None:
            numbers[key].append(counter)
    if len(numbers) < MIN_GROUPS or sum(map(len, numbers.values())) < MIN_COVERED * len(keys):
        return False
    if sum(map(len, numbers.values())) < MIN_SIZE * len(numbers):
        return False
    largest = max(max(own) for own in numbers.values())
    starts = sorted(min(own) for own in numbers.values())[len(numbers) * 3 // 4]
    return starts <= max(1, largest // 10) and _differs_within_classes(keys, items)


def _differs_within_classes(keys: Sequence[str | None], items: Sequence[ItemRecord]) -> bool:
    pairs = {(item.label, key) for item, key in zip(items, keys, strict=True) if key}
    return len(pairs) >= KEYS_PER_CLASS * len({label for label, _key in pairs})


def _plausible(items: Sequence[ItemRecord], groups: Sequence[str | None], evidence: str) -> bool:
    """Say whether these are groups: enough of them, most with several pictures, and not the classes again."""
    sizes = Counter(group for group in groups if group)
    fewest = MIN_GROUPS if evidence == "pattern" else FEWEST
    enough = sizes.total() >= MIN_COVERED * len(items) and len(sizes) >= fewest and sizes.total() >= 2 * len(sizes)
    # `man/person_1, woman/person_1` count pictures; a person comes back in one class, or in most of them.
    pairs = Counter((item.label, group) for item, group in zip(items, groups, strict=True) if group)
    repeats = sizes.total() >= 1.5 * len(pairs) or len(pairs) >= MIN_CLASSES * len(sizes)
    return enough and repeats and _differs_within_classes(groups, items)


def _stem(item: ItemRecord) -> str:
    name = item.name.split("/")[-1]
    return name.rsplit(".", 1)[0]


def _summary(template: str, **values) -> dict:
    return {"template": template, "values": values}
