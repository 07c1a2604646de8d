"""What a person changes about classes and pictures, each change with the sentence that undoes it."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from engine import graft
from engine.data import reread, split
from engine.data.layout import clean_name
from engine.errors import UserError
from engine.registry import UNLABELLED, Project
from pages.elements.i18n import _, plural, say
from pages.elements.names import md_escape


def rename_class(project: Project, label: str, new: str) -> None:
    """Rename a class; a name that another class has merges the two."""
    new = _name(new)
    registry = graft.current().registry
    merged = new in registry.counts(project.dataset_id)
    items = [item.id for item in registry.items(project.dataset_id, label=label)]
    summary = _summary("merged {old} into {new}" if merged else "renamed {old} to {new}", old=label, new=new)
    registry.change_items(project.dataset_id, items, summary, label=new)


def delete_class(project: Project, label: str) -> None:
    """Take all pictures of a class out."""
    registry = graft.current().registry
    items = [item.id for item in registry.items(project.dataset_id, label=label)]
    one = len(items) == 1
    summary = _summary(
        "deleted {label} with {n} picture" if one else "deleted {label} with {n} pictures", label=label, n=len(items)
    )
    registry.change_items(project.dataset_id, items, summary, removed=True)


def move(project: Project, items: Sequence[int], new: str) -> None:
    """Put pictures into another class, which may be a new one; pictures without a split get one."""
    new = _name(new)
    registry = graft.current().registry
    one = len(items) == 1
    summary = _summary(
        "moved {n} picture to {label}" if one else "moved {n} pictures to {label}", n=len(items), label=new
    )
    registry.change_items(project.dataset_id, items, summary, label=new)
    _split_the_new(project)


def remove(project: Project, items: Sequence[int]) -> None:
    """Take pictures out of the dataset; the originals stay, so that this can be undone."""
    summary = _summary("removed {n} picture" if len(items) == 1 else "removed {n} pictures", n=len(items))
    graft.current().registry.change_items(project.dataset_id, items, summary, removed=True)


def undo_button(project: Project) -> None:
    """Offer to undo the last change that stands."""
    changes = graft.current().registry.changes(project.dataset_id)
    last = next((change for change in changes if not change.undone), None)
    if last is None:
        return
    what = say(last.summary["template"], last.summary["values"])
    if st.button(_("Undo: {what}").format(what=what), icon=":material/undo:", type="tertiary", key="undo"):
        graft.current().registry.undo(last.id)
        st.rerun()


def delete_dialog(project: Project, label: str, count: int) -> None:
    """Ask before a class goes."""
    st.markdown(
        _("**{label}** with {pictures} leaves this project. You can undo this.").format(
            label=md_escape(label), pictures=plural("{n} picture", "{n} pictures", count)
        )
    )
    with st.container(horizontal=True):
        if st.button(_("Delete the class"), type="primary", icon=":material/delete:", key="confirm-delete-class"):
            delete_class(project, label)
            st.rerun()
        if st.button(_("Keep it"), key="keep-class"):
            st.rerun()


def assign_splits(project: Project) -> None:
    """Decide the split of every picture anew, after the rule for groups has changed; given splits stay given."""
    registry = graft.current().registry
    items = [item for item in registry.items(project.dataset_id) if item.label is not None]
    items = [replace(item, split=given) for item, given in zip(items, reread.given_splits(items), strict=True)]
    registry.set_splits(dict(zip([i.id for i in items], _parts(project, items, []), strict=True)))


def _split_the_new(project: Project) -> None:
    registry = graft.current().registry
    items = [item for item in registry.items(project.dataset_id) if item.label is not None]
    new = [item for item in items if item.split is None]
    if new:
        rest = [item for item in items if item.split is not None]
        registry.set_splits(dict(zip([i.id for i in new], _parts(project, new, rest), strict=True)))


def _parts(project: Project, items: list, rest: list) -> list[str]:
    options = graft.current().registry.dataset_options(project.dataset_id)
    return split.assign(
        items,
        existing=rest,
        groups_apart=options.get("groups_apart", "auto"),
        seed=options.get("split_seed", 0),
    )


def _name(text: str) -> str:
    if not text.strip():
        raise UserError("The class has no name. Type at least one letter.")
    return clean_name(text)


def _summary(template: str, **values) -> dict:
    return {"template": template, "values": values}


def shown_name(label: str) -> str:
    """Return the name of a class as plain text; pictures without a class get words."""
    return _("No class yet") if label == UNLABELLED else label
