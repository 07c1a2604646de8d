"""The pictures of the project by class: look through them, select some, move, exclude or restore them."""

import functools

import streamlit as st

from engine import graft
from engine.data.layout import clean_name
from engine.storage.registry import UNLABELLED, Item, Project
from pages.components.class_list.class_list import class_list, open_class
from pages.components.gallery import gallery
from pages.session import modality
from pages.session.i18n import _, number, plural
from pages.session.safe_text import md_escape, shortened
from pages.shared import page
from pages.shared.dataset import class_edits, concurrent_edits, picture_actions, written

PER_PAGE = 48
# These stand for pictures that were marked as ambiguous or taken out; no class can be called so.
AMBIGUOUS, EXCLUDED = "\x00ambiguous", "\x00excluded"
NO_CLASSES = (UNLABELLED, AMBIGUOUS, EXCLUDED)


@st.fragment
def view(project: Project) -> None:
    """Show the classes beside the gallery of the one that is open. Selecting reruns only this part of the page."""
    with page.errors_in_words():
        registry = graft.current().registry
        counts = {label: sum(splits.values()) for label, splits in registry.counts(project.dataset_id).items()}
        if bare := registry.unlabelled(project.dataset_id):
            counts = {UNLABELLED: bare, **counts}
        if unclear := _ambiguous(project):
            counts = {**counts, AMBIGUOUS: len(unclear)}
        if out := registry.removed(project.dataset_id):
            counts = {**counts, EXCLUDED: out}
        left, right = st.columns([1, 3], gap="medium")
        with left:
            names = {name: _shown(name) for name in NO_CLASSES}
            label = class_list(counts, key=f"classes-{project.dataset_id}", names=names)
        if label is not None:
            with right:
                _class(project, label, counts)


def _class(project: Project, label: str, counts: dict[str, int]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="class-row"):
        st.markdown(f"#### {md_escape(shortened(_shown(label), 40))}", width="content")
        st.caption(plural(*modality.of_project(project).words.count, counts[label]), width="content")
        st.space("stretch")
        if label not in NO_CLASSES:
            _edit(project, label, counts)
    bar = st.container(key="selection-bar")
    place = st.container()
    offset = gallery.page_of(counts[label], key=f"page-{project.dataset_id}-{label}", per_page=PER_PAGE)
    items = _items(project, label, offset)
    classes = [name for name in counts if name not in NO_CLASSES]
    with place:
        selected = gallery.gallery(
            [_tile(item, text) for item, text in zip(items, written.of([item.sha256 for item in items]), strict=True)],
            key=f"gallery-{project.dataset_id}",
            selectable=True,
            clear=picture_actions.cleared(),
            classes=classes,
            on_keys=None if label == EXCLUDED else picture_actions.by_keys(project),
        )
    with bar:
        _selection(project, label, list(counts), selected)
    concurrent_edits.note(items)


def _shown(label: str) -> str:
    special = {EXCLUDED: _("Excluded"), AMBIGUOUS: _("Ambiguous")}
    return special.get(label) or class_edits.shown_name(label)


def _items(project: Project, label: str, offset: int) -> list[Item]:
    """Return the items of one page of a class, or of the pictures that stand beside the classes."""
    registry = graft.current().registry
    if label == AMBIGUOUS:
        return list(registry.items_by_id(_ambiguous(project)[offset : offset + PER_PAGE]).values())
    of = {"removed": True} if label == EXCLUDED else {"label": label}
    return registry.items(project.dataset_id, offset=offset, limit=PER_PAGE, **of)


def _ambiguous(project: Project) -> tuple[int, ...]:
    """Return the ids of the pictures that were marked as really ambiguous; asked once per version of the dataset."""
    here = graft.current()
    return _marked(str(here.workspace.root), project.dataset_id, here.registry.version(project.dataset_id))


@functools.lru_cache(maxsize=32)
def _marked(_workspace: str, dataset_id: str, _version: str) -> tuple[int, ...]:
    rows = graft.current().registry.columns(dataset_id, "id", "ambiguous")
    return tuple(item_id for item_id, ambiguous in rows if ambiguous)


def _tile(item: Item, text: str) -> gallery.Tile:
    name = "" if text else item.name.rsplit("/", 1)[-1]
    unclear = _("ambiguous: {label}").format(label=class_edits.shown_name(item.label or "")) if item.ambiguous else ""
    note = " · ".join(part for part in (unclear, _split_word(item.split), item.group) if part)
    return gallery.Tile(item.id, gallery.thumbnail_url(item.sha256), name, note, text=text)


def _split_word(split: str | None) -> str:
    return {"train": _("training"), "validation": _("validation"), "test": _("test")}.get(split or "", "")


def _edit(project: Project, label: str, counts: dict[str, int]) -> None:
    """Rename the class, merge it with another one by giving it that one's name, or delete it."""
    key = f"edit-class-{st.session_state.get('edited', 0)}"
    with st.popover(_("Edit class"), icon=":material/edit:", type="tertiary", key=key):
        new = st.text_input(_("New name"), value=label, max_chars=80, key=f"{key}-{label}").strip()
        merges = new in counts and new != label
        if merges:
            sentence = _("{name} exists already: its {n} pictures and these become one class.")
            st.caption(sentence.format(name=md_escape(new), n=number(counts[new])))
            class_edits.note_on_class(project, label)
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
            st.caption(_("Click to select, Shift+click for a range: then move or exclude."))
            return
        st.markdown(f"**{plural('{n} selected', '{n} selected', len(selected))}**", width="content")
        if label == EXCLUDED:
            picture_actions.restore_buttons(project, selected, key="selection")
        else:
            others = [other for other in labels if other not in (label, *NO_CLASSES)]
            picture_actions.buttons(project, selected, others, key="selection")
