"""The buttons of a finding: each makes its change with one click, which Undo takes back, or leads where it is done."""

import streamlit as st

from engine import graft
from engine.data import file_name_groups
from engine.errors import UserError
from engine.storage.registry import Item, Project
from pages.sections.data_upload import tabs
from pages.sections.data_upload.check.open_findings import Report
from pages.session import person
from pages.session.i18n import _, say
from pages.shared import page
from pages.shared.dataset import class_balance

PLACES = {"label": "label", "map": "map", "parts": "parts", "pictures": "pictures"}
ICONS = {
    "keep": ":material/check:",
    "remove": ":material/delete:",
    "keep_one": ":material/filter_1:",
    "merge": ":material/merge:",
    "one_side": ":material/call_split:",
    "use_groups": ":material/groups:",
    "label": ":material/label:",
    "open_map": ":material/scatter_plot:",
}


def buttons(project: Project, report: Report, finding: dict, key: str) -> None:
    """Show what can be done about a finding with one click."""
    offered = [fix for fix in finding.get("fixes", ()) if possible(fix)]
    if not offered:
        return
    with st.container(horizontal=True, key=f"{key}-fixes"):
        pressed = [fix for position, fix in enumerate(offered) if _button(fix, f"{key}-fix-{position}")]
    with page.errors_in_words():  # here, so that the cards below are drawn all the same
        for fix in pressed:
            apply(project, report, fix)
            st.rerun()


def _button(fix: dict, key: str) -> bool:
    return st.button(say(fix["title"], fix["values"]), icon=ICONS.get(fix["key"]), key=key)


def possible(fix: dict) -> bool:
    """Tell whether a fix has something to change or somewhere to lead."""
    if fix.get("changes"):
        return True
    return bool(place_of(fix)) or "class_balancing" in fix.get("action", {})


def place_of(fix: dict) -> str | None:
    """Return the section of the Data page a fix leads to, None when it leads nowhere."""
    return PLACES.get(fix.get("action", {}).get("open"))


def apply(project: Project, report: Report, fix: dict) -> None:
    """Make the change of a fix, with the sentence that undoes it; then go where it leads."""
    if fix.get("changes"):
        _change(project, report, fix)
        st.toast(_("Done. You can undo it at the top of the page."), icon=":material/check_circle:")
    action = fix.get("action", {})
    if "class_balancing" in action:
        class_balance.choose(project, action["class_balancing"])
    if (place := place_of(fix)) is not None:
        tabs.open_section(place)


def _change(project: Project, report: Report, fix: dict) -> None:
    changes = {int(item): dict(values) for item, values in fix["changes"].items() if int(item) in report.items}
    if fix["key"] == "merge":
        changes = {item: values for item, values in changes.items() if _is_merged(report.items[item], fix)}
    if fix["key"] == "use_groups":
        changes = _with_parts(report, changes)
    apart = fix.get("action", {}).get("groups_apart")
    summary = fix.get("summary") or {"template": fix["title"], "values": fix["values"]}
    options = {"groups_apart": apart} if apart else None
    graft.current().registry.change_each(project.dataset_id, changes, summary, who=person.name(), options=options)


def _is_merged(item: Item, fix: dict) -> bool:
    """Leave alone what was moved out of the merged classes after the report was made."""
    old = fix["summary"]["values"]["old"]
    return item.label == old or item.label in old.split(", ")


def _with_parts(report: Report, changes: dict[int, dict]) -> dict[int, dict]:
    """Return changes of group and part. Raises UserError where a class would be missing from a part it is in now."""
    labelled = [item for item in report.items.values() if item.label is not None]
    changes = file_name_groups.with_splits(labelled, changes)
    now = {(item.label, item.split) for item in labelled if item.split}
    then = {(item.label, changes.get(item.id, {}).get("split", item.split)) for item in labelled}
    if lost := sorted({label or "" for label, _part in now - then}):
        raise UserError(
            "With each of these groups in one part, some classes would be missing from a part, so they could not be "
            "learned or measured: {classes}. The groups are too few, or hang together through copies of the same "
            "pictures. Settle the copies and the pictures in two classes first, then use the groups.",
            classes=", ".join(lost),
        )
    return changes
