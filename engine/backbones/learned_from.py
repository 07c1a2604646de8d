"""Which pictures a network of one's own has learned from: what it knows by heart must not measure what is built on it.

A test part divided anew may hold pictures that an earlier training learned from. A run that starts from that network
leaves them, and their copies, out of its test (docs/decisions/0020). Light: loads no framework.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.backbones import catalogue, custom
from engine.data import copies, versions
from engine.data.split import duplicate_clusters
from engine.errors import TrainingError
from engine.storage import runs
from engine.storage.registry import Item
from engine.storage.workspace import read_json, write_json

KEPT = "learned_from.json"
LEARNED = ("train", "validation")  # what chose between epochs has had its say too


@dataclass(frozen=True)
class LearnedFrom:
    """Content hashes of the pictures that a network has learned from; `unknown` where it may have learned others."""

    pictures: frozenset[str] = frozenset()
    unknown: bool = False


def by(key: str) -> LearnedFrom:
    """Return what a network has learned from, with all it was built on; nothing of ours for one of the catalogue."""
    key = catalogue.plain(key)
    if not custom.is_own(key):
        return LearnedFrom()
    path = None if key.startswith(custom.UPLOAD) else custom.find(key)
    if path is None:
        return LearnedFrom(unknown=True)
    kept = read_json(path.parent / KEPT)
    return of_run(path.parent) if kept is None else LearnedFrom(frozenset(kept["pictures"]), kept["unknown"])


def of_run(run_dir: Path) -> LearnedFrom:
    """Return what the network of a run, without its last step, has learned from."""
    before = by(runs.read_recipe(run_dir).get("backbone", ""))
    evaluation = runs.read_evaluation(run_dir)
    if evaluation is not None and evaluation.get("chosen") == "probe":
        return before  # only the last step has learned anything, and that is taken off
    pictures = versions.of_run(run_dir)
    learned = {picture.sha256 for picture in pictures if picture.split in LEARNED}
    return LearnedFrom(before.pictures | learned, before.unknown or not pictures)


def keep(run_dir: Path, folder: Path) -> None:
    """Write what the network of a run has learned from into the folder in which it outlives the run."""
    seen = of_run(run_dir)
    write_json(folder / KEPT, {"pictures": sorted(seen.pictures), "unknown": seen.unknown})


def left_out(key: str, items: Sequence[Item]) -> dict:
    """Return what a run on these items does not count: {"items": ids of test pictures, "unknown": see Seen}.

    Besides what was learned from, these are copies of it and, where groups are kept apart, all of the same group.
    Raises TrainingError where no test picture is left.
    """
    seen = by(key)
    known = _with_groups(items, _with_copies(items, seen.pictures)) if seen.pictures else set()
    tested = [item.id for item in items if item.split == "test"]
    aside = [item for item in tested if item in known]
    if aside and len(aside) == len(tested):
        raise TrainingError(
            "The network that this training would start from has learned from all {count} test pictures, so nothing is "
            "left to measure it on. Add new pictures to the test part, undo the new division of the parts, or choose "
            "another network.",
            count=len(aside),
        )
    return {"items": aside, "unknown": seen.unknown}


def _with_copies(items: Sequence[Item], pictures: Collection[str]) -> set[int]:
    """Return the ids of the items that are among these pictures, or that a copy of theirs is."""
    alone = {item.id for item in items if item.sha256 in pictures}
    families = copies.families(items, duplicate_clusters(items))
    return alone.union(*([one.id for one in own] for own in families if any(one.id in alone for one in own)))


def _with_groups(items: Sequence[Item], known: set[int]) -> set[int]:
    """Return these ids and, where every group lies in one part alone, those of all items of the same groups."""
    grouped = [item for item in items if item.group is not None]
    if len({(item.group, item.split) for item in grouped}) > len({item.group for item in grouped}):
        return known
    learned = {item.group for item in grouped if item.id in known}
    return known | {item.id for item in grouped if item.group in learned}
