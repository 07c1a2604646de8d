"""Texts: character n-grams beside the network, and which of the two answers from now on."""

import streamlit as st

from engine.evaluation import beside_network
from engine.evaluation.compare import CHANCE, odds
from engine.storage.evaluation import Ngram
from pages.session.i18n import _, number, plural
from pages.shared import percentages
from pages.shared.runs.run_list import RunView


def view(entry: RunView) -> None:
    """Show how both did on the same test texts and let a person keep either; nothing for other runs."""
    beside = entry.facts["baselines"].get("ngram")
    if beside is None or not beside_network.has_ngram(entry.folder):
        return
    with st.container(border=True, key="ngram-beside"):
        st.markdown(f"**{_('Beside it: a model of letters alone')}**")
        st.markdown(_figures(entry.facts["accuracy"], beside))
        st.markdown(_verdict(entry.facts["accuracy"], beside))
        st.caption(
            _(
                "The network sees each text as a picture: good for language, script and style. For what a text means, "
                "counting its letters in ones to fours (character n-grams) is usually better."
            )
        )
        _choice(entry)


def _choice(entry: RunView) -> None:
    kept, key = beside_network.kept(entry.folder), f"answers-{entry.run.id}"
    models = {beside_network.NETWORK: _("The network"), beside_network.NGRAM: _("The n-grams")}
    chosen = st.segmented_control(
        _("Who answers in “Try it” and “predict”"),
        list(models),
        default=kept,
        format_func=models.__getitem__,
        key=key,
        required=True,
    )
    if chosen and chosen != kept:
        beside_network.keep(entry.folder, chosen)
    if chosen == beside_network.NGRAM:
        st.caption(_("The figures, mistakes and explanations on this page stay those of the network."))


def _figures(accuracy: float, beside: Ngram) -> str:
    low, high = beside["accuracy_interval"]
    words = _(
        "On the same test texts the n-grams are right {share} times in 100 (between {low} and {high}), the network "
        "{own} times."
    )
    return words.format(
        share=percentages.per_hundred(beside["accuracy"]),
        low=percentages.per_hundred(low),
        high=percentages.per_hundred(high),
        own=percentages.per_hundred(accuracy),
    )


def _verdict(accuracy: float, beside: Ngram) -> str:
    """Say whether they differ by more than chance: McNemar's test, or sign flips of whole groups."""
    if beside["chance"] >= CHANCE:
        return _("That they differ may be chance: take either.")
    one = plural(
        "{n} test text is right by the n-grams alone",
        "{n} test texts are right by the n-grams alone",
        beside["only_ngram"],
    )
    words = _("{one}, {other} by the network alone. Chance alone does that about 1 time in {odds}: {winner}.")
    better = _("the n-grams are better here") if beside["accuracy"] > accuracy else _("the network is better here")
    return words.format(
        one=one, other=number(beside["only_network"]), odds=number(odds(beside["chance"])), winner=f"**{better}**"
    )
