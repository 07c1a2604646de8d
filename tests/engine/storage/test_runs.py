"""A run's directory: readable while it is written, truthful when its worker is gone."""

import json
import multiprocessing
import os
import signal
import time

import pytest

from engine.errors import UserError
from engine.storage import liveness, run_writer, runs
from engine.storage.registry import Item
from engine.storage.workspace import Workspace, read_json, write_atomic, write_json


@pytest.fixture
def run_dir(tmp_path):
    workspace = Workspace(tmp_path).create()
    items = [Item("aa", "cat/1.jpg", "cat", split="train", id=7), Item("bb", "dog/1.jpg", "dog", "home", "test", id=8)]
    return workspace.run_dir(runs.new_run(workspace, {"name": "instant"}, items))


def work(run_dir, ready) -> None:
    with run_writer.RunWriter(run_dir) as writer:
        writer.status(phase="features", progress=0.4)
        ready.set()
        time.sleep(60)


def test_a_new_run_is_queued_and_knows_what_it_will_see(run_dir):
    assert runs.read_status(run_dir)["state"] == "queued"
    assert runs.read_recipe(run_dir) == {"name": "instant"}
    rows = runs.read_snapshot(run_dir).to_pylist()
    assert [(row["item"], row["group"], row["split"]) for row in rows] == [(7, None, "train"), (8, "home", "test")]


def test_a_run_that_has_begun_says_nowhere_that_it_waits(run_dir):
    with run_writer.RunWriter(run_dir):
        status = runs.read_status(run_dir)
    assert (status["state"], status["phase"], status["message"]) == ("running", "features", "Getting ready.")


def test_a_killed_worker_shows_the_run_as_interrupted(run_dir):
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=work, args=(run_dir, ready))
    process.start()
    assert ready.wait(20)
    assert runs.read_status(run_dir)["state"] == "running"
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    status = runs.read_status(run_dir)
    assert (status["state"], status["progress"]) == ("interrupted", 0.4)
    assert "can be resumed" in status["message"]


def test_a_run_that_ends_between_two_reads_is_never_called_interrupted(run_dir, monkeypatch):
    """Its end is written, and its heartbeat taken away, after the status was read and before the heartbeat is."""
    writer, look, looks = run_writer.RunWriter(run_dir).__enter__(), runs._alive, []

    def ends_first(folder):
        if not looks:
            writer.status(state="finished", finished=runs.now())
            writer.__exit__()
        looks.append(folder)
        return look(folder)

    monkeypatch.setattr(runs, "_alive", ends_first)
    assert runs.read_status(run_dir)["state"] == "finished" and len(looks) == 1


def test_a_run_that_waits_for_a_process_that_is_gone_is_interrupted_and_one_of_another_machine_waits(run_dir):
    assert runs.read_status(run_dir)["state"] == "queued" and not runs.waits_for_nobody(run_dir)
    write_json(run_dir / runs.SUBMITTER, {**liveness.this_process(), "pid": 2**22 + 1, "attempt": None})
    status = runs.read_status(run_dir)
    assert (status["state"], status["message"]) == ("interrupted", runs.INTERRUPTED)
    assert runs.waits_for_nobody(run_dir)
    write_json(run_dir / runs.SUBMITTER, {"machine": "another one", "pid": 1, "born": 1.0, "attempt": None})
    assert runs.read_status(run_dir)["state"] == "queued" and runs.waits_for_nobody(run_dir)


def test_metrics_and_events_are_read_while_a_line_is_half_written(run_dir):
    with run_writer.RunWriter(run_dir) as writer:
        writer.metric(phase="fine_tune", epoch=1, loss=0.5, accuracy=0.8)
        writer.event("phase", name="probe")
    with open(run_dir / runs.METRICS, "a") as metrics, open(run_dir / runs.EVENTS, "a") as events:
        metrics.write("fine_tune,2,0.")
        events.write('{"kind": "ha')
    [row] = runs.read_metrics(run_dir)
    assert (row["epoch"], row["loss"], row["validation_loss"]) == (1.0, 0.5, None)
    assert [event["kind"] for event in runs.read_events(run_dir)] == ["phase"]


