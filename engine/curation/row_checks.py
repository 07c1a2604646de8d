"""What is worth knowing about a dataset before training, and what stands in the way of it, from its rows alone.

A finding is {"kind", "severity" ("error", "warning", "question" or "note"), "message" (a template), "values", "fix" (a
template: what to do, in words), "files", "items" (ids, in the order of the files; empty for pictures that are not
stored), "fixes"}. A fix is one click: {"key", "title", "values"} with "changes" {id: {column: value}} and the "summary"
that `registry.change_each` wants; or with an "action" in plain data where it leads somewhere.

    kind              about                                          fixes
    one_class         nothing to tell apart
    small_class       fewer than 20 distinct pictures ("values": label, count)
    conflict          one family in two classes, a finding each      keep (one per class), remove
    no_class          pictures without a class                       label: action {"open": "label"}; remove
    across_splits     copies in two parts; "families" [[id]]         one_side
    name_groups       groups in file names                           use_groups: changes of `group`, see below
    similar_names     class names that differ in spelling            merge (one per spelling, the most frequent first)
    imbalance         sizes of classes                               balance: action {"class_balancing": ...}; see below
    blank, blurred, dark, bright, too_small, odd_shape               remove
    duplicates        the same pixels; "families" [[id]]             keep_one: removes all but the first of a family
    near_duplicates   saved anew or resized; "families" [[id]]       keep_one
    refused           files that were not used; "files" only

use_groups changes `group`; `name_groups.with_splits` turns that into changes of group and split, groups kept apart, for
one `change_each`; the dataset option groups_apart="yes" keeps later imports to it. balance fixes name a choice of the
recipe (weights, oversample, focal); their "title" says what it does, "explain" when it is the right one.

With the features of a network, `engine.curation.feature_checks` finds more (its docstring names those kinds).
"""

import functools
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from engine.data import copies, file_name_groups, quality
from engine.data import finding as shapes
from engine.data.label_kinds import single_label
from engine.data.label_kinds.label_kind import MIN_PER_CLASS, LabelKind
from engine.data.split import duplicate_clusters
from engine.errors import DataError
from engine.storage.registry import ItemRecord

FEW_PER_CLASS = 20
IMBALANCE = 5  # times as many pictures in the largest class as in the smallest


def findings(
    items: Sequence[ItemRecord], refused: Sequence[dict] = (), *, label_kind: LabelKind = single_label
) -> list[dict]:
    """Return what a person should know, the worst first; see the shapes above. What a label kind rules out is left."""
    labelled = [item for item in items if item.label is not None]
    clusters = _clusters(labelled)
    checks = {
        "no_class": lambda: _without_class(items),
        "conflict": lambda: copies.conflicts(labelled, clusters),
        "across_splits": lambda: copies.across_splits(labelled, clusters),
        "sizes": lambda: _class_sizes(_sizes(labelled, clusters, label_kind)),
        "similar_names": lambda: _similar_names(labelled),
        "name_groups": lambda: file_name_groups.findings(labelled),
        "quality": lambda: quality.findings(items),
        "duplicates": lambda: copies.duplicates(labelled, clusters),
        "refused": lambda: _refused(refused),
    }
    found = [check() for kind, check in checks.items() if kind not in label_kind.NOT_ASKED]
    return shapes.worst_first([finding for own in found for finding in own])


def ready_to_train(items: Sequence[ItemRecord], *, label_kind: LabelKind = single_label) -> None:
    """Raise DataError in words when training cannot start; pictures without a class are left out of account."""
    labelled = [item for item in items if item.label is not None]
    if not labelled:
        raise DataError("There are no pictures with a class yet. Add pictures for at least two classes.")
    label_kind.check_ready(labelled, _clusters(labelled))


class _Prints(NamedTuple):
    """What tells copies apart, of one picture; its facts are read only where they are compared."""

    sha256: str
    facts: str


def _clusters(labelled: Sequence[ItemRecord]) -> Sequence[int]:
    return _clusters_of(tuple(_Prints(item.sha256, item.facts) for item in labelled))


# Another class or part makes no other picture: only what comes or goes is compared again (2 s for 20,000 digits).
@functools.lru_cache(maxsize=2)
def _clusters_of(prints: tuple[_Prints, ...]) -> tuple[int, ...]:
    return tuple(duplicate_clusters(prints))


def _sizes(labelled: Sequence[ItemRecord], clusters: Sequence[int], label_kind: LabelKind) -> dict[str, int]:
    """Return how many distinct pictures show each class."""
    distinct: dict[str, set[int]] = defaultdict(set)
    for item, cluster in zip(labelled, clusters, strict=True):
        for name in label_kind.names_of(item.label):
            distinct[name].add(cluster)
    return {label: len(pictures) for label, pictures in distinct.items()}


