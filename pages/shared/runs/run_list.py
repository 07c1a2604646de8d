"""The runs of a project as pages show them: state in words, accuracy with its interval, what differs between them."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from engine import graft
from engine.data import test_set_reuse, versions
from engine.evaluation import results
from engine.storage import runs
from engine.storage.evaluation import Evaluation
from engine.storage.registry import Project, Run
from engine.training.recipe import RECIPES
from pages.session import state
from pages.session.i18n import _
from pages.session.safe_text import md_escape
from pages.shared import percentages
from pages.shared.runs import chosen_model

PICKER = "run-picker"
GONE = "The files of this run are gone from the workspace. All that can be done is to delete it from the list."

BadgeColour = Literal["gray", "blue", "green", "orange", "violet", "red"]


@dataclass(frozen=True)
class RunView:
    """A run with what its files say now; `evaluation` is None while there is none."""

    run: Run
    folder: Path
    status: dict
    recipe: dict
    evaluation: Evaluation | None

    @property
    def facts(self) -> Evaluation:
        """The evaluation of a run that has one."""
        if self.evaluation is None:
            raise ValueError(f"The run {self.run.id} has no evaluation.")
        return self.evaluation

    @property
    def state(self) -> str:
        return self.status["state"]

    @property
    def is_active(self) -> bool:
        return self.state in runs.ACTIVE


def view(run: Run) -> RunView:
    """Read the files of one run; unchanged files are not read twice."""
    folder = graft.current().workspace.run_dir(run.id)
    if not folder.exists():
        status = {"state": "failed", "progress": 0.0, "message": GONE, "values": {}, "error": None}
        return RunView(run, folder, status, {}, None)
    return RunView(run, folder, results.status(folder), results.recipe(folder), results.evaluation(folder))


def views(project: Project) -> list[RunView]:
    """Return the runs of a project, newest first."""
    return [view(run) for run in graft.current().registry.runs(project.id)]


def with_results(project: Project) -> list[RunView]:
    """Return the runs that can be looked at and tried, newest first."""
    return [entry for entry in views(project) if entry.evaluation is not None]


def measured_alike(entry: RunView, entries: list[RunView]) -> int:
    """Return how many other runs were measured on the same test pictures, or on most of them: of `entries`, or gone."""
    own = versions.test_items(entry.folder)
    others = (other.folder for other in entries if other.run.id != entry.run.id and other.folder.exists())
    tested = [versions.test_items(folder) for folder in others]
    tested += test_set_reuse.by_deleted_runs(graft.current().workspace, entry.run.dataset_id)
    return sum(2 * len(own & items) > len(own) for items in tested)


def state_words(name: str) -> tuple[str, str, BadgeColour]:
    """Return (words, icon, badge colour) of a run's state."""
    states: dict[str, tuple[str, str, BadgeColour]] = {
        "queued": (_("Waiting"), ":material/hourglass_empty:", "gray"),
        "running": (_("Training"), ":material/autorenew:", "blue"),
        "finished": (_("Finished"), ":material/check_circle:", "green"),
        "stopped": (_("Stopped"), ":material/stop_circle:", "orange"),
        "paused": (_("Paused"), ":material/pause_circle:", "violet"),
        "interrupted": (_("Interrupted"), ":material/power_off:", "orange"),
        "failed": (_("Failed"), ":material/error:", "red"),
    }
    return states[name]


def phase_words(phase: str) -> str:
    """Return what a run that trains is doing."""
    return {
        "waiting": _("Waiting"),
        "features": _("Looking at your pictures"),
        "probe": _("Learning your classes"),
        "fine_tune": _("Adapting the network to your pictures"),
        "evaluate": _("Measuring on the test part"),
        "done": _("Done"),
    }.get(phase, md_escape(phase))


def doing_words(entry: RunView) -> str:
    """Return what an active run does now; while it waits for its turn, its badge and its bar say so alike."""
    return phase_words(entry.status["phase"]) if entry.state == "running" else state_words(entry.state)[0]


def accuracy_words(facts: Evaluation | None) -> str:
    """Return "92.3 % (88–95)", or a dash where nothing was measured."""
    return "–" if facts is None else percentages.with_interval(facts["accuracy"], facts["accuracy_interval"])


