"""What a person changes about classes and pictures, each change with the sentence that undoes it."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from engine import graft
from engine.data import split
from engine.data.layout import clean_name
from engine.errors import UserError
from engine.storage.registry import UNLABELLED, Project
from pages.session import person
from pages.session.i18n import _, plural, say
from pages.session.safe_text import md_escape
from pages.shared.dataset import test_lock

# How older versions called what is done here; their histories are still read.
RENAMED = {
    "removed {n} picture": "excluded {n} picture",
    "removed {n} pictures": "excluded {n} pictures",
}

LABELLED = "labelled {n} picture as {label}"  # what one answer while labelling is called


def rename_class(project: Project, label: str, new: str) -> None:
    """Rename a class; a name that another class has merges the two."""
    new = _name(new)
    registry = graft.current().registry
    merged = new in registry.counts(project.dataset_id)
    items = [item.id for item in registry.items(project.dataset_id, label=label)]
    summary = _summary("merged {old} into {new}" if merged else "renamed {old} to {new}", old=label, new=new)
    registry.change_items(project.dataset_id, items, summary, who=person.name(), label=new)


def delete_class(project: Project, label: str) -> None:
    """Take all pictures of a class out."""
    registry = graft.current().registry
    items = [item.id for item in registry.items(project.dataset_id, label=label)]
    one = len(items) == 1
    summary = _summary(
        "deleted {label} with {n} picture" if one else "deleted {label} with {n} pictures", label=label, n=len(items)
    )
    registry.change_items(project.dataset_id, items, summary, who=person.name(), removed=True)


def move(project: Project, items: Sequence[int], new: str) -> int:
    """Put pictures into another class, which may be a new one, or name those that had none; return the change's id.

    Pictures without a split get one.
    """
    new = _name(new)
    before = graft.current().registry.items_by_id(items).values()
    summary = _moved(len(items), new, first=all(item.label is None for item in before))
    changes = {item_id: {"label": new} for item_id in items}
    for item_id, part in _new_parts(project, items, new).items():
        changes[item_id]["split"] = part
    return graft.current().registry.change_each(project.dataset_id, changes, summary, who=person.name())


def label_each(project: Project, labels: dict[int, str]) -> int:
    """Give each picture the class that was suggested for it, in one change; return its id."""
    registry = graft.current().registry
    changes = {item_id: {"label": label} for item_id, label in labels.items()}
    for label in sorted(set(labels.values())):
        own = [item_id for item_id, given in labels.items() if given == label]
        for item_id, part in _new_parts(project, own, label).items():
            changes[item_id]["split"] = part
    one = len(labels) == 1
    summary = _summary(
        "accepted the class suggested for {n} picture" if one else "accepted the classes suggested for {n} pictures",
        n=len(labels),
    )
    return registry.change_each(project.dataset_id, changes, summary, who=person.name())


def exclude(project: Project, items: Sequence[int]) -> int:
    """Take pictures out of the dataset and return the change's id; the originals stay, so that they can be restored."""
    summary = _summary("excluded {n} picture" if len(items) == 1 else "excluded {n} pictures", n=len(items))
    return graft.current().registry.change_items(project.dataset_id, items, summary, who=person.name(), removed=True)


def mark_ambiguous(project: Project, items: Sequence[int], ambiguous: bool) -> int:
    """Mark pictures as really ambiguous, which keeps them out of trainings, or take that back; return the change."""
    n, one = len(items), len(items) == 1
    if ambiguous:
        summary = _summary("marked {n} picture as ambiguous" if one else "marked {n} pictures as ambiguous", n=n)
    else:
        summary = _summary("no longer ambiguous: {n} picture" if one else "no longer ambiguous: {n} pictures", n=n)
    registry = graft.current().registry
    return registry.change_items(project.dataset_id, items, summary, who=person.name(), ambiguous=ambiguous)


def restore(project: Project, items: Sequence[int]) -> int:
    """Bring excluded pictures back as they were. Return the change."""
    summary = _summary("restored {n} picture" if len(items) == 1 else "restored {n} pictures", n=len(items))
    return graft.current().registry.change_items(project.dataset_id, items, summary, who=person.name(), removed=False)


def undo_button(project: Project) -> None:
    """Offer to undo the last change that stands; imports are undone in the history."""
    changes = graft.current().registry.changes(project.dataset_id)
    last = next((change for change in changes if not change.undone and change.kind != "import"), None)
    if last is None:
        return
    what = in_words(last.summary)
    if st.button(_("Undo: {what}").format(what=what), icon=":material/undo:", type="tertiary", key="undo"):
        graft.current().registry.undo(last.id)
        st.rerun()


def in_words(summary: dict) -> str:
    """Return what was done, in the language of the session and safe inside Markdown."""
    return say(RENAMED.get(summary["template"], summary["template"]), summary["values"])


def delete_dialog(project: Project, label: str, count: int) -> None:
    """Ask before a class goes."""
    st.markdown(
        _("**{label}** with {pictures} leaves this project. You can undo this.").format(
            label=md_escape(label), pictures=plural("{n} picture", "{n} pictures", count)
        )
    )
    note_on_class(project, label)
    with st.container(horizontal=True):
        if st.button(_("Delete the class"), type="primary", icon=":material/delete:", key="confirm-delete-class"):
            delete_class(project, label)
            st.rerun()
        if st.button(_("Keep it"), key="keep-class"):
            st.rerun()


def note_on_class(project: Project, label: str) -> None:
    """Say, before all of a class changes, that trainings were measured on it."""
    test_lock.note(project, [item.id for item in graft.current().registry.items(project.dataset_id, label=label)])


def _new_parts(project: Project, item_ids: Sequence[int], label: str) -> dict[int, str]:
    """Return the split of those pictures that have none yet."""
    registry = graft.current().registry
    new = [item for item in registry.items_by_id(item_ids).values() if item.split is None]
    if not new:
        return {}
    rest = [item for item in registry.items(project.dataset_id) if item.label is not None and item.split is not None]
    options = split.options_of(registry.dataset_options(project.dataset_id))
    parts = split.assign([replace(item, label=label) for item in new], existing=rest, **options)
    return dict(zip([item.id for item in new], parts, strict=True))


def _moved(n: int, label: str, *, first: bool) -> dict:
    """Return what is said of pictures that got another class, or their `first`."""
    one = n == 1
    if first:
        return _summary(
            "labelled {n} picture as {label}" if one else "labelled {n} pictures as {label}", n=n, label=label
        )
    return _summary("moved {n} picture to {label}" if one else "moved {n} pictures to {label}", n=n, label=label)


def _name(text: str) -> str:
    if not text.strip():
        raise UserError("The class has no name. Type at least one letter.")
    return clean_name(text)


def _summary(template: str, **values) -> dict:
    return {"template": template, "values": values}


def shown_name(label: str) -> str:
    """Return the name of a class as plain text; pictures without a class get words."""
    return _("No class yet") if label == UNLABELLED else label
