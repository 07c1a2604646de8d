"""How far work is: told now and then, read by everybody, ended by a stop."""

import pytest

from engine.errors import Stopped, UserError
from engine.storage import status_file
from engine.storage.status_file import StatusFile, Throttle


@pytest.fixture
def clock(monkeypatch):
    """A clock that only goes on when a test says so: `clock.append(seconds)`."""
    ticks: list[float] = [100.0]
    monkeypatch.setattr(status_file.time, "monotonic", lambda: sum(ticks))
    return ticks


def test_what_is_told_too_often_is_written_now_and_then_but_the_end_always(tmp_path, clock):
    status = StatusFile(tmp_path / "status.json")
    read = []
    for done in range(10):
        status.advance(done, 9)
        read.append(round(9 * StatusFile(tmp_path / "status.json").read()["progress"]))
        clock.append(0.1)
    assert read == [0, 0, 0, 3, 3, 3, 6, 6, 6, 9]


def test_another_message_is_told_at_once_with_what_fills_it_in(tmp_path, clock):
    status = StatusFile.beside(tmp_path / "job.json")
    assert status.read() == {} and not status.has_begun()
    status.tell(0.1, "Reading: {n}", n=1)
    status.tell(0.2, "Comparing {a} and {b}", a=1, b=2)
    told = {"progress": 0.2, "message": "Comparing {a} and {b}", "values": {"a": 1, "b": 2}, "seconds_left": None}
    assert status.read() == told and status.has_begun()


def test_the_seconds_left_follow_the_pace_of_what_is_being_done(tmp_path, clock):
    status = StatusFile(tmp_path / "status.json")
    status.advance(0, 10, "Reading: {done} of {total}, {percent} %")
    clock.append(5.0)
    status.advance(5, 10, "Reading: {done} of {total}, {percent} %")
    assert status.read()["seconds_left"] == 5.0
    assert status.read()["values"] == {"done": 5, "total": 10, "percent": 50}
    status.advance(1, 100, "Arranging")  # another pace, not known yet
    assert status.read()["seconds_left"] in (None, 0.0)
    clock.append(1.0)
    status.advance(2, 100, "Arranging")
    assert status.read()["seconds_left"] == 49.0


def test_work_that_is_stopped_ends_at_its_next_step_and_can_begin_again(tmp_path, clock):
    status = StatusFile(tmp_path / "job" / "status.json")
    status.request_stop()
    with pytest.raises(Stopped, match="It was stopped.") as stopped:
        status.advance(1, 2)
    assert isinstance(stopped.value, UserError)
    status.clear()
    status.advance(1, 2)
    assert status.read()["progress"] == 0.5
    status.clear()
    assert status.read() == {}


def test_without_a_file_nobody_is_told_and_nobody_can_stop_it():
    status = StatusFile("")
    status.request_stop()
    status.advance(1, 2)
    assert status.read() == {} and not status.stop_requested() and not status.has_begun()


def test_a_throttle_lets_the_first_through_and_then_one_every_few_moments(clock):
    throttle = Throttle(1.0)
    due = []
    for _step in range(6):
        due.append(throttle.is_due())
        clock.append(0.5)
    assert due == [True, False, True, False, True, False]
    assert throttle.is_due(at_once=True) and not throttle.is_due()
