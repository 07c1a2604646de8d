"""The four tabs of the Results page and what each holds; the address names what is open, so that a sent link finds it.

A link names a view (`tab=classes`), and the tab follows: links from before there were four tabs lead to the same place.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import streamlit as st

from pages.session.i18n import _
from pages.shared import address, page

KEY, IN_ADDRESS = "results-parts", "tab"
NEXT = "results-part-next"  # the view to open, and the run it belongs to
BESIDE = "results-beside"  # what is open instead of the tabs: about the run itself, or several runs
# In an address without a tab these speak of the matrix, which was the first tab once.
OF_THE_MATRIX, MATRIX = ("cell", "show", "order", "part"), "confusions"
ONCE = {"curves": "about"}  # what views were called in older links


@dataclass(frozen=True)
class View:
    """One thing to look at: its name in the address, its title, and what draws it."""

    id: str
    title: str
    show: Callable[[], None]


@dataclass(frozen=True)
class Tab:
    """One tab: its name in the address, its title, what it holds.

    draw: shows the views and the open one. first: the view that is open where none was chosen; "" for none.
    """

    id: str
    title: str
    views: Sequence[View]
    draw: Callable[["Tab"], None] = field(default=lambda tab: tab.views[0].show())
    first: str = ""

    @property
    def key(self) -> str:
        """The key under which the session knows which view of this tab is open."""
        return f"results-view-{self.id}"

    def opened(self) -> str:
        """Return the view that is open; "" where none is."""
        kept = st.session_state.get(self.key, "")
        return kept if kept in {view.id for view in self.views} else self.first


def alone(name: str, title: str, show: Callable[[], None]) -> Tab:
    """Return a tab with a single view."""
    return Tab(name, title, [View(name, title, show)])


def open_next(view: str, run_id: str) -> None:
    """Open this view when the page draws the run again; where the run has none of that name, nothing happens."""
    st.session_state[NEXT] = (view, run_id)


def open_now(view: str, run_id: str) -> None:
    """Open this view, in whichever tab it is, at once."""
    open_next(view, run_id)
    st.rerun()


def one_of(name: str, title: str, views: Sequence[View]) -> Tab:
    """Return a tab with a choice of its views at the top, and the chosen one below it; the first from the start."""
    return Tab(name, title, views, _draw_one, views[0].id)


def _draw_one(tab: Tab) -> None:
    titles = {view.id: view.title for view in tab.views}
    if st.session_state.get(tab.key) != tab.opened():  # a view that another run had
        st.session_state[tab.key] = tab.opened()
    chosen = page.choice(tab.title, titles, key=tab.key, persist_state="session")
    next(view for view in tab.views if view.id == chosen).show()


def beside_buttons(views: Sequence[View]) -> None:
    """Offer what is about the run itself, or about several, beside the choice of the run."""
    icons = {"compare": ":material/compare_arrows:", "about": ":material/info:"}
    for view in views:
        st.button(view.title, key=f"beside-{view.id}", icon=icons.get(view.id), on_click=_open_beside, args=(view.id,))


def show(tabs: Sequence[Tab], beside: Sequence[View], run_id: str) -> None:
    """Show the tabs and draw only the open one, or what is open instead of them."""
    _follow(tabs, beside, run_id)
    instead = next((view for view in beside if view.id == st.session_state.get(BESIDE)), None)
    if instead is not None:
        _instead(instead)
        return
    for tab, place in zip(tabs, st.tabs([tab.title for tab in tabs], key=KEY, on_change="rerun"), strict=True):
        if place.open:
            address.keep(IN_ADDRESS, None if tab is tabs[0] else tab.opened() or tab.id)
            with place:
                tab.draw(tab)


def _follow(tabs: Sequence[Tab], beside: Sequence[View], run_id: str) -> None:
    """Open what is to be opened next, else what was chosen, else what the address names, else the first."""
    wanted, of_run = st.session_state.pop(NEXT, (None, None))
    if of_run == run_id and _open(wanted or "", tabs, beside):
        return
    if address.came_back() or _is_new(tabs):
        _open(_asked(), tabs, beside) or _open(tabs[0].id, tabs, beside)


def _is_new(tabs: Sequence[Tab]) -> bool:
    """Another run or another language: what was chosen may not be among its tabs, which would be an error."""
    return BESIDE not in st.session_state and st.session_state.get(KEY) not in {tab.title for tab in tabs}


def _asked() -> str:
    asked = st.query_params.get(IN_ADDRESS, "")
    if not asked and any(name in st.query_params for name in OF_THE_MATRIX):
        return MATRIX
    return ONCE.get(asked, asked)


def _open(name: str, tabs: Sequence[Tab], beside: Sequence[View]) -> bool:
    """Open a view or a tab by its name; tell whether there is one."""
    if name in {view.id for view in beside}:
        st.session_state[BESIDE] = name
        return True
    for tab in tabs:
        if name == tab.id or name in {view.id for view in tab.views}:
            st.session_state.pop(BESIDE, None)
            st.session_state[KEY] = tab.title
            st.session_state[tab.key] = tab.first if name == tab.id else name
            return True
    return False


def _open_beside(name: str) -> None:
    st.session_state[BESIDE] = name


def _close() -> None:
    st.session_state.pop(BESIDE, None)
    st.query_params.pop(IN_ADDRESS, None)


def _instead(view: View) -> None:
    address.keep(IN_ADDRESS, view.id)
    with st.container(horizontal=True, vertical_alignment="center", key="beside-row"):
        st.subheader(view.title, anchor=False, width="content")
        st.space("stretch")
        st.button(_("Back to the results"), key="beside-back", icon=":material/arrow_back:", on_click=_close)
    view.show()
