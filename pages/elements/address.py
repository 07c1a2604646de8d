"""What is open on a page, in its address: a refresh finds it again, and so does whoever the address is sent to."""

from collections.abc import Callable

import streamlit as st

from pages.elements import page

OWNER = "address-of"  # the run whose own choices the address holds


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
    chosen = page.choice(label, options, key=key, default=start, persist_state="session", **more)
    keep(name, None if chosen == first else chosen)
    return chosen


def recall(key: str, name: str, parse: Callable[[str], object]) -> None:
    """Take a choice from the address into the session, unless the session holds one; `parse` returns None for nonsense.

    Call it before the widget of that key is drawn.
    """
    if key not in st.session_state and (found := parse(st.query_params.get(name, ""))) is not None:
        st.session_state[key] = found


def speaks_of(run_id: str, *names: str) -> None:
    """Take `names` out of the address where they were chosen for another run: there they mean something else."""
    if st.session_state.get(OWNER, run_id) != run_id:
        for name in names:
            st.query_params.pop(name, None)
    st.session_state[OWNER] = run_id
