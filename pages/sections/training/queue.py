"""Everybody's runs that wait or train, in the order they will be done."""

import streamlit as st

from engine import graft
from pages.session.i18n import _
from pages.session.safe_text import md_escape
from pages.shared.runs import run_list
from pages.shared.runs.run_list import RunView, name_of, owner_of, state_words


def waiting_or_training() -> list[RunView]:
    """Return the active runs of all projects, first in line first."""
    entries = [run_list.view(run) for run in reversed(graft.current().registry.runs())]
    active = [entry for entry in entries if entry.is_active]
    place = {run_id: number for number, run_id in enumerate(graft.current().queue.waiting(), start=1)}
    return sorted(active, key=lambda entry: place.get(entry.run.id, 0) if entry.state == "queued" else -1)


def show_queue(entries: list[RunView], shown_above: str | None) -> None:
    """List the active runs with position, owner and a button to take them out; the one shown above has its own."""
    others = [entry for entry in entries if entry.run.id != shown_above]
    if not others:
        return
    st.markdown(f"**{_('Queue')}**")
    projects = {project.id: project.name for project in graft.current().registry.projects()}
    for entry in others:
        with st.container(horizontal=True, vertical_alignment="center", border=True, key=f"queue-{entry.run.id}"):
            _row(
                entry, projects.get(entry.run.project_id, ""), position_words(entry.run.id, entries), _waiting(entries)
            )


def position_words(run_id: str, entries: list[RunView]) -> str:
    """Return where a waiting run stands, such as "Number 2 in the queue"; nothing for one that trains."""
    waiting = _waiting(entries)
    return _("Number {n} in the queue").format(n=waiting.index(run_id) + 1) if run_id in waiting else ""


def _waiting(entries: list[RunView]) -> list[str]:
    return [entry.run.id for entry in entries if entry.state == "queued"]


def _row(entry: RunView, project: str, position: str, waiting: list[str]) -> None:
    words, icon, colour = state_words(entry.state)
    st.badge(words, icon=icon, color=colour)
    st.markdown(f"**{md_escape(name_of(entry))}**", width="content")
    facts = [md_escape(project), md_escape(owner_of(entry.run)), position]
    if entry.state == "running":
        facts.append(f"{entry.status['progress']:.0%}")
    st.caption(" · ".join(filter(None, facts)), width="content")
    st.space("stretch")
    if entry.run.id in waiting and len(waiting) > 1:
        _moves(entry.run.id, waiting.index(entry.run.id), len(waiting))
    st.button(
        _("Take out of the queue") if entry.state == "queued" else _("Stop"),
        key=f"cancel-{entry.run.id}",
        icon=":material/close:",
        on_click=graft.current().stop_run,
        args=(entry.run.id,),
    )


def _moves(run_id: str, place: int, length: int) -> None:
    """Draw the buttons that move a waiting run in the line."""
    buttons = (
        ("front", ":material/vertical_align_top:", _("Move to the front"), place == 0),
        ("up", ":material/arrow_upward:", _("Move up one place"), place == 0),
        ("down", ":material/arrow_downward:", _("Move down one place"), place == length - 1),
    )
    for where, icon, words, is_there in buttons:
        st.button(
            icon,
            key=f"{where}-{run_id}",
            help=words,
            type="tertiary",
            disabled=is_there,
            on_click=graft.current().queue.move,
            args=(run_id, where),
        )
