"""What was asked by keys inside a component: each thing once, and in its order, however fast somebody types.

The component keeps a list of all it has asked, numbered upwards, until the page says up to which number it is done.
"""

from collections.abc import Sequence

import streamlit as st

IN_ORDER = "1234567890"  # as they lie on a keyboard


def done(key: str) -> int:
    """Return the number up to which everything asked under `key` has been done; the component is told."""
    return st.session_state.get(f"{key}-keystrokes", 0)


def fresh(key: str, asked: list[dict] | None) -> list[dict]:
    """Return what has not been done yet, oldest first, and count it as done."""
    new = sorted((one for one in asked or [] if one["n"] > done(key)), key=lambda one: one["n"])
    if new:
        st.session_state[f"{key}-keystrokes"] = new[-1]["n"]
    return new


def keyed(classes: Sequence[str]) -> list[tuple[str, str]]:
    """Return (key, class) of those that have a key: digits stand for themselves, others are numbered from 1 to 9, 0."""
    names = list(classes)
    if all(len(name) == 1 and name in "0123456789" for name in names):
        return [(name, name) for name in names]
    return list(zip(IN_ORDER, names, strict=False))
