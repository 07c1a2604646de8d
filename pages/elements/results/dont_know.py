"""When to say "I don't know": what a mistake costs decides it, and the choice stays with the model."""

from dataclasses import replace
from pathlib import Path

import streamlit as st

from engine.evaluation import results, selective, trust_charts, unknown
from engine.evaluation.selective import Answering, Outcome
from pages.elements import shares
from pages.elements.i18n import _, decimal
from pages.elements.results import answering
from pages.elements.results.drawing import chart, is_dark

COSTS = (1, 1.5, 2, 3, 5, 10, 20, 50, 100)
SLIDER, TOGGLE, SAVE = "dont-know-cost", "dont-know-refuse", "dont-know-save"


@st.fragment
def view(facts: dict, folder: Path) -> None:
    """Let a person say what a wrong answer costs and see at once what comes of it."""
    y, probabilities = results.scores(folder)
    if not len(y):
        st.caption(_("This run kept no answers to look at."))
        return
    stored = selective.read(folder)
    left, right = st.columns([1, 1.25], gap="large")
    with left:
        chosen = replace(stored, cost=_cost(stored, folder.name))
        own = chosen.own_thresholds(facts["class_names"])
        found = selective.outcome(y, probabilities, chosen.threshold, own)
        st.markdown(f"#### {_sentence(found)}")
        st.caption(_saved_and_lost(found, selective.outcome(y, probabilities, 0.0, own), chosen.cost))
        chosen = replace(chosen, refuse_unknown=_refusal(facts, stored, folder))
        _keep(stored, chosen, folder)
    with right:
        here = {"coverage": found.answered / found.pictures, "accuracy": found.accuracy or 0.0}
        points = selective.curve(y, probabilities)
        figure = trust_charts.selective_figure(points, here if found.answered else None, dark=is_dark(), _=_)
        chart(figure, "selective", _("Accuracy against the share of pictures that is answered"))
        st.caption(
            _(
                "From left to right it answers more and more of the test pictures, the surest first. The dot is what "
                "your choice does."
            )
        )


def _cost(stored: Answering, run_id: str) -> float:
    return answering.cost_slider(
        _("A wrong answer costs as much as … times “I don’t know”"),
        COSTS,
        stored.cost,
        key=f"{SLIDER}-{run_id}",
        help=_(
            "With 1 it always answers. With 10 it says “I don’t know” unless it is at least 90 % sure: ten unanswered "
            "pictures are then as bad as one wrong answer."
        ),
    )


def _sentence(found: Outcome) -> str:
    if not found.withheld:
        return _("It answers every picture and is right {share} times in 100.").format(
            share=shares.per_hundred(found.accuracy)
        )
    if not found.answered:
        return _("It would not answer a single test picture.")
    return _("It answers {answered} pictures in 100 and is right in {share} of 100 answers.").format(
        answered=shares.per_hundred(found.answered / found.pictures), share=shares.per_hundred(found.accuracy)
    )


def _saved_and_lost(found: Outcome, always: Outcome, cost: float) -> str:
    if not found.withheld:
        return _("Measured on {n} test pictures.").format(n=found.pictures)
    words = _(
        "Of its {wrong} mistakes on {n} test pictures it keeps {avoided} to itself, and with them {lost} right "
        "answers. All in all that costs {now} instead of {before} times “I don’t know”."
    )
    return words.format(
        wrong=always.wrong,
        n=found.pictures,
        avoided=always.wrong - found.wrong,
        lost=always.right - found.right,
        now=decimal(found.cost(cost), "g"),
        before=decimal(always.cost(cost), "g"),
    )


def _refusal(facts: dict, stored: Answering, folder: Path) -> bool:
    known = facts.get("unknown")
    if known is None or not (folder / unknown.FILE).exists():
        st.caption(
            _(
                "This run cannot notice pictures unlike its training pictures: it is older, has too few, or sees "
                "without pretraining or place by place."
            )
        )
        return stored.refuse_unknown
    chosen = st.toggle(
        _("Refuse pictures unlike anything in training"), stored.refuse_unknown, key=f"{TOGGLE}-{folder.name}"
    )
    words = _("It wrongly refuses {share} of 100 test pictures of the known classes.").format(
        share=shares.per_hundred(known["false_refusals"])
    )
    st.caption(f"{words} {_left_out(known['left_out'])}")
    return chosen


def _left_out(found: dict | None) -> str:
    """Return how well it notices a class that was kept from it."""
    if found is None:
        return _("With fewer than three classes there is none to leave out, so how well it works was not measured.")
    words = _(
        "Trained without some of your classes, it found {auroc} times in 100 that a picture of theirs was stranger "
        "than one of the others, and refused {refused} of 100. Things of quite another kind are easier."
    )
    return words.format(auroc=shares.per_hundred(found["auroc"]), refused=shares.per_hundred(found["refused"]))


def _keep(stored: Answering, chosen: Answering, folder: Path) -> None:
    """Offer to keep what was chosen, and say what is in use."""
    if chosen != stored:
        words = _("Use this for the model")
        save = {"on_click": answering.keep, "args": (folder, chosen)}
        st.button(words, type="primary", key=SAVE, icon=":material/save:", **save)
        return
    if stored.threshold:
        words = _("In use: it answers from {share} % on, else it says “I don’t know”.")
        st.caption(":material/check: " + words.format(share=f"{100 * stored.threshold:.0f}"))
    else:
        st.caption(":material/check: " + _("In use: it always answers."))
