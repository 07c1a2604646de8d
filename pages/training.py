"""Train: what runs now, what waits, what has ended. Everything is read from the run directories."""

import streamlit as st

from pages.sections.training import queue
from pages.sections.training.live_run import show_run
from pages.sections.training.live_search import newest, show_others, show_search
from pages.sections.training.manage_run import manage_run
from pages.session import state
from pages.session.i18n import _
from pages.shared import page
from pages.shared.runs import run_list
from pages.shared.runs.run_table import run_table

project = state.project()
entries = run_list.views(project) if project else []
search = newest(project)
if project is None or (not entries and search is None):
    page.nothing_yet(
        _("Train"),
        ":material/model_training:",
        _("Nothing has been trained here yet"),
        _("Choose a network first; a training with the pictures of this project takes seconds to minutes."),
        button=_("Choose a network"),
        leads_to="model",
    )

page.title(_("Train"), _("Trainings go on when you close this page. Come back any time, from any device."))
opened = state.run()
was_searching = search is not None and search.is_active
was_active = opened is not None and run_list.view(opened).is_active
others_are_active = bool(queue.waiting_or_training())


waits_for_somebody = opened is not None and run_list.view(opened).state in ("paused", "interrupted")
# Once the run has ended there is a button to press: looking again every second would race with the press.
now_and_then = 10.0 if others_are_active or waits_for_somebody else None


@st.fragment(run_every=1.0 if was_active or was_searching else now_and_then)
def live() -> None:
    """Read the files again once a second; when the run or the search has ended, the whole page follows once."""
    if search is not None:
        now = newest(project)
        if now is None or (now.id, now.is_active) != (search.id, was_searching):
            if now is not None and "run" in now.winner:
                state.open_run(now.winner["run"])
            st.rerun()
        with page.errors_in_words():
            show_search(now)
    active = queue.waiting_or_training()
    if opened is not None:
        here = run_list.view(opened)
        if here.is_active != was_active:
            st.rerun()
        with page.errors_in_words():
            show_run(here, queue.position_words(opened.id, active))
    with page.errors_in_words():
        queue.show_queue(active, shown_above=opened.id if opened else None)
        if project is not None:
            show_others(project)


live()
if opened is None:
    st.stop()
here = run_list.view(opened)
if not here.is_active:
    manage_run(here)

ended = [entry for entry in entries if not entry.is_active]
if len(ended) > 1 or (ended and here.is_active):
    page.section(_("Runs of this project"), _("Choose a row to see that run above. Columns show where runs differ."))
    run_table(ended, opened.id)
