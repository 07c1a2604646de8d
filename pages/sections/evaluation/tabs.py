"""The tabs of the Results page; the address names the open one, so that a refresh or a sent link finds it."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from pages.shared import address

KEY, IN_ADDRESS = "results-parts", "tab"
NEXT = "results-part-next"  # the tab to open, and the run it belongs to


@dataclass(frozen=True)
class Tab:
    """One tab: its name in the address, its title, and what draws it."""

    id: str
    title: str
    show: Callable[[], None]


def open_next(tab: str, run_id: str) -> None:
    """Open this tab when the page draws the run again; where the run has none of that name, nothing happens."""
    st.session_state[NEXT] = (tab, run_id)


def show(tabs: list[Tab], run_id: str) -> None:
    """Show the tabs and draw only the open one: what is to be opened next, what was chosen, what the address names."""
    titles = {tab.id: tab.title for tab in tabs}
    wanted, of_run = st.session_state.pop(NEXT, (None, None))
    asked = st.query_params.get(IN_ADDRESS)
    if of_run == run_id and wanted in titles:
        st.session_state[KEY] = titles[wanted]
    elif address.came_back() or st.session_state.get(KEY) not in titles.values():
        # Another run or another language: what was chosen may not be among its tabs, which would be an error.
        st.session_state[KEY] = titles.get(asked or "", tabs[0].title)
    for tab, place in zip(tabs, st.tabs(list(titles.values()), key=KEY, on_change="rerun"), strict=True):
        if place.open:
            address.keep(IN_ADDRESS, None if tab is tabs[0] else tab.id)
            with place:
                tab.show()
