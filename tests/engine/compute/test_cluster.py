"""A team's cluster: a real scheduler, two real workers and one workspace; a worker dies and nothing is lost."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine import settings
from engine.graft import Graft
from engine.storage import runs
from engine.storage.workspace import read_json
from tests.support.pictures import draw_folder

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
PICTURES = 300
OFFERS = "train=1 quick=1 ingest=1 study=1"


@pytest.fixture
def cluster(workspace, tmp_path, monkeypatch):
    """Start `dask scheduler` and two `dask worker` as docs/cluster.md says; Graft finds them by GRAFT_SCHEDULER."""
    started = []

    def dask(*arguments) -> Path:
        log = tmp_path / f"dask-{len(started)}.log"
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
        command = [sys.executable, "-m", "dask", *arguments]
        with open(log, "wb") as out:
            options = {"stdout": out, "stderr": out, "env": environment, "start_new_session": True}
            started.append(subprocess.Popen(command, cwd=tmp_path, **options))
        return log

    scheduler = dask("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    address = wait_for(lambda: re.search(r"tcp://127\.0\.0\.1:\d+", scheduler.read_text())).group()
    for _worker in range(2):
        dask("worker", address, "--resources", OFFERS, "--nthreads", "4", "--no-dashboard", "--host", "127.0.0.1")
    monkeypatch.setenv("GRAFT_SCHEDULER", address)
    settings.current.cache_clear()
    yield address
    for process in started:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    settings.current.cache_clear()


def wait_for(look, seconds: float = 90):
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
