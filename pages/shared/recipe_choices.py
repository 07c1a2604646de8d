"""Choices of a recipe that a page forgets when the pictures or the network change."""

import streamlit as st

FORGOTTEN = "forgotten-expert"  # how often each option, or every one (""), went back to its default


def forget(option: str = "") -> None:
    """Let a control begin with its default again, which may be another one now; without `option`, all of them."""
    times = st.session_state.get(FORGOTTEN, {})
    st.session_state[FORGOTTEN] = {**times, option: times.get(option, 0) + 1}
    for key in [key for key in st.session_state if str(key).startswith(f"expert-{option}")]:
        del st.session_state[key]
