"""Questions to the workers that a page does not wait for: ask, show the rest, look again in a moment.

The same question asked by two people is asked once. What takes longer than a person waits is no question but a checkup
(pages/sections/evaluation/trust/measurement.py): threads that wait for minutes would leave none for other presses.
"""

import functools
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor

import streamlit as st

from engine import graft

LOOK_AGAIN_SECONDS = 0.4
THREADS = 12  # nearly all they do is wait for a worker
KEPT = 200


class Answers:
    """Answers by question, the oldest forgotten first. Threads may share it."""

    def __init__(self):
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="question")
        self._answers: OrderedDict[Hashable, Future] = OrderedDict()
        self._lock = threading.Lock()

    def ask(self, key: Hashable, question: Callable[[], object]) -> Future:
        """Return the answer to come; `question` runs in a thread unless it has been asked under `key` before."""
        with self._lock:
            if key not in self._answers:
                self._answers[key] = self._threads.submit(question)
                while len(self._answers) > KEPT:
                    self._answers.popitem(last=False)
            return self._answers[key]

    def forget(self, key: Hashable) -> None:
        with self._lock:
            self._answers.pop(key, None)


@functools.cache
def _answers() -> Answers:
    return Answers()


def ask(key: Hashable, question: Callable[[], object]) -> Future:
    """Ask once per `key` and workspace; the Future holds the answer or the error."""
    return _answers().ask((str(graft.current().workspace.root), key), question)


def forget(key: Hashable) -> None:
    """Ask again next time."""
    _answers().forget((str(graft.current().workspace.root), key))


def when_ready(answer: Future, show: Callable[[Future], None], *, waiting: Callable[[], object], key: str) -> None:
    """Draw `waiting` and look again until the answer is there, then `show(answer)`; the page itself never waits."""

    @st.fragment(run_every=None if answer.done() else LOOK_AGAIN_SECONDS, key=key)
    def part() -> None:
        if not answer.done():
            waiting()
        elif st.session_state.get(f"{key}-seen") is not answer:
            st.session_state[f"{key}-seen"] = answer
            st.rerun()  # once for the whole page: it takes the timer away
        else:
            show(answer)

    if answer.done():
        st.session_state[f"{key}-seen"] = answer
    part()
