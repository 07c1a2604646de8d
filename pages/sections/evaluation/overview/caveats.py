"""How far the honest number is honest: who has looked at its test pictures, and whether training helped at all."""

import streamlit as st

from engine.evaluation import compare, results
from engine.evaluation.honest_number import HonestNumber
from pages.sections.evaluation.mistakes import delta
from pages.sections.evaluation.overview import copies
from pages.sections.evaluation.trust import decision_rule
from pages.session.i18n import _, number, plural
from pages.shared.figures import gain
from pages.shared.runs.run_list import RunView


def may_be_known(entry: RunView) -> bool:
    """Tell whether the network that a run started from may have learned from its test pictures."""
    base = results.base(entry.facts, entry.recipe)
    return base is not None and base["unknown"]


def note(entry: RunView, others: int) -> None:
    """Say what the test pictures were used for, and which of them do not count.

    others: how many other runs were measured on the same test pictures.
    """
    chosen_here = decision_rule.is_chosen_here(entry.folder)
    copies.note(entry)
    if not results.copied(entry.facts):
        st.caption(untouched(others, known=may_be_known(entry), chosen_here=chosen_here))
    base = results.base(entry.facts, entry.recipe)
    if base is not None and (left_out := base["left_out"]):
        words = plural(
            "{n} more test picture does not count here: the network that this training started from had learned from "
            "it, from a copy of it or from its group.",
            "{n} more test pictures do not count here: the network that this training started from had learned from "
            "them, from copies of them or from their groups.",
            left_out,
        )
        st.caption(f":material/rule: {words}")


def untouched(others: int, *, known: bool = False, chosen_here: bool = False) -> str:
    """Return what the test pictures were used for; the lock is for those that served this one number alone.

    known: as `may_be_known` tells; chosen_here: whether how it answers was chosen on this page, in sight of them.
    """
    looked = plural(
        "Nothing was learned from its test pictures here, but {n} other training was measured on them, or on most of "
        "them, too. If this one was chosen because it did best, its number flatters it a little.",
        "Nothing was learned from its test pictures here, but {n} other trainings were measured on them, or on most of "
        "them, too. If this one was chosen because it did best, its number flatters it a little.",
        others,
    )
    if not (others or known or chosen_here):
        alone = _(
            "Its test pictures were used for nothing but this number: not for learning, not to choose between rounds."
        )
        return f":material/lock: {alone}"
    words = [looked if others else _("Nothing was learned from its test pictures here.")]
    if known:
        words.append(
            _(
                "What the network it started from had learned from before is not known here. If these pictures were "
                "part of that, the number flatters it."
            )
        )
    if chosen_here:
        words.append(
            _(
                "Thresholds, or when it says “I don’t know”, were chosen here while looking at them: what that "
                "brings on these very pictures flatters it a little."
            )
        )
    return f":material/visibility: {' '.join(words)}"


def mistakes_removed(entry: RunView, entries: list[RunView]) -> None:
    """Say beside the number when pictures that older runs of the project got wrong are no longer in use."""
    others = [other.folder for other in entries if other.run.id != entry.run.id and other.folder.exists()]
    if gone := compare.mistakes_taken_out(entry.folder, others):
        words = plural(
            "{n} test picture that an earlier training got wrong has been taken out since. That alone makes this "
            "number better, and not the model.",
            "{n} test pictures that earlier trainings got wrong have been taken out since. That alone makes this "
            "number better, and not the model.",
            gone,
        )
        st.warning(words, icon=":material/visibility:")


def did_it_help(entry: RunView) -> None:
    """Say where it cannot be told that the trained model is better than the network as it came."""
    turned, p = _against_before(entry)
    if turned is None or _helped(turned, p):
        return
    if turned == (0, 0):
        words = _("The network as it came gets the very same pictures right: training changed none.")
        st.caption(f":material/trending_flat: {words}")
    elif p >= compare.CHANCE:
        told = _("**These pictures are too few to tell whether training helped.**")
        st.caption(f":material/trending_flat: {told} {_turned_words(turned)} {_chance_words(entry, p)}")


def did_harm(entry: RunView) -> None:
    """Warn where the network as it came is better by more than chance."""
    turned, p = _against_before(entry)
    if turned is None or p >= compare.CHANCE or turned[0] >= turned[1]:
        return
    told = _("**This training did harm:** the network as it came does better. More pictures per class would help most.")
    st.warning(f"{told} {_turned_words(turned)} {_chance_words(entry, p)}", icon=":material/trending_down:")


def it_helped(entry: RunView) -> None:
    """Say by how much more than chance training helped, for those who want the numbers."""
    turned, p = _against_before(entry)
    if turned is not None and _helped(turned, p):
        told = f"{_('**Training helped.**')} {_turned_words(turned)} {_chance_words(entry, p)}"
        st.caption(f":material/trending_up: {told}")


def gained(entry: RunView, figures: HonestNumber) -> dict:
    """Return what stands below the accuracy: how much training gained, in grey where that may be chance."""
    turned, p = _against_before(entry)
    grey = {"delta_color": "off"} if turned is not None and p >= compare.CHANCE else {}
    return {"delta": gain(figures.accuracy, figures.before), **grey}


def _against_before(entry: RunView) -> tuple[tuple[int, int] | None, float]:
    """Return (pictures that only the trained model gets right, that only the one before does) and what chance gives."""
    turned = compare.against_before(entry.folder)
    return turned, compare.chance_against_before(entry.folder)


def _chance_words(entry: RunView, p: float) -> str:
    return delta.chance_words(p, by_groups=compare.in_groups(entry.folder))


def _helped(turned: tuple[int, int], p: float) -> bool:
    won, lost = turned
    return p < compare.CHANCE and won > lost


def _turned_words(turned: tuple[int, int]) -> str:
    words = _("Right only after training: {won}. Right only before: {lost}.")
    won, lost = turned
    return words.format(won=number(won), lost=number(lost))
