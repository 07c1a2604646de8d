"""What is worth knowing about a dataset before training, and what stands in the way of it."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from engine.data.split import duplicate_clusters
from engine.errors import DataError
from engine.registry import ItemRecord

MIN_PER_CLASS = 3  # distinct pictures: one to learn from, one to choose with, one to measure on
FEW_PER_CLASS = 20
IMBALANCE = 5  # times as many pictures in the largest class as in the smallest


def findings(items: Sequence[ItemRecord], refused: Sequence[dict] = ()) -> list[dict]:
    """Return what a person should know, the worst first.

    Each is {"kind", "severity" ("error", "warning" or "note"), "files", "message" (a template), "values", "fix"}.
    """
    labelled = [item for item in items if item.label is not None]
    clusters = duplicate_clusters(labelled)
    found = [
        *_without_class(items),
        *_conflicts(labelled, clusters),
        *_class_sizes(labelled, clusters),
        *_similar_names(labelled),
        *_copies(labelled, clusters),
        *_refused(refused),
    ]
    return sorted(found, key=lambda finding: ("error", "warning", "note").index(finding["severity"]))


def ready_to_train(items: Sequence[ItemRecord]) -> None:
    """Raise DataError in words when training cannot start; pictures without a class are left out of account."""
    labelled = [item for item in items if item.label is not None]
    if not labelled:
        raise DataError("There are no pictures with a class yet. Add pictures for at least two classes.")
    clusters = duplicate_clusters(labelled)
    distinct = _distinct(labelled, clusters)
    if len(distinct) == 1:
        raise DataError(
            "All pictures belong to one class, {label}. A network learns differences: add a second class.",
            label=next(iter(distinct)),
        )
    for label, pictures in sorted(distinct.items()):
        if len(pictures) < MIN_PER_CLASS:
            raise DataError(
                "Class {label} has {count} different pictures. At least {least} are needed, so that some can be held "
                "out for testing. Add {more} more, or remove the class.",
                label=label,
                count=len(pictures),
                least=MIN_PER_CLASS,
                more=MIN_PER_CLASS - len(pictures),
            )
    _refuse_equal_classes(distinct)


def _refuse_equal_classes(distinct: dict[str, set[int]]) -> None:
    seen: dict[frozenset, str] = {}
    for label, pictures in sorted(distinct.items()):
        other = seen.setdefault(frozenset(pictures), label)
        if other != label:
            raise DataError(
                "Classes {first} and {second} hold the very same pictures. Remove one of them, or give each its own.",
                first=other,
                second=label,
            )


def _distinct(labelled: Sequence[ItemRecord], clusters: Sequence[int]) -> dict[str, set[int]]:
    distinct: dict[str, set[int]] = defaultdict(set)
    for item, cluster in zip(labelled, clusters, strict=True):
        distinct[item.label].add(cluster)
    return distinct


def _finding(kind: str, severity: str, items: Sequence[ItemRecord], message: str, fix: str, **values) -> dict:
    files = [item.name for item in items]
    return {"kind": kind, "severity": severity, "files": files, "message": message, "values": values, "fix": fix}


def _without_class(items: Sequence[ItemRecord]) -> list[dict]:
    bare = [item for item in items if item.label is None]
    if not bare:
        return []
    message = "{count} pictures have no class. They are not used for training."
    return [_finding("no_class", "warning", bare, message, "Move them into a class.", count=len(bare))]


def _conflicts(labelled: Sequence[ItemRecord], clusters: Sequence[int]) -> list[dict]:
    """Name every picture that lies in more than one class, the same bytes or a copy saved anew."""
    found = []
    for members in _families(labelled, clusters):
        labels = sorted({item.label for item in members})
        if len(labels) > 1:
            message = "The same picture lies in {labels}."
            fix = "Keep it in the class it belongs to and remove it from the others."
            found.append(_finding("conflict", "error", members, message, fix, labels=", ".join(labels)))
    return found


def _class_sizes(labelled: Sequence[ItemRecord], clusters: Sequence[int]) -> list[dict]:
    sizes = {label: len(pictures) for label, pictures in _distinct(labelled, clusters).items()}
    found = []
    if len(sizes) == 1:
        message = "All pictures belong to one class, {label}."
        found.append(_finding("one_class", "error", (), message, "Add a second class.", label=next(iter(sizes))))
    for label, count in sorted(sizes.items()):
        if count < FEW_PER_CLASS:
            severity = "error" if count < MIN_PER_CLASS else "note"
            message = "Class {label} has {count} different pictures."
            fix = "Add pictures: 3 are the least, 20 make the result more certain."
            found.append(_finding("small_class", severity, (), message, fix, label=label, count=count))
    if sizes and max(sizes.values()) >= IMBALANCE * min(sizes.values()):
        most, least = max(sizes, key=sizes.get), min(sizes, key=sizes.get)
        message = "Class {most} has {ratio} times as many pictures as class {least}."
        fix = "Add pictures to the small class, or balance the classes in the recipe."
        ratio = f"{sizes[most] / sizes[least]:.0f}"
        found.append(_finding("imbalance", "note", (), message, fix, most=most, least=least, ratio=ratio))
    return found


def _similar_names(labelled: Sequence[ItemRecord]) -> list[dict]:
    spelled: dict[str, set[str]] = defaultdict(set)
    for item in labelled:
        spelled[item.label.casefold().replace("_", " ").replace("-", " ")].add(item.label)
    message, fix = "The class names {labels} differ only in spelling.", "Merge them if they mean the same."
    return [
        _finding("similar_names", "warning", (), message, fix, labels=", ".join(sorted(labels)))
        for labels in spelled.values()
        if len(labels) > 1
    ]


def _copies(labelled: Sequence[ItemRecord], clusters: Sequence[int]) -> list[dict]:
    exact, near = [], []
    for members in _families(labelled, clusters):
        pixels = {item.pixels_hash or item.sha256 for item in members}
        (exact if len(pixels) == 1 else near).append(members)
    found = []
    for kind, families, message in (
        ("duplicates", exact, "{count} pictures are copies of {originals} others."),
        ("near_duplicates", near, "{count} pictures are {originals} others, resized or saved anew."),
    ):
        if families:
            files = [item for members in families for item in members]
            values = {"count": len(files) - len(families), "originals": len(families)}
            fix = "Nothing needs to be done: copies always stay in the same part, so they cannot flatter the result."
            found.append(_finding(kind, "note", files, message, fix, **values))
    return found


def _families(labelled: Sequence[ItemRecord], clusters: Sequence[int]) -> list[list[ItemRecord]]:
    families: dict[int, list[ItemRecord]] = defaultdict(list)
    for item, cluster in zip(labelled, clusters, strict=True):
        families[cluster].append(item)
    return [members for members in families.values() if len(members) > 1]


def _refused(refused: Sequence[dict]) -> list[dict]:
    found = []
    for reason, count in Counter(refusal["reason"] for refusal in refused).most_common():
        same = [refusal for refusal in refused if refusal["reason"] == reason]
        finding = _finding("refused", "note", (), "{count} files were not used.", reason, count=count)
        finding["values"] |= same[0]["values"]
        found.append({**finding, "files": [refusal["file"] for refusal in same]})
    return found
