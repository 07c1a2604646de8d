"""The classes with their numbers as bars; one of them is open."""

import streamlit as st

from pages.components.register import register, reported
from pages.session.i18n import _, number
from pages.session.safe_text import readable

_HTML = '<div class="list" role="group"></div>'


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
    result = register("class_list", _HTML)(
        key=key,
        data={"rows": rows, "chosen": chosen, "title": _("Classes")},
        default={"chosen": chosen},
        on_chosen_change=reported,
    )
    return result.chosen if result.chosen in counts else chosen
