"""A desk with one large picture, its likely classes and a key for each; what comes next is already there."""

from collections.abc import Sequence
from typing import TypedDict

import streamlit as st

from pages.components import keystrokes
from pages.components.register import register, reported
from pages.session.i18n import _

_HTML = '<div class="desk" tabindex="0"></div>'


class Shown(TypedDict):
    """A picture as the desk shows it; likeliest: [class, probability] pairs, likeliest first."""

    id: int
    sha: str
    name: str
    likeliest: list[list]


def desk(queue: Sequence[Shown], past: Sequence[dict], classes: Sequence[str], *, key: str) -> None:
    """Show the first of the queue. past: the last answers, {"n": number, "one": Shown}, which Z takes back."""
    data = {
        "queue": list(queue),
        "past": list(past),
        "classes": list(classes),
        "done": keystrokes.done(key),
        "words": _words(),
    }
    register("labelling", _HTML)(key=key, data=data, default={"asked": []}, on_asked_change=reported)


def asked(key: str) -> list[dict]:
    """Return what was asked at the desk and has not been done yet: {"n", "do", "item"} and what belongs to it."""
    return keystrokes.fresh(key, (st.session_state.get(key) or {}).get("asked"))


def _words() -> dict[str, str]:
    return {
        "choose": _("Which class?"),
        "other": _("Another class, or a new one"),
        "save": _("Save"),
        "exclude": _("Exclude"),
        "skip": _("Skip"),
        "undo": _("Undo"),
        "waiting": _("The next pictures are on their way."),
        "picture": _("Picture to label: {name}"),
        "help": _(
            "Enter takes the suggestion, numbers always the same class, N types one, X excludes, S skips, Z undoes."
        ),
    }
