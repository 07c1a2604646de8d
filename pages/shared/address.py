"""What is open on a page, in its address: a refresh finds it again, and so does whoever the address is sent to."""

from collections.abc import Callable

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.shared import page

OWNER = "address-of"  # the run whose own choices the address holds


def came_back() -> bool:
    """Say whether Back or Forward of the browser led here: the address is right then, not what the session keeps."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def keep(name: str, value: str | None) -> None:
    """Write a choice into the address; None, for what is chosen from the start, takes it out."""
    if value is None:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value


def choice(label: str, options: dict[str, str], *, name: str, key: str, default: str | None = None, **more) -> str:
    """Be a page.choice that begins with what the address says under `name`, and keeps there what is chosen."""
    first = default or next(iter(options))
    asked = st.query_params.get(name)
    start = asked if asked in options else first
    if came_back():
        st.session_state[key] = start
    chosen = page.choice(label, options, key=key, default=start, persist_state="session", **more)
    keep(name, None if chosen == first else chosen)
    return chosen


def recall(key: str, name: str, parse: Callable[[str], object], *, default: object = None) -> None:
    """Take a choice from the address into the session, unless the session holds one; `parse` returns None for nonsense.

    Call it before the widget of that key is drawn. default: what is chosen where the address that somebody went back
    to names nothing.
    """
    if key in st.session_state and not came_back():
        return
    found = parse(st.query_params.get(name, ""))
    if found is not None or came_back():
        st.session_state[key] = default if found is None else found


def speaks_of(run_id: str, *names: str) -> None:
    """Take `names` out of the address where they were chosen for another run: there they mean something else."""
    if st.session_state.get(OWNER, run_id) != run_id:
        for name in names:
            st.query_params.pop(name, None)
    st.session_state[OWNER] = run_id
