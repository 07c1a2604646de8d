"""`check`: a source looked at in this process, both layers of the report, and nothing is kept."""

import functools
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.cli.output import end_progress, in_words, print_json, show_progress
from engine.cli.source import ANSWERS, check_there, question_in_words, question_line, reading_of, refusal_in_words
from engine.compute.quiet_stderr import quiet_stderr
from engine.curation import row_checks as rows
from engine.data import copies, label_kinds, split
from engine.data import finding as shapes
from engine.data.importing.ingest import Account, ingest
from engine.data.label_kinds.label_kind import LabelKind
from engine.errors import UserError
from engine.services.dataset_checks import BACKBONE
from engine.storage.registry import Item
from engine.storage.status_file import Throttle
from engine.storage.workspace import Workspace

Tell = Callable[[str, dict], None]


@dataclass(frozen=True)
class Checked:
    """What is in a source: the account, its pictures as a training would divide them, and the findings in words."""

    account: Account
    items: list[Item]
    findings: list[dict]


def check(
    source: str,
    layout: str,
    *,
    quick: bool,
    tell: Tell,
    several_classes: bool | None = None,
    reading: Mapping[str, str] | None = None,
) -> Checked:
    """Return what is in a source; `quick` leaves the network out, `reading` answers questions about it.

    A finding is {"kind", "severity", "files", "message", "fix", "values"} and, where there are any, "families" (names
    of files that show the same) and "questions"; the worst come first. `tell(words, {"progress": share})` is called on
    the way.
    """
    with tempfile.TemporaryDirectory(prefix="graft-check-") as folder:
        workspace = Workspace(Path(folder)).create()
        options: dict[str, Any] = {"layout": layout, "several_classes": several_classes, "reading": reading}
        told = functools.partial(_reading, tell, Throttle())
        account = ingest(source, workspace, **options, progress=told)
        label_kind = label_kinds.of_account(account.layout)
        items = _divided(account, label_kind)
        found = [*_nothing_usable(account), *rows.findings(items, account.refused, label_kind=label_kind)]
        found += _across_given_splits(items)
        if not quick and items and label_kind.FEATURE_CHECKS:
            found += _looked_at(workspace, items, tell)
    names = {item.id: item.name for item in items}
    return Checked(account, items, [_in_words(finding, names) for finding in shapes.worst_first(found)])


def _divided(account: Account, label_kind: LabelKind) -> list[Item]:
    """Return the pictures in the parts that a training would give them."""
    parts = split.assign(account.used, label_kind=label_kind)
    pairs = enumerate(zip(account.used, parts, strict=True), 1)
    return [
        Item(**{**vars(record), "given_split": record.split, "split": part}, id=number)
        for number, (record, part) in pairs
    ]


def _across_given_splits(items: list[Item]) -> list[dict]:
    """Name the copies that came in more than one part, although a training would move them to one."""
    given = [replace(item, split=item.given_split) for item in items if item.label is not None]
    return copies.across_splits(given, split.duplicate_clusters(given))


def _nothing_usable(account: Account) -> list[dict]:
    if account.used:
        return []
    message = "There is no picture in {source} that can be used."
    fix = "Give a folder, an archive or a table with pictures; 'refused' says why each file was left out."
    return [shapes.finding("no_pictures", "error", [], message, fix, source=account.source)]


def _looked_at(workspace: Workspace, items: list[Item], tell: Tell) -> list[dict]:
    with quiet_stderr():  # frameworks greet at length
        from engine.backbones.device import device
        from engine.curation.feature_checks import inspect

        device()  # the framework looks for a card now, while nobody listens

    def words(progress: float, message: str, **values) -> None:
        tell(message.format(**values), {"progress": progress})

    return inspect(workspace, [vars(item) for item in items], BACKBONE, words)["findings"]


def _reading(tell: Tell, throttle: Throttle, done: int, total: int | None, refused: int) -> None:
    if throttle.is_due(at_once=done == total):
        tell(f"Files read: {done}, refused: {refused}", {"progress": done / total if total else 0})


def _in_words(finding: dict, names: dict[int, str]) -> dict:
    """Return the finding with its values filled in and file names in place of item ids."""
    kept = {key: finding[key] for key in ("kind", "severity", "files", "values")}
    sentences = {key: str(UserError(finding[key] or "", **finding["values"])) for key in ("message", "fix")}
    if "families" in finding:
        kept["families"] = [[names[item] for item in family] for family in finding["families"]]
    if "questions" in finding:
        questions = [{key: value for key, value in one.items() if key != "item"} for one in finding["questions"]]
        kept["questions"] = questions
    return {**kept, **sentences}


def check_source(options) -> None:
    """Say what is in a source and what stands in the way of a training, keeping nothing."""
    check_there(options.source)
    checked = check(
        options.source,
        options.layout,
        quick=options.quick,
        tell=show_progress,
        several_classes=ANSWERS[options.several_classes],
        reading=reading_of(options),
    )
    account, findings = checked.account, checked.findings
    end_progress(f"{account.received} received, {len(account.used)} used, {len(account.refused)} refused")
    asked = [question_in_words(question) for question in account.layout.get("questions", ())]
    for line in [*_lines(findings), *map(question_line, asked)]:
        print(line, file=sys.stderr if options.json else sys.stdout)
    if options.json:
        summary = {"received": account.received, "used": len(account.used), "findings": findings}
        summary["refused"] = [refusal_in_words(entry) for entry in account.refused]
        summary["layout"] = in_words({"message": account.layout["template"], "values": account.layout["values"]})
        print_json({**summary, **_understood(checked), "questions": asked})


def _lines(findings: list[dict]) -> list[str]:
    lines = []
    for finding in findings:
        example = f" ({finding['files'][0]})" if finding["files"] else ""
        lines.append(f"{finding['severity']}: {finding['message']} {finding['fix'] or ''}{example}")
    return lines


def _understood(checked: Checked) -> dict:
    """Return how many pictures each class, part and group has."""
    label_kind = label_kinds.of_account(checked.account.layout)
    labelled = [item for item in checked.items if item.label is not None]
    classes = Counter(name for item in labelled for name in label_kind.names_of(item.label))
    parts = Counter(item.split for item in labelled)
    groups = Counter(item.group for item in labelled if item.group)
    return {
        "classes": dict(sorted(classes.items())),
        "splits": {part: parts[part] for part in split.SPLITS},
        "groups": dict(sorted(groups.items())),
    }
