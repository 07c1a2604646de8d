"""Workers: a queue that keeps its order, a death that is noticed, a prediction that never waits for a training."""

import os
import signal
import sys
import threading
import time
import types

import pytest

from engine.compute.client import Compute
from engine.errors import ComputeError, UserError
from tests.support.taught_workers import process_of, teach


@pytest.fixture(scope="module")
def compute():
    with Compute.start() as compute:
        yield teach(compute)


class Ending:
    """Collects how tasks ended, in the order in which they did."""

    def __init__(self):
        self.seen: list[tuple[str, Exception | None]] = []
        self._event = threading.Condition()

    def of(self, key: str):
        def note(error):
            with self._event:
                self.seen.append((key, error))
                self._event.notify_all()

        return note

    def wait_for(self, count: int, seconds: float = 20) -> list[str]:
        with self._event:
            assert self._event.wait_for(lambda: len(self.seen) >= count, seconds), f"only {self.seen} ended"
        return [key for key, _error in self.seen]


def test_trainings_run_one_after_another_in_the_order_they_were_asked_for(compute):
    ending = Ending()
    for key in ("first", "second", "third"):
        compute.submit("sleep", 0.2, queue="train", key=key, on_done=ending.of(key))
    assert ending.wait_for(3) == ["first", "second", "third"]


def test_a_quick_question_never_waits_for_a_training(compute):
    ending = Ending()
    compute.submit("sleep", 3, queue="train", key="long", on_done=ending.of("long"))
    asked = time.monotonic()
    process_of(compute)
    assert time.monotonic() - asked < 2
    assert ending.seen == []
    ending.wait_for(1)


def test_a_killed_worker_is_noticed_and_replaced(compute):
    ending = Ending()
    worker = process_of(compute, "train")
    compute.submit("sleep", 60, queue="train", key="doomed", on_done=ending.of("doomed"))
    time.sleep(0.5)
    os.kill(worker, signal.SIGKILL)
    ending.wait_for(1)
    [(_key, error)] = ending.seen
    assert isinstance(error, ComputeError) and "worker process died" in str(error)
    assert process_of(compute, "train") != worker
    teach(compute)  # the new one has not heard of what only tests ask


def test_a_cancelled_task_never_starts_and_reports_nothing(compute, tmp_path):
    ending = Ending()
    compute.submit("sleep", 1, queue="train", key="ahead", on_done=ending.of("ahead"))
    compute.submit(
        "make_folder", str(tmp_path / "made"), queue="train", key="cancelled", on_done=ending.of("cancelled")
    )
    compute.cancel("cancelled")
    assert ending.wait_for(1) == ["ahead"]
    time.sleep(0.3)
    assert not (tmp_path / "made").exists() and len(ending.seen) == 1


def test_what_a_task_refuses_arrives_as_the_same_sentence(compute):
    with pytest.raises(UserError) as raised:
        compute.ask("refuse", "cat")
    assert str(raised.value) == "The class 'cat' is empty." and raised.value.values == {"name": "cat"}


def test_a_worker_refuses_what_is_not_on_its_list(compute):
    with pytest.raises(ComputeError, match="A worker was asked for 'os:getpid', which it does not do"):
        compute.ask("os:getpid")


def test_a_scheduler_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr("engine.compute.client.START_SECONDS", 2)
    with pytest.raises(ComputeError, match=r"No Dask scheduler answers at tcp://127.0.0.1:9"):
        Compute.start("tcp://127.0.0.1:9")


def test_a_worker_never_runs_the_page_that_the_server_is_drawing(tmp_path, monkeypatch):
    page = types.ModuleType("__main__")
    page.__file__ = str(tmp_path / "page.py")
    (tmp_path / "page.py").write_text(f"open({str(tmp_path / 'drawn')!r}, 'w').close()")
    monkeypatch.setitem(sys.modules, "__main__", page)
    with Compute.start(shared_worker=True) as compute:
        assert process_of(compute) != os.getpid()
    assert not (tmp_path / "drawn").exists()
