"""Parts that pages share: a title row, an empty state, a choice, an error in words."""

from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import streamlit as st

from engine.errors import UserError
from pages.session import state
from pages.session.i18n import _, say_error

# Small corrections to Streamlit's own look; everything else is in .streamlit/config.toml.
STYLE = """<style>
.st-key-title-row h1 { padding: 0; }
/* As high as a button, so that nothing below moves when one appears. */
.st-key-title-row { min-height: 2.5rem; }
.st-key-machine [data-testid="stMarkdownContainer"] { margin: 0; }
.st-key-machine p { margin: 0; display: flex; }
/* Names of figures are longer in some languages: two lines rather than three dots. */
[data-testid="stMetricLabel"] * { white-space: normal !important; }
/* Grey, but read by everybody: 6:1 on white (WCAG AA asks for 4.5). */
[data-testid="stCaptionContainer"] { color: #57635b; opacity: 1; }
/* Words come first: the figures of a result are there to look up, and leave the room to its pictures. */
[class*="number-cards"] [data-testid="stMetric"] > div { padding: .5rem .8rem; }
[class*="number-cards"] [data-testid="stMetricValue"] { font-size: 1.5rem; }
/* Whoever walks with the keyboard sees where they are in the navigation too. */
[data-testid="stTopNavLink"]:focus-visible, [data-testid="stSidebarNavLink"]:focus-visible {
  outline: 2px solid currentColor;
}
/* The ring of a tab goes with the focus (Streamlit's own stays when it goes into a component), and is not cut off. */
[data-testid="stTab"], [data-testid="stTab"] * { box-shadow: none !important; }
[data-testid="stTab"]:focus-visible {
  outline: 2px solid currentColor !important; outline-offset: -2px !important; border-radius: .4rem;
  padding-inline: .35rem !important; margin-inline: -.35rem !important;
}
[data-testid="stTab"]:first-of-type:focus-visible { margin-inline: 0 -.7rem !important; }
/* Cards side by side: their buttons stand on one line. */
[class*="st-key-card-"] > :last-child, [class*="st-key-network-"] > :last-child { margin-top: auto; }
/* Many tabs stand in several lines: arrows to scroll them would lie over their words, and the open one out of sight. */
[data-testid="stTabs"] [role="tablist"] { flex-wrap: wrap; row-gap: 0; overflow: visible; }
[data-testid^="stTabsScroll"] { display: none; }
/* Wide screens have room for project, machine and language beside the navigation. */
@media (min-width: 1000px) {
  .st-key-frame { position: fixed; top: 0; right: 1.5rem; height: 3.75rem; width: auto; z-index: 999991; }
  [data-testid="stStatusWidget"] { position: fixed; right: 1rem; bottom: 1rem; }
}
@media (max-width: 640px) {
  .st-key-frame { gap: .25rem; }
  /* One row to swipe; the card at the edge is cut, which tells that there are more. */
  .st-key-number-cards { grid: auto / auto-flow 9.4rem !important; overflow-x: auto; }
}
</style>"""
# White on the primary colour is readable in the dark, but then it is too dark itself for words on a dark ground.
IN_THE_DARK = """<style>
[data-testid="stCaptionContainer"] { color: #b5c0b8; opacity: 1; }
[data-testid="stButtonGroup"] [aria-checked="true"], [data-testid="stButtonGroup"] [aria-checked="true"] *,
[data-testid="stTab"][aria-selected="true"], [data-testid="stTab"][aria-selected="true"] *,
[data-testid="stSliderThumbValue"], [data-testid="stSliderThumbValue"] *,
button:is([kind="secondary"], [kind="tertiary"]):is([aria-expanded="true"], :active),
button:is([kind="secondary"], [kind="tertiary"]):is([aria-expanded="true"], :active) * { color: #6fcf97 !important; }
</style>"""


def title(text: str, caption: str = ""):
    """Write the title row and return the container at its right end, for a badge or a button."""
    row = st.container(horizontal=True, vertical_alignment="center", key="title-row")
    row.title(text, anchor=False, width="content")
    row.space("stretch")
    actions = row.container(horizontal=True, width="content", vertical_alignment="center", key="title-actions")
    if caption:
        st.caption(caption)
    return actions


def gone_note() -> None:
    """Say that what the address named has been deleted, so that nobody takes another one for it."""
    if not state.gone():
        return
    words = _("The project that this address named has been deleted. You see another one.")
    if state.gone() == state.RUN:
        words = _("The training that this address named has been deleted.")
        if state.run() is not None:
            words = _("The training that this address named has been deleted. What you see belongs to another one.")
    with st.container(horizontal=True, vertical_alignment="center", key="gone"):
        st.warning(words, icon=":material/link_off:", width="stretch")
        st.button(_("All right"), key="gone-read", on_click=state.forget_gone)


def all_anew_if_gone(folder: Path) -> None:
    """Draw the whole page, which says so, where a run was deleted meanwhile; for parts that are drawn alone."""
    if not folder.exists():
        st.rerun()


def section(text: str, caption: str = "") -> None:
    """Write the heading of a part of the page."""
    st.subheader(text, anchor=False)
    if caption:
        st.caption(caption)


def empty(icon: str, headline: str, explanation: str, *, button: str = "", page: str = "", key: str = "empty") -> bool:
    """Say what is missing, and offer the one button that leads there. Return True when it was pressed without `page`.

    icon: a Material name such as ":material/photo_library:". page: a key of state.PAGES.
    """
    with st.container(border=True, key=f"{key}-box", horizontal_alignment="center"):
        st.space("small")
        st.markdown(f"### {icon}", width="content")
        st.markdown(f"**{headline}**", text_alignment="center")
        st.caption(explanation, text_alignment="center")
        pressed = bool(button) and st.button(button, type="primary", key=f"{key}-button")
        st.space("small")
    if pressed and page:
        state.go(page)
    return pressed


def nothing_yet(name: str, icon: str, headline: str, explanation: str, *, button: str, leads_to: str) -> NoReturn:
    """Be a page that has nothing to show yet: its title, what is missing and the way there. Ends the script."""
    title(name)
    empty(icon, headline, explanation, button=button, page=leads_to)
    st.stop()


def choice(label: str, options: dict[str, str], *, key: str, default: str | None = None, **more: Any) -> str:
    """Show {id: words} as a row of buttons of which one is always pressed, by default the first; return its id."""
    more = {"label_visibility": "collapsed", **more}
    pressed = st.segmented_control(
        label,
        list(options),
        # Streamlit warns in the log about a default beside what the session holds already.
        default=None if key in st.session_state else default or next(iter(options)),
        required=True,
        format_func=options.__getitem__,
        key=key,
        **more,
    )
    return str(pressed)


def error_box(error: UserError) -> None:
    """Show what happened, what was expected and what to do."""
    st.error(say_error(error), icon=":material/error:")


@contextmanager
def errors_in_words():
    """Show a UserError as its sentence. The frame does so for pages; fragments and dialogs run without the frame."""
    try:
        yield
    except UserError as error:
        error_box(error)
