"""The table of what a search has tried: each combination, what it learned from, how right it is, where it stands."""

import streamlit as st

from engine import graft
from engine.search import search_directory
from engine.search.plan import STEPS
from engine.search.search_directory import Trial
from engine.search.searches import SearchView
from engine.training.recipe import HEADS, RECIPES
from pages.components.table.table import Cell, Column, Row, Table, show_table
from pages.session.i18n import _, decimal, plural, say_plain
from pages.shared.percentages import percent
from pages.shared.runs.run_list import duration


def trial_table(view: SearchView) -> None:
    """Show the table, the best first; what there was no time for is counted below it."""
    best = view.best
    untouched = [trial for trial in view.trials if trial.state == search_directory.LATE and not trial.scores]
    shown = sorted((trial for trial in view.trials if trial not in untouched), key=lambda one: _rank(one, best))
    columns = [
        Column(_("Network")),
        Column(_("Right"), number=True, help=_("Of the validation pictures. The test pictures are not looked at.")),
        Column(_("Where it stands")),
        Column(_("Learned from")),
        Column(_("Recipe"), help=_("Each recipe begins as Instant; the others go on from there.")),
        Column(_("Settings")),
        Column(_("Time"), number=True),
    ]
    rows = [Row(_cells(view, trial, trial is best)) for trial in shown]
    show_table(Table(columns, rows, _("What the search has tried, the best first"), sortable=False), key="trials")
    if untouched and not view.is_active:
        st.caption(plural("There was no time for {n} more.", "There was no time for {n} more.", len(untouched)))


def network_title(trial: Trial) -> str:
    """Return what the network of a trial is called."""
    return graft.current().custom_backbones.title_of(trial.choice["network"])


def _rank(trial: Trial, best: Trial | None) -> tuple:
    """Return what sorts the best first, then those that got farthest."""
    return trial is not best, -len(trial.scores), -(trial.accuracy or 0.0), trial.number


def _cells(view: SearchView, trial: Trial, is_best: bool) -> list[Cell]:
    right = Cell("–", -1.0) if trial.accuracy is None else Cell(percent(trial.accuracy), trial.accuracy)
    return [
        Cell(network_title(trial)),
        right,
        Cell(_state(view, trial, is_best)),
        Cell(_learned(view, trial)),
        Cell(_(RECIPES[view.recipe(trial).name].title)),
        Cell(_settings(view, trial)),
        Cell(duration(trial.seconds) if trial.seconds else "–", trial.seconds),
    ]


def _state(view: SearchView, trial: Trial, is_best: bool) -> str:
    if trial.state == search_directory.AT_WORK:
        live = view.live.get(trial.number, {})
        return say_plain(live.get("message", ""), live.get("values", {}))
    if trial.state == search_directory.FAILED and trial.error is not None:
        return say_plain(trial.error["template"], trial.error["values"])
    if is_best:
        return _("The best so far") if view.is_active else _("The best")
    return {
        search_directory.WAITING: _("Waiting for its turn"),
        search_directory.DROPPED: _("Dropped: others are as good or better"),
        search_directory.DONE: _("Stopped with the search") if trial.cut else _("Done"),
        search_directory.LATE: _("There was no time left for it"),
    }[trial.state]


def _learned(view: SearchView, trial: Trial) -> str:
    if not trial.scores:
        return "–"
    if STEPS[max(trial.scores)].of_pictures < 1:
        return _("a quarter of the pictures")
    if not trial.epochs or trial.state == search_directory.AT_WORK:  # at which round it is stands beside it
        return _("all pictures")
    epochs = view.recipe(trial).epochs
    return _("all pictures, {done} of {epochs} rounds").format(done=trial.epochs, epochs=epochs)


def _settings(view: SearchView, trial: Trial) -> str:
    recipe = view.recipe(trial, planned=True)
    parts = [_("{n} pixels").format(n=recipe.size)]
    if recipe.head != "linear":
        parts.append(_(HEADS[recipe.head]))
    if trial.choice["rate"] != "own" and recipe.learning_rate is not None:
        parts.append(_("learning rate {rate}").format(rate=decimal(recipe.learning_rate, "g")))
    return " · ".join(parts)
