"""How far to trust a run, question by question: a card each, with its answer in a line or a button that measures it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from engine import graft
from engine.services import run_measurements
from pages.components.scroll_into_view import scroll_into_view
from pages.sections.evaluation.tabs import Tab, View
from pages.session.i18n import _

OPENED = "trust-opened"


@dataclass(frozen=True)
class Card(View):
    """A view with its answer in a line.

    answer: returns the line, "" where nothing was measured yet. task: what measures it (one of
    run_measurements.FILES) and how long that takes in words; "" where there is nothing to measure.
    """

    icon: str
    answer: Callable[[], str]
    task: str = ""
    takes: str = ""


def draw(tab: Tab, folder: Path) -> None:
    """Show the cards side by side, and below them what is behind the open one."""
    with st.grid(3, min_column_width=250, key="trust-cards") as grid:
        for card in tab.views:
            with grid.container(border=True, height="stretch", key=f"card-trust-{card.id}"):
                _card(tab, card, folder)
    opened = next((card for card in tab.views if card.id == tab.opened()), None)
    if opened is None:
        return
    with st.container(border=True, key=OPENED):
        opened.show()
    scroll_into_view.follow(OPENED)


def _card(tab: Tab, card: Card, folder: Path) -> None:
    st.markdown(f"{card.icon} **{card.title}**")
    answer, state = card.answer(), _state(card, folder)
    if state in run_measurements.WORKING:
        answer = _("It is being measured.")
    st.markdown(answer or _("Not measured yet."))
    if tab.opened() == card.id:
        st.button(_("Close"), key=f"trust-{card.id}", type="tertiary", on_click=_open, args=(tab.key, ""))
    elif card.task and not answer:
        label = _("Measure ({time})").format(time=card.takes)
        st.button(label, key=f"trust-{card.id}", on_click=_measure, args=(tab.key, card, folder))
    else:
        st.button(_("More"), key=f"trust-{card.id}", on_click=_open, args=(tab.key, card.id))


def _state(card: Card, folder: Path) -> str:
    return graft.current().run_measurements.status(card.task, folder).state if card.task else "none"


def _open(key: str, name: str) -> None:
    st.session_state[key] = name
    if name:
        scroll_into_view.ask(OPENED)


def _measure(key: str, card: Card, folder: Path) -> None:
    graft.current().run_measurements.start(card.task, folder)
    _open(key, card.id)