def test_a_line_that_a_killed_worker_left_half_written_is_forgotten_by_the_next_one(run_dir):
    with run_writer.RunWriter(run_dir) as writer:
        writer.metric(phase="fine_tune", epoch=1, loss=0.5, accuracy=0.8)
    with open(run_dir / runs.METRICS, "a") as metrics:
        metrics.write("fine_tune,2,0.")
    with run_writer.RunWriter(run_dir) as writer:
        writer.metric(phase="fine_tune", epoch=2, loss=0.4, accuracy=0.9)
    assert [(row["epoch"], row["loss"]) for row in runs.read_metrics(run_dir)] == [(1.0, 0.5), (2.0, 0.4)]


def test_a_metric_that_nobody_knows_is_an_error(run_dir):
    with run_writer.RunWriter(run_dir) as writer, pytest.raises(ValueError, match="surprise"):
        writer.metric(surprise=1)


def test_a_stop_request_reaches_the_worker(run_dir):
    with run_writer.RunWriter(run_dir) as writer:
        assert not writer.stop_requested()
        runs.request_stop(run_dir)
        assert writer.stop_requested()


def test_a_full_disk_leaves_the_old_file_and_says_so(tmp_path, monkeypatch):
    write_json(tmp_path / "status.json", {"state": "running"})

    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(UserError, match=r"status\.json could not be written \(No space left on device\)"):
        write_json(tmp_path / "status.json", {"state": "finished"})
    assert read_json(tmp_path / "status.json") == {"state": "running"}
    assert [path.name for path in tmp_path.iterdir()] == ["status.json"]


def test_too_little_room_is_noticed_before_a_run_begins(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _path: type("Usage", (), {"free": 1_000_000}))
    with pytest.raises(UserError, match="The disk is nearly full: 20 MB are needed"):
        runs.new_run(Workspace(tmp_path).create(), {}, [])
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_file_with_half_a_json_reads_as_absent(tmp_path):
    write_atomic(tmp_path / "a.json", json.dumps({"a": 1})[:4])
    assert read_json(tmp_path / "a.json", "nothing") == "nothing"


DAY = 86_400


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_a_jumping_clock_never_makes_a_living_run_look_dead(run_dir, monkeypatch, jump):
    with run_writer.RunWriter(run_dir) as writer:
        writer.status(phase="features", progress=0.4)
        boot, now = liveness.psutil.boot_time(), time.time
        # A clock that is set anew moves the time of day of the machine's start with it.
        monkeypatch.setattr(liveness.psutil._psplatform, "boot_time", lambda: boot + jump)
        monkeypatch.setattr(liveness.psutil, "boot_time", lambda: boot + jump)
        monkeypatch.setattr(time, "time", lambda: now() + jump)
        assert runs.read_status(run_dir)["state"] == "running"


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_a_run_of_another_machine_lives_as_long_as_its_heartbeat_changes(run_dir, monkeypatch, jump):
    seconds = time.monotonic()
    monkeypatch.setattr(liveness.time, "monotonic", lambda: seconds)
    beat = run_dir / runs.HEARTBEAT
    write_json(beat, {"machine": "another one", "pid": 1, "born": 1.0})
    write_json(run_dir / runs.STATUS, {**read_json(run_dir / runs.STATUS), "state": "running"})
    assert runs.read_status(run_dir)["state"] == "running"
    seconds += liveness.STALE_SECONDS - 1
    os.utime(beat, (time.time() + jump,) * 2)  # that machine's clock was set, and it touched its file
    assert runs.read_status(run_dir)["state"] == "running"
    seconds += liveness.STALE_SECONDS - 1
    assert runs.read_status(run_dir)["state"] == "running"
    seconds += 2
    assert runs.read_status(run_dir)["state"] == "interrupted"


def test_a_run_of_another_machine_that_died_before_we_looked_is_seen_at_once(run_dir):
    write_json(run_dir / runs.HEARTBEAT, {"machine": "another one", "pid": os.getpid(), "born": 1.0})
    write_json(run_dir / runs.STATUS, {**read_json(run_dir / runs.STATUS), "state": "running"})
    os.utime(run_dir / runs.HEARTBEAT, (time.time() - DAY,) * 2)
    assert runs.read_status(run_dir)["state"] == "interrupted"
