"""Map: every picture as a point, alike ones close together; pictures chosen there by lasso are sorted below."""

import streamlit as st

from engine import graft
from engine.services import maps
from engine.storage.registry import UNLABELLED, Project
from pages.components.embedding_map.embedding_map import canvas, how_to_choose
from pages.components.gallery import gallery
from pages.session.i18n import _, plural
from pages.shared.dataset import class_edits, map_progress, picture_actions, pictures

PER_PAGE = 48
KEY = "embedding_map"


def view(project: Project) -> None:
    """Show the map and, below, the pictures that were chosen on it."""

    def show(state: maps.MapState) -> None:
        key = f"{KEY}-{project.dataset_id}"
        url = f"api/map/{project.dataset_id}?v={state.tag}"
        _chosen(project, canvas(url, _words(), key=key, clear=picture_actions.cleared()))

    map_progress.follow(project.dataset_id, lambda: graft.current().maps.start(project.dataset_id), show)


def _chosen(project: Project, selected: list[int]) -> None:
    """Show the chosen pictures with what can be done with them; some may be picked out of them once more."""
    if not selected:
        how_to_choose()
        return
    registry = graft.current().registry
    key = f"{KEY}-gallery-{project.dataset_id}"
    bar = st.container(horizontal=True, vertical_alignment="center", key=f"{KEY}-bar")
    place = st.container(key=f"{KEY}-gallery")
    offset = gallery.page_of(len(selected), key=f"{KEY}-page", per_page=PER_PAGE)
    shown = selected[offset : offset + PER_PAGE]
    found = registry.items_by_id(shown)
    items = [found[item_id] for item_id in shown if item_id in found]
    labels = list(registry.counts(project.dataset_id))
    with place:
        picked = gallery.gallery(
            pictures.tiles(items),
            key=key,
            selectable=True,
            clear=picture_actions.cleared(),
            classes=labels,
            on_keys=picture_actions.by_keys(project),
        )
    with bar:
        _bar(project, selected, picked, labels)


def _bar(project: Project, selected: list[int], picked: list[int], labels: list[str]) -> None:
    words = plural("{n} picture chosen", "{n} pictures chosen", len(selected))
    if picked:
        words = plural("{n} picked out of them", "{n} picked out of them", len(picked))
    st.markdown(f"**{words}**", width="content")
    picture_actions.buttons(project, picked or selected, labels, key=KEY)


def _words() -> dict:
    return {
        "kinds": {"class": _("Class"), "part": _("Part"), "group": _("Group")},
        "names": {"part": [_("training"), _("validation"), _("test"), _("no part yet")]},
        "none": {"class": class_edits.shown_name(UNLABELLED), "group": _("no group")},
        "title": "{class}",
        "more": ["part", "group"],
    }
