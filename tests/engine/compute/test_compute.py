"""Workers: a queue that keeps its order, a death that is noticed, a prediction that never waits for a training."""

import os
import signal
import socket
import ssl
import sys
import threading
import time
import types
import urllib.error
import urllib.request

import distributed
import pytest

from engine import settings
from engine.compute import tls
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


def listening(compute) -> dict[str, str]:
    """Return {who: address} of the scheduler, the workers and their nannies."""
    info = compute.client.scheduler_info(n_workers=-1)
    found = {"scheduler": info["address"]}
    for name, worker in info["workers"].items():
        found |= {f"worker {worker['name']}": name, f"nanny {worker['name']}": worker["nanny"]}
    return found


def talk(address: str, coded: bool) -> str:
    """Return "answered" if a process of another user on this machine gets a word out of an address, else "refused"."""
    host, port = address.rpartition("//")[2].rsplit(":", 1)
    try:
        with socket.create_connection((host, int(port)), timeout=5) as plain:
            stranger = ssl.create_default_context()
            stranger.check_hostname, stranger.verify_mode = False, ssl.CERT_NONE
            with stranger.wrap_socket(plain) if coded else plain as connection:
                connection.sendall(b"GET /info/main/workers.html HTTP/1.0\r\n\r\n")
                return "answered" if connection.recv(100) else "refused"
    except OSError:
        return "refused"


def as_nobody(ask) -> str:
    """Return what `ask()` says in a process of the user nobody; of this one where only root may become another."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if not child:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
        os.write(write_end, ask().encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as said:
        answer = said.read()
    os.waitpid(child, 0)
    return answer


def test_another_user_of_the_machine_is_refused_by_every_process(compute):
    for who, address in listening(compute).items():
        assert address.startswith("tls://127.0.0.1:"), who
        for coded in (False, True):
            assert as_nobody(lambda address=address, coded=coded: talk(address, coded)) == "refused", (who, coded)
    other = distributed.Security.temporary()
    with pytest.raises((OSError, TimeoutError)):
        distributed.Client(compute.client.scheduler.address, timeout=3, security=other, set_as_default=False)


def test_no_figures_are_served(compute):
    ports = compute.client.scheduler_info(n_workers=-1)["services"].values()
    for port in ports:
        for page in ("info/main/workers.html", "metrics", "json/counts.json", "sysmon", "status"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/{page}", timeout=5)


def test_a_question_that_runs_out_of_time_ends_its_worker_and_the_next_one_is_answered(compute):
    before, training = process_of(compute), process_of(compute, "train")
    with pytest.raises(ComputeError, match="No answer came in time"):
        compute.ask("sleep", 60, timeout=0.5)
    with pytest.raises(ComputeError, match="which it does not do"):  # an answer: the new one is not taught yet
        compute.ask("nothing", timeout=45)
    assert process_of(compute) != before and process_of(compute, "train") == training
    teach(compute)


def test_a_second_import_begins_beside_the_first(compute):
    ending = Ending()
    compute.submit("sleep", 5, queue="ingest", key="long", on_done=ending.of("long"))
    compute.submit("sleep", 0.1, queue="ingest", key="short", on_done=ending.of("short"))
    assert ending.wait_for(1, 4) == ["short"]


def test_settings_of_a_cluster_with_keys_are_whole_or_a_sentence(monkeypatch, tmp_path):
    def words(**files) -> str:
        for name in ("CA", "CERT", "KEY"):
            monkeypatch.setenv(f"GRAFT_TLS_{name}", files.get(name, ""))
        settings.current.cache_clear()
        with pytest.raises(ComputeError) as refusal:
            tls.of_team("tls://here:8786")
        return str(refusal.value)

    assert words().startswith("The scheduler tls://here:8786 speaks TLS, and there is no key")
    (tmp_path / "a").write_text("x")
    assert words(CA=str(tmp_path / "a")).startswith("GRAFT_TLS_CERT is not set, and GRAFT_TLS_CA is.")
    assert words(CA=str(tmp_path / "a"), CERT="b", KEY="c").startswith("GRAFT_TLS_CERT names b, which cannot be read.")
    monkeypatch.undo()
    settings.current.cache_clear()
    assert tls.of_team("tcp://here:8786") is None
