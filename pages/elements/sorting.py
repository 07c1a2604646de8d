"""The pictures of the project by class: look through them, select some, move or remove them."""

from collections.abc import Callable

import streamlit as st

from engine import graft
from engine.data.layout import clean_name
from engine.registry import UNLABELLED, Item, Project
from pages.elements import class_edits, gallery, page
from pages.elements.class_list import class_list, open_class
from pages.elements.i18n import _, number, plural
from pages.elements.names import md_escape, shortened

PER_PAGE = 48


@st.fragment
def sort_pictures(project: Project) -> None:
    """Show the classes beside the gallery of the one that is open. Selecting reruns only this part of the page."""
    with page.errors_in_words():
        registry = graft.current().registry
        counts = {label: sum(splits.values()) for label, splits in registry.counts(project.dataset_id).items()}
        if bare := registry.unlabelled(project.dataset_id):
            counts = {UNLABELLED: bare, **counts}
        left, right = st.columns([1, 3], gap="medium")
        with left:
            label = class_list(counts, key=f"classes-{project.dataset_id}", names={UNLABELLED: _("No class yet")})
        if label is not None:
            with right:
                _class(project, label, counts)


def _class(project: Project, label: str, counts: dict[str, int]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="class-row"):
        st.markdown(f"#### {md_escape(shortened(class_edits.shown_name(label), 40))}", width="content")
        st.caption(plural("{n} picture", "{n} pictures", counts[label]), width="content")
        st.space("stretch")
        if label != UNLABELLED:
            _edit(project, label, counts)
    bar = st.container(key="selection-bar")
    place = st.container()
    offset = gallery.page_of(counts[label], key=f"page-{project.dataset_id}-{label}", per_page=PER_PAGE)
    items = graft.current().registry.items(project.dataset_id, label=label, offset=offset, limit=PER_PAGE)
    with place:
        selected = gallery.gallery(
            [_tile(item) for item in items],
            key=f"gallery-{project.dataset_id}",
            selectable=True,
            clear=st.session_state.get("selection-clear", 0),
        )
    with bar:
        _selection(project, label, list(counts), selected)


def _tile(item: Item) -> gallery.Tile:
    name = item.name.rsplit("/", 1)[-1]
    note = " · ".join(part for part in (_split_word(item.split), item.group) if part)
    return gallery.Tile(item.id, gallery.thumbnail_url(item.sha256), name, note)


def _split_word(split: str | None) -> str:
    return {"train": _("training"), "validation": _("validation"), "test": _("test")}.get(split, "")


def _edit(project: Project, label: str, counts: dict[str, int]) -> None:
    """Rename the class, merge it with another one by giving it that one's name, or delete it."""
    key = f"edit-class-{st.session_state.get('edited', 0)}"
    with st.popover(_("Edit class"), icon=":material/edit:", type="tertiary", key=key):
        new = st.text_input(_("New name"), value=label, max_chars=80, key=f"{key}-{label}").strip()
        merges = new in counts and new != label
        if merges:
            sentence = _("{name} exists already: its {n} pictures and these become one class.")
            st.caption(sentence.format(name=md_escape(new), n=number(counts[new])))
        word = _("Merge") if merges else _("Rename")
        if st.button(word, type="primary", key="rename-class", disabled=not new or new == label):
            class_edits.rename_class(project, label, new)
            open_class(clean_name(new), key=f"classes-{project.dataset_id}")
            _close_menu()
            st.rerun()
        if st.button(_("Delete this class…"), icon=":material/delete:", type="tertiary", key="delete-class"):
            _close_menu()
            st.dialog(_("Delete this class?"))(class_edits.delete_dialog)(project, label, counts[label])


def _close_menu() -> None:
    """A popover closes when it becomes another one."""
    st.session_state["edited"] = st.session_state.get("edited", 0) + 1


def _selection(project: Project, label: str, labels: list[str], selected: list[int]) -> None:
    """Offer what can be done with the selected pictures; without any, say how to select."""
    with st.container(horizontal=True, vertical_alignment="center", key="selection-row"):
        if not selected:
            st.caption(_("Click pictures to select them, Shift+click for a range: then move or remove them."))
            return
        st.markdown(f"**{plural('{n} selected', '{n} selected', len(selected))}**", width="content")
        others = [other for other in labels if other not in (label, UNLABELLED)]
        target = st.selectbox(
            _("Move to"),
            others,
            index=None,
            placeholder=_("Move to a class, or type a new one"),
            accept_new_options=True,
            label_visibility="collapsed",
            key=f"move-to-{st.session_state.get('selection-clear', 0)}",
        )
        if st.button(_("Remove"), icon=":material/delete:", key="remove-pictures"):
            _done(class_edits.exclude, project, selected)
        if st.button(_("Clear"), type="tertiary", key="clear-selection"):
            _done(_nothing)
    if target:
        _done(class_edits.move, project, selected, target)


def _done(change: Callable, *arguments) -> None:
    """Make the change and empty the selection."""
    change(*arguments)
    st.session_state["selection-clear"] = st.session_state.get("selection-clear", 0) + 1
    st.rerun()


def _nothing() -> None:
    """Clearing the selection changes nothing else."""
