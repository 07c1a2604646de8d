"""Kill whatever works, at random moments, again and again; go on; count what is lost, wrong or hangs.

    python -m benchmarks.kills --tries 200 [--team 1] [--minutes 60] [--folder DIR] [--span SECONDS]

Who is killed takes turns: the command line, a worker, the server (what the app runs, without its pages), and server
and workers at once. When is drawn anew each time, from the first moment to the end of an undisturbed run: while it
starts, imports, waits in the queue, trains, saves, pauses or searches. Every eighth try begins on a disk that is too
small. Afterwards a person's way on is taken (`resume`, or the next server), and the outcome is held against a run that
nothing happened to: the same pictures, the same predictions, every epoch once. With --team, workers stand apart from
whoever asks them (docs/cluster.md), stay warm and outlive him: more tries in an hour, and other things can go wrong.
"""

import contextlib
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import psutil
import pyarrow.parquet

from benchmarks.common import arguments, row, verdict
from engine.storage import runs
from engine.storage.registry import Registry
from engine.storage.workspace import Workspace

WHO = ("command line", "worker", "server", "both")
WHAT = ("instant", "balanced", "pause", "queue", "search")
PICTURES = 240
# Seconds after which a command that should have ended is said to hang: on a busy machine, so many undisturbed runs.
PATIENCE, PATIENCE_RUNS = 900.0, 6
SMALL_DISK_MB = (60, 90)
# What the server does, without its pages: `first` begins the work, `again` takes up what is there and ends it.
SERVER = """
import json, sys, time
from engine.graft import Graft
from engine.storage import runs
source, what, again = sys.argv[1], sys.argv[2], sys.argv[3] == "again"
with Graft.open() as graft:
    graft.warm_up()
    graft.recover()
    projects = graft.registry.projects()
    project = projects[0] if projects else graft.registry.create_project("Killed")
    def busy():
        return graft.imports.running(project.dataset_id)
    while busy():
        time.sleep(0.05)
    if not graft.registry.imports(project.dataset_id):
        graft.wait_for_import(graft.imports.start(project.dataset_id, source))
    def there():
        return graft.registry.runs(project.id)
    if what == "search":
        searches = graft.searches.of_project(project.id)
        wanted = {"networks": ["sprout"], "recipes": ["instant", "balanced"]}
        wanted |= {"time_limit": float(sys.argv[4]), "common": {"seed": 0}}
        if not searches:
            searches = [graft.start_search(project.id, wanted)]
        elif not graft.searches.is_active(searches[0]) and not there():
            graft.searches.resume(searches[0])
        while graft.searches.is_active(searches[0]):
            time.sleep(0.1)
    elif not there():
        for name in ("balanced", "instant") if what == "queue" else (what if what != "pause" else "balanced",):
            graft.start_run(project.id, {"name": name, "seed": 0})
    for run in there():
        if again and runs.read_status(graft.workspace.run_dir(run.id))["state"] not in ("finished", *runs.ACTIVE):
            graft.resume_run(run.id)
        try:
            graft.wait_for_run(run.id)
        except Exception as error:
            print(error, file=sys.stderr)
"""


@dataclass
class Count:
    """What came of the tries."""

    tries: int = 0
    moments: Counter = field(default_factory=Counter)
    killed: Counter = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    hangs: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Undisturbed:
    """What a run that nothing happened to says of its held-out pictures, by recipe, and how long it takes."""

    predictions: dict[str, dict[str, np.ndarray]]
    seconds: float

    @property
    def patience(self) -> float:
        return max(PATIENCE, PATIENCE_RUNS * self.seconds)

    @property
    def search_limit(self) -> str:
        return str(max(30, round(self.seconds / 3)))


def main() -> None:
    options = arguments(__doc__.splitlines()[0], tries=200, seed=0, folder="", minutes=0, team=0, span=0.0)
    folder = Path(options.folder or tempfile.mkdtemp(prefix="graft-kills-"))
    source = draw(folder / "pictures")
    with Team(folder / "team") if options.team else contextlib.nullcontext() as team:
        carry_out(options, folder, source, team)


