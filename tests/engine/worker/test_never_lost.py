"""Whatever happens to disk, worker or server: a run is shown as it is, and goes on from what it has."""

import contextlib
import os
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import Future

import numpy as np
import pyarrow.parquet
import pytest

from engine.cli import parser
from engine.compute.run_queue import RunQueue
from engine.storage import run_writer, runs
from engine.storage.liveness import this_process
from engine.storage.workspace import Workspace, write_json
from engine.training.features import distributed_embed
from engine.training.fine_tuning import checkpoint
from engine.training.fine_tuning.adapt import CHECKPOINT
from tests.support import team as team_of_workers
from tests.support.run_files import fill_project, idle_graft
from tests.support.tiny_runs import carry_out, discs, new_run, train

pytestmark = pytest.mark.slow

PART = {"name": "balanced", "epochs": 3, "batch_size": 8, "augmentation": ["flip"], "freeze_depth": 0.85}
LONG = """
import sys
from engine.graft import Graft
with Graft.open(shared_worker=True) as graft:
    project = graft.registry.create_project("Killed")
    graft.wait_for_import(graft.start_import(project.dataset_id, sys.argv[1]))
    long = {"name": "balanced", "epochs": 60, "patience": 60, "batch_size": 8, "augmentation": [], "image_size": 48}
    graft.wait_for_run(graft.start_run(project.id, long))
"""


def probabilities(run_dir) -> np.ndarray:
    return np.array(pyarrow.parquet.read_table(run_dir / runs.PREDICTIONS).to_pydict()["probabilities"])


