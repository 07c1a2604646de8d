"""Finished runs in a table: what they reached, and only those settings in which they differ."""

import pyarrow
import streamlit as st

from engine.backbones import catalogue
from engine.training.recipe import BALANCINGS, FITS, HEADS, OPTIMIZERS, RECIPES
from pages.elements import state
from pages.elements.i18n import _
from pages.elements.run_list import RunView, differing_options, duration, local_time, state_words

TABLE = "runs-table"
_SHOWN = "runs-table-order"


def run_table(entries: list[RunView]) -> None:
    """Show the table; choosing a row opens its run above."""
    st.session_state[_SHOWN] = [entry.run.id for entry in entries]
    st.dataframe(
        pyarrow.table(columns(entries)),
        key=TABLE,
        hide_index=True,
        on_select=_open_selected,
        selection_mode="single-row",
        placeholder="–",
        column_config={
            _("Accuracy"): st.column_config.NumberColumn(format="%.1f %%", help=_("On the test pictures.")),
            _("Likely between"): st.column_config.TextColumn(
                help=_("With other pictures of the same kind, the accuracy would be in here 19 times in 20.")
            ),
        },
        alt=_("Finished runs with their accuracy and the settings in which they differ"),
    )


def columns(entries: list[RunView]) -> dict[str, list]:
    """Return the table's columns by title. Cells are plain text: nothing in them is read as Markdown."""
    facts = [entry.facts for entry in entries]
    table = {
        _("Name"): [entry.run.name for entry in entries],
        _("State"): [state_words(entry.state)[0] for entry in entries],
        _("Accuracy"): [None if fact is None else 100 * fact["accuracy"] for fact in facts],
        _("Likely between"): [_interval(fact) for fact in facts],
    }
    for option in differing_options([entry.recipe for entry in entries if entry.recipe]):
        table[option_words(option)] = [value_words(option, entry.recipe.get(option)) for entry in entries]
    table[_("Test pictures")] = [None if fact is None else fact["counts"]["test"] for fact in facts]
    table[_("Time")] = ["" if fact is None else duration(fact["seconds"]["total"]) for fact in facts]
    table[_("Owner")] = [entry.run.owner for entry in entries]
    table[_("Started")] = [local_time(entry.run.created) for entry in entries]
    return table


def option_words(option: str) -> str:
    """Return the name of a recipe's option as a person reads it."""
    return {
        "name": _("Recipe"),
        "backbone": _("Network"),
        "image_size": _("Picture size"),
        "fit": _("Fit"),
        "head": _("Head"),
        "hidden_units": _("Hidden units"),
        "dropout": _("Dropout"),
        "l1": "L1",
        "l2": "L2",
        "class_balancing": _("Class balancing"),
        "freeze_depth": _("Frozen part"),
        "optimizer": _("Optimizer"),
        "learning_rate": _("Learning rate"),
        "batch_size": _("Batch size"),
        "epochs": _("Epochs"),
        "augmentation": _("Augmentation"),
        "seed": _("Seed"),
    }.get(option, option)


def value_words(option: str, value) -> str:
    """Return the value of an option as a person reads it."""
    titles = {
        "name": {key: recipe.title for key, recipe in RECIPES.items()},
        "backbone": {key: info.title for key, info in catalogue.CATALOGUE.items()},
        "fit": FITS,
        "head": HEADS,
        "optimizer": OPTIMIZERS,
        "class_balancing": BALANCINGS,
    }.get(option, {})
    if value is None:
        return _("automatic")
    if isinstance(value, list):
        return ", ".join(map(str, value)) or _("None")
    if isinstance(value, float):
        return f"{value:g}"
    return _(titles[value]) if value in titles else str(value)


def _interval(facts: dict | None) -> str:
    if facts is None:
        return ""
    low, high = facts["accuracy_interval"]
    return f"{100 * low:.0f}–{100 * high:.0f} %"


def _open_selected() -> None:
    rows = st.session_state[TABLE]["selection"]["rows"]
    order = st.session_state.get(_SHOWN, [])
    if rows and rows[0] < len(order):
        state.open_run(order[rows[0]])
