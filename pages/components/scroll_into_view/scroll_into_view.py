"""What somebody asked for comes into view: a gentle scroll where its answer is drawn below what the screen shows."""

import streamlit as st

from pages.components.register import register

ASKED = "into-view-asked"


def ask(key: str) -> None:
    """Let the container of this key come into view when it is drawn next; for callbacks and after a press."""
    asked = st.session_state.setdefault(ASKED, {})
    asked[key] = asked.get(key, 0) + 1


def follow(key: str) -> None:
    """Bring the container of this key into view once for every `ask`. Draw it always, after the container."""
    asked = st.session_state.get(ASKED, {}).get(key, 0)
    register("scroll_into_view", "<span></span>")(key=f"into-view-{key}", data={"target": key, "asked": asked})
