"""What takes a while to measure about a run: offered with a button, watched, stopped, shown.

What is being measured is asked of the server each time (engine.services.run_measurements): a refresh, another
browser and a colleague find it, and no thread waits for it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from engine import graft
from engine.services import run_measurements
from engine.services.run_measurements import Measured
from pages.session.i18n import _, say
from pages.shared import page
from pages.shared.runs.run_list import duration

LOOK_AGAIN_SECONDS = 0.7


@dataclass(frozen=True)
class Measurement:
    """What is measured: its task (one of run_measurements.FILES) and the words around it, translated.

    waiting: the line above the progress bar.
    """

    task: str
    icon: str
    headline: str
    explanation: str
    button: str
    waiting: str

    @property
    def key(self) -> str:
        return self.task.replace("_", "-")


def view(
    folder: Path, what: Measurement, show: Callable[[dict], None], so_far: Callable[[dict], None] | None = None
) -> None:
    """Offer to measure it, watch it, and `show` what was found, which a training of the run since makes outdated.

    so_far: shows what has been found while the rest is being measured, where it comes in parts.
    """
    state = graft.current().run_measurements.status(what.task, folder)
    if state.state == "done" and state.found is not None:
        show(state.found)
    elif state.state in run_measurements.WORKING:
        _watch(folder, what, so_far)
    else:
        _offer(folder, what, state)


def answer(folder: Path, task: str, verdict: Callable[[dict], str]) -> str:
    """Return what was found in a line; "" where it was not measured since the last training of the run."""
    state = graft.current().run_measurements.status(task, folder)
    return verdict(state.found) if state.state == "done" and state.found is not None else ""


def _offer(folder: Path, what: Measurement, state: Measured) -> None:
    if state.state == "failed":
        st.error(say(state.message, state.values), icon=":material/error:")
    if page.empty(what.icon, what.headline, what.explanation, button=what.button, key=f"{what.key}-start"):
        graft.current().run_measurements.start(what.task, folder)
        st.rerun()


def _watch(folder: Path, what: Measurement, so_far: Callable[[dict], None] | None) -> None:
    measurements = graft.current().run_measurements

    @st.fragment(run_every=LOOK_AGAIN_SECONDS, key=f"{what.key}-part")
    def part() -> None:
        state = measurements.status(what.task, folder)
        if state.state not in run_measurements.WORKING:
            st.rerun()  # once for the whole page: it takes the timer away
        st.progress(state.progress, _progress_words(state, what))
        st.button(
            _("Stop"),
            key=f"{what.key}-stop",
            icon=":material/stop:",
            disabled=state.state == "stopping",
            on_click=measurements.stop,
            args=(what.task, folder),
        )
        if so_far is not None and state.found is not None:
            so_far(state.found)

    part()


def _progress_words(state: Measured, what: Measurement) -> str:
    if state.state == "stopping":
        return _("Stopping…")
    if state.state == "waiting":
        return _("It begins as soon as the machine is free for it.")
    if state.seconds_left is None:
        return what.waiting
    return f"{what.waiting} {_('about {time} left').format(time=duration(state.seconds_left))}"
