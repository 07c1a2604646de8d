"""Map: every picture as a point, alike ones close together; pictures chosen there by lasso are sorted below."""

import functools
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from engine import graft
from engine.services import maps
from engine.storage.registry import UNLABELLED, Project
from pages.components.gallery import gallery
from pages.session.i18n import _, language, plural, say
from pages.shared import page
from pages.shared.dataset import class_edits, picture_actions, pictures

_HERE = Path(__file__).parent
PER_PAGE = 48
POLL_SECONDS = 1.0
KEY = "embedding_map"


def view(project: Project) -> None:
    """Show the map and, below, the pictures that were chosen on it."""

    def show(state: maps.MapState) -> None:
        key = f"{KEY}-{project.dataset_id}"
        url = f"api/map/{project.dataset_id}?v={state.tag}"
        _chosen(project, canvas(url, _words(), key=key, clear=picture_actions.cleared()))

    follow(project.dataset_id, lambda: maps.look(graft.current(), project.dataset_id), show)


def follow(dataset_id: str, look: Callable[[], maps.MapState], show: Callable[[maps.MapState], None]) -> None:
    """Say how far the map is and `show` what there is of it, anew while a worker is at it."""

    def part(watched: bool) -> None:
        with page.errors_in_words():
            state = look()
            if watched and not state.running:
                st.rerun()  # once for the whole page: it takes the timer away
            _progress(dataset_id, state)
            if state.tag:
                show(state)

    looking = look().running
    st.fragment(part, run_every=POLL_SECONDS if looking else None)(looking)


def _progress(dataset_id: str, state: maps.MapState) -> None:
    study = state.study
    if study["state"] == maps.FAILED:
        st.error(say(study["message"], study["values"]), icon=":material/error:")
        if st.button(_("Try again"), key=f"{KEY}-again"):
            graft.current().background_jobs.forget(maps.KIND, dataset_id)
            st.rerun()
    elif state.running:
        words = say(study["message"], study["values"]) if study["message"] else _("Preparing the map")
        if state.method == "pca":
            words += " · " + _("a first sketch is below")
        st.progress(min(1.0, study["progress"]), text=words)
    elif not state.pictures:
        st.caption(_("There are no pictures to show."))
    else:
        st.caption(_("Each point is a picture; the closer two points, the more alike the network finds them."))


def canvas(url: str, words: dict, *, key: str, clear: int = 0) -> list[int]:
    """Show the points at `url` (see engine.services.maps); return the ids of those that are chosen.

    words: by key of a colouring its title ("kinds"), names that are words of the page ("names") and what it says of a
    point that has none ("none"); "title" and "more": what is said of the point under the mouse, a template and keys.
    A new number in `clear` lets go of what is chosen.
    """
    result = _component()(
        key=key,
        data=[
            {
                "url": url,
                "clear": clear,
                "selected": (st.session_state.get(key) or {}).get("selected", ""),
                "words": {**_common_words(), **words},
            }
        ],
        default={"selected": ""},
        on_selected_change=_nothing,
    )
    return _ids(result.selected or "")


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


def how_to_choose() -> None:
    """Say how points are chosen."""
    st.caption(
        _(
            "Draw around points to choose them, or click them one by one. With the keyboard: arrow keys walk, "
            "Space chooses, C takes the whole class, R begins and ends a rectangle, plus and minus zoom."
        )
    )


def _bar(project: Project, selected: list[int], picked: list[int], labels: list[str]) -> None:
    words = plural("{n} picture chosen", "{n} pictures chosen", len(selected))
    if picked:
        words = plural("{n} picked out of them", "{n} picked out of them", len(picked))
    st.markdown(f"**{words}**", width="content")
    picture_actions.buttons(project, picked or selected, labels, key=KEY)


def _ids(text: str) -> list[int]:
    """Return the ids of "1-4,9"; what is no such text chooses nothing."""
    ids: list[int] = []
    for part in filter(None, text.split(",")):
        first, _dash, last = part.partition("-")
        if first.isdecimal() and (last or first).isdecimal():
            ids += range(int(first), min(int(last or first), int(first) + 1_000_000) + 1)
    return ids


def _words() -> dict:
    return {
        "kinds": {"class": _("Class"), "part": _("Part"), "group": _("Group")},
        "names": {"part": [_("training"), _("validation"), _("test"), _("no part yet")]},
        "none": {"class": class_edits.shown_name(UNLABELLED), "group": _("no group")},
        "title": "{class}",
        "more": ["part", "group"],
    }


def _common_words() -> dict:
    return {
        "move": _("Move the map"),
        "lasso": _("Choose with a lasso"),
        "rectangle": _("Choose with a rectangle"),
        "add": _("Keep what is chosen and add to it"),
        "closer": _("Closer"),
        "further": _("Further away"),
        "whole": _("The whole map"),
        "pictures": _("Pictures"),
        "colour": _("Colours"),
        "filter": _("Show or hide; with Shift only this one"),
        "pick": _("Choose all of {name}"),
        "all": _("Show all"),
        "summary": _("A map of {n} pictures."),
        "selected": _("{n} chosen."),
        "isSelected": _("chosen"),
        "corner": _("First corner. Go to the other one and press R again."),
        "language": language(),
    }


@functools.cache
def _component():
    return st.components.v2.component(
        "graft_embedding_map",
        html=(
            '<div class="map"><div class="bar"></div><div class="stage">'
            '<canvas tabindex="0" role="application"></canvas>'
            '<div class="card" hidden></div></div><div class="legend" role="group"></div>'
            '<p class="live" aria-live="polite"></p></div>'
        ),
        css=(_HERE / "embedding_map.css").read_text(encoding="utf-8"),
        js=(_HERE / "embedding_map.js").read_text(encoding="utf-8"),
    )


def _nothing() -> None:
    """A component only reports what has a callback."""
