"""Pictures with boxes around objects: what is written about them, and what can be done with them on the page."""

from collections.abc import Callable, Sequence

import streamlit as st

from engine.data.label_kinds import detection
from engine.storage.registry import Item, Project
from pages.session.i18n import _
from pages.shared.dataset import class_edits, classes, picture_actions, test_lock

SECTIONS = {"pictures": "box_pictures", "check": "check_report", "parts": "split_editor", "history": "history"}
WAYS: tuple[str, ...] = ("all", "example")


def title() -> str:
    return _("Labels: boxes around objects")


def choice() -> str:
    return _("Boxes around objects")


def note(label: str) -> str:
    """Return what a picture shows, below its tile; plain text."""
    return _("shows {classes}").format(classes=classes.in_words(label, detection))


def what_counts_as_right() -> str:
    return _("Accuracy: the share of pictures on which every class is counted rightly.")


def where_boxes_come_from() -> str:
    """Return what can be done today to have other boxes."""
    return _(
        "Boxes come from files: COCO, YOLO, Pascal VOC, Label Studio or a table. To change some, export the pictures, "
        "change them in the tool they were drawn with, and bring them into a new project."
    )


def edit(project: Project, chosen: Sequence[Item], *, key: str, selected: bool = True) -> None:
    """Offer to exclude the chosen pictures, and say where boxes come from."""
    ids = [item.id for item in chosen]
    if st.button(_("Exclude"), icon=":material/hide_image:", key=f"{key}-exclude"):
        picture_actions.done(class_edits.exclude, project, ids)
    test_lock.note(project, ids)
    st.caption(where_boxes_come_from())


def names_for_keys(project: Project) -> list[str]:
    return []


def on_keys(project: Project) -> Callable[[list[dict]], None] | None:
    return None
