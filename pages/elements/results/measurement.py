"""What takes a while to measure about a run: offered with a button, watched, kept in the run's folder, shown."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from engine import graft, runs
from engine.errors import UserError
from engine.workspace import read_json
from pages.elements import answers, page
from pages.elements.i18n import _, say_error
from pages.elements.runs.run_list import RunView

BEGUN = "measurement-begun"
PATIENCE_SECONDS = 1800.0


@dataclass(frozen=True)
class Measurement:
    """What is measured: the task of the workers, the file in the run's folder that it leaves, and the words around it.

    The texts of a button, and of the line above the progress bar, are translated already.
    """

    task: str
    file: str
    icon: str
    headline: str
    explanation: str
    button: str
    waiting: str

    @property
    def key(self) -> str:
        return self.task.replace("_", "-")


def view(entry: RunView, what: Measurement, show: Callable[[dict], None]) -> None:
    """Offer to measure it, watch it, and `show` what was found, which a training of the run since makes outdated."""
    found = _found(entry.folder, what.file)
    if found is not None:
        show(found)
        return
    key = (what.task, entry.run.id, _stamp(entry.folder))
    if st.session_state.get(BEGUN) != key:
        _offer(what, key)
        return
    here = graft.current()
    progress = here.workspace.caches / "explaining" / f"{entry.run.id}-{what.key}.json"
    arguments = (str(entry.folder), str(here.workspace.root), str(progress))
    asked = answers.ask(key, lambda: here.ask(what.task, *arguments, timeout=PATIENCE_SECONDS))
    answers.when_ready(
        asked,
        lambda answer: _end(answer, what, key, show),
        waiting=lambda: st.progress(read_json(progress, {}).get("progress", 0.0), what.waiting),
        key=f"{what.key}-part",
    )


def _offer(what: Measurement, key: tuple) -> None:
    if page.empty(what.icon, what.headline, what.explanation, button=what.button, key=f"{what.key}-start"):
        answers.forget(key)
        st.session_state[BEGUN] = key
        st.rerun()


def _end(answer: Future, what: Measurement, key: tuple, show: Callable[[dict], None]) -> None:
    """Show what ended it; what was found is read from the run's folder from then on."""
    if (error := answer.exception()) is None:
        show(answer.result())
        return
    if not isinstance(error, UserError):
        raise error
    st.error(say_error(error), icon=":material/error:")
    if st.button(_("Try again"), key=f"{what.key}-again"):
        answers.forget(key)
        st.rerun()


def _found(folder: Path, file: str) -> dict | None:
    """Return what was measured, unless the model was trained again since."""
    try:
        is_old = (folder / runs.MODEL).stat().st_mtime > (folder / file).stat().st_mtime
    except OSError:
        return None
    return None if is_old else read_json(folder / file)


def _stamp(folder: Path) -> int:
    """Return what tells two trainings of one run apart."""
    try:
        return (folder / runs.MODEL).stat().st_mtime_ns
    except OSError:
        return 0
