"""Decide once which pictures train the network, which choose between versions and which measure it.

Copies of a picture, and pictures of one group where groups are kept apart, are one unit and lie on one side.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from engine.data import fingerprint, label_kinds
from engine.data.label_kinds import single_label
from engine.data.label_kinds.label_kind import LabelKind
from engine.data.modalities.image_facts import ImageFacts, image_facts
from engine.data.split_names import SPLITS
from engine.storage.registry import ItemRecord

HELD_OUT_FIRST = ("test", "validation", "train")
FRACTIONS = (0.7, 0.15, 0.15)
MIN_UNITS = 3  # of a class: one to learn from, one to choose with, one to measure on
MIN_GROUPS = 5  # with fewer, whole groups in one part would leave too few to learn from or to measure on


@dataclass
class _Unit:
    """Pictures that stay together. `weight` counts distinct pictures per class; `allowed` are the open splits.

    `first` is the class whose need decides before that of the others, where pictures may show several.
    """

    members: list[int] = field(default_factory=list)
    weight: Counter = field(default_factory=Counter)
    split: str | None = None
    allowed: tuple[str, ...] = SPLITS
    key: str = ""
    first: str | None = None
    group: str | None = None  # of all its members, where groups are spread evenly


def assign(
    records: Sequence[ItemRecord],
    *,
    existing: Sequence[ItemRecord] = (),
    fractions: tuple[float, float, float] = FRACTIONS,
    groups_apart: str = "auto",
    seed: int = 0,
    parts: tuple[str, ...] = SPLITS,
    label_kind: LabelKind = single_label,
) -> list[str]:
    """Return "train", "validation" or "test" for every record. The same input gives the same answer, in any order.

    `existing` items keep their split, and copies of them follow. A given split is kept; where copies disagree the most
    held-out one wins (test, validation, train). Parts that a given split lacks are cut from its training part.
    The rest is divided by `fractions` per class, so that a class with 3 distinct pictures or more is in every part.
    `groups_apart`: "yes", "no", or "auto": from 5 groups on, unless the splits are given. `parts` are those that
    records without a given split may come to; copies of existing pictures follow them all the same.
    `label_kind` says for which classes a picture counts, and which pictures are divided first.
    """
    everything = [*existing, *records]
    given = _given(records, existing)
    apart = _keep_groups_apart(everything, groups_apart, any(given))
    units = _units(everything, len(existing), given, apart, seed)
    for unit in units:
        unit.weight = label_kind.weight(unit.weight, [everything[index].label for index in unit.members])
        unit.allowed = tuple(split for split in unit.allowed if split in parts) or unit.allowed
        unit.group = None if apart else _group_of(unit, everything)
    counts: dict[str, Counter] = defaultdict(Counter)
    for unit in units:
        if unit.split:
            _place(unit, unit.split, counts)
    for allowed in sorted({unit.allowed for unit in units}, key=len):
        open_units = [unit for unit in units if not unit.split and unit.allowed == allowed]
        _divide(label_kind.dividing_order(open_units), allowed, fractions, counts)
    splits = {index: unit.split or "train" for unit in units for index in unit.members}
    return [splits[index] for index in range(len(existing), len(everything))]


def options_of(dataset_options: dict) -> dict:
    """Return how the pictures of a dataset are divided, as keywords for `assign`."""
    return {
        "fractions": tuple(dataset_options.get("split_fractions", FRACTIONS)),
        "groups_apart": dataset_options.get("groups_apart", "auto"),
        "seed": dataset_options.get("split_seed", 0),
        "label_kind": label_kinds.of(dataset_options),
    }


def again(records: Sequence[ItemRecord], *, keep_given: bool = True, keep_test: bool = False, **options) -> list[str]:
    """Divide pictures that have a split already anew; return the split of every record.

    keep_given: a split that came with the data stays as it came. keep_test: the test part stays exactly as it is, and
    only the rest is divided into training and validation. `options` are those of `assign`.
    """
    fresh = [replace(record, split=record.given_split if keep_given else None) for record in records]
    if not keep_test:
        return assign(fresh, **options)
    tested = [record for record in records if record.split == "test"]
    rest = [record for record, old in zip(fresh, records, strict=True) if old.split != "test"]
    rest = [replace(record, split=None) if record.split == "test" else record for record in rest]
    parts = iter(assign(rest, existing=tested, parts=("train", "validation"), **options))
    return ["test" if record.split == "test" else next(parts) for record in records]


def moved(records: Sequence[ItemRecord], splits: Sequence[str]) -> list[ItemRecord]:
    """Return the records whose given split was changed although it was no training part that had to be cut.

    These are copies (or members of a group) that lay on both sides; counted as given, they would inflate the score.
    """
    pairs = zip(records, splits, strict=True)
    complete = set(SPLITS) <= {record.split for record in records}
    return [r for r, s in pairs if r.split and r.split != s and (complete or r.split != "train")]


def followed_copies(records: Sequence[ItemRecord]) -> int:
    """Return how many records lie in another part than they came with, because a copy (or their group) lay there.

    Only those that went into a part that was given count: one that was missing is cut from the training part.
    """
    parts = {record.given_split for record in records} - {None}
    if "train" not in parts:
        return 0  # nothing to learn from was given, so everything was divided anew
    return sum(r.given_split is not None and r.split != r.given_split and r.split in parts for r in records)


def _given(records: Sequence[ItemRecord], existing: Sequence[ItemRecord]) -> list[str | None]:
    """Return the given split per record; all None when nothing was given to train on."""
    given = [record.split if record.split in SPLITS else None for record in records]
    learns = "train" in given or None in given or any(item.split == "train" for item in existing)
    return given if learns else [None] * len(records)


def _keep_groups_apart(everything: Sequence[ItemRecord], choice: str, given: bool) -> bool:
    if choice not in ("auto", "yes", "no"):
        raise ValueError(f"groups_apart is {choice!r}; expected 'auto', 'yes' or 'no'.")
    if choice != "auto":
        return choice == "yes"
    return not given and len({record.group for record in everything if record.group}) >= MIN_GROUPS


class Printed(Protocol):
    """Anything with a content hash and the facts of its modality: a record, an item."""

    @property
    def sha256(self) -> str: ...

    @property
    def facts(self) -> str: ...


def exact_clusters(records: Sequence[Printed]) -> list[int]:
    """Return for each record the index of the first one with the very same pixels (itself when it is alone)."""
    union = _exact(records, [image_facts(record) for record in records])
    return [union.find(index) for index in range(len(records))]


def duplicate_clusters(records: Sequence[Printed]) -> list[int]:
    """Return for each record the index of the first that seems to show the same picture (itself when it is alone).

    Beside the same pixels, that is what a closer look found when pictures came in; for those that came in before it
    was taken, what their fingerprints say. Both are guesses.
    """
    known = [image_facts(record) for record in records]
    union = _exact(records, known)
    pairs = zip(records, known, strict=True)
    union.join_equal(facts.family or record.sha256[: fingerprint.FAMILY_DIGITS] for record, facts in pairs)
    unlooked = [index for index, facts in enumerate(known) if facts.family is None]
    for left, right in fingerprint.near_duplicates([known[index] for index in unlooked]):
        union.join(unlooked[left], unlooked[right])
    return [union.find(index) for index in range(len(records))]


def kept_together(records: Sequence[ItemRecord]) -> list[int]:
    """Return the clusters that stay on one side of a split: what seems to be a copy, as long as that stops no training.

    A class that would be left with too few units, although it has enough distinct pictures, keeps only those together
    that are the same pixel by pixel.
    """
    likely, exact = duplicate_clusters(records), exact_clusters(records)
    if likely == exact:
        return likely
    units: dict[str, set[int]] = defaultdict(set)
    pictures: dict[str, set[int]] = defaultdict(set)
    for record, cluster, own in zip(records, likely, exact, strict=True):
        units[record.label or ""].add(cluster)
        pictures[record.label or ""].add(own)
    short = {label for label in units if len(units[label]) < min(MIN_UNITS, len(pictures[label]))}
    loose = {cluster for record, cluster in zip(records, likely, strict=True) if (record.label or "") in short}
    return [own if cluster in loose else cluster for cluster, own in zip(likely, exact, strict=True)]


def _exact(records: Sequence[Printed], known: Sequence[ImageFacts]) -> "_Union":
    union = _Union(len(records))
    union.join_equal(record.sha256 for record in records)
    union.join_equal(facts.pixels_hash for facts in known)
    return union


def _units(
    everything: Sequence[ItemRecord], known: int, given: Sequence[str | None], apart: bool, seed: int
) -> list[_Unit]:
    clusters = kept_together(everything)
    union = _Union(len(everything))
    union.join_equal(clusters)
    if apart:
        union.join_equal(record.group for record in everything)
    units: dict[int, _Unit] = defaultdict(_Unit)
    for index in range(len(everything)):
        units[union.find(index)].members.append(index)
    missing = _missing_parts(everything[:known], given)
    for unit in units.values():
        pictures = {(everything[i].label or "", clusters[i]) for i in unit.members}
        unit.weight = Counter(label for label, _ in pictures)
        unit.key = min(_shuffled(everything[i], seed) for i in unit.members)
        _constrain(
            unit,
            [everything[i].split for i in unit.members if i < known],
            [given[i - known] for i in unit.members if i >= known],
            missing,
        )
    return sorted(units.values(), key=lambda unit: (-unit.weight.total(), unit.key))


def _missing_parts(existing: Sequence[ItemRecord], given: Sequence[str | None]) -> tuple[str, ...]:
    """Return the splits that a given split leaves out, in the order of SPLITS."""
    there = {item.split for item in existing} | set(given)
    return tuple(split for split in SPLITS if split not in there)


def _constrain(unit: _Unit, stored: list[str | None], given: list[str | None], missing: tuple[str, ...]) -> None:
    """Fix the split where it is known already; a given "train" may also fill the parts that are missing."""
    unit.split = most_held_out(stored) or most_held_out(given)
    if unit.split == "train" and missing and not any(stored):
        unit.split, unit.allowed = None, ("train", *missing)


def most_held_out(splits: Iterable[str | None]) -> str | None:
    """Return the most held-out of some splits: test, then validation, then train; None when there is none."""
    present = set(splits)
    return next((split for split in HELD_OUT_FIRST if split in present), None)


def _divide(
    units: list[_Unit], allowed: tuple[str, ...], fractions: Sequence[float], counts: dict[str, Counter]
) -> None:
    """Give each unit, the largest first, to the part that lacks most of its classes."""
    free: Counter = Counter()
    for unit in units:
        free.update(unit.weight)
    share = {split: fraction for split, fraction in zip(SPLITS, fractions, strict=True) if split in allowed}
    lacking = {label: _lacking(number, share, counts[label]) for label, number in free.items()}
    left = Counter(label for unit in units for label in unit.weight)
    spread = _Spread(units, share)
    for unit in units:
        urgent = _urgent(unit, left, allowed, counts)
        best = spread.part_for(unit, urgent, lacking) or _best_part(unit, urgent, lacking, free, share)
        _place(unit, best, counts)
        spread.note(unit, best)
        for label, number in unit.weight.items():
            lacking[label][best] -= number
            left[label] -= 1


class _Spread:
    """Spreads every group over the parts as evenly as its classes allow, where groups are not kept apart.

    The needs of the classes come first: among the parts that still lack the class of a unit, the one that lacks most of
    its group takes it, of the group as a whole and of the class in it.
    """

    def __init__(self, units: list[_Unit], share: dict[str, float]):
        self._wanted: Counter = Counter()
        self._have: dict[object, Counter] = defaultdict(Counter)
        self._share = {split: fraction / sum(share.values()) for split, fraction in share.items() if fraction}
        for unit in units:
            for stratum in _strata(unit):
                self._wanted[stratum] += unit.weight.total()

    def part_for(self, unit: _Unit, parts: list[str], lacking: dict[str, dict[str, int]]) -> str | None:
        """Return the part for a unit of one class and one group, None for any other."""
        if unit.group is None or len(unit.weight) != 1:
            return None
        (label,) = unit.weight
        open_parts = [part for part in parts if lacking[label].get(part, 0) > 0 and part in self._share]
        if len(open_parts) < 2:
            return None

        def need(part: str) -> float:
            share = self._share[part]
            return sum((share * self._wanted[s] - self._have[s][part]) / share**0.5 for s in _strata(unit))

        return max(open_parts, key=need)

    def note(self, unit: _Unit, part: str) -> None:
        """Count a unit that has been placed."""
        for stratum in _strata(unit):
            self._have[stratum][part] += unit.weight.total()


def _strata(unit: _Unit) -> list[object]:
    return [] if unit.group is None else [unit.group, *((unit.group, label) for label in unit.weight)]


def _group_of(unit: _Unit, everything: Sequence[ItemRecord]) -> str | None:
    """Return the group that all pictures of a unit belong to, None where they have several or none."""
    groups = {everything[index].group for index in unit.members}
    return groups.pop() if len(groups) == 1 else None


def _urgent(unit: _Unit, left: Counter, allowed: tuple[str, ...], counts: dict[str, Counter]) -> list[str]:
    """Return the parts to choose from: those without a class of the unit, once its last units must fill them."""
    for label in sorted(unit.weight):
        empty = [split for split in HELD_OUT_FIRST if split in allowed and not counts[label][split]]
        if len(empty) >= left[label]:
            return empty
    return [split for split in HELD_OUT_FIRST if split in allowed]


def _best_part(
    unit: _Unit, parts: list[str], lacking: dict[str, dict[str, int]], free: Counter, share: dict[str, float]
) -> str:
    def need(part: str) -> tuple[float, float]:
        every = sum(number * lacking[label][part] / free[label] for label, number in unit.weight.items())
        # Needs that are added up would send what shows many classes to the largest part and leave the easy pictures for
        # the test; so would filling the largest part first. Hence one class decides, and all parts fill in step.
        first = lacking[unit.first][part] / share[part] if unit.first and share[part] else 0.0
        return (first, every)

    return max(parts, key=need)


def _lacking(free: int, share: dict[str, float], have: Counter) -> dict[str, int]:
    """Return how many more pictures of a class each part should get; they add up to `free` where that is possible."""
    total = free + sum(have[split] for split in share)
    exact = {split: total * fraction / sum(share.values()) for split, fraction in share.items()}
    wanted = {split: int(number) for split, number in exact.items()}
    for split in sorted(exact, key=lambda s: (wanted[s] - exact[s], HELD_OUT_FIRST.index(s)))[
        : total - sum(wanted.values())
    ]:
        wanted[split] += 1
    for split in HELD_OUT_FIRST:
        largest = max(wanted, key=wanted.__getitem__)
        if split in wanted and wanted[split] == 0 and wanted[largest] > 1:
            wanted[split], wanted[largest] = 1, wanted[largest] - 1
    return {split: wanted[split] - have[split] for split in wanted}


def _place(unit: _Unit, split: str, counts: dict[str, Counter]) -> None:
    unit.split = split
    for label, number in unit.weight.items():
        counts[label][split] += number


def _shuffled(record: ItemRecord, seed: int) -> str:
    """Return a key in an order that looks random but depends on the picture alone, not on when it came."""
    return hashlib.sha256(f"{seed} {record.sha256} {record.name}".encode()).hexdigest()


class _Union:
    """Disjoint sets of indices (Tarjan 1975); the smallest index stands for its set."""

    def __init__(self, size: int):
        self._parent = list(range(size))

    def find(self, index: int) -> int:
        while self._parent[index] != index:
            self._parent[index] = self._parent[self._parent[index]]
            index = self._parent[index]
        return index

    def join(self, left: int, right: int) -> None:
        left, right = sorted((self.find(left), self.find(right)))
        self._parent[right] = left

    def join_equal(self, keys: Iterable[Hashable]) -> None:
        """Join the indices whose keys are equal; empty keys join nothing."""
        first: dict[Hashable, int] = {}
        for index, key in enumerate(keys):
            if key or key == 0:
                self.join(first.setdefault(key, index), index)
