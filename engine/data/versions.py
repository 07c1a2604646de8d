"""Versions of a dataset: what each run saw, what is there now, and what changed between two of them.

A run's snapshot never changes, so a version costs no storage of its own: it is the list of pictures that a run saw.
"""

import functools
import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from engine.storage import runs
from engine.storage.workspace import read_json, write_json

FACTS = "dataset.json"
# Test pictures that do not count, since the network a run starts from has learned from them: {items, unknown}.
LEFT_OUT = "left_out.json"
KEPT = 6  # versions held in memory; one of 20,000 pictures takes about 10 MB


class Picture(NamedTuple):
    """One picture as a run saw it; `item` is its id in the registry."""

    item: int
    sha256: str
    name: str
    label: str
    group: str | None
    split: str | None


@dataclass(frozen=True)
class Difference:
    """What changed from one version to another: pictures, or pairs of a picture as it was and as it is."""

    added: list[Picture] = field(default_factory=list)
    removed: list[Picture] = field(default_factory=list)
    relabelled: list[tuple[Picture, Picture]] = field(default_factory=list)
    moved: list[tuple[Picture, Picture]] = field(default_factory=list)
    regrouped: list[tuple[Picture, Picture]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any((self.added, self.removed, self.relabelled, self.moved, self.regrouped))

    def touches(self, split: str) -> bool:
        """Say whether pictures of this part changed, came or went."""
        pairs = (one for pair in (*self.relabelled, *self.moved, *self.regrouped) for one in pair)
        return any(picture.split == split for picture in (*self.added, *self.removed, *pairs))


def of_items(items: Iterable) -> tuple[Picture, ...]:
    """Return what a run would see that began now: the items that it would use."""
    return tuple(Picture(i.id, i.sha256, i.name, i.label, i.group, i.split) for i in items if i.is_used)


@functools.lru_cache(maxsize=KEPT)
def of_run(run_dir: Path) -> tuple[Picture, ...]:
    """Return what a run saw; () when its snapshot is gone."""
    try:
        columns = runs.read_snapshot(run_dir).to_pydict()
    except OSError:
        return ()
    return tuple(map(Picture, *(columns[name] for name in ("item", "sha256", "name", "label", "group", "split"))))


def note(run_dir: Path, items: Iterable) -> None:
    """Write beside a run's snapshot what tells its version and its test set from others (dataset.json)."""
    note_pictures(run_dir, of_items(items))


def note_pictures(run_dir: Path, pictures: tuple[Picture, ...]) -> None:
    """Write the same for pictures that a run saw."""
    write_json(run_dir / FACTS, _facts(pictures, left_out(run_dir)["items"]))


def facts(run_dir: Path) -> dict:
    """Return {"pictures", "fingerprint", "test_fingerprint"} of what a run saw; for older runs they are worked out."""
    return read_json(run_dir / FACTS) or _facts_of_older_run(run_dir)


def leave_out(run_dir: Path, facts: dict) -> None:
    """Note the test pictures that do not count, as engine.backbones.learned_from.left_out returns them."""
    if facts["items"] or facts["unknown"]:
        write_json(run_dir / LEFT_OUT, facts)


def left_out(run_dir: Path) -> dict:
    """Return {"items": ids of test pictures that do not count, "unknown": whether others of them were learned from}."""
    return read_json(run_dir / LEFT_OUT) or {"items": [], "unknown": False}


def fingerprint(pictures: Iterable[Picture]) -> str:
    """Return a text that two versions share when they hold the same pictures, labels, groups and parts."""
    return _fingerprint([(p.item, p.sha256, p.label, p.group, p.split) for p in pictures])


def test_fingerprint(run_dir: Path) -> str:
    """Return a text that two runs share when they were measured on the same pictures with the same labels."""
    return facts(run_dir)["test_fingerprint"]


@functools.lru_cache(maxsize=256)
def test_items(run_dir: Path) -> frozenset[int]:
    """Return the ids of the items a run was, or will be, measured on."""
    return frozenset(test_labels(run_dir))


def test_labels(run_dir: Path) -> dict[int, str]:
    """Return {item: its class} of what a run was, or will be, measured on; {} when its snapshot is gone."""
    try:
        columns = runs.read_snapshot(run_dir, ["item", "label", "split"]).to_pydict()
    except OSError:
        return {}
    aside = set(left_out(run_dir)["items"])
    rows = zip(columns["item"], columns["label"], columns["split"], strict=True)
    return {item: label for item, label, split in rows if split == "test" and item not in aside}


@functools.lru_cache(maxsize=256)
def _facts_of_older_run(run_dir: Path) -> dict:
    return _facts(of_run(run_dir), left_out(run_dir)["items"])


def _facts(pictures: tuple[Picture, ...], aside: Collection[int]) -> dict:
    aside = set(aside)
    measured = [(p.item, p.sha256, p.label) for p in pictures if p.split == "test" and p.item not in aside]
    return {
        "pictures": len(pictures),
        "fingerprint": fingerprint(pictures),
        "test_fingerprint": _fingerprint(measured),
    }


def _fingerprint(rows: list[tuple]) -> str:
    return hashlib.sha256(repr(sorted(rows, key=lambda row: row[0])).encode()).hexdigest()[:16]


def compare(old: Iterable[Picture], new: Iterable[Picture]) -> Difference:
    """Return what changed from `old` to `new`. A picture that went and came in again counts as the same one."""
    before, after = ({picture.item: picture for picture in version} for version in (old, new))
    pairs = [(before[item], after[item]) for item in before if item in after]
    gone = [picture for item, picture in before.items() if item not in after]
    came = [picture for item, picture in after.items() if item not in before]
    again, removed, added = _matched(gone, came)
    pairs += again
    return Difference(
        added=added,
        removed=removed,
        relabelled=[pair for pair in pairs if pair[0].label != pair[1].label],
        moved=[pair for pair in pairs if pair[0].split != pair[1].split],
        regrouped=[pair for pair in pairs if pair[0].group != pair[1].group],
    )


def _matched(
    gone: list[Picture], came: list[Picture]
) -> tuple[list[tuple[Picture, Picture]], list[Picture], list[Picture]]:
    """Pair pictures of the same content; return the pairs, what is left of `gone` and what is left of `came`."""
    same = defaultdict(list)
    for picture in reversed(gone):
        same[picture.sha256].append(picture)
    pairs, added = [], []
    for picture in came:
        if same[picture.sha256]:
            pairs.append((same[picture.sha256].pop(), picture))
        else:
            added.append(picture)
    paired = {old.item for old, _ in pairs}
    return pairs, [picture for picture in gone if picture.item not in paired], added
