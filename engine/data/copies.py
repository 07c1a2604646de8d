"""What there is to say about copies of pictures: in two classes, in two parts, or simply twice."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TypeVar

from engine.data import finding as shapes
from engine.data.modalities.image_facts import image_facts
from engine.data.split import exact_clusters, kept_together, most_held_out
from engine.storage.registry import Item, ItemRecord

Record = TypeVar("Record", bound=ItemRecord)
STAY = "Nothing needs to be done: copies that lie in one part cannot flatter the result."


def families(items: Sequence[Record], clusters: Sequence[int]) -> list[list[Record]]:
    """Return the items of each cluster that has more than one, as `split.duplicate_clusters` numbers them."""
    found: dict[int, list[Record]] = defaultdict(list)
    for item, cluster in zip(items, clusters, strict=True):
        found[cluster].append(item)
    return [members for members in found.values() if len(members) > 1]


def conflicts(labelled: Sequence[ItemRecord], clusters: Sequence[int]) -> list[dict]:
    """Name every picture that lies in more than one class: as an error where it is the same pixel by pixel."""
    exact = [conflict(members) for members in families(labelled, exact_clusters(labelled)) if _labels(members) > 1]
    return [*exact, *(alike(members) for members in families(labelled, clusters) if _torn(members))]


def _labels(members: Sequence[ItemRecord]) -> int:
    return len({item.label for item in members if item.label is not None})


def _torn(members: Sequence[ItemRecord]) -> bool:
    """Tell whether what only seems the same lies in more classes than what is the same."""
    exact = families(members, exact_clusters(members))
    return _labels(members) > max([1, *(_labels(own) for own in exact)])


def alike(members: Sequence[ItemRecord]) -> dict:
    """Return the question whether pictures that look the same belong to several classes; nothing is proved."""
    labels = ", ".join(sorted({item.label for item in members if item.label is not None}))
    message = "Nearly the same picture lies in {labels}."
    fix = "Look at both. If they show the same thing, give them the same class."
    found = shapes.finding("alike", "question", members, message, fix, labels=labels)
    return {**found, "families": [shapes.ids(members)]}


def conflict(members: Sequence[ItemRecord]) -> dict:
    """Return the finding that one picture lies in several classes, with a fix for each of them."""
    labels = sorted({item.label or "" for item in members})
    message = "The same picture lies in {labels}."
    fix = "Keep it in the class it belongs to and remove it from the others."
    fixes = [
        shapes.remove([i for i in members if i.label != label], "Keep it in {label}", key="keep", label=label)
        for label in labels
    ]
    fixes.append(shapes.remove(members, "Take it out of all classes"))
    found = shapes.finding("conflict", "error", members, message, fix, fixes=fixes, labels=", ".join(labels))
    return {**found, "families": [shapes.ids(members)]}


def across_splits(labelled: Sequence[ItemRecord], clusters: Sequence[int]) -> list[dict]:
    """Name copies that lie in more than one part: what is learned from must not be measured on.

    Those that a training would be impossible without (see `split.kept_together`) are left where they are.
    """
    together = kept_together(labelled) if clusters else clusters
    divided = [members for members in families(labelled, together) if len(_parts(members)) > 1]
    return [apart(divided)] if divided else []


def apart(divided: Sequence[Sequence[ItemRecord]]) -> dict:
    """Return the finding that families of copies lie on several sides; the fix moves each to its most held-out one."""
    moves = _to_one_side(divided)
    changes = {item.id: {"split": side} for item, side in moves.items() if hasattr(item, "id")}
    message = shapes.plural(
        "1 picture lies in more than one part, as a copy: what is measured was partly learned by heart.",
        "{count} pictures lie in more than one part, as copies: what is measured was partly learned by heart.",
        len(divided),
    )
    fix = "Move each with its copies to one part, the most held out (test, then validation)."
    summary = _summary(
        "moved {n} copy to one part" if len(moves) == 1 else "moved {n} copies to one part", n=len(moves)
    )
    fixes = [shapes.change("one_side", "Move copies to one part", changes, summary)]
    return _about("across_splits", "warning", divided, message, fix, fixes, count=len(divided), moved=len(moves))


def one_side(items: Sequence[Item]) -> dict[int, str]:
    """Return {id: split} for the items that must move so that all copies of a picture lie in one part.

    Pictures that were restored, or an undone change, may have come back into another part than their copies by now.
    """
    divided = [members for members in families(items, kept_together(items)) if len(_parts(members)) > 1]
    return {item.id: side for item, side in _to_one_side(divided).items()}


def _to_one_side(divided: Sequence[Sequence[Record]]) -> dict[Record, str]:
    """Return the items that are not in the most held-out part of their family yet, and that part."""
    sides = [(members, most_held_out(item.split for item in members)) for members in divided]
    return {item: side for members, side in sides if side for item in members if item.split and item.split != side}


def duplicates(labelled: Sequence[ItemRecord], clusters: Sequence[int]) -> list[dict]:
    """Name copies, the exact ones and those saved anew; harmless, since they stay in one part."""
    exact: list[list[ItemRecord]] = []
    near: list[list[ItemRecord]] = []
    for members in families(labelled, clusters):
        pixels = {image_facts(item).pixels_hash or item.sha256 for item in members}
        (exact if len(pixels) == 1 else near).append(members)
    found = []
    if exact:
        message = shapes.plural(
            "1 picture is a copy of another.", "{count} pictures are copies of {originals} others.", _extra(exact)
        )
        found.append(_copies("duplicates", exact, message))
    if near:
        message = shapes.plural(
            "1 picture seems to be another one, resized or saved anew.",
            "{count} pictures seem to be {originals} others, resized or saved anew.",
            _extra(near),
        )
        found.append(_copies("near_duplicates", near, message))
    return found


def _extra(found: Sequence[Sequence[ItemRecord]]) -> int:
    return sum(len(members) - 1 for members in found)


def look_alikes(found: Sequence[Sequence[ItemRecord]]) -> dict:
    """Return the finding about families that fingerprints do not see but a network does."""
    extra = _extra(found)
    message = shapes.plural(
        "1 picture seems to show the same as another: cropped, lightened, shrunk or mirrored.",
        "{count} pictures seem to show the same as {originals} others: cropped, lightened, shrunk or mirrored.",
        extra,
    )
    fix = "Look at them. Copies on both sides of the test flatter the result; otherwise nothing needs to be done."
    return _about("look_alikes", "note", found, message, fix, [], count=extra, originals=len(found))


def _copies(kind: str, found: Sequence[Sequence[ItemRecord]], message: str) -> dict:
    """Return the finding about copies; what is only thought to be one is never offered to be removed."""
    extra = [item for members in found for item in members[1:]]
    fixes = [shapes.remove(extra, "Keep one of each", key="keep_one")] if kind == "duplicates" else []
    return _about(kind, "note", found, message, STAY, fixes, count=len(extra), originals=len(found))


def _about(kind: str, severity: str, found: Sequence, message: str, fix: str, fixes: list, **values) -> dict:
    items = [item for members in found for item in members]
    told = shapes.finding(kind, severity, items, message, fix, fixes=fixes, **values)
    return {**told, "families": [shapes.ids(members) for members in found]}


def _parts(members: Sequence[ItemRecord]) -> set[str]:
    return {item.split for item in members if item.split}


def _summary(template: str, **values) -> dict:
    return {"template": template, "values": values}
