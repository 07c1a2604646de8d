"""What a finding and its one-click fixes look like: plain data that a worker writes and a page draws."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the registry brings a database along, which who only reads a file does not need
    from engine.storage.registry import ItemRecord

SEVERITIES = ("error", "warning", "question", "note")


def finding(
    kind: str, severity: str, items: Sequence["ItemRecord"], message: str, fix: str, *, fixes: Sequence = (), **values
) -> dict:
    """Return a finding about `items`; `message` and `fix` are templates that `values` fill in."""
    return {
        "kind": kind,
        "severity": severity,
        "message": message,
        "values": values,
        "fix": fix,
        "files": [item.name for item in items],
        "items": ids(items),
        "fixes": [one for one in fixes if one is not None],
    }


def ids(items: Sequence["ItemRecord"]) -> list[int]:
    """Return the ids of items that are stored; none for pictures that are only looked at (the command line)."""
    return [item.id for item in items if hasattr(item, "id")]


def plural(one: str, many: str, count: int) -> str:
    """Return the template for this number of things."""
    return one if count == 1 else many


def remove(items: Sequence["ItemRecord"], title: str, *, key: str = "remove", **values) -> dict | None:
    """Return the fix that takes items out of the dataset, None when there are none."""
    if not items:
        return None
    count = len(items)
    done = _summary("removed {n} picture" if count == 1 else "removed {n} pictures", n=count)
    return change(key, title, {item: {"removed": True} for item in ids(items)}, done, **values)


def change(key: str, title: str, changes: dict[int, dict], summary: dict, *, action: dict | None = None, **values):
    """Return a fix that changes items: {id: {column: value}}, and the summary that the history keeps."""
    made = {"key": key, "title": title, "values": values, "changes": changes, "summary": summary}
    return made | ({"action": action} if action else {})


def link(key: str, title: str, *, action: dict | None = None, **values) -> dict:
    """Return a fix that leads somewhere and changes no item."""
    return {"key": key, "title": title, "values": values, "action": action or {}}


def worst_first(findings: Sequence[dict]) -> list[dict]:
    """Return findings in order of severity; among equals as they came."""
    return sorted(findings, key=lambda one: SEVERITIES.index(one["severity"]))


def _summary(template: str, **values) -> dict:
    return {"template": template, "values": values}
