"""Models side by side on the test pictures they share, and whether they differ by more than chance.

Nothing but numpy and files of finished runs, so that pages may ask it directly.
"""

import functools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.data import label_kinds, versions
from engine.data.label_kinds import single_label
from engine.data.label_kinds.label_kind import LabelKind
from engine.evaluation import evaluators, results
from engine.evaluation.metrics import sign_flips
from engine.evaluation.metrics.intervals import wilson_interval
from engine.storage import runs

CHANCE = 0.05  # a difference that comes up more often than this by chance alone is not called one


@dataclass(frozen=True)
class Verdict:
    """One test picture and what each model said about it, with the probability of that answer; `right` by model."""

    item: int
    sha256: str
    label: str
    answers: tuple[str, ...]
    probabilities: tuple[float, ...]
    group: str | None = None

    @property
    def right(self) -> tuple[bool, ...]:
        return tuple(answer == self.label for answer in self.answers)


@dataclass(frozen=True)
class Comparison:
    """What several models said about the test pictures that all of them share.

    left_out: how many test pictures of each model the others were not measured on; relabelled: shared pictures whose
    class is another one in some of the runs; mistakes_gone: how many of the pictures that were left out each model got
    wrong; renamed: {class of an older run: what the newest calls it}; divided: {class of an older run: the classes that
    its pictures have in the newest}; label_kind: what labels and answers say; an answer is right where all of its
    classes are; by_groups: whether the pictures come in groups that no model learned from, so that those of one stand
    or fall together.
    """

    pictures: tuple[Verdict, ...]
    left_out: tuple[int, ...]
    relabelled: int
    mistakes_gone: tuple[int, ...]
    renamed: dict[str, str]
    divided: dict[str, tuple[str, ...]] = field(default_factory=dict)
    label_kind: LabelKind = single_label
    by_groups: bool = False

    def accuracies(self) -> list[float]:
        """Return the fraction of shared pictures that each model gets right; 0 where none is shared."""
        count = len(self.pictures) or 1
        return [sum(right) / count for right in zip(*(one.right for one in self.pictures), strict=True)] or [0.0] * len(
            self.left_out
        )

    def interval(self, model: int) -> tuple[float, float]:
        """Return Wilson's interval of one model's accuracy on the shared pictures."""
        return wilson_interval(sum(one.right[model] for one in self.pictures), len(self.pictures))

    def turned_right(self, old: int = 0, new: int = 1) -> list[Verdict]:
        """Return the pictures that `new` gets right and `old` does not, the surest first."""
        return self._won(new, old)

    def turned_wrong(self, old: int = 0, new: int = 1) -> list[Verdict]:
        """Return the pictures that `old` gets right and `new` does not, those that `new` is surest of first."""
        return sorted(self._won(old, new), key=lambda one: -one.probabilities[new])

    def still_wrong(self, old: int = 0, new: int = 1) -> list[Verdict]:
        """Return the pictures that neither gets right, those that `new` is surest of first."""
        found = [one for one in self.pictures if not one.right[old] and not one.right[new]]
        return sorted(found, key=lambda one: -one.probabilities[new])

    def chance(self, old: int = 0, new: int = 1) -> float:
        """Return how likely so uneven a result is by chance: McNemar's exact p, or by sign flips of whole groups."""
        if not self.by_groups:
            return mcnemar(len(self._won(old, new)), len(self._won(new, old)))
        rows = ((one.item, one.group, one.right[new] - one.right[old]) for one in self.pictures)
        return _by_groups(rows)

    def disagreements(self) -> list[Verdict]:
        """Return the pictures that the models give different answers to, most classes first, then the surest."""
        found = [one for one in self.pictures if len(set(one.answers)) > 1]
        return sorted(found, key=lambda one: (-len(set(one.answers)), -max(one.probabilities)))

    def per_class(self) -> list[dict]:
        """Return {"class", "support", "recall": [one a model]} of every class of the shared pictures, by name.

        Where pictures may show several classes, it is recognised where it is among those of the answer.
        """
        by_class: dict[str, list[tuple[bool, ...]]] = {}
        for one in self.pictures:
            said = [self.label_kind.names_of(answer) for answer in one.answers]
            for name in self.label_kind.names_of(one.label):
                by_class.setdefault(name, []).append(tuple(name in names for names in said))
        return [
            {
                "class": label,
                "support": len(rows),
                "recall": [sum(model) / len(rows) for model in zip(*rows, strict=True)],
            }
            for label, rows in sorted(by_class.items())
        ]

    def _won(self, winner: int, loser: int) -> list[Verdict]:
        found = [one for one in self.pictures if one.right[winner] and not one.right[loser]]
        return sorted(found, key=lambda one: -one.probabilities[winner])


