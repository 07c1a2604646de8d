"""How sure it is: whether a probability can be taken at its word, before and after calibration."""

from pathlib import Path

import numpy as np
import streamlit as st

from engine.evaluation import results
from engine.evaluation.charts import reliability
from engine.evaluation.metrics import calibration
from engine.storage.evaluation import Evaluation
from pages.session.i18n import _, decimal, plural
from pages.session.i18n import number as in_words
from pages.shared import percentages
from pages.shared.figures import chart, is_dark
from pages.shared.percentages import percent

DIGITS = 3  # of a calibration error that are shown
CLOSE = 0.03  # nearer to 1 than this a temperature changes nothing anybody would notice


def view(facts: Evaluation, folder: Path) -> None:
    """Say what "90 %" is worth, then show it for every degree of sureness."""
    y, probabilities = results.scores(folder)
    if not len(y):
        st.caption(_("This run kept no answers to look at."))
        return
    found = facts.get("calibration")
    st.markdown(f"#### {_worth(calibration.spoken(y, probabilities))}")
    left, right = st.columns([1.6, 1], gap="large")
    with left:
        after = found["after"]["bins"] if found else calibration.reliability(y, probabilities)
        before = found["before"]["bins"] if found else ()
        figure = reliability.reliability_figure(_with_intervals(after), before, dark=is_dark(), _=_)
        chart(figure, "reliability", _("How often it is right against how sure it says it is"))
    with right:
        _numbers(found, facts, probabilities)
        st.caption(
            _(
                "On the dotted line a probability means what it says. Below it the model is too sure of itself, above "
                "it not sure enough. Large dots hold many test pictures; the bars show how far a "
                "dot may be off by chance."
            )
        )


def answer(folder: Path) -> str:
    """Return in a line what its probabilities are worth."""
    y, probabilities = results.scores(folder)
    return _worth(calibration.spoken(y, probabilities)) if len(y) else _("This run kept no answers to look at.")


def _worth(spoken: dict | None) -> str:
    if spoken is None:
        return _("There are too few test pictures to say what its probabilities are worth.")
    words = _("When it says about {said} %, it is right {share} times in 100.").format(
        said=percentages.per_hundred(spoken["confidence"]), share=percentages.per_hundred(spoken["accuracy"])
    )
    between = _("({n} test pictures; likely between {low} and {high})").format(
        n=in_words(spoken["count"]),
        low=percentages.per_hundred(spoken["low"]),
        high=percentages.per_hundred(spoken["high"]),
    )
    return f"{words} :gray[:small[{between}]]"


def _numbers(found: dict | None, facts: Evaluation, probabilities: np.ndarray) -> None:
    explained = _("How far, on average, the share of right answers is from the probability it gave. 0 % is perfect.")
    if found is None:
        st.metric(_("Calibration error"), percent(facts.get("calibration_error")), help=explained, border=True)
        st.caption(_("This run is from before calibration. Train again, and its probabilities are put right."))
        return
    before, after = found["before"]["error"], found["after"]["error"]
    with st.grid(2, min_column_width=130, key="calibration-cards") as grid:
        grid.metric(_("Before calibration"), percent(before), help=explained, border=True, height="stretch")
        grid.metric(_("After calibration"), percent(after), help=explained, border=True, height="stretch")
    chance = found["after"].get("by_chance") or calibration.by_chance(probabilities)
    st.caption(f"{_believable(before, after, chance, len(probabilities))} {_learned(found)}")


def _believable(before: float, after: float, chance: dict, pictures: int) -> str:
    """Say what the two errors show on so many pictures, and no more than that."""
    if pictures < calibration.FEWEST_TO_SPEAK:
        return _("On {n} test pictures these numbers say next to nothing.").format(n=in_words(pictures))
    floor = _("On {n} test pictures even perfect probabilities would show about {usual}, and up to {high} by chance.")
    floor = floor.format(n=in_words(pictures), usual=percent(chance["usual"]), high=percent(chance["high"]))
    before, after = round(before, DIGITS), round(after, DIGITS)
    if after > chance["high"]:
        words = _("What is left is more than chance: take its probabilities with care.")
        if after < before:
            words = _("Calibration lowered the error, but what is left is more than chance.")
    elif after < before and before > chance["high"]:
        words = _("Calibration lowered the error to what chance alone explains.")
    else:
        words = _("Both numbers are no larger than that: no flaw to be seen, before or after.")
    return f"{floor} {words}"


def _learned(found: dict) -> str:
    """Say what the pictures the temperature was learned on asked for; the test pictures had no part in it."""
    temperature = found["temperature"]
    if abs(temperature - 1) < CLOSE:
        words = _("{where} it was about as sure as it is right, and nothing had to be changed (temperature {t}).")
    elif temperature > 1:
        words = _("{where} it was too sure of itself, so its probabilities were softened (temperature {t}).")
    else:
        words = _("{where} it was not sure enough, so its probabilities were sharpened (temperature {t}).")
    where = plural("On {n} validation picture", "On {n} validation pictures", found["fitted_on"])
    if more := found.get("held_out"):
        where = _("On {n} validation pictures, and {more} training pictures in cross-validation,").format(
            n=in_words(found["fitted_on"]), more=in_words(more)
        )
    inside = _("This is part of the model file and changes no answer.")
    return f"{words.format(where=where, t=decimal(temperature, '.2f'))} {inside}"


def _with_intervals(bins: list[dict]) -> list[dict]:
    """Return bins that know their interval."""
    return [{"low": row["accuracy"], "high": row["accuracy"], **row} for row in bins]