def carry_out(options, folder: Path, source: Path, team: "Team | None") -> None:
    undisturbed = measure(folder / "undisturbed", source)
    if options.span:  # the first of all trainings waited for workers that were still starting
        undisturbed = replace(undisturbed, seconds=options.span)
    print(f"undisturbed: {undisturbed.seconds:.1f} s", flush=True)
    count, taken, began = Count(), [], time.monotonic()
    for number in range(options.tries):
        if options.minutes and time.monotonic() - began > 60 * options.minutes:
            break
        started = time.monotonic()
        rng = random.Random(f"{options.seed}-{number}")
        Try(folder, source, undisturbed, rng, number, count, team).carry_out()
        taken.append(time.monotonic() - started)
    show(count, taken)


def draw(folder: Path) -> Path:
    """Write a part of scikit-learn's handwritten digits as a folder of classes."""
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    for number in range(PICTURES):
        place = folder / str(digits.target[number]) / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((digits.images[number] * 15).astype(np.uint8)).resize((48, 48)).save(place)
    return folder


def measure(root: Path, source: Path) -> Undisturbed:
    found, seconds = {}, 0.0
    known = {runs.read_recipe(path.parent)["name"]: path.parent for path in root.glob(f"runs/[!.]*/{runs.EVALUATION}")}
    for recipe in ("instant", "balanced"):
        if recipe in known:  # of an earlier call with this folder
            found[recipe] = predictions(known[recipe])
            continue
        began = time.monotonic()
        told = command(root, "train", str(source), "--recipe", recipe).communicate(timeout=10 * PATIENCE)
        seconds = time.monotonic() - began
        found[recipe] = predictions(root / "runs" / json.loads(told[0].splitlines()[-1])["run"])
    return Undisturbed(found, seconds)


def command(root: Path, *words: str) -> subprocess.Popen:
    """Start a command of the engine in a group of its own."""
    return start(root, [sys.executable, "-m", "engine", *words, "--workspace", str(root), "--json"])


def start(root: Path, words: list[str]) -> subprocess.Popen:
    environment = {**os.environ, "GRAFT_WORKSPACE": str(root)}
    environment.pop("GRAFT_DATABASE_URL", None)
    return subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, env=environment
    )


def predictions(run_dir: Path) -> dict[str, np.ndarray]:
    """Return {content hash: probabilities} of the held-out pictures."""
    table = pyarrow.parquet.read_table(run_dir / runs.PREDICTIONS, columns=["sha256", "probabilities"]).to_pydict()
    return dict(zip(table["sha256"], map(np.array, table["probabilities"]), strict=True))