@contextlib.contextmanager
def small_files_only(_workspace):
    """Let the system refuse to write more than 20 kB into any file of this process."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextlib.contextmanager
def no_byte_left(workspace):
    """Fill the disk that the workspace lies on; there is room again when somebody looks after the run."""
    filler = workspace.root / "filler"
    with open(filler, "wb", buffering=0) as file:
        for size in (1_000_000, 4096):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)):
                    pass
    yield


@pytest.fixture
def small_disk(workspace):
    """Make the folder of the workspace a disk of its own; some systems give each of its small files 2 MB."""
    options = ["-t", "tmpfs", "-o", "size=512m", "tmpfs", str(workspace.root)]
    if subprocess.run(["mount", *options], capture_output=True).returncode:
        pytest.skip("only an administrator may mount a small disk here")
    yield Workspace(workspace.root).create()
    subprocess.run(["umount", str(workspace.root)], check=True)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory) -> np.ndarray:
    """The probabilities of a run that nothing happens to."""
    workspace = Workspace(tmp_path_factory.mktemp("uninterrupted")).create()
    return probabilities(train(workspace, discs(workspace), **PART))


@pytest.mark.parametrize("refuse", [small_files_only, no_byte_left])
def test_a_disk_that_is_full_at_a_checkpoint_is_said_and_the_run_goes_on_when_there_is_room(
    request, workspace, monkeypatch, uninterrupted, refuse
):
    if refuse is no_byte_left:
        workspace = request.getfixturevalue("small_disk")
    run_dir = new_run(workspace, discs(workspace), **PART)
    original = checkpoint.save

    def save(folder, part, optimizer, state):
        with refuse(workspace) if state.epoch == 2 else contextlib.nullcontext():
            original(folder, part, optimizer, state)

    monkeypatch.setattr(checkpoint, "save", save)
    carry_out(workspace, run_dir)
    status = runs.read_status(run_dir)
    assert (status["state"], status["error"]) == ("interrupted", None)
    assert status["message"].format(**status["values"]).startswith("fine_tune.npz could not be written (")
    assert "Make room" in status["message"]
    assert checkpoint.load(run_dir / CHECKPOINT).state.epoch == 1
    assert [file.name for file in (run_dir / CHECKPOINT).iterdir()] == [checkpoint.FILE]
    (workspace.root / "filler").unlink(missing_ok=True)
    monkeypatch.setattr(checkpoint, "save", original)
    carry_out(workspace, run_dir)
    assert runs.read_status(run_dir)["state"] == "finished"
    assert [row["epoch"] for row in runs.read_metrics(run_dir)] == [0, 1, 2, 3]
    np.testing.assert_array_equal(probabilities(run_dir), uninterrupted)
    assert not (run_dir / run_writer.RESERVE).exists()


def test_server_and_worker_killed_at_once_leave_an_interrupted_run_that_the_next_server_goes_on_with(
    workspace, warm_graft, class_folder, monkeypatch
):
    server = subprocess.Popen([sys.executable, "-c", LONG, str(class_folder)], start_new_session=True)
    try:
        while not (found := list(workspace.runs.glob(f"*/{CHECKPOINT}/{checkpoint.FILE}"))):
            assert server.poll() is None
            time.sleep(0.05)
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
    [run_dir] = [file.parents[1] for file in found]
    end = time.monotonic() + 30  # the system takes a moment to end a process with much memory
    while (status := runs.read_status(run_dir))["state"] == "running" and time.monotonic() < end:
        time.sleep(0.05)
    assert (status["state"], status["message"]) == ("interrupted", runs.INTERRUPTED)
    before = runs.read_metrics(run_dir)
    team_of_workers.join(monkeypatch, warm_graft)
    assert parser.main(["resume", run_dir.name, "--workspace", str(workspace.root)]) == 0
    assert runs.read_status(run_dir)["state"] == "finished"
    after = runs.read_metrics(run_dir)
    assert [row["epoch"] for row in after] == list(range(61))
    kept = len(before) - 1  # the last epoch may have been told but not kept
    assert after[:kept] == before[:kept]


QUEUED = """
import time
from engine import settings
from engine.storage.workspace import Workspace
from tests.support.run_files import idle_graft
from tests.support.tiny_runs import discs
graft = idle_graft(Workspace(settings.current().workspace).create())
graft.compute.places = 0  # every worker is at another run
project = graft.registry.create_project("Queued")
graft.registry.add_import(project.dataset_id, "import-1", "discs", discs(graft.workspace), [])
graft.start_run(project.id, {"name": "instant"})
print("queued", flush=True)
time.sleep(60)
"""


def test_a_run_whose_command_line_was_killed_while_it_waited_is_resumed(workspace, warm_graft, monkeypatch):
    """It stands in the line of nobody, holds nobody up, and goes on when somebody asks for it."""
    command = subprocess.Popen([sys.executable, "-c", QUEUED], stdout=subprocess.PIPE, text=True)
    assert command.stdout.readline() == "queued\n"
    [run_dir] = workspace.runs.glob("[!.]*")
    assert runs.read_status(run_dir)["state"] == "queued"
    command.kill()
    command.communicate()
    assert runs.read_status(run_dir)["state"] == "interrupted"
    assert RunQueue(workspace, lambda: warm_graft.compute).waiting() == []
    team_of_workers.join(monkeypatch, warm_graft)
    assert parser.main(["resume", run_dir.name, "--workspace", str(workspace.root)]) == 0
    assert runs.read_status(run_dir)["state"] == "finished"


def test_a_search_whose_process_was_killed_before_it_began_goes_on_when_asked(workspace):
    graft = idle_graft(workspace)
    graft.compute.places = 0
    project = fill_project(graft)
    begin = graft.searches._begin
    graft.searches._begin = lambda _search: None  # killed in that moment
    search_id = graft.start_search(project.id, {"networks": ["sprout"]})
    folder = workspace.searches / search_id
    assert graft.searches.is_active(search_id)
    write_json(folder / runs.SUBMITTER, {**this_process(), "pid": 2**22 + 1})
    assert graft.searches.status(search_id).state == "interrupted"
    graft.searches._begin = begin
    graft.searches.resume(search_id)
    deadline = time.monotonic() + 20
    while graft.searches.status(search_id).state != "running" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert graft.searches.status(search_id).state == "running"
    graft.close()


class DyingCrew:
    """Two other workers: one dies with the first piece it is given, the other's answer is an error."""

    def __init__(self):
        self.given: list[str] = []

    def free(self) -> list[str]:
        return ["dies", "fails"]

    def alive(self) -> set[str]:
        return {"fails"}

    def give(self, address: str, _task: str, *_args) -> Future:
        self.given.append(address)
        future = Future()
        future.status = "pending"
        if address == "fails":
            future.status = "error"
            future.set_exception(RuntimeError("no network disk"))
        return future


def test_pictures_that_a_killed_helper_had_are_embedded_all_the_same(workspace, monkeypatch):
    crew = DyingCrew()
    monkeypatch.setattr(distributed_embed.Peers, "here", lambda: crew)
    monkeypatch.setattr(distributed_embed, "WORTH_SHARING", 8)
    original = distributed_embed.embedding.work_off

    def begin_late(*arguments):
        while set(crew.given) != {"dies", "fails"}:
            time.sleep(0.01)
        original(*arguments)

    monkeypatch.setattr(distributed_embed.embedding, "work_off", begin_late)
    run_dir = train(workspace, discs(workspace, 60, labels=("red", "blue")))
    assert runs.read_status(run_dir)["state"] == "finished"
    [embedded] = [event for event in runs.read_events(run_dir) if event["kind"] == "embedded"]
    assert (embedded["computed"], embedded["elsewhere"]) == (120, {})


def test_a_checkpoint_that_is_damaged_counts_as_none(tmp_path):
    (tmp_path / checkpoint.FILE).write_bytes(b"PK\x03\x04 half")
    assert checkpoint.load(tmp_path) is None
