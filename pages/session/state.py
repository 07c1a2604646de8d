"""Where somebody is, the project and the run they look at; and who they say they are.

The URL carries both (and the language), so a refresh, a bookmark or another device finds the same place; the session
carries them from page to page.
"""

import streamlit as st

from engine import graft
from engine.storage.registry import Project, Run
from pages.session.i18n import LANGUAGE

PAGES = {
    "home": "home.py",
    "data": "data_upload.py",
    "model": "model_selection.py",
    "train": "training.py",
    "results": "evaluation.py",
    "try": "try_it.py",
}
PROJECT, RUN = "project", "run"
GONE = "gone-from-address"  # what the address named and is no more: "project" or "run", until another is opened
BEGUN_HERE = "project-begun-by-pictures"  # the project that this session began by sending pictures


def follow_url() -> None:
    """Take the project and the run from the URL, or put those of the session there. The frame calls this first."""
    for name in (PROJECT, RUN):
        if asked := st.query_params.get(name):
            st.session_state[f"current_{name}"] = asked
    if asked := st.query_params.get(LANGUAGE):
        st.session_state[LANGUAGE] = asked
    run = _known_run()
    if run is not None and st.query_params.get(RUN):
        st.session_state[f"current_{PROJECT}"] = run.project_id
    elif run is None and st.session_state.pop(f"current_{RUN}", None):
        st.session_state[GONE] = RUN
    here, asked = project(), st.session_state.get(f"current_{PROJECT}")
    if asked and asked != (here.id if here else None):
        st.session_state[GONE] = PROJECT
    st.session_state[f"current_{PROJECT}"] = here.id if here else None
    _write_url()


def project() -> Project | None:
    """Return the project in front of the person: the one they chose, else the newest; None when there is none."""
    projects = graft.current().registry.projects()
    chosen = st.session_state.get(f"current_{PROJECT}")
    return next((p for p in projects if p.id == chosen), projects[0] if projects else None)


def run() -> Run | None:
    """Return the run in front of the person: the one they opened, else the newest of the project."""
    here = project()
    if here is None:
        return None
    return opened_run() or next(iter(graft.current().registry.runs(here.id)), None)


def opened_run() -> Run | None:
    """Return the run that the person opened, if it is one of the project in front of them."""
    here, opened = project(), _known_run()
    return opened if here is not None and opened is not None and opened.project_id == here.id else None


def open_project(project_id: str | None) -> None:
    """Make this the project of the session and of the URL; works inside widget callbacks."""
    st.session_state.pop(GONE, None)
    st.session_state[f"current_{PROJECT}"] = project_id
    st.session_state.pop(f"current_{RUN}", None)
    st.query_params.pop(RUN, None)
    _write_url()


def open_run(run_id: str) -> None:
    """Make this the run of the session and of the URL."""
    st.session_state.pop(GONE, None)
    st.session_state[f"current_{RUN}"] = run_id
    if (opened := _known_run()) is not None:
        st.session_state[f"current_{PROJECT}"] = opened.project_id
    _write_url()


def gone() -> str:
    """Return "project" or "run" where what the address named is no more, until another one is opened; else ""."""
    return st.session_state.get(GONE, "")


def forget_gone() -> None:
    """Somebody has read that it is gone."""
    st.session_state.pop(GONE, None)


def go(page: str, **more: str) -> None:
    """Switch to "home", "data", "model", "train", "results" or "try" and stay with the project and the run.

    `more` goes into the address too, such as the section of the Data page.
    """
    st.switch_page(PAGES[page], query_params={**_place(), **more})


def _known_run() -> Run | None:
    run_id = st.session_state.get(f"current_{RUN}")
    return graft.current().registry.run(run_id) if run_id else None


def _place() -> dict[str, str]:
    place = {name: st.session_state.get(f"current_{name}") for name in (PROJECT, RUN)}
    place[LANGUAGE] = st.session_state.get(LANGUAGE)
    return {name: value for name, value in place.items() if value}


def _write_url() -> None:
    place = _place()
    for name in (PROJECT, RUN, LANGUAGE):
        value = place.get(name)
        if value and st.query_params.get(name) != value:
            st.query_params[name] = value
        if not value and name in st.query_params:
            del st.query_params[name]