def mcnemar(one_way: int, other_way: int) -> float:
    """Return how often chance alone gives a split at least this uneven (McNemar 1947, exact binomial, two-sided).

    one_way, other_way: how many pictures only the one model gets right, and only the other. 1.0 where there are none.
    """
    count, fewer = one_way + other_way, min(one_way, other_way)
    term = total = 1  # whole numbers: no rounding however many pictures there are
    for k in range(fewer):
        term = term * (count - k) // (k + 1)
        total += term
    return min(1.0, 2 * total / 2**count)


def in_groups(folder: Path) -> bool:
    """Tell whether a run's test pictures come in groups that it did not learn from."""
    facts = results.evaluation(folder)
    return bool(facts and facts.get("interval_groups"))


def chance_against_before(folder: Path) -> float:
    """Return how likely the difference between the trained model and the network as it came is by chance alone."""
    turned = against_before(folder)
    if turned is None or not in_groups(folder):
        return 1.0 if turned is None else mcnemar(*turned)
    found = results.predictions(folder)
    now, then = (_right(each) for each in (found, results.before(folder)))
    pairs = zip(found.column("item"), found.column("group"), strict=True)
    return _by_groups((item, group, now[item] - then.get(item, False)) for item, group in pairs)


def _by_groups(rows: Iterable[tuple[int, str | None, int]]) -> float:
    """Return the p of sign flips for (item, group, difference); a picture without a group is one of its own."""
    sums: dict[tuple, int] = {}
    for item, group, difference in rows:
        unit = ("picture", item) if group is None else ("group", group)
        sums[unit] = sums.get(unit, 0) + difference
    return sign_flips.p_value(list(sums.values()))


def against_before(folder: Path) -> tuple[int, int] | None:
    """Return how many test pictures only the trained model gets right, and how many only the network as it came.

    None where the run did not ask the network as it came.
    """
    now, then = (_right(found) for found in (results.predictions(folder), results.before(folder)))
    if not then:
        return None
    won = sum(right and not then.get(item, False) for item, right in now.items())
    return won, sum(right and not now.get(item, False) for item, right in then.items())


def _right(found: results.Predictions) -> dict[int, bool]:
    pairs = zip(found.labels, found.answers, strict=True)
    return dict(zip(found.column("item"), (label == answer for label, answer in pairs), strict=True))


def compare(folders: Sequence[Path]) -> Comparison:
    """Compare finished runs on the test pictures they share; the newest run says which class a picture is."""
    return _compare(tuple(folders), tuple(map(_written, folders)))


def same_test(folders: Sequence[Path]) -> bool:
    """Say whether the runs were measured on the same pictures with the same labels."""
    return len({versions.test_fingerprint(folder) for folder in folders}) == 1


def mistakes_taken_out(folder: Path, others: Sequence[Path]) -> int:
    """Return how many test pictures that an older run of `others` got wrong this run no longer has, in any part.

    Pictures that came into another part when all were divided again do not count: that was chance.
    """
    older = [other for other in others if _age(other) < _age(folder)]
    missing = {item for other in older for item in _mistakes(other, _written(other))} - versions.test_items(folder)
    return len(missing - {picture.item for picture in versions.of_run(folder)}) if missing else 0


def cost(folder: Path) -> dict:
    """Return {"seconds", "model_mb", "images_per_second"} of a finished run, None for what is not known."""
    facts = results.evaluation(folder)
    try:
        size = (folder / runs.MODEL).stat().st_size / 1e6
    except OSError:
        size = None
    return {
        "seconds": facts.get("seconds", {}).get("total") if facts else None,
        "model_mb": size,
        "images_per_second": facts.get("images_per_second") if facts else None,
    }


def odds(p: float) -> int:
    """Return N of "1 time in N" for a probability, rounded to what one can say aloud."""
    if p <= 0 or 1 / p >= 1e6:
        return 1_000_000
    exact = 1 / p
    step = 10 ** max(0, math.floor(math.log10(exact)) - 1)
    return max(1, round(exact / step) * step)


