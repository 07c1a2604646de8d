"""Rows of the registry by hand, for what needs no picture."""

from engine.storage.registry import ItemRecord


def record(name: str, label: str | None = "a", **values) -> ItemRecord:
    return ItemRecord(sha256=values.pop("sha256", f"hash of {name}"), name=name, label=label, **values)


def records(**classes: int) -> list[ItemRecord]:
    return [record(f"{label}{number}", label) for label, count in classes.items() for number in range(count)]
