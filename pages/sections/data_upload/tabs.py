"""The sections of the Data page below the drop zone: one thing at a time, chosen at the top, kept in the address."""

import streamlit as st

from engine.storage.registry import Project
from pages.session import modality
from pages.session.i18n import _
from pages.shared import address
from pages.shared.dataset import label_kinds

KEY, CHOICE, NEXT = "section", "data-section", "data-section-next"


def choice(project: Project) -> str:
    """Show the sections and return the one that is open; the address keeps it, so that a refresh loses nothing."""
    words = {
        "pictures": _(modality.of_project(project).words.title),
        "check": _("Check"),
        "map": _("Map"),
        "label": _("Label"),
        "parts": _("Parts"),
        "history": _("History"),
    }
    words = {section: words[section] for section in label_kinds.of(project).SECTIONS}
    opened = st.query_params.get(KEY)
    # Set here rather than as a default: only so does the control itself follow when a button opens another section.
    chosen = None if address.came_back() else st.session_state.get(CHOICE)
    wanted = st.session_state.pop(NEXT, None) or chosen or opened
    wanted = wanted if wanted in words else "pictures"
    if st.session_state.get(CHOICE) != wanted:
        st.session_state[CHOICE] = wanted
    chosen = st.segmented_control(
        _("What do you want to see?"),
        list(words),
        format_func=words.__getitem__,
        required=True,
        label_visibility="collapsed",
        key=CHOICE,
    )
    chosen = chosen or wanted
    if chosen != opened and (opened or chosen != "pictures"):
        st.query_params[KEY] = chosen
    return chosen


def open_section(section: str) -> None:
    """Open a section from elsewhere on the Data page; the page is drawn anew."""
    st.query_params[KEY] = section
    st.session_state[NEXT] = section
    st.rerun()
