"""Finished runs in a table: what they reached, and only those settings in which they differ."""

from engine import graft
from engine.storage.evaluation import Evaluation
from engine.training.recipe import (
    AUGMENTATIONS,
    BALANCINGS,
    FITS,
    HEADS,
    MIXINGS,
    OPTIMIZERS,
    OUTPUTS,
    RECIPES,
    TASKS,
    Recipe,
)
from pages.components.table.table import Cell, Column, Row, Table, chosen_in, show_table
from pages.session import state
from pages.session.i18n import _, decimal, number
from pages.shared.runs import accuracy, comparable_runs
from pages.shared.runs.run_list import RunView, differing_options, duration, local_time, name_of, owner_of, state_words

TABLE = "runs-table"
LIMITS = ("target_accuracy", "time_limit")


def run_table(entries: list[RunView], shown: str) -> None:
    """Show the table, by the pictures that runs were measured on; choosing a row opens its run above.

    shown: the id of the run that is open.
    """
    differing = differing_options([entry.recipe for entry in entries if entry.recipe])
    owned = any(owner_of(entry.run) for entry in entries)
    columns = [
        Column(_("Name")),
        Column(_("State")),
        *accuracy.columns(),
        *(Column(option_words(option)) for option in differing),
        Column(_("Test pictures"), number=True),
        Column(_("Time"), number=True),
        *([Column(_("Owner"))] if owned else []),
        Column(_("Started")),
    ]
    rows = [
        Row(_cells(entry, differing, owned), entry.run.id, heading)
        for heading, members in comparable_runs.grouped(entries)
        for entry in members
    ]
    alt = _("Finished runs with their accuracy and the settings in which they differ")
    show_table(Table(columns, rows, alt, "rows", selected=shown), key=TABLE, on_choose=_open_chosen)


def _cells(entry: RunView, differing: list[str], owned: bool) -> list[Cell]:
    unknown = [Cell("–", -1.0), Cell(""), Cell("–", -1.0), Cell("", -1.0)]
    measured = unknown if entry.evaluation is None else _measured(entry.evaluation)
    return [
        Cell(name_of(entry)),
        Cell(state_words(entry.state)[0]),
        *measured[:2],
        *(Cell(setting_words(entry.recipe, option)) for option in differing),
        *measured[2:],
        *([Cell(owner_of(entry.run))] if owned else []),
        Cell(local_time(entry.run.created)),
    ]


def _measured(facts: Evaluation) -> list[Cell]:
    pictures, seconds = facts["counts"]["test"], facts["seconds"]["total"]
    return [
        *accuracy.cells(facts),
        Cell(number(pictures), pictures),
        Cell(duration(seconds), seconds),
    ]


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
        "early_rate": _("First layers' share of it"),
        "batch_size": _("Batch size"),
        "epochs": _("Epochs"),
        "patience": _("Patience"),
        "mixing": _("Mixed pictures"),
        "augmentation": _("Augmentation"),
        "output": _("Output"),
        "task": _("Classes in a picture"),
        "seed": _("Seed"),
        "target_accuracy": _("Good enough at"),
        "time_limit": _("Time limit"),
    }.get(option, option)


def setting_words(recipe: dict, option: str) -> str:
    """Return the value of an option in a recipe; a dash where the recipe does nothing with it."""
    has_use = bool(recipe) and (option in LIMITS or Recipe.from_dict(recipe).uses(option))
    return value_words(option, recipe.get(option)) if has_use else "–"


def value_words(option: str, value) -> str:
    """Return the value of an option as a person reads it."""
    titles = {
        "name": {key: recipe.title for key, recipe in RECIPES.items()},
        "fit": FITS,
        "head": HEADS,
        "optimizer": OPTIMIZERS,
        "class_balancing": BALANCINGS,
        "output": OUTPUTS,
        "task": TASKS,
        "mixing": MIXINGS,
    }.get(option, {})
    if option in LIMITS:
        return _limit_words(option, value)
    if option == "early_rate":
        return f"{decimal(100 * value, '.0f')} %"
    if value is None:
        return _("automatic")
    if isinstance(value, list):
        return ", ".join(_augmentation_words(name) for name in value) or _("None")
    if option == "backbone":
        return graft.current().custom_backbones.title_of(value)
    if isinstance(value, float):
        return decimal(value, "g")
    if isinstance(value, int) and not isinstance(value, bool) and option != "seed":
        return number(value)
    return _(titles[value]) if value in titles else str(value)


def _limit_words(option: str, value: float | None) -> str:
    if value is None:
        return _("none")
    return duration(value) if option == "time_limit" else f"{decimal(100 * value, 'g')} %"


def _augmentation_words(name: str) -> str:
    return _("automatic") if name == "auto" else _(AUGMENTATIONS.get(name, name))


def _open_chosen() -> None:
    if isinstance(run_id := chosen_in(TABLE), str) and run_id:
        state.open_run(run_id)
