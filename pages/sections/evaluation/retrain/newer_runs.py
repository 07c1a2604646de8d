"""What newer trainings have learned already of what changed since a run: only the rest calls for another one."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import streamlit as st

from engine import graft
from engine.data import versions
from engine.data.versions import Difference
from engine.storage import runs
from pages.sections.evaluation import tabs
from pages.session import state, worker_answers
from pages.session.i18n import _
from pages.session.safe_text import md_escape
from pages.shared.runs import compare_versions, run_list
from pages.shared.runs.run_list import RunView, name_of


@dataclass(frozen=True)
class Changes:
    """What changed in the pictures since a run.

    by: the newer run that has learned part of it, None where none has; `learned` is that part, `left` what no run has
    learned yet.
    """

    left: Difference = field(default_factory=Difference)
    learned: Difference = field(default_factory=Difference)
    by: RunView | None = None


def since(entry: RunView) -> Future:
    """Return the Changes since the run, to come; worked out once for each version of the pictures."""
    registry = graft.current().registry
    newer = _newer(entry)
    key = ("learned", entry.run.id, registry.version(entry.run.dataset_id), tuple(one.run.id for one in newer))
    return worker_answers.ask(key, lambda: _compare(entry, newer))


def note(entry: RunView, found: Changes) -> None:
    """Say which run has learned what changed since this one, and lead there; nothing where none has."""
    if found.by is None:
        return
    repeats = runs.earlier(found.by.folder) == entry.run.id
    with st.container(horizontal=True, vertical_alignment="center", key="learned-note"):
        words = _("{name} was made with what changed since this training: {changes}.")
        if found.left:
            words = _("{name} was made with earlier changes: {changes}.")
        words = words.format(
            name=f"**{md_escape(name_of(found.by))}**", changes=compare_versions.in_words(found.learned)
        )
        st.markdown(f":material/check_circle: {words}", width="content")
        st.space("stretch")
        st.button(
            _("See what changed") if repeats else _("Open it"),
            key="learned-open",
            icon=":material/arrow_forward:",
            on_click=open_changes,
            args=(found.by.run.id,),
        )


def open_changes(run_id: str) -> None:
    """Open a run at what it changed, where it repeats another one."""
    state.open_run(run_id)
    tabs.open_next("changed", run_id)


def _newer(entry: RunView) -> list[RunView]:
    """Return the later runs of the same kind that have results, newest first."""
    later = [run for run in graft.current().registry.runs(entry.run.project_id) if run.created > entry.run.created]
    kind = entry.recipe.get("task", "one")
    return [one for one in map(run_list.view, later) if one.evaluation and one.recipe.get("task", "one") == kind]


def _compare(entry: RunView, newer: Sequence[RunView]) -> Changes:
    now = versions.of_items(graft.current().registry.items(entry.run.dataset_id))
    before = versions.of_run(entry.folder)
    changed = versions.compare(before, now) if before else Difference()
    if not changed or not newer:
        return Changes(left=changed)
    by = _by(entry, newer, versions.fingerprint(now))
    learned, left = (
        versions.compare(before, versions.of_run(by.folder)),
        versions.compare(versions.of_run(by.folder), now),
    )
    return Changes(left, learned, by) if learned else Changes(left=changed)


def _by(entry: RunView, newer: Sequence[RunView], now: str) -> RunView:
    """Return a run that saw the pictures as they are now, best one that repeats `entry`; else the newest."""
    same = [one for one in newer if versions.facts(one.folder)["fingerprint"] == now]
    repeats = [one for one in same if runs.earlier(one.folder) == entry.run.id]
    return next(iter([*repeats, *same, *newer]))
