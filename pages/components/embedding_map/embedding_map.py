"""A map of pictures on a canvas: alike ones lie close together, and points are chosen by click, lasso or keyboard."""

import streamlit as st

from pages.components.register import register, reported
from pages.session.i18n import _, language

_HTML = (
    '<div class="map"><div class="bar"></div><div class="stage">'
    '<canvas tabindex="0" role="application"></canvas>'
    '<div class="card" hidden></div></div><div class="legend" role="group"></div>'
    '<p class="live" aria-live="polite"></p></div>'
)


def canvas(url: str, words: dict, *, key: str, clear: int = 0) -> list[int]:
    """Show the points at `url` (see engine.services.maps); return the ids of those that are chosen.

    words: by key of a colouring its title ("kinds"), names that are words of the page ("names") and what it says of a
    point that has none ("none"); "title" and "more": what is said of the point under the mouse, a template and keys.
    A new number in `clear` lets go of what is chosen.
    """
    data = {
        "url": url,
        "clear": clear,
        "selected": (st.session_state.get(key) or {}).get("selected", ""),
        "words": {**_common_words(), **words},
    }
    mounted = register("embedding_map", _HTML)
    result = mounted(key=key, data=data, default={"selected": ""}, on_selected_change=reported)
    return ids(result.selected or "")


def how_to_choose() -> None:
    """Say how points are chosen."""
    st.caption(
        _(
            "Draw around points to choose them, or click them one by one. With the keyboard: arrow keys walk, "
            "Space chooses, C takes the whole class, R begins and ends a rectangle, plus and minus zoom."
        )
    )


def ids(text: str) -> list[int]:
    """Return the ids of "1-4,9"; what is no such text chooses nothing."""
    found: list[int] = []
    for part in filter(None, text.split(",")):
        first, _dash, last = part.partition("-")
        if first.isdecimal() and (last or first).isdecimal():
            found += range(int(first), min(int(last or first), int(first) + 1_000_000) + 1)
    return found


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
