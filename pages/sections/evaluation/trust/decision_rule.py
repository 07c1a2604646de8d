"""How the model answers, as it is kept beside it: chosen by what mistakes cost, said in words, and taken back."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from engine.evaluation import results
from engine.evaluation.reliability import multi_label_thresholds, selective
from engine.evaluation.reliability.selective import Answering
from engine.storage.evaluation import Evaluation
from pages.session.i18n import _, decimal
from pages.shared import percentages
from pages.shared.figures import bold


def cost_slider(label: str, costs: tuple[float, ...], stored: float | None, *, key: str, hint: str) -> float:
    """Let somebody say how many times as much one mistake costs as the other; begin with what is stored, else 1."""
    value = 1 if stored is None else stored
    return st.select_slider(
        label,
        sorted({*costs, value}),
        value=value,
        format_func=lambda cost: _("{n} ×").format(n=decimal(cost, "g")),
        key=key,
        help=hint,
    )


def keep(folder: Path, change: Callable[[Answering], Answering]) -> None:
    """Change how the model answers from now on, and draw the page again: what it says at the top follows from it."""
    selective.change(folder, change)
    st.toast(_("Kept with the model. “Try it” and the command line answer like this now."))
    st.rerun()


def called_from(name: str, threshold: float) -> str:
    """Return "**lesion** from 9 %": a class with the probability from which it is called."""
    return _("{name} from {share} %").format(name=bold(name), share=percent_of(threshold))


def percent_of(threshold: float) -> str:
    """Return a threshold in percent, with a decimal only where it is small."""
    return decimal(100 * threshold, ".0f" if threshold >= 0.01 else ".1f")


def called_early(facts: Evaluation, stored: Answering) -> str:
    """Return "**lesion** from 9 %, **mole** from 20 %": the classes with thresholds of their own, or nothing."""
    own = stored.own_thresholds(facts["class_names"])
    return ", ".join(called_from(facts["class_names"][position], own[position]) for position in sorted(own))


def is_chosen_here(folder: Path) -> bool:
    """Tell whether somebody has kept another way of answering, which is chosen while its test pictures are watched."""
    return selective.read(folder) != Answering() or multi_label_thresholds.are_changed(folder)


def has_own_thresholds(folder: Path) -> bool:
    """Tell whether somebody has set from which probability on classes are called or named."""
    return bool(selective.read(folder).miss_costs) or multi_label_thresholds.are_changed(folder)


def note(facts: Evaluation, folder: Path) -> None:
    """Say where classes are called by thresholds of their own, since the numbers of the page count the likeliest."""
    stored = selective.read(folder)
    own = stored.own_thresholds(facts["class_names"])
    if not own:
        return
    words = _(
        "The model calls {classes} on; “Try it” and the command line do so. The numbers and the matrix here "
        "count the likeliest class."
    ).format(classes=called_early(facts, stored))
    y, probabilities = results.scores(folder)
    if len(y):
        share = percentages.per_hundred(selective.outcome(y, probabilities, 0.0, own).accuracy)
        words += " " + _("With the thresholds, it is right {share} times in 100.").format(share=share)
    with st.container(horizontal=True, vertical_alignment="center", key="own-thresholds"):
        st.caption(f":material/tune: {words}", width="content")
        back = _("Take the thresholds back")
        if st.button(back, type="tertiary", icon=":material/undo:", key="thresholds-back"):
            keep(folder, selective.without_miss_costs)
