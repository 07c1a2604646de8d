"""What has become of a test picture since a run saw it, and the buttons that put it right beside its answer."""

import streamlit as st

from engine import graft
from engine.storage.registry import Item, Project
from pages.session.i18n import _
from pages.shared.dataset import classes, concurrent_edits, label_kinds, picture_actions


def news(item: Item | None, label: str) -> str:
    """Return what has become of a picture since a run saw it as `label`, in words; "" for nothing."""
    if item is None or item.removed:
        return _("excluded since")
    if item.ambiguous:
        return _("marked as ambiguous")
    if item.label != label:
        shown = classes.in_words(item.label, classes.kind_of(item.dataset_id))
        return _("now {label}").format(label=shown)
    return ""


def offer(project: Project, item_id: int, label: str) -> None:
    """Offer to move the picture to another class, to exclude it or to mark it as ambiguous; say what was done.

    label: the class a run saw it as. A picture that has left the dataset offers nothing.
    """
    registry = graft.current().registry
    item = registry.items_by_id([item_id]).get(item_id)
    if item is None:
        return
    words = news(item, label)
    st.caption(f"→ **{words}**" if words else _("Is its label wrong? Put it right here; then train again."))
    with st.container(horizontal=True, vertical_alignment="center", key="put-right"):
        if item.removed:
            picture_actions.restore_buttons(project, [item_id], key="put-right", selected=False)
        else:
            label_kinds.of(project).edit(project, [item], key="put-right", selected=False)
    concurrent_edits.note([item])
