"""Has anything on the page been opened, chosen or typed since? Whoever is at work is not taken elsewhere."""

import json
from collections.abc import Mapping

import streamlit as st


def mark(but: str) -> dict[str, str]:
    """Return what is opened, chosen and typed on the page now, to be compared with later.

    but: keys of widgets that begin so do not count, such as the button that was just pressed.
    """
    kept = {key: value for key, value in st.session_state.items() if not str(key).startswith(but)}
    return {str(key): text for key, value in kept.items() if not _empty(value) and (text := _plain(value))}


def _empty(value) -> bool:
    """Say whether this is a widget that nobody has used yet; those come and go with what is drawn."""
    return all(map(_empty, value.values())) if isinstance(value, Mapping) else not value


def _plain(value) -> str:
    """Return what a widget holds as text; "" for what pages keep for themselves, such as an answer to come."""
    try:
        return json.dumps(value, sort_keys=True)
    except TypeError:
        return ""