@functools.lru_cache(maxsize=16)
def _compare(folders: tuple[Path, ...], _stamps: tuple[int, ...]) -> Comparison:
    answered = [_answers(folder) for folder in folders]
    shared = sorted(set.intersection(*(set(one) for one in answered)))
    newest = max(range(len(folders)), key=lambda position: _age(folders[position]))
    truth = {item: answered[newest][item][1] for item in shared}
    label_kind = label_kinds.of_task(_task(folders[newest]))
    became: dict[str, set[str]] = {}
    for folder in folders:
        for name, classes in _became(folder, folders[newest], label_kind).items():
            became.setdefault(name, set()).update(classes)
    renamed = {name: next(iter(classes)) for name, classes in became.items() if len(classes) == 1}
    now = functools.partial(_now, renamed=renamed, label_kind=label_kind)
    groups = _groups(folders[newest])
    pictures = tuple(
        Verdict(
            item,
            answered[newest][item][0],
            truth[item],
            tuple(now(own[item][2]) for own in answered),
            tuple(own[item][3] for own in answered),
            groups.get(item),
        )
        for item in shared
    )
    changed = {item for own in answered for item in shared if now(own[item][1]) != truth[item]}
    aside = [[own[item] for item in own.keys() - truth.keys()] for own in answered]
    return Comparison(
        pictures=pictures,
        left_out=tuple(map(len, aside)),
        relabelled=len(changed),
        mistakes_gone=tuple(sum(label != answer for _hash, label, answer, _p in rows) for rows in aside),
        renamed=renamed,
        divided={name: tuple(sorted(classes)) for name, classes in became.items() if len(classes) > 1},
        label_kind=label_kind,
        by_groups=all(in_groups(folder) for folder in folders),
    )


def _groups(folder: Path) -> dict[int, str | None]:
    found = results.predictions(folder)
    return dict(zip(found.column("item"), found.column("group"), strict=True)) if len(found) else {}


def _written(folder: Path) -> int:
    return (folder / runs.PREDICTIONS).stat().st_mtime_ns


@functools.lru_cache(maxsize=64)
def _mistakes(folder: Path, _stamp: int) -> frozenset[int]:
    found = results.predictions(folder)
    rows = zip(found.column("item"), found.labels, found.answers, strict=True)
    return frozenset(item for item, label, answer in rows if label != answer)


def _age(folder: Path) -> tuple[str, int]:
    """Return what sorts runs by when their pictures were frozen; ids tell that to the second."""
    return folder.name[:15], (folder / runs.SNAPSHOT).stat().st_mtime_ns


def _answers(folder: Path) -> dict[int, tuple[str, str, str, float]]:
    """Return {item: (sha256, label, answer, its probability)} of the test pictures."""
    found = results.predictions(folder)
    if not len(found):
        return {}
    items, hashes = found.column("item"), found.column("sha256")
    sure = evaluators.of(_task(folder)).answer_probabilities(folder).tolist()
    rows = zip(items, hashes, found.labels, found.answers, sure, strict=True)
    return {item: (sha256, label, answer, p) for item, sha256, label, answer, p in rows}


def _became(old: Path, new: Path, label_kind: LabelKind) -> dict[str, set[str]]:
    """Return {class that has gone: the classes that its pictures have now}, by all pictures that both runs saw.

    By all of them and not by the test pictures alone: the few of a small class may by chance have come to one class
    where the others went elsewhere. The label kind says what of it counts.
    """
    known = set(results.class_names(new))
    today = {picture.item: label_kind.names_of(picture.label) for picture in versions.of_run(new)}
    found: dict[str, set[str]] = {}
    for picture in versions.of_run(old):
        then = set(label_kind.names_of(picture.label))
        if picture.item in today and (gone := then - known):
            instead = set(today[picture.item]) - (then - gone)
            for name in gone:
                earlier = found.setdefault(name, set(instead))
                found[name] = label_kind.became(earlier, instead)
    return {name: classes for name, classes in found.items() if classes}


def _now(label: str, *, renamed: dict[str, str], label_kind: LabelKind) -> str:
    """Return a label, or an answer, in the names of the newest run."""
    return label_kind.joined(renamed.get(name, name) for name in label_kind.names_of(label))


def _task(folder: Path) -> str:
    facts = results.evaluation(folder)
    return facts["task"] if facts is not None else "one"
