"""Stop when good enough: an accuracy or a time at which a training, or a search, ends by itself."""

from typing import Any

import streamlit as st

from engine.training.recipe import Recipe
from pages.session.i18n import _, decimal
from pages.shared.runs.run_list import duration


def choose(recipe_name: str) -> dict:
    """Offer both limits for a recipe that goes on for a while; return those that were set, as options of a recipe."""
    if not Recipe(recipe_name).fine_tunes:
        return {}
    with st.expander(_("Stop when good enough"), icon=":material/flag:", key="goal"):
        st.caption(
            _(
                "The training ends by itself, also when this page is closed, and keeps the best model so far. "
                "What counts is how right it is on the validation pictures; the test pictures are looked at once, "
                "at the end."
            )
        )
        return fields("goal")


def fields(key: str, minutes: float | None = None) -> dict:
    """Show the two fields side by side and return what was filled in. minutes: what stands in the second at first."""
    left, right = st.columns(2)
    usual: dict[str, Any] = {"step": 1.0, "format": "%g", "persist_state": "session"}
    share = left.number_input(
        _("Good enough at … % right"), 1.0, 100.0, None, key=f"{key}-accuracy", placeholder=_("no aim"), **usual
    )
    minutes = right.number_input(
        _("After at most … minutes"), 0.1, 1e5, minutes, key=f"{key}-minutes", placeholder=_("no limit"), **usual
    )
    chosen = {"target_accuracy": share and share / 100, "time_limit": minutes and 60 * minutes}
    return {option: value for option, value in chosen.items() if value}


def in_words(aim: dict) -> str:
    """Return "stops at 90 % right or after 10 min"."""
    share = f"{decimal(100 * aim['target_accuracy'], 'g')} %" if "target_accuracy" in aim else ""
    time = duration(aim["time_limit"]) if "time_limit" in aim else ""
    if share and time:
        return _("stops at {share} right or after {time}").format(share=share, time=time)
    return _("stops at {share} right").format(share=share) if share else _("stops after {time}").format(time=time)
