"""A team's cluster: a real scheduler, two real workers and one workspace; a worker dies and nothing is lost."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from distributed import Client, Security

from engine import settings
from engine.graft import Graft
from engine.storage import runs
from engine.storage.workspace import read_json
from tests.support.pictures import draw_folder

pytestmark = pytest.mark.slow

DOCUMENT = Path(__file__).parents[3] / "docs" / "cluster.md"
PICTURES = 300


def lines_of_the_document() -> list[str]:
    """Return the commands of docs/cluster.md as they stand there: a key, a scheduler, a worker, the server."""
    indented = (line.strip() for line in DOCUMENT.read_text().splitlines() if line.startswith("    "))
    return [line for line in indented if line.startswith(("openssl", "dask", "GRAFT_SCHEDULER"))]


@pytest.fixture
def cluster(graft_command, workspace, tmp_path, monkeypatch):
    """Run the lines of docs/cluster.md where Graft is installed, with two workers; Graft finds them by its settings.

    Only names of machines, ports and the workspace are put in.
    """
    started = []
    path = f"{graft_command.parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment = {**kept, "PATH": path, "TF_CPP_MIN_LOG_LEVEL": "3"}

    def begin(line: str) -> Path:
        log = tmp_path / f"log-{len(started)}.txt"
        with open(log, "wb") as out:
            options = {"stdout": out, "stderr": out, "env": environment, "start_new_session": True, "cwd": tmp_path}
            started.append(subprocess.Popen(["/bin/sh", "-c", f"exec {line}"], **options))
        return log

    key, scheduler, worker, server = lines_of_the_document()
    subprocess.run(["/bin/sh", "-c", key], cwd=tmp_path, check=True, capture_output=True)
    scheduler_log = begin(scheduler.replace("0.0.0.0", "127.0.0.1").replace("8786", "0"))
    address = wait_for(lambda: re.search(r"tls://127\.0\.0\.1:\d+", scheduler_log.read_text())).group()
    for _machine in range(2):
        begin(worker.replace("tls://SCHEDULER:8786", address))
    for name, value in re.findall(r"(GRAFT_\w+)=(\S+)", server):
        value = address if name == "GRAFT_SCHEDULER" else str(tmp_path / value)
        if name != "GRAFT_WORKSPACE":
            monkeypatch.setenv(name, value)
    settings.current.cache_clear()
    yield address
    for process in started:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    settings.current.cache_clear()


def wait_for(look, seconds: float = 150):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError(f"{look} did not come true")


def test_two_workers_share_one_dataset_train_at_once_and_one_may_die(cluster, tmp_path):
    folder = draw_folder(tmp_path / "pictures", {"red": PICTURES, "blue": PICTURES})
    with Graft.open() as graft:
        wait_for(lambda: len(graft.compute.room({})) == 2)
        check_that_strangers_are_refused(cluster)
        project = graft.registry.create_project("Shapes")
        graft.wait_for_import(graft.start_import(project.dataset_id, folder))

        # one dataset, both workers
        first = graft.start_run(project.id, {"name": "instant"})
        assert graft.wait_for_run(first)["state"] == "finished"
        [embedded] = [e for e in runs.read_events(graft.workspace.run_dir(first)) if e["kind"] == "embedded"]
        assert 0 < sum(embedded["elsewhere"].values()) < embedded["computed"]

        # two runs, each on a worker of its own
        long = {"name": "balanced", "epochs": 60, "batch_size": 8, "freeze_depth": 0.85}
        two = [graft.workspace.run_dir(graft.start_run(project.id, long)) for _run in range(2)]
        beats = [wait_for(lambda run_dir=run_dir: read_json(run_dir / runs.HEARTBEAT)) for run_dir in two]
        assert beats[0]["worker"] != beats[1]["worker"]
        wait_for(lambda: (two[0] / "checkpoint").exists())

        # one of them dies
        os.kill(beats[0]["pid"], signal.SIGKILL)
        wait_for(lambda: runs.read_status(two[0])["state"] == "interrupted")
        assert runs.read_status(two[1])["state"] == "running"
        graft.stop_run(two[1].name)
        assert graft.wait_for_run(two[1].name)["state"] == "stopped"
        epochs = len(runs.read_metrics(two[0]))
        graft.resume_run(two[0].name)
        wait_for(lambda: len(runs.read_metrics(two[0])) > epochs)
        graft.stop_run(two[0].name)
        assert graft.wait_for_run(two[0].name)["state"] == "stopped"
        assert runs.read_evaluation(two[0])["accuracy"] > 0.5


def check_that_strangers_are_refused(address: str) -> None:
    """Without the key nobody speaks to the scheduler: not in the clear, and not with a key of their own."""
    for other, security in ((address.replace("tls", "tcp"), None), (address, Security.temporary())):
        with pytest.raises((OSError, TimeoutError)):
            Client(other, timeout=3, security=security, set_as_default=False)
