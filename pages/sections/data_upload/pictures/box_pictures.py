"""The pictures of a project with boxes: those that show a class, with their boxes drawn on them."""

import streamlit as st

from engine.data.label_kinds import detection
from engine.storage.registry import Item, Project
from pages.components.gallery import gallery
from pages.sections.data_upload.pictures.multi_label_pictures import EXCLUDED, NOT_YET, NOTHING, browse
from pages.session.i18n import _, plural
from pages.session.safe_text import md_escape, shortened
from pages.shared.dataset import boxed_pictures, picture_actions
from pages.shared.dataset.label_kinds.detection import edit, where_boxes_come_from
from pages.shared.dataset.pictures import short_name, split_word

PER_PAGE = 24


@st.fragment
def view(project: Project) -> None:
    """Show the classes beside the gallery of the one that is open; a picture is in each of its classes."""
    names = {NOTHING: _("No object"), NOT_YET: _("Nobody has looked yet"), EXCLUDED: _("Excluded")}
    browse(project, detection, names, _class)


def _class(project: Project, title: str, opened: str, found: dict[str, list[Item]]) -> None:
    items = found[opened]
    class_names = [name for name in found if name not in (NOTHING, NOT_YET, EXCLUDED)]
    with st.container(horizontal=True, vertical_alignment="center", key="class-row"):
        st.markdown(f"#### {md_escape(shortened(title, 40))}", width="content")
        st.caption(plural("{n} picture", "{n} pictures", len(items)), width="content")
    bar = st.container(key="selection-bar")
    place = st.container()
    offset = gallery.page_of(len(items), key=f"page-{project.dataset_id}-{opened}", per_page=PER_PAGE)
    with place:
        tiles = [_tile(item, class_names) for item in items[offset : offset + PER_PAGE]]
        key, clear = f"gallery-{project.dataset_id}", picture_actions.cleared()
        chosen = gallery.gallery(tiles, key=key, selectable=True, clear=clear, size=170)
    with bar, st.container(horizontal=True, vertical_alignment="center", key="selection-row"):
        if not chosen:
            st.caption(where_boxes_come_from())
        elif opened == EXCLUDED:
            picture_actions.restore_buttons(project, chosen, key="selection")
        else:
            st.markdown(f"**{plural('{n} selected', '{n} selected', len(chosen))}**", width="content")
            edit(project, [item for item in items if item.id in chosen], key="selection")


def _tile(item: Item, class_names: list[str]) -> gallery.Tile:
    note = " · ".join(part for part in (split_word(item.split), item.group) if part)
    address = boxed_pictures.of_item(item, class_names)
    return gallery.Tile(item.id, address, boxed_pictures.counted(item), note or short_name(item))
