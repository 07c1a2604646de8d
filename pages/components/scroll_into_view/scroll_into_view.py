"""What somebody asked for comes into view: a gentle scroll where its answer is drawn below what the screen shows."""

import functools
from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent
ASKED = "into-view-asked"


def ask(key: str) -> None:
    """Let the container of this key come into view when it is drawn next; for callbacks and after a press."""
    asked = st.session_state.setdefault(ASKED, {})
    asked[key] = asked.get(key, 0) + 1


def follow(key: str) -> None:
    """Bring the container of this key into view once for every `ask`. Draw it always, after the container."""
    # Inside a list, since Streamlit looks for data frames in a dict, and imports pandas to know one.
    _component()(key=f"into-view-{key}", data=[{"target": key, "asked": st.session_state.get(ASKED, {}).get(key, 0)}])


@functools.cache
def _component():
    return st.components.v2.component(
        "graft_into_view", html="<span></span>", js=(_HERE / "scroll_into_view.js").read_text(encoding="utf-8")
    )
