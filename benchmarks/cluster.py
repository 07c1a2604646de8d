"""One dataset embedded by one worker of a cluster and by two: does the second one halve the time?

python -m benchmarks.cluster [--pictures 3000] [--size 160]

A real scheduler and real workers, each held to one core of its own. Drawn pictures, Sprout; the workers have embedded
something before. Seconds are the run's features phase; each arrangement has a workspace of its own.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

import psutil

from benchmarks.common import arguments, row, verdict
from engine import settings
from engine.graft import Graft
from engine.storage import runs
from tests.support.pictures import draw_folder

TARGET = 1.7
ROOT = Path(__file__).parents[1]
OFFERS = "train=1 quick=1 ingest=1 study=1"


def main() -> None:
    options = arguments(__doc__, pictures=3000, size=160)
    cores = sorted(os.sched_getaffinity(0))[:2]
    row("workers", "seconds", "of a processor", "pictures done by the second")
    row(*["---"] * 4)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        draw_folder(folder / "few", {"green": 160, "yellow": 160})
        draw_folder(folder / "many", {"red": options.pictures // 2, "blue": options.pictures // 2})
        one = _embed(folder, cores[:1], options)
        two = _embed(folder, cores, options)
    for workers, found in ((1, one), (2, two)):
        row(workers, *found)
    ratio = one[0] / two[0]
    verdict("Embedding with two workers, times as fast as with one", f"at least {TARGET}", ratio, ratio >= TARGET)


def _embed(folder: Path, cores: list[int], options) -> tuple[float, float, int]:
    """Return (seconds, seconds of the workers' processors, pictures done elsewhere)."""
    os.environ["GRAFT_WORKSPACE"] = str(folder / f"workspace-{len(cores)}")
    with Cluster(folder, cores) as cluster:
        os.environ["GRAFT_SCHEDULER"] = cluster.address
        settings.current.cache_clear()
        with Graft.open() as graft:
            while len(graft.compute.room({})) < len(cores):
                time.sleep(0.1)
            for part in ("few", "many"):
                project = graft.registry.create_project(part)
                graft.wait_for_import(graft.imports.start(project.dataset_id, folder / part))
                before = cluster.processor_seconds()
                run_id = graft.start_run(project.id, {"name": "instant", "image_size": options.size})
                graft.wait_for_run(run_id)
            run_dir = graft.workspace.run_dir(run_id)
            [embedded] = [event for event in runs.read_events(run_dir) if event["kind"] == "embedded"]
            seconds = runs.read_evaluation(run_dir)["seconds"]["features"]
            return seconds, cluster.processor_seconds() - before, sum(embedded["elsewhere"].values())


class Cluster:
    """`dask scheduler` and a `dask worker` on each of these cores. Use as a context manager."""

    def __init__(self, folder: Path, cores: list[int]):
        self._folder, self._cores, self._started = folder, cores, []

    def __enter__(self) -> Self:
        log = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        while not (found := re.search(r"tcp://127\.0\.0\.1:\d+", log.read_text())):
            time.sleep(0.1)
        self.address = found.group()
        options = ("--resources", OFFERS, "--nthreads", "4", "--no-dashboard", "--host", "127.0.0.1")
        for core in self._cores:
            self._start("worker", self.address, *options, core=core)
        return self

    def __exit__(self, *_exception) -> None:
        for process in self._started:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def processor_seconds(self) -> float:
        """Return what the workers have computed so far."""
        own = [psutil.Process(process.pid) for process in self._started[1:]]
        everyone = [*own, *(child for process in own for child in process.children(recursive=True))]
        return sum(sum(process.cpu_times()[:2]) for process in everyone)

    def _start(self, *arguments, core: int | None = None) -> Path:
        log = self._folder / f"dask-{len(self._cores)}-{len(self._started)}.log"
        held = [] if core is None else ["taskset", "-c", str(core)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
        with open(log, "wb") as out:
            command = [*held, sys.executable, "-m", "dask", *arguments]
            options = {"stdout": out, "stderr": out, "env": environment, "start_new_session": True}
            self._started.append(subprocess.Popen(command, cwd=self._folder, **options))
        return log


if __name__ == "__main__":
    main()
