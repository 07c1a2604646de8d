"""Who sits in front of the page, as far as it is known: the name that the history shows beside a change."""

import json
from urllib.parse import quote, unquote

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

COOKIE = "graft_name"
KEY = "person-name"
LONGEST = 60
YEAR = 365 * 24 * 3600


def name() -> str:
    """Return the name the person gave, else the one they logged in with, else "". It is no proof of who they are."""
    if KEY in st.session_state:
        return st.session_state[KEY]
    if cookie := st.context.cookies.get(COOKIE):
        return _clean(unquote(cookie))
    login = st.user.to_dict()
    return _clean(str(login.get("name") or login.get("email") or ""))


def remember(text: str) -> None:
    """Keep the name for this session, and in this browser for the next ones."""
    st.session_state[KEY] = _clean(text)


def write_cookie() -> None:
    """Hand a name that was given in this session to the browser. The frame draws this; it takes no room."""
    if (given := st.session_state.get(KEY)) is not None:
        cookie = f"{COOKIE}={quote(given, safe='')}; path=/; max-age={YEAR}; samesite=lax"
        secure = '(location.protocol === "https:" ? "; secure" : "")'
        with st.container(key="person-cookie"):
            st.html(f"<script>document.cookie = {json.dumps(cookie)} + {secure}</script>", unsafe_allow_javascript=True)


def session() -> str:
    """Return the id of the session that this page is drawn for, "" outside of one."""
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context else ""


def session_is_there(session_id: str) -> bool:
    """Tell whether a browser is connected to a session; where nobody can tell, it is."""
    return not runtime.exists() or runtime.get_instance().is_active_session(session_id)


def _clean(text: str) -> str:
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())[:LONGEST]
