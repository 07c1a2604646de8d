"""A search is a directory of plain files: its plan, the pictures it saw, its trials and what came of each.

plan.json, snapshot.parquet, dataset.json   what is tried, on which pictures; written once
trials.json                                 every trial and where it stands; written by whoever conducts the search
status.json, heartbeat, stop                as those of a run
winner.json                                 the best trial and the run it became
trials/SEARCH-NN/step-S.json                what a worker measured, beside its recipe, checkpoint and status
"""

import os
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from engine.data import versions
from engine.search.plan import STEPS, WHOLE, Plan, recipe_of
from engine.storage import runs
from engine.storage.workspace import Workspace, check_free_space, read_json, write_json

PLAN, TRIALS, WINNER, CHECKPOINT = "plan.json", "trials.json", "winner.json", "checkpoint"
WAITING, AT_WORK, DROPPED, DONE, FAILED, LATE = "waiting", "running", "dropped", "done", "failed", "late"
# The first bytes a search writes: its list of pictures and a checkpoint or two.
ROOM = 50_000_000


@dataclass
class Trial:
    """One combination that is tried. `step` is the one it is at or took last; `scores` the share right after each.

    `round` is when it was asked for; `epochs` how many it was fine-tuned for; `cut` that its last step was cut short.
    """

    number: int
    round: int
    choice: dict
    state: str = WAITING
    step: int = 0
    scores: dict[int, float] = field(default_factory=dict)
    epochs: int = 0
    cut: bool = False
    seconds: float = 0.0
    error: dict | None = None

    @property
    def accuracy(self) -> float | None:
        """The share of validation pictures it gets right after its last step, None before the first."""
        return self.scores[max(self.scores)] if self.scores else None

    @property
    def is_whole(self) -> bool:
        """Whether it has learned from all training pictures."""
        return max(self.scores, default=-1) >= WHOLE

    @classmethod
    def from_dict(cls, values: dict) -> "Trial":
        return cls(**{**values, "scores": {int(step): value for step, value in values["scores"].items()}})


def best_of(trials: Iterable[Trial]) -> Trial | None:
    """Return the most accurate trial, None while there is none. One that saw only part of the pictures comes last.

    Among equals the one that was tried first.
    """
    scored = [trial for trial in trials if trial.scores]
    return max(scored, key=lambda one: (one.is_whole, one.accuracy, -one.number), default=None)


@dataclass(frozen=True)
class SearchDirectory:
    """The files of one search."""

    path: Path

    @property
    def id(self) -> str:
        return self.path.name

    def plan(self) -> Plan:
        return Plan.from_dict(read_json(self.path / PLAN, {"project": "", "dataset": "", "networks": []}))

    def write_plan(self, plan: Plan) -> None:
        write_json(self.path / PLAN, plan.to_dict())

    def trials(self) -> list[Trial]:
        return [Trial.from_dict(values) for values in read_json(self.path / TRIALS, [])]

    def write_trials(self, trials: Iterable[Trial]) -> None:
        write_json(self.path / TRIALS, [asdict(trial) for trial in trials])

    def trial_dir(self, number: int) -> Path:
        """Return the folder of a trial. Its name tells its task from those of other searches."""
        return self.path / "trials" / f"{self.id}-{number:03}"

    def result(self, number: int, step: int) -> dict | None:
        """Return what a worker measured: {"validation_accuracy", "epochs", "seconds", "cut"}; None before that."""
        return read_json(self.trial_dir(number) / f"step-{step}.json")

    def winner(self) -> dict:
        """Return {"trial", "epochs", "run"}; {} while the search goes on."""
        return read_json(self.path / WINNER, {})

    def prepare(self, trial: Trial) -> None:
        """Lay out what a worker needs for the next step of a trial."""
        folder = self.trial_dir(trial.number)
        (folder / runs.STOP).unlink(missing_ok=True)
        (folder / f"step-{trial.step}.json").unlink(missing_ok=True)
        recipe = recipe_of(self.plan(), trial.choice, tuned=STEPS[trial.step].of_epochs > 0)
        write_json(folder / runs.RECIPE, recipe.to_dict())
        runs.mark(folder, "queued", "Waiting for its turn.")

    def forget_checkpoint(self, number: int) -> None:
        """Delete what only a trial that goes on would need."""
        shutil.rmtree(self.trial_dir(number) / CHECKPOINT, ignore_errors=True)


def new_search(workspace: Workspace, plan: Plan, items: Iterable) -> SearchDirectory:
    """Create the folder of a search with its plan and the frozen list of items. Raises UserError on a full disk."""
    search_id = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    path = workspace.searches / search_id
    check_free_space(path, ROOM)
    part = path.with_name(f".{search_id}.part")
    part.mkdir(parents=True)
    items = list(items)
    write_json(part / PLAN, plan.to_dict())
    write_json(part / runs.RECIPE, {"task": plan.common.get("task", "one")})
    runs.write_snapshot(part, items)
    versions.note(part, items)
    runs.take_back(part)
    runs.mark(part, "queued", "Waiting for its turn.")
    os.replace(part, path)
    return SearchDirectory(path)
