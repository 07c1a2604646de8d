"""What the benchmarks share: bring a source in as the app does, train it as a worker does, print a Markdown row."""

import argparse
import os
import time
from dataclasses import asdict
from pathlib import Path

from engine.data import split
from engine.data.importing.ingest import ingest
from engine.storage import runs
from engine.storage.registry import Item
from engine.storage.workspace import Workspace
from engine.training.recipe import Recipe
from engine.worker import door


def arguments(description: str, **options) -> argparse.Namespace:
    """Return the command line's choices; every option is `--name` with its default."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    parser = argparse.ArgumentParser(description=description)
    for name, default in options.items():
        kind = type(default) if default is not None else str
        parser.add_argument(f"--{name}", default=default, type=kind, help=f"default: {default}")
    return parser.parse_args()


def bring_in(source: str, workspace: Workspace, seed: int = 0) -> list[Item]:
    """Return the items of a source with their split, given or assigned."""
    account = ingest(source, workspace)
    splits = split.assign(account.used, seed=seed)
    print(f"{account.received} received, {len(account.used)} used, {len(account.refused)} refused")
    records = zip(account.used, splits, strict=True)
    return [Item(**{**asdict(record), "split": part}, id=number) for number, (record, part) in enumerate(records, 1)]


def train(workspace: Workspace, items: list[Item], **recipe) -> dict:
    """Carry a run out in this process and return its evaluation."""
    run_dir = workspace.run_dir(runs.new_run(workspace, Recipe.from_dict(recipe).to_dict(), items))
    door.answer("train", run_dir, workspace)
    status = runs.read_status(run_dir)
    if status["state"] != "finished":
        raise SystemExit(f"{run_dir}: {status['state']}, {status['message'].format(**status['values'])}")
    return runs.read_evaluation(run_dir)


def row(*cells) -> None:
    """Print one row of a Markdown table."""
    print(
        "| " + " | ".join(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in cells) + " |", flush=True
    )


def verdict(name: str, target: str, measured: float, met: bool) -> None:
    """Print the line of a target: what was aimed at, what this run measured, whether that is enough."""
    print(f"TARGET | {name} | {target} | {measured:.2f} | {'met' if met else 'not met'} |", flush=True)


class Watch:
    """Seconds by the clock and of the processor, all threads of this process, since it was made."""

    def __init__(self):
        self._began = time.perf_counter(), time.process_time()

    def spent(self) -> tuple[float, float]:
        return time.perf_counter() - self._began[0], time.process_time() - self._began[1]


def workspace_in(folder: str | Path) -> Workspace:
    """Return a workspace below `folder`, created when it is not there."""
    return Workspace(Path(folder)).create()