def _without_class(items: Sequence[ItemRecord]) -> list[dict]:
    bare = [item for item in items if item.label is None]
    if not bare:
        return []
    message = shapes.plural(
        "1 picture has no class. It is not used for training.",
        "{count} pictures have no class. They are not used for training.",
        len(bare),
    )
    fix = shapes.plural("Move it into a class.", "Move them into a class.", len(bare))
    fixes = [
        shapes.link("label", "Label them", action={"open": "label"}),
        shapes.remove(bare, shapes.plural("Take it out", "Take them out", len(bare))),
    ]
    return [shapes.finding("no_class", "warning", bare, message, fix, fixes=fixes, count=len(bare))]


def _class_sizes(sizes: dict[str, int]) -> list[dict]:
    found = []
    if len(sizes) == 1:
        message = "All pictures belong to one class, {label}."
        found.append(shapes.finding("one_class", "error", (), message, "Add a second class.", label=next(iter(sizes))))
    for label, count in sorted(sizes.items()):
        if count < FEW_PER_CLASS:
            found.append(_small_class(label, count))
    if sizes and max(sizes.values()) >= IMBALANCE * min(sizes.values()):
        found.append(_imbalance(sizes))
    return found


def _small_class(label: str, count: int) -> dict:
    severity = "error" if count < MIN_PER_CLASS else "note"
    message = shapes.plural("Class {label} has 1 picture.", "Class {label} has {count} different pictures.", count)
    fix = "Add pictures: 3 are the least, 20 make the result more certain."
    return shapes.finding("small_class", severity, (), message, fix, label=label, count=count)


def _imbalance(sizes: dict[str, int]) -> dict:
    most, least = max(sizes, key=sizes.__getitem__), min(sizes, key=sizes.__getitem__)
    message = "Class {most} has {ratio} times as many pictures as class {least}."
    fix = "Add pictures to the small class, or balance the classes in the recipe."
    ratio = f"{sizes[most] / sizes[least]:.0f}"
    values = {"most": most, "least": least, "ratio": ratio}
    return shapes.finding("imbalance", "note", (), message, fix, fixes=_balancings(least), **values)


def _balancings(least: str) -> list[dict]:
    """Return the ways to balance classes, the one to try first at the top, each with when it is right."""
    ways = (
        (
            "weights",
            "Let pictures of small classes count more",
            "The usual choice: costs no time, and every class matters as much as every other.",
        ),
        (
            "oversample",
            "Show pictures of small classes more often",
            "Right when you fine-tune: every view of a small class is changed a little, so it learns more from each.",
        ),
        (
            "focal",
            "Attend to what is hard",
            "Focal loss: pictures that are right already count less. Right when small classes are also the hard ones.",
        ),
    )
    links = [
        {**shapes.link("balance", title, action={"class_balancing": choice}), "explain": explain}
        for choice, title, explain in ways
    ]
    collect = shapes.link("collect", "Add pictures of {label}", action={"open": "add"}, label=least)
    explain = "Better than any trick where you can: nothing replaces pictures the network has never seen."
    return [*links, {**collect, "explain": explain}]


def _similar_names(labelled: Sequence[ItemRecord]) -> list[dict]:
    spelled: dict[str, Counter] = defaultdict(Counter)
    for item in labelled:
        label = item.label or ""
        spelled[label.casefold().replace("_", " ").replace("-", " ")][label] += 1
    return [_one_spelling(labelled, counts) for counts in spelled.values() if len(counts) > 1]


def _one_spelling(labelled: Sequence[ItemRecord], counts: Counter) -> dict:
    message, fix = "The class names {labels} differ only in spelling.", "Merge them if they mean the same."
    fixes = []
    for label, _count in counts.most_common():
        others = [item for item in labelled if item.label in counts and item.label != label]
        old = ", ".join(sorted(set(counts) - {label}))
        summary = _summary("merged {old} into {new}", old=old, new=label)
        changes = {item: {"label": label} for item in shapes.ids(others)}
        fixes.append(shapes.change("merge", "Call them all {label}", changes, summary, label=label))
    return shapes.finding("similar_names", "warning", (), message, fix, fixes=fixes, labels=", ".join(sorted(counts)))


def _summary(template: str, **values) -> dict:
    return {"template": template, "values": values}


def _refused(refused: Sequence[dict]) -> list[dict]:
    found = []
    for reason, count in Counter(refusal["reason"] for refusal in refused).most_common():
        same = [refusal for refusal in refused if refusal["reason"] == reason]
        message = shapes.plural("1 file was not used.", "{count} files were not used.", count)
        told = shapes.finding("refused", "note", (), message, reason, count=count)
        told["values"] |= same[0]["values"]
        found.append({**told, "files": [refusal["file"] for refusal in same]})
    return found
