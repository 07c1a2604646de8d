"""What is worth knowing about a dataset before training, and what stands in the way of it, from its rows alone.

A finding is {"kind", "severity" ("error", "warning", "question" or "note"), "message" (a template), "values", "fix" (a
template: what to do, in words), "files", "items" (ids, in the order of the files; empty for pictures that are not
stored), "fixes"}. A fix is one click: {"key", "title", "values"} with "changes" {id: {column: value}} and the "summary"
that `registry.change_each` wants; or with an "action" in plain data where it leads somewhere.

    kind              about                                          fixes
    one_class         nothing to tell apart
    small_class       fewer than 20 distinct pictures, one finding for all ("values": label, count, or number, classes)
    nothing_to_learn, equal_classes, empty_split, not_trained, in_every_picture: what a training is refused for
    conflict          one picture in two classes, a finding each     keep (one per class), remove
    alike             what looks the same in two classes: a question
    no_class          pictures without a class                       label: action {"open": "label"}; remove
    across_splits     copies in two parts; "families" [[id]]         one_side
    name_groups       groups in file names                           use_groups: changes of `group`, see below
    similar_names     class names that differ in spelling            merge (one per spelling, the most frequent first)
    imbalance         sizes of classes                               balance: action {"class_balancing": ...}; see below
    blank, blurred, dark, bright, too_small, odd_shape               remove
    duplicates        the same pixels; "families" [[id]]             keep_one: removes all but the first of a family
    near_duplicates   saved anew or resized, it seems; "families" [[id]]
    refused           files that were not used; "files" only

use_groups changes `group`; `file_name_groups.with_splits` turns that into changes of group and split, groups kept
apart, for one `change_each`; the dataset option groups_apart="yes" keeps later imports to it. balance fixes name a
choice of the recipe (weights, oversample, focal); their "title" says what it does, "explain" when it is the right one.

With the features of a network, `engine.curation.feature_checks` finds more (its docstring names those kinds).
"""

import functools
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from engine.data import copies, file_name_groups, readiness
from engine.data import finding as shapes
from engine.data.label_kinds import label_kind as label_kind_words
from engine.data.label_kinds import multi_label, single_label
from engine.data.label_kinds.label_kind import MIN_PER_CLASS, LabelKind
from engine.data.modalities import registry as modalities
from engine.data.split import duplicate_clusters
from engine.storage.registry import ItemRecord

FEW_PER_CLASS = 20
IMBALANCE = 5  # times as many pictures in the largest class as in the smallest


def findings(
    items: Sequence[ItemRecord], refused: Sequence[dict] = (), *, label_kind: LabelKind = single_label
) -> list[dict]:
    """Return what a person should know, the worst first; see the shapes above. What a label kind rules out is left.

    Everything for which a training would be refused is an error.
    """
    labelled = [item for item in items if item.label is not None]
    clusters = _clusters(labelled)
    checks = {
        "problems": lambda: _problems(items, label_kind),
        "no_class": lambda: _without_class(items),
        "conflict": lambda: copies.conflicts(labelled, clusters),
        "across_splits": lambda: copies.across_splits(labelled, clusters),
        "sizes": lambda: _class_sizes(readiness.distinct(labelled, label_kind)),
        "similar_names": lambda: _similar_names(labelled),
        "name_groups": lambda: file_name_groups.findings(labelled),
        "quality": lambda: modalities.findings(items),
        "duplicates": lambda: copies.duplicates(labelled, clusters),
        "refused": lambda: _refused(refused),
    }
    found = [check() for kind, check in checks.items() if kind not in label_kind.NOT_ASKED]
    return shapes.worst_first([finding for own in found for finding in own])


KINDS = {  # of what a training is refused for
    readiness.NOTHING: "nothing_to_learn",
    readiness.EMPTY_SPLIT: "empty_split",
    readiness.NOT_TRAINED: "not_trained",
    readiness.ONLY_TRAINED: "in_every_picture",
    label_kind_words.SMALL: "small_class",
    label_kind_words.SMALL_ONES: "small_class",
    single_label.ONE_CLASS: "one_class",
    single_label.EQUAL: "equal_classes",
    multi_label.TOO_FEW_CLASSES: "one_class",
    multi_label.EVERYWHERE: "in_every_picture",
}


def _problems(items: Sequence[ItemRecord], label_kind: LabelKind) -> list[dict]:
    """Return everything for which a training would be refused, in its own words."""
    found = []
    for problem in readiness.problems(items, label_kind=label_kind) if items else []:
        told = shapes.finding(KINDS[problem.template], "error", (), problem.template, "")
        found.append({**told, "values": dict(problem.values)})
    return found


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


def _class_sizes(pictures: dict[str, set[int]]) -> list[dict]:
    """Return what is said about small classes that can be trained with, and about very different sizes."""
    sizes = {label: len(own) for label, own in pictures.items()}
    few = {label: count for label, count in sorted(sizes.items()) if MIN_PER_CLASS <= count < FEW_PER_CLASS}
    found = [_few(few)] if few else []
    if sizes and max(sizes.values()) >= IMBALANCE * min(sizes.values()):
        found.append(_imbalance(sizes))
    return found


def _few(sizes: dict[str, int]) -> dict:
    """Return one finding for all classes that have few pictures."""
    fix = "Add pictures: 3 are the least, 20 make the result more certain."
    if len(sizes) == 1:
        ((label, count),) = sizes.items()
        message = "Class {label} has {count} different pictures."
        return shapes.finding("small_class", "note", (), message, fix, label=label, count=count)
    message = "{number} classes have fewer than {few} different pictures, such as {labels}."
    named = ", ".join(list(sizes)[: label_kind_words.NAMED]) + (" …" if len(sizes) > label_kind_words.NAMED else "")
    values = {"number": len(sizes), "few": FEW_PER_CLASS, "labels": named, "classes": list(sizes)}
    return shapes.finding("small_class", "note", (), message, fix, **values)


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
