"""What a training did by itself on its way, in words: it began again more gently, ended early, or gained nothing."""

from pathlib import Path

import streamlit as st

from engine.storage import runs
from engine.training.recipe import Recipe
from pages.session.i18n import _, rate
from pages.shared.runs.run_list import RunView


def show(folder: Path) -> None:
    """Show a sentence for every turn; nothing for a training that went straight on."""
    for event in runs.read_events(folder):
        if words := _words(event):
            st.caption(words)


def nothing_gained(entry: RunView) -> None:
    """Say so where the network was adapted to the end and the first model is the answer all the same."""
    if entry.state != "finished" or entry.evaluation is None or entry.facts.get("chosen") != "probe":
        return
    if Recipe.from_dict(entry.recipe).fine_tunes and _tried(entry.folder):
        st.caption(
            _(
                ":material/info: Adapting the network gave nothing better: the answer comes from the head alone, which "
                "learned first."
            )
        )


def _tried(folder: Path) -> bool:
    """Tell whether the network was adapted at all: with an aim, the first model may have been enough."""
    rounds = any(row["phase"] == "fine_tune" for row in runs.read_metrics(folder))
    return rounds or any(event["kind"] in ("diverged", "gave_up") for event in runs.read_events(folder))


def _words(event: dict) -> str | None:
    if event["kind"] == "diverged":
        return _(
            ":material/replay: The steps were too large and learning went astray. It began again from the first model, "
            "with a learning rate of {rate}."
        ).format(rate=rate(event["learning_rate"]))
    if event["kind"] == "gave_up":
        return _(
            ":material/flag: With a learning rate of {rate} learning went astray too. That was the last of {n} tries; "
            "the best model until then is kept."
        ).format(rate=rate(event["learning_rate"]), n=event["tries"])
    if event["kind"] == "range_test":
        return _(
            ":material/speed: A short test on some training pictures found the learning rate {rate}; what it learned "
            "meanwhile was forgotten."
        ).format(rate=rate(event["learning_rate"]))
    if event["kind"] == "smaller":
        return _(
            ":material/photo_size_select_small: Pictures of {wanted} pixels would have been too much for this machine, "
            "so it takes {size}, the network's own size."
        ).format(wanted=event["wanted"], size=event["image_size"])
    if event["kind"] == "memory":
        return _(
            ":material/memory: The memory does not hold {n} pictures at once. It went on with {smaller} at a time; "
            "nothing was lost, and the result is the same."
        ).format(n=event["batch"], smaller=event["smaller"])
    if event["kind"] == "uncompiled":
        return _(
            ":material/build: This network cannot be compiled for the graphics card. It trains without that, "
            "more slowly."
        )
    if event["kind"] == "patience":
        return _(
            ":material/flag: Ended after round {epoch}: there had been no better one since round {best_epoch}."
        ).format(epoch=event["epoch"], best_epoch=event["best_epoch"])
    return None