def recipe_words(recipe: dict) -> str:
    """Return "Instant · Sprout"."""
    if not recipe:
        return ""
    known = RECIPES.get(recipe.get("name", ""))
    network = graft.current().custom_backbones.title_of(recipe.get("backbone", ""))
    return " · ".join([_(known.title) if known else "", network])


def name_of(entry: RunView) -> str:
    """Return a run's name; one that nobody renamed has its recipe's title, which is said in the session's language."""
    known = RECIPES.get(entry.recipe.get("name", ""))
    title, _space, number = (
        entry.run.name.rpartition(" ") if entry.run.name[-1:].isdigit() else (entry.run.name, "", "")
    )
    if known is None or title != known.title:
        return entry.run.name
    return f"{_(title)} {number}".strip()


def owner_of(run: Run) -> str:
    """Return who started a run; nothing for "root", which is an account and nobody's name."""
    return "" if run.owner == "root" else run.owner


def duration(seconds: float | None) -> str:
    """Return "4 s", "3 min 20 s" or "2 h 5 min"."""
    if seconds is None:
        return ""
    seconds = round(seconds)
    if seconds < 60:
        return _("{n} s").format(n=seconds)
    if seconds < 3600:
        return _("{minutes} min {seconds} s").format(minutes=seconds // 60, seconds=seconds % 60)
    return _("{hours} h {minutes} min").format(hours=seconds // 3600, minutes=seconds % 3600 // 60)


def local_time(iso: str) -> str:
    """Return a stored time as "2025-03-01 14:05" where the person is."""
    try:
        zone = ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    return datetime.fromisoformat(iso).astimezone(zone).strftime("%Y-%m-%d %H:%M")


def differing_options(recipes: list[dict]) -> list[str]:
    """Return the options whose value is not the same in all recipes, in the order of a recipe."""
    options = dict.fromkeys(option for recipe in recipes for option in recipe)
    return [option for option in options if len({repr(recipe.get(option)) for recipe in recipes}) > 1]


def picker(entries: list[RunView]) -> RunView:
    """Show a choice of runs and return the chosen one: the one opened last, else *the* model of the project, else the
    newest. `entries` is not empty.
    """
    by_id = {entry.run.id: entry for entry in entries}
    opened = state.opened_run()
    chosen = chosen_model.of_project(entries[0].run)
    current = opened.id if opened is not None else chosen
    current = current if current in by_id else entries[0].run.id
    st.session_state[PICKER] = current
    labels = distinct({run_id: _picker_label(one, starred=run_id == chosen) for run_id, one in by_id.items()})
    st.selectbox(
        _("Run"),
        list(by_id),
        format_func=lambda run_id: labels.get(run_id, run_id),
        key=PICKER,
        on_change=lambda: state.open_run(st.session_state[PICKER]),
    )
    return by_id[current]


def distinct(labels: dict[str, str]) -> dict[str, str]:
    """Return {run id: label} with the last letters of the id where labels are the same: a choice goes by its label."""
    times = Counter(labels.values())
    return {run_id: f"{label} · {run_id[-6:]}" if times[label] > 1 else label for run_id, label in labels.items()}


def shown() -> RunView:
    """Return the run that the picker of this page shows."""
    return view(graft.current().registry.run(st.session_state[PICKER]))


def chosen_note(entry: RunView, entries: list[RunView]) -> None:
    """Say whether this is *the* model of the project; where it is another one, lead there. Nothing while none is."""
    chosen = chosen_model.of_project(entry.run)
    best = next((one for one in entries if one.run.id == chosen), None)
    if best is None:
        return
    if best.run.id == entry.run.id:
        st.caption(f":material/star: {_('This is the chosen model of this project.')}")
        return
    with st.container(horizontal=True, vertical_alignment="center", key="chosen-note"):
        words = _("The chosen model of this project is another one: {name}.").format(name=md_escape(name_of(best)))
        st.caption(f":material/star_border: {words}", width="content")
        st.button(_("Open it"), type="tertiary", key="open-chosen", on_click=state.open_run, args=(best.run.id,))


def _picker_label(entry: RunView, *, starred: bool) -> str:
    recipe, _dot, network = recipe_words(entry.recipe).partition(" · ")
    name = name_of(entry)
    # "Instant 2" says already which recipe it is.
    about = [name, network] if name.startswith(recipe) else [name, recipe, network]
    words = " · ".join(filter(None, [*about, accuracy_words(entry.evaluation), local_time(entry.run.created)]))
    return f"★ {words}" if starred else words
