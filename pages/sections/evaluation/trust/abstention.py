"""When to say "I don't know": what a mistake costs decides it, and the choice stays with the model."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import streamlit as st

from engine.evaluation import results
from engine.evaluation.charts import reliability
from engine.evaluation.reliability import out_of_distribution, selective
from engine.evaluation.reliability.selective import Answering, Outcome
from engine.storage.evaluation import Evaluation
from pages.sections.evaluation.trust import decision_rule
from pages.session.i18n import _, decimal, plural
from pages.session.i18n import number as in_words
from pages.shared import page, percentages
from pages.shared.figures import chart, is_dark

COSTS = (1, 1.5, 2, 3, 5, 10, 20, 50, 100)
SLIDER, TOGGLE, SAVE = "dont-know-cost", "dont-know-refuse", "dont-know-save"
# With fewer pictures "of 100" would claim a precision that they do not have.
FEW = 100


@st.fragment
def view(facts: Evaluation, folder: Path) -> None:
    """Let a person say what a wrong answer costs and see at once what comes of it, strange pictures included."""
    page.all_anew_if_gone(folder)
    y, probabilities = results.scores(folder)
    if not len(y):
        st.caption(_("This run kept no answers to look at."))
        return
    stored = selective.read(folder)
    own = stored.own_thresholds(facts["class_names"])
    left, right = st.columns([1, 1.25], gap="large")
    with left:
        cost = _cost(stored, folder.name)
        told = st.container()
        chosen = replace(stored, cost=cost, refuse_unknown=_refusal(facts, stored, folder))
        refused = results.refused(folder) if chosen.refuse_unknown and _notices_strange(facts, folder) else None
        found = selective.outcome(y, probabilities, chosen.threshold, own, refused)
        with told:
            st.markdown(f"#### {_sentence(found)}")
            st.caption(_saved_and_lost(found, selective.outcome(y, probabilities, 0.0, own), cost, refused))
        _keep(stored, chosen, folder)
        _in_use(facts, stored, folder)
    with right:
        here = {"coverage": found.answered / found.pictures, "accuracy": found.accuracy or 0.0}
        points = selective.curve(y, probabilities, own, refused)
        figure = reliability.selective_figure(points, here if found.answered else None, dark=is_dark(), _=_)
        chart(figure, "selective", _("Accuracy against the share of pictures that is answered"))
        st.caption(_explained(early=bool(own)))


def answer(facts: Evaluation, folder: Path) -> str:
    """Return in a line how often it answers, by the rules in use, and how often it is right then."""
    y, _probabilities = results.scores(folder)
    return _sentence(in_use(facts, folder)) if len(y) else _("This run kept no answers to look at.")


def in_use(facts: Evaluation, folder: Path) -> Outcome:
    """Return what the rules in use do on the test pictures."""
    stored, (y, probabilities) = selective.read(folder), results.scores(folder)
    refused = results.refused(folder) if stored.refuse_unknown and _notices_strange(facts, folder) else None
    own = stored.own_thresholds(facts["class_names"])
    return selective.outcome(y, probabilities, stored.threshold, own, refused)


def _explained(*, early: bool) -> str:
    """Return how the curve is to be read; `early`: some classes are called by thresholds of their own."""
    if early:
        return _(
            "From left to right it answers more and more of the test pictures: first those that a threshold of a class "
            "calls, then the surest. The dot is what your choice does."
        )
    return _(
        "From left to right it answers more and more of the test pictures, the surest first. The dot is what your "
        "choice does."
    )


def _cost(stored: Answering, run_id: str) -> float:
    return decision_rule.cost_slider(
        _("How bad is a wrong answer, compared with “I don’t know”?"),
        COSTS,
        stored.cost,
        key=f"{SLIDER}-{run_id}",
        hint=_(
            "With 1 it answers however unsure it is. With 10 it says “I don’t know” unless it is at least 90 % sure: "
            "ten unanswered pictures are then as bad as one wrong answer."
        ),
    )


def _sentence(found: Outcome) -> str:
    if not found.answered:
        return _("It would not answer a single test picture.")
    if found.pictures < FEW:
        words = _("It answers {answered} of {n} test pictures and is right in {right} of those answers.")
        return words.format(answered=found.answered, n=found.pictures, right=found.right)
    if not found.withheld:
        return _("It answers every picture and is right {share} times in 100.").format(
            share=percentages.per_hundred(found.accuracy)
        )
    return _("It answers {answered} pictures in 100 and is right in {share} of 100 answers.").format(
        answered=percentages.per_hundred(found.answered / found.pictures), share=percentages.per_hundred(found.accuracy)
    )


def _saved_and_lost(found: Outcome, always: Outcome, cost: float, refused: np.ndarray | None) -> str:
    """Return what is kept back, how much of that as too strange, and what it all costs."""
    if not found.withheld:
        return _("Measured on {n} test pictures.").format(n=in_words(found.pictures))
    words = _(
        "On {n} test pictures it holds back {avoided} of its {wrong} mistakes, and {lost} of its {right} right answers"
        " with them. Counted in unanswered pictures, that costs {now} instead of {before}."
    )
    if not always.wrong:
        words = _(
            "On {n} test pictures it made no mistake that it could hold back, and it holds back {lost} of its {right} "
            "right answers. Counted in unanswered pictures, that costs {now} instead of {before}."
        )
    words = words.format(
        avoided=in_words(always.wrong - found.wrong),
        wrong=in_words(always.wrong),
        n=in_words(found.pictures),
        lost=in_words(always.right - found.right),
        right=in_words(always.right),
        now=decimal(found.cost(cost), "g"),
        before=decimal(always.cost(cost), "g"),
    )
    strange = 0 if refused is None else int(refused.sum())
    if not strange:
        return words
    why = plural("{n} picture is refused as too strange.", "{n} pictures are refused as too strange.", strange)
    return f"{words} {why}"


def _notices_strange(facts: Evaluation, folder: Path) -> bool:
    return bool(facts.get("unknown")) and (folder / out_of_distribution.FILE).exists()


def _refusal(facts: Evaluation, stored: Answering, folder: Path) -> bool:
    """Let refusing be switched, and say what it costs among known pictures and how well it finds unknown ones."""
    if not _notices_strange(facts, folder):
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
    st.caption(f"{_wrongly_refused(facts, folder)}  \n{_left_out(facts)}")
    return chosen


def _wrongly_refused(facts: Evaluation, folder: Path) -> str:
    refused, pictures = results.refused(folder), facts["counts"]["test"]
    wrongly = round(facts["unknown"]["false_refusals"] * pictures) if refused is None else int(refused.sum())
    words = _("It wrongly refuses {wrongly} of {n} test pictures, which are all of known classes.").format(
        n=in_words(pictures), wrongly=in_words(wrongly)
    )
    if refused is None and wrongly:
        words += " " + _("This run is from before they were kept: the figures above leave them out. Train once more.")
    return words


def _left_out(facts: Evaluation) -> str:
    """Return how well it notices a class that was kept from it, or the true reason why nobody knows."""
    found = facts["unknown"]["left_out"]
    if found is None and len(facts["class_names"]) < 3:
        return _("With fewer than three classes there is none to leave out, so how well it works was not measured.")
    if found is None:
        return _(
            "How well it works was not measured: there are too few validation and test pictures to leave some of your "
            "classes out in turn."
        )
    words = _(
        "As a trial, some of your classes were hidden from it in turn. Shown a known and an unknown picture, it told "
        "which was the unknown one {auroc} times in 100; guessing gives 50. It refused {refused} of 100 pictures of "
        "hidden classes."
    )
    return words.format(
        auroc=percentages.per_hundred(found["auroc"]), refused=percentages.per_hundred(found["refused"])
    )


def _keep(stored: Answering, chosen: Answering, folder: Path) -> None:
    """Offer to keep what was chosen: only what differs, since another window may have kept something else."""
    if chosen == stored:
        return
    names = ("cost", "refuse_unknown")
    changed = {name: getattr(chosen, name) for name in names if getattr(chosen, name) != getattr(stored, name)}
    if st.button(_("Use this for the model"), type="primary", key=SAVE, icon=":material/save:"):
        decision_rule.keep(folder, lambda now: replace(now, **changed))


def _in_use(facts: Evaluation, stored: Answering, folder: Path) -> None:
    """Say by which rules the model answers now, all of them together."""
    refuses = stored.refuse_unknown and _notices_strange(facts, folder)
    if stored.threshold and refuses:
        words = _("In use: it answers from {share} % on and refuses pictures unlike anything in training.")
    elif stored.threshold:
        words = _("In use: it answers from {share} % on, else it says “I don’t know”.")
    elif refuses:
        words = _("In use: it refuses pictures unlike anything in training and answers all others.")
    else:
        words = _("In use: it always answers.")
    words = words.format(share=f"{100 * stored.threshold:.0f}")
    if called := decision_rule.called_early(facts, stored):
        words += " " + _("It calls {classes} on, whatever that says.").format(classes=called)
    st.caption(f":material/check: {words}")
