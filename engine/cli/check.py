"""`check`: a source looked at in this process, both layers of the report, and nothing is kept."""

import functools
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.cli.output import end_progress, in_words, print_json, show_progress
from engine.cli.source import ANSWERS, check_there, refusal_in_words
from engine.compute.quiet_stderr import quiet_stderr
from engine.curation import row_checks as rows
from engine.data import finding as shapes
from engine.data import label_kinds
from engine.data.importing.ingest import Account, ingest
from engine.errors import UserError
from engine.services.dataset_checks import BACKBONE
from engine.storage.registry import Item
from engine.storage.status_file import Throttle
from engine.storage.workspace import Workspace

Tell = Callable[[str, dict], None]


def check(
    source: str, layout: str, *, quick: bool, tell: Tell, several_classes: bool | None = None
) -> tuple[Account, list[dict]]:
    """Return the account of a source and its findings in words, the worst first; `quick` leaves the network out.

    Each is {"kind", "severity", "files", "message", "fix", "values"} and, where there are any, "families" (names of
    files that show the same) and "questions". `tell(words, {"progress": share})` is called on the way.
    """
    with tempfile.TemporaryDirectory(prefix="graft-check-") as folder:
        workspace = Workspace(Path(folder)).create()
        reading: dict[str, Any] = {"layout": layout, "several_classes": several_classes}
        told = functools.partial(_reading, tell, Throttle())
        account = ingest(source, workspace, **reading, progress=told)
        label_kind = label_kinds.of_account(account.layout)
        items = [Item(**vars(record), id=number) for number, record in enumerate(account.used, 1)]
        found = [*_nothing_usable(account), *rows.findings(items, account.refused, label_kind=label_kind)]
        if not quick and items and label_kind.FEATURE_CHECKS:
            found += _looked_at(workspace, items, tell)
    names = {item.id: item.name for item in items}
    return account, [_in_words(finding, names) for finding in shapes.worst_first(found)]


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
    account, findings = check(
        options.source,
        options.layout,
        quick=options.quick,
        tell=show_progress,
        several_classes=ANSWERS[options.several_classes],
    )
    end_progress(f"{account.received} received, {len(account.used)} used, {len(account.refused)} refused")
    for finding in findings:
        example = f" ({finding['files'][0]})" if finding["files"] else ""
        words = f"{finding['severity']}: {finding['message']} {finding['fix'] or ''}{example}"
        print(words, file=sys.stderr if options.json else sys.stdout)
    if options.json:
        summary = {"received": account.received, "used": len(account.used), "findings": findings}
        summary["refused"] = [refusal_in_words(entry) for entry in account.refused]
        summary["layout"] = in_words({"message": account.layout["template"], "values": account.layout["values"]})
        print_json(summary)
