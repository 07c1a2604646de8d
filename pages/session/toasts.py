"""Short news about what was just done: said once, after the page was drawn anew."""

import streamlit as st

LATER = "news"


def tell(text: str, icon: str) -> None:
    """Say this with the next drawing of the page; `text` is Markdown, names in it are escaped."""
    st.session_state.setdefault(LATER, []).append((text, icon))


def show() -> None:
    """Say what there is to say. The frame calls this."""
    for text, icon in st.session_state.pop(LATER, []):
        st.toast(text, icon=icon, duration="long")
