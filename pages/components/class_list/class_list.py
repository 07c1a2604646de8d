"""The classes with their numbers as bars; one of them is open."""

import functools
from pathlib import Path

import streamlit as st

from pages.session.i18n import _, number
from pages.session.safe_text import readable

_HERE = Path(__file__).parent


def open_class(label: str, *, key: str) -> None:
    """Let the list with this key open another class in the next rerun."""
    st.session_state[f"{key}-next"] = label


def class_list(counts: dict[str, int], *, key: str, names: dict[str, str] | None = None) -> str | None:
    """Show {class: number of pictures}; return the class that was chosen, else the first, else None.

    names: what to show instead of a class's own name.
    """
    if not counts:
        return None
    if (opened := st.session_state.pop(f"{key}-next", None)) is not None:
        st.session_state[key] = {"chosen": opened}
    remembered = (st.session_state.get(key) or {}).get("chosen")
    chosen = remembered if remembered in counts else next(iter(counts))
    rows = [
        {
            "id": label,
            "name": readable((names or {}).get(label, label)),
            "number": number(n),
            "share": n / max(counts.values()),
        }
        for label, n in counts.items()
    ]
    result = _component()(
        key=key,
        data=[{"rows": rows, "chosen": chosen, "title": _("Classes")}],  # a list: see gallery.py
        default={"chosen": chosen},
        on_chosen_change=_nothing,
    )
    return result.chosen if result.chosen in counts else chosen


@functools.cache
def _component():
    return st.components.v2.component(
        "graft_class_list",
        html='<div class="list" role="group"></div>',
        css=(_HERE / "class_list.css").read_text(encoding="utf-8"),
        js=(_HERE / "class_list.js").read_text(encoding="utf-8"),
    )


def _nothing() -> None:
    """A component only reports what has a callback."""
