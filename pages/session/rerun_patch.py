"""Presses come first: a page that looks again every second never gets into the way of a press or of a new page.

A fragment with `run_every` makes the browser ask for a rerun at every tick, and Streamlit 1.67 takes such a request at
any moment. Four things went wrong, all reproduced in a browser (docs/decisions/0004-presses-come-first.md):

- A tick sent just before the page changes is run after the change, under the old page's name. The browser takes that
  for a change of page and clears everything but the frame: an empty page until a refresh.
- A tick that arrives between `st.switch_page` and the run of the new page replaces the target: the press is lost.
- A tick that arrives when a run has ended but its last messages are still on their way gets a new runner; messages
  of the old one are ignored from then on: half a page.
- A run that was told to stop for a press, but just went into `st.rerun`, still names its own page as the one to show,
  and the run that answers the press believes it: the press is lost.

A tick is worth nothing, since the next one follows: it is dropped while anything else goes on.
"""

from functools import wraps

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType


def keep() -> None:
    """Make every session of this process put presses before ticks. Calling it twice changes nothing."""
    if hasattr(AppSession.request_rerun, "__wrapped__"):
        return
    take, show = AppSession.request_rerun, PagesManager.set_script_intent

    @wraps(take)
    def request_rerun(session: AppSession, client_state: ClientState | None) -> None:
        if client_state is None or not _comes_in_between(session, client_state):
            take(session, client_state)

    @wraps(show)
    def set_script_intent(manager: PagesManager, page_script_hash: str, page_name: str) -> None:
        if not _told_to_stop():
            show(manager, page_script_hash, page_name)

    setattr(AppSession, "request_rerun", request_rerun)  # noqa: B010 - as text: to types a method is not to be replaced
    setattr(PagesManager, "set_script_intent", set_script_intent)  # noqa: B010 - the same


def _comes_in_between(session: AppSession, asked: ClientState) -> bool:
    if not asked.fragment_id:
        return False
    # Also what is pressed inside a fragment of a page that is gone by now.
    if asked.page_script_hash not in ("", session.page_script_hash):
        return True
    # The runner is given up only when its last message has been handed over.
    return asked.is_auto_rerun and session._scriptrunner is not None


def _told_to_stop() -> bool:
    """Return whether the run of this thread makes room for another one."""
    context = get_script_run_ctx(suppress_warning=True)
    requests = context.script_requests if context is not None else None
    return requests is not None and requests._state is ScriptRequestType.STOP
