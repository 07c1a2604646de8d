"""The pictures of a project in which a picture may show several classes: look through them, say what they show."""

from collections.abc import Callable

import streamlit as st

from engine import graft
from engine.data.label_kinds import multi_label
from engine.data.label_kinds.label_kind import LabelKind
from engine.storage.registry import Item, Project
from pages.components.class_list.class_list import class_list
from pages.components.gallery import gallery
from pages.session import modality
from pages.session.i18n import _, plural
from pages.session.safe_text import md_escape, shortened
from pages.shared import page
from pages.shared.dataset import classes, picture_actions
from pages.shared.dataset.label_kinds.multi_label import edit
from pages.shared.dataset.pictures import short_name, split_word

PER_PAGE = 48
# These stand for pictures beside the classes; no class can be called so.
NOTHING, NOT_YET, EXCLUDED = "\x00nothing", "\x00not-yet", "\x00excluded"


@st.fragment
def view(project: Project) -> None:
    """Show the classes beside the gallery of the one that is open; a picture is in each of its classes."""
    names = {NOTHING: _("None of the classes"), NOT_YET: _("No class yet"), EXCLUDED: _("Excluded")}
    browse(project, multi_label, names, _class)


def browse(project: Project, label_kind: LabelKind, names: dict[str, str], show: Callable) -> None:
    """Show the classes, and what `show(project, title, class, {class: items})` draws of the open one.

    names: what stands for pictures beside the classes is called.
    """
    with page.errors_in_words():
        found = by_class(project, label_kind)
        left, right = st.columns([1, 3], gap="medium")
        with left:
            numbers = {name: len(items) for name, items in found.items()}
            opened = class_list(numbers, key=f"classes-{project.dataset_id}", names=names)
        if opened is not None:
            with right:
                show(project, names.get(opened, opened), opened, found)


def by_class(project: Project, label_kind: LabelKind) -> dict[str, list[Item]]:
    """Return the pictures that show each class, then those that show none, that nobody looked at, and excluded ones."""
    registry = graft.current().registry
    items = registry.items(project.dataset_id)
    found: dict[str, list[Item]] = {name: [] for name in classes.counts(project)}
    beside: dict[str, list[Item]] = {
        NOTHING: [],
        NOT_YET: [],
        EXCLUDED: registry.items(project.dataset_id, removed=True),
    }
    for item in items:
        for name in label_kind.names_of(item.label):
            found[name].append(item)
        if item.label is None:
            beside[NOT_YET].append(item)
        elif item.label == multi_label.NOTHING:
            beside[NOTHING].append(item)
    return found | {name: own for name, own in beside.items() if own}


def _class(project: Project, title: str, opened: str, found: dict[str, list[Item]]) -> None:
    items = found[opened]
    with st.container(horizontal=True, vertical_alignment="center", key="class-row"):
        st.markdown(f"#### {md_escape(shortened(title, 40))}", width="content")
        st.caption(plural(*modality.current().words.count, len(items)), width="content")
    bar = st.container(key="selection-bar")
    place = st.container()
    offset = gallery.page_of(len(items), key=f"page-{project.dataset_id}-{opened}", per_page=PER_PAGE)
    with place:
        chosen = gallery.gallery(
            [tile(item) for item in items[offset : offset + PER_PAGE]],
            key=f"gallery-{project.dataset_id}",
            selectable=True,
            clear=picture_actions.cleared(),
        )
    with bar, st.container(horizontal=True, vertical_alignment="center", key="selection-row"):
        if not chosen:
            st.caption(_("Click pictures to select them, Shift+click for a range: then say what they show."))
        elif opened == EXCLUDED:
            picture_actions.restore_buttons(project, chosen, key="selection")
        else:
            st.markdown(f"**{plural('{n} selected', '{n} selected', len(chosen))}**", width="content")
            edit(project, [item for item in items if item.id in chosen], key="selection")


def tile(item: Item) -> gallery.Tile:
    """Return a picture with what it shows, then its part and group."""
    note = " · ".join(part for part in (split_word(item.split), item.group) if part)
    words = classes.in_words(item.label, multi_label)
    if item.ambiguous:
        words = _("ambiguous: {label}").format(label=words)
    return gallery.Tile(item.id, gallery.thumbnail_url(item.sha256), words, note or short_name(item))