class Team:
    """A scheduler and two workers that stand apart, as docs/cluster.md says; a worker that dies is started anew."""

    OFFERS = ("train=1", "quick=1 ingest=1 study=1")

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._started = folder, []

    def __enter__(self) -> "Team":
        log = self._dask("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        while not (found := re.search(r"tcp://127\.0\.0\.1:\d+", log.read_text())):
            time.sleep(0.1)
        for offers in self.OFFERS:
            threads = str(offers.count("="))
            self._dask("worker", found.group(), "--resources", offers, "--nthreads", threads, "--no-dashboard")
        os.environ["GRAFT_SCHEDULER"] = found.group()
        return self

    def __exit__(self, *_exception) -> None:
        for process in self._started:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def workers(self) -> list[psutil.Process]:
        """Return the processes that work; their guardians start them anew."""
        return [child for process in self._started[1:] for child in children(process.pid)]

    def _dask(self, *words: str) -> Path:
        log = self._folder / f"{len(self._started)}.log"
        with log.open("wb") as out:
            options = {"stdout": out, "stderr": out, "start_new_session": True}
            self._started.append(subprocess.Popen([sys.executable, "-m", "dask", *words], **options))
        return log


def children(pid: int) -> list[psutil.Process]:
    """Return the worker processes below a process."""
    return [one for one in psutil.Process(pid).children(recursive=True) if "spawn_main" in str(one.cmdline())]


class Try:
    """One try: begin, kill, go on, look."""

    def __init__(
        self,
        folder: Path,
        source: Path,
        undisturbed: Undisturbed,
        rng: random.Random,
        number: int,
        count: Count,
        team: Team | None,
    ):
        self.team = team
        self.root, self.source, self.undisturbed = folder / f"try-{number:03}", source, undisturbed
        self.rng, self.number, self.count = rng, number, count
        self.who, self.what = WHO[number % len(WHO)], rng.choice(WHAT)
        self.small = number % 8 == 7
        self.server = self.who in ("server", "both") or self.what == "queue"
        self.moment, self.said, self.mounted = "never begun", [], False

    def carry_out(self) -> None:
        self.root.mkdir(parents=True)
        self.count.tries += 1
        self.count.killed[self.who] += 1
        try:
            with self._small_disk() if self.small else contextlib.nullcontext():
                self._begin_and_kill()
                self._go_on()
                self._look()
        finally:
            said = f"try {self.number}: {self.who}, {self.what}{', small disk' if self.small else ''}"
            mine = [one for one in (*self.count.lost, *self.count.wrong, *self.count.hangs) if one.startswith(said)]
            print(said, f"at {self.moment}:", "; ".join(mine) or "as it should be", flush=True)
            if not mine:
                shutil.rmtree(self.root, ignore_errors=True)

    # begin and kill

    def _begin_and_kill(self) -> None:
        if self.small:
            self._wait(self._begin())
            self._make_room()
        process = self._begin()
        wait = self.rng.uniform(0.0, 1.1 * self.undisturbed.seconds)
        if self.what == "pause":
            self._sleep(process, wait * self.rng.random())
            for run_dir in self._runs():
                runs.request_pause(run_dir)
        self._sleep(process, wait)
        self.moment = self._where()
        self.count.moments[self.moment.split(" ")[0]] += 1
        self._kill(process)
        self._wait(process)
        self._leave_nobody(process)

    def _begin(self) -> subprocess.Popen:
        known = self._unfinished()
        if self.server:
            return self._serve("again" if known else "first")
        if self.what == "search":
            return self._search()
        if known:
            return command(self.root, "resume", known[0].name)
        return command(self.root, "train", str(self.source), "--recipe", self._recipe())

    def _serve(self, when: str) -> subprocess.Popen:
        words = [str(self.source), self.what, when, self.undisturbed.search_limit]
        return start(self.root, [sys.executable, "-c", SERVER, *words])

    def _search(self) -> subprocess.Popen:
        limit = ("--time-limit", self.undisturbed.search_limit)
        if list(self.root.glob("searches/[!.]*/plan.json")):
            return command(self.root, "search", "latest", "--resume", *limit)
        options = ("--backbones", "sprout", "--recipes", "instant,balanced")
        return command(self.root, "search", str(self.source), *options, *limit)

    def _recipe(self) -> str:
        return "instant" if self.what == "instant" else "balanced"

    def _sleep(self, process: subprocess.Popen, seconds: float) -> None:
        end = time.monotonic() + seconds
        while process.poll() is None and time.monotonic() < end:
            time.sleep(0.02)

    def _where(self) -> str:
        """Return what was going on: starting, importing, queued, a phase of a training, searching, ended."""
        if list(self.root.glob("incoming/import-*/job.json")):
            return "importing"
        found = [runs.read_status(run_dir) for run_dir in self._runs()]
        working = [status for status in found if status["state"] == "running"]
        if working:
            return f"{working[0]['phase']} {working[0]['progress']:.0%}"
        if list(self.root.glob("searches/*/plan.json")):
            return "searching"
        return found[0]["state"] if found else "starting"

    def _kill(self, process: subprocess.Popen) -> None:
        with contextlib.suppress(ProcessLookupError, psutil.Error):
            if self.who == "both":
                os.killpg(process.pid, signal.SIGKILL)
                if self.team:
                    self._kill_a_worker(process)
            elif self.who == "worker":
                self._kill_a_worker(process)
            else:
                os.kill(process.pid, signal.SIGKILL)

    def _kill_a_worker(self, process: subprocess.Popen) -> None:
        """Kill the worker that is at a run or trial, else any."""
        beats = [*self.root.glob("runs/*/heartbeat"), *self.root.glob("searches/*/trials/*/heartbeat")]
        busy = {runs.read_json(beat, {}).get("pid") for beat in beats}
        workers = self.team.workers() if self.team else children(process.pid)
        chosen = [one for one in workers if one.pid in busy] or workers
        if chosen:
            self.rng.choice(chosen).kill()

    def _wait(self, process: subprocess.Popen) -> str:
        """Wait for the end of a command; one that takes too long hangs."""
        try:
            told, said = process.communicate(timeout=self.undisturbed.patience)
            self.said = said.strip().splitlines()[-1:] if said else []
            return told
        except subprocess.TimeoutExpired:
            self._fault(self.count.hangs, f"no end after {self.undisturbed.patience:.0f} s, last at {self._where()}")
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return ""

    def _leave_nobody(self, process: subprocess.Popen) -> None:
        """Wait until workers have noticed that nobody is left; those that do not are said to hang."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                os.killpg(process.pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.1)
        self._fault(self.count.hangs, "workers outlive their server by a minute")
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    # go on

    def _go_on(self) -> None:
        """Take a person's way on until all is finished, three times at most."""
        for _attempt in range(3):
            if self._is_done():
                return
            process = self._begin_again()
            self._wait(process)

    def _begin_again(self) -> subprocess.Popen:
        if self.server:
            return self._serve("again")
        known = self._unfinished()
        return command(self.root, "resume", known[0].name) if known else self._begin()

    def _runs(self) -> list[Path]:
        return sorted(path.parent for path in self.root.glob("runs/[!.]*/status.json"))

    def _unfinished(self) -> list[Path]:
        return [run_dir for run_dir in self._runs() if runs.read_status(run_dir)["state"] != "finished"]

    def _is_done(self) -> bool:
        wanted = 2 if self.what == "queue" else 1
        return len(self._runs()) >= wanted and not self._unfinished()

    # look

    def _look(self) -> None:
        if not self._is_done():
            states = [runs.read_status(run_dir)["state"] for run_dir in self._runs()]
            self._fault(self.count.lost, f"not finished: {states or 'no run'}, {' '.join(self.said)}")
            return
        database = self.root / "registry.sqlite"
        registry = Registry(f"sqlite:///{database}") if database.exists() else None
        for run_dir in self._runs():
            self._look_at(run_dir)
        if registry is not None:
            self._look_at_pictures(registry)
            registry.close()

    def _look_at(self, run_dir: Path) -> None:
        epochs = [entry["epoch"] for entry in runs.read_metrics(run_dir)]
        if epochs != list(range(len(epochs))):
            self._fault(self.count.wrong, f"epochs {epochs}")
        if self.what == "search":
            return  # which recipe wins, and after how many epochs, depends on the time that was left
        expected = self.undisturbed.predictions[runs.read_recipe(run_dir)["name"]]
        said = predictions(run_dir)
        if said.keys() != expected.keys():
            self._fault(self.count.wrong, f"{len(said.keys() ^ expected.keys())} other pictures were held out")
        elif not all(np.allclose(said[key], expected[key], atol=1e-4) for key in said):
            furthest = max(float(np.abs(said[key] - expected[key]).max()) for key in said)
            self._fault(self.count.wrong, f"predictions differ by up to {furthest:.4f}")

    def _look_at_pictures(self, registry: Registry) -> None:
        workspace = Workspace(self.root)
        used = [registry.items(project.dataset_id) for project in registry.projects()]
        if not any(len(items) == PICTURES for items in used):
            self._fault(self.count.lost, f"pictures: {[len(items) for items in used]}")
        gone = [item for items in used for item in items if not workspace.blob_path(item.sha256).exists()]
        if gone:
            self._fault(self.count.lost, f"{len(gone)} originals")

    def _fault(self, kind: list[str], words: str) -> None:
        disk = ", small disk" if self.small else ""
        kind.append(f"try {self.number}: {self.who}, {self.what}{disk}: {words}")

    # a small disk

    @contextlib.contextmanager
    def _small_disk(self):
        """Make the folder of this try a disk of its own that is too small; where that is not allowed, do nothing."""
        size = self.rng.randint(*SMALL_DISK_MB)
        words = ["mount", "-t", "tmpfs", "-o", f"size={size}m", "tmpfs", str(self.root)]
        self.mounted = subprocess.run(words, capture_output=True).returncode == 0
        try:
            yield
        finally:
            if self.mounted:
                subprocess.run(["umount", "-l", str(self.root)], capture_output=True)

    def _make_room(self) -> None:
        if self.mounted:
            subprocess.run(["mount", "-o", "remount,size=1g", str(self.root)], check=True, capture_output=True)


def show(count: Count, taken: list[float]) -> None:
    row("killed", "times")
    row("---", "---")
    for who, times in count.killed.items():
        row(who, times)
    row("moment", "times")
    row("---", "---")
    for moment, times in count.moments.most_common():
        row(moment, times)
    for name, faults in (("lost", count.lost), ("wrong", count.wrong), ("hangs", count.hangs)):
        for fault in faults:
            print(f"{name}: {fault}")
        verdict(f"kills: {name}, of {count.tries}", "0", len(faults), not faults)
    print(f"seconds a try: {statistics.median(taken or [0]):.1f}")


if __name__ == "__main__":
    main()
