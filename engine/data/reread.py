"""Read the folders of pictures that are in already in another way: their names still say where they lay."""

from collections.abc import Sequence
from dataclasses import replace

from engine.data import layout
from engine.data.split import assign
from engine.storage.registry import Item

MIN_AGREEMENT = 0.9  # the share of pictures whose class must follow from their folders


def kind_of(items: Sequence[Item]) -> str | None:
    """Return the layout that the classes and groups of `items` follow, or None when they came another way."""
    names = [item.name for item in items]
    if not any("/" in name for name in names):
        return None
    likely = layout.recognise(names).kind
    kinds = sorted(set(layout.KINDS) - {"table"}, key=lambda kind: kind != likely)
    return next((kind for kind in kinds if _agreement(items, layout.recognise(names, kind)) >= MIN_AGREEMENT), None)


def reread(items: Sequence[Item], kind: str, *, existing: Sequence[Item] = (), **split_options) -> dict[int, dict]:
    """Return {id: {label, group, split}} for `items` when their folders are read as `kind`.

    existing: the other pictures of the dataset, which keep their splits. A picture that does not lie deep enough
    loses its class. `split_options` go to split.assign.
    """
    found = layout.recognise([item.name for item in items], kind)
    records = []
    for item in items:
        label, group, split = found.parse(item.name)
        records.append(replace(item, label=label, group=group, split=split))
    parts = assign(records, existing=existing, **split_options)
    return {
        record.id: {"label": record.label, "group": record.group, "split": part}
        for record, part in zip(records, parts, strict=True)
    }


def given_splits(items: Sequence[Item]) -> list[str | None]:
    """Return the split that each picture came with, None where it came with none."""
    return [item.given_split for item in with_given_splits(items)]


def with_given_splits(items: Sequence[Item]) -> list[Item]:
    """Return the items with the split they came with.

    Those brought in by an older version, which did not keep it, get it from the folders that their names still hold.
    """
    kind = None if any(item.given_split for item in items) else kind_of(items)
    if kind is None or "split" not in kind:
        return list(items)
    found = layout.recognise([item.name for item in items], kind)
    return [replace(item, given_split=found.parse(item.name)[2]) for item in items]


def _agreement(items: Sequence[Item], found: layout.Layout) -> float:
    same = sum(found.parse(item.name)[:2] == (item.label, item.group) for item in items)
    return same / max(1, len(items))
