"""What a model says about a picture that shows one class: the class, or that it does not know."""

from collections.abc import Callable

import streamlit as st

from engine.evaluation import results
from engine.evaluation.reliability import selective
from pages.components.probabilities import bars
from pages.sections.evaluation.trust import decision_rule
from pages.session.i18n import _
from pages.session.safe_text import md_escape
from pages.shared.runs.run_list import RunView


def tried_note() -> str:
    """Return where it is set what the model does not answer."""
    return _("On the page Results you set when the model says “I don’t know”.")


def heard(entry: RunView) -> Callable[[dict], dict]:
    """Return what tells what a worker's answer means for a Trial."""
    names, stored = entry.facts["class_names"], selective.read(entry.folder)

    def hear(answer: dict) -> dict:
        nearest = tuple((near["sha256"], near["label"]) for near in answer.get("nearest", ()))
        probabilities = answer["probabilities"]
        verdict = selective.verdict(stored, probabilities, names, answer.get("unknown"))
        likeliest, name = results.top(probabilities, names), names[verdict.position]
        named = (likeliest[0][0],)
        if name not in dict(likeliest):
            likeliest[-1] = (name, float(probabilities[verdict.position]))
        said = {"said": verdict.said, "answer": name, "threshold": verdict.threshold}
        return {"named": named, "likeliest": tuple(likeliest), "nearest": nearest, **said}

    return hear


def shown(trial) -> str:
    """Return the picture as it was tried."""
    return trial.src


def say(trial) -> None:
    """Say the class, or that it holds back; a bar for each likely one, and whether it is right."""
    _say_verdict(trial)
    bars(trial.likeliest, quiet=trial.said != "answer")
    if trial.truth:
        _say_truth(trial)


def _say_verdict(trial) -> None:
    """Say that the model holds its answer back, and why; what it would have said stays below."""
    if trial.said == "unknown":
        st.markdown(f":orange[:material/help:] **{_('Unlike anything it has seen')}**")
        st.caption(_("It would not answer. If it had to:"))
    elif trial.said == "unsure":
        st.markdown(f":material/help: **{_('I don’t know')}**")
        st.caption(_("It is not sure enough for what a mistake costs. If it had to answer:"))
    elif trial.threshold is not None:
        words = _("It says **{name}**: called so from {share} % on.")
        st.markdown(words.format(name=md_escape(trial.answer), share=decision_rule.percent_of(trial.threshold)))


def _say_truth(trial) -> None:
    if trial.said != "answer":
        st.caption(_("It is labelled {label}.").format(label=md_escape(trial.truth)))
        return
    right = trial.answer == trial.truth
    words = _("Right by its label: {label}.") if right else _("Wrong by its label: {label}.")
    icon = ":green[:material/check_circle:]" if right else ":orange[:material/cancel:]"
    st.caption(f"{icon} {words.format(label=md_escape(trial.truth))}")
