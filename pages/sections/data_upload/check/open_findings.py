"""What is still open in the report of a dataset: the findings of both layers, less what was answered or set aside.

The second layer was measured on a version of the past, and so for a moment is the first where there are many pictures:
what has been put right since then is left out, so that a finding goes at once and comes back with Undo.
"""

import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from engine import graft
from engine.storage.registry import Item, Project
from pages.sections.data_upload.check.row_findings import FirstLayer

SEVERITIES = ("error", "warning", "question", "note")
ASKED = ("label_error", "outlier")  # kinds whose pictures are looked at one by one
OPTION = "check"


@dataclass(frozen=True)
class Report:
    """`decide` and `know` hold groups of findings of one kind, the worst first; `aside` what a person called fine."""

    decide: list[list[dict]]
    know: list[list[dict]]
    aside: list[dict]
    kept: int
    items: dict[int, Item]

    @property
    def kinds(self) -> set[str]:
        return {finding["kind"] for group in (*self.decide, *self.know) for finding in group}


def report(project: Project, first: FirstLayer, closer: dict | None = None) -> Report:
    """Return what is open now; `closer` is the report of the second layer, None before there is one."""
    answers, items = said(project), first.items
    told = first.findings if first.fresh else _left(first.findings, items, answers)
    second = _left((closer or {}).get("findings", []), items, answers)
    known = [(finding["kind"], set(finding["items"])) for finding in told]
    findings = [*told, *(finding for finding in second if (finding["kind"], set(finding["items"])) not in known)]
    fine = answers.get("fine", {})
    standing = [finding for finding in findings if not is_fine(finding, fine)]
    return Report(
        decide=_grouped([f for f in standing if f["severity"] != "note"]),
        know=_grouped([f for f in standing if f["severity"] == "note"]),
        aside=[finding for finding in findings if is_fine(finding, fine)],
        kept=sum(len(answers.get("kept", {}).get(kind, {})) for kind in ASKED),
        items=items,
    )


def _left(findings: Sequence[dict], items: dict[int, Item], answers: dict) -> list[dict]:
    return [left for finding in findings if (left := freshened(finding, items, answers))]


def freshened(finding: dict, items: dict[int, Item], answers: dict) -> dict | None:
    """Return a finding of the past without what has been put right since; None when nothing of it is left."""
    if any(in_effect(fix.get("changes"), items) for fix in finding.get("fixes", ())):
        return None
    if "questions" in finding:
        return _open_questions(finding, items, answers.get("kept", {}).get(finding["kind"], {}))
    if not finding.get("items"):
        return finding
    fresh = {**finding, "items": [item for item in finding["items"] if item in items]}
    if "families" in finding:
        families = ([item for item in family if item in items] for family in finding["families"])
        fresh["families"] = [family for family in families if len(family) > 1]
        return fresh if fresh["families"] else None
    return fresh if fresh["items"] else None


def in_effect(changes: dict | None, items: dict[int, Item]) -> bool:
    """Tell whether every item is as the changes would make it; a removed item is not among `items`."""
    return (
        changes is not None
        and bool(changes)
        and all(_is_so(items.get(int(item)), values) for item, values in changes.items())
    )


def _is_so(item: Item | None, values: dict) -> bool:
    if item is None:
        return bool(values.get("removed"))
    return all(getattr(item, column) == value for column, value in values.items())


def _open_questions(finding: dict, items: dict[int, Item], kept: dict) -> dict | None:
    """Leave out pictures that are gone, were moved since, or were said to be right where they are."""
    asked = [
        question
        for question in finding["questions"]
        if (item := items.get(question["item"])) is not None
        and item.label == question["given"]
        and kept.get(str(item.id)) != item.label
    ]
    return {**finding, "questions": asked, "items": [question["item"] for question in asked]} if asked else None


def _grouped(findings: Sequence[dict]) -> list[list[dict]]:
    groups = defaultdict(list)
    for finding in sorted(findings, key=lambda one: SEVERITIES.index(one["severity"])):
        groups[finding["kind"], finding["severity"]].append(finding)
    return list(groups.values())


# what a person said about findings, kept with the dataset


def said(project: Project) -> dict:
    """Return {"fine": {finding: [pictures, newest]}, "kept": {kind: {item: class}}}."""
    return graft.current().registry.dataset_options(project.dataset_id).get(OPTION, {})


def set_aside(project: Project, findings: Sequence[dict]) -> None:
    """Remember that these are fine as they are; one that gets more or newer pictures is shown again."""
    answers = said(project)
    fine = {**answers.get("fine", {}), **{_key(finding): _extent(finding) for finding in findings}}
    graft.current().registry.set_dataset_options(project.dataset_id, **{OPTION: {**answers, "fine": fine}})


def bring_back(project: Project) -> None:
    """Show again everything that was set aside, and ask again what was answered with "keep"."""
    graft.current().registry.set_dataset_options(project.dataset_id, **{OPTION: {}})


def keep(project: Project, kind: str, item_id: int, label: str | None) -> None:
    """Remember that a picture belongs where it is; None forgets that again."""
    answers = said(project)
    kept = {name: dict(entries) for name, entries in answers.get("kept", {}).items()}
    entries = kept.setdefault(kind, {})
    entries.pop(str(item_id), None)
    if label is not None:
        entries[str(item_id)] = label
    graft.current().registry.set_dataset_options(project.dataset_id, **{OPTION: {**answers, "kept": kept}})


def was_wrong(project: Project, kind: str, item_id: int, wrong: bool = True) -> None:
    """Remember that a suspicion was right: the picture was put into another class; or take that back."""
    answers = said(project)
    items = {name: [one for one in own if one != item_id] for name, own in answers.get("wrong", {}).items()}
    items[kind] = [*items.get(kind, []), *([item_id] if wrong else [])]
    graft.current().registry.set_dataset_options(project.dataset_id, **{OPTION: {**answers, "wrong": items}})


def answered(project: Project, kind: str) -> tuple[int, int]:
    """Return (how many suspicions of this kind a person has answered so far, how many of those were right)."""
    answers = said(project)
    right = len(answers.get("wrong", {}).get(kind, []))
    return len(answers.get("kept", {}).get(kind, {})) + right, right


def is_fine(finding: dict, fine: dict) -> bool:
    """Tell whether a finding was set aside when it had as many pictures and none of today is newer."""
    known = fine.get(_key(finding))
    if known is None:
        return False
    return all(now <= then for now, then in zip(_extent(finding), known, strict=True))


def _key(finding: dict) -> str:
    """Return what stays the same about a finding while its numbers change: its kind, its class, its first picture."""
    names = [str(value) for value in finding["values"].values() if isinstance(value, str) and not value.isdigit()]
    first = min(finding["items"], default=0) if finding["kind"] == "conflict" else 0
    return f"{finding['kind']}-{finding['severity']}-{zlib.crc32(repr((names, first)).encode()):08x}"


def _extent(finding: dict) -> list[int]:
    items = finding.get("items") or []
    return [len(items), max(items, default=0)]
