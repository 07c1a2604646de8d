"""The line of runs: it keeps its order, also over a restart, and an attempt is begun once."""

import pytest

from engine.compute.run_queue import RunQueue
from engine.errors import ComputeError
from engine.storage import runs
from engine.storage.registry import Item
from engine.storage.workspace import write_json
from engine.worker import door
from tests.support.run_files import IdleWorkers
from tests.support.tiny_runs import new_run

PICTURE = Item("aa", "cat/1.jpg", "cat", split="train", id=7)


@pytest.fixture
def workers():
    workers = IdleWorkers()
    workers.places = 0
    return workers


@pytest.fixture
def line(workspace, workers):
    queue = RunQueue(workspace, lambda: workers)
    yield queue
    queue.close()


@pytest.fixture
def three(workspace, line):
    ids = [new_run(workspace, [PICTURE]).name for _run in range(3)]
    for run_id in ids:
        line.add(run_id)
    return ids


def given(workers) -> list[str]:
    return [key for _task, _args, key in workers.submitted]


def test_runs_wait_in_the_order_they_came_and_can_be_moved(line, three):
    a, b, c = three
    assert line.waiting() == [a, b, c]
    line.move(c, "front")
    assert line.waiting() == [c, a, b]
    line.move(b, "up")
    line.move(c, "down")
    assert line.waiting() == [b, c, a]


def test_a_restart_keeps_the_order_and_puts_what_was_given_first(workspace, workers, line, three):
    a, b, c = three
    line.move(c, "front")
    workers.places = 1
    line.add(a)  # anything that makes it look again
    assert given(workers) == [c]
    line.close()
    again = RunQueue(workspace, lambda: workers)
    workers.submitted.clear()
    workers.places = 0
    again.take_over([a, b, c])
    assert again.waiting() == [c, a, b]
    again.close()


def test_who_leaves_the_line_is_never_given_to_a_worker(workspace, workers, line, three):
    line.leave(three[0])
    workers.places = 3
    line.add(three[1])
    assert given(workers) == three[1:]


def test_an_attempt_that_a_worker_died_of_is_not_begun_again_by_the_scheduler(workspace):
    run_dir = new_run(workspace, [PICTURE])
    attempt = runs.note_attempt(run_dir)
    write_json(run_dir / runs.HEARTBEAT, {"machine": "gone", "pid": 1, "born": 1.0, "attempt": attempt})
    with pytest.raises(ComputeError, match="was interrupted"):
        door.answer("train", run_dir, workspace, attempt)


def test_a_worker_leaves_an_attempt_alone_that_is_out_of_date(workspace):
    run_dir = new_run(workspace, [PICTURE])
    old = runs.note_attempt(run_dir)
    runs.take_back(run_dir)
    door.answer("train", run_dir, workspace, old)
    assert runs.read_status(run_dir)["state"] == "queued"
