"""Suggestions for pictures without a class, as pages ask for them: begun when due, read when they are there."""

import functools
from dataclasses import dataclass
from pathlib import Path

from engine.compute.background_jobs import BackgroundJobs
from engine.storage import runs
from engine.storage.registry import Project, Registry
from engine.storage.workspace import Workspace, read_json

KIND = "suggestions"
ANSWER = "suggestions.json"
# As in evaluation/suggest.py: sure answers are so often right, and so probable at least, checked on so many.
SURE, FEWEST_CHECKED = 0.95, 10
# The suggestions are made anew after so many confirmations, and after so large a share of all labels.
EVERY, SHARE = 10, 0.03


@dataclass(frozen=True)
class Suggestion:
    """One picture and its likeliest classes (class, probability), likeliest first; none while nothing is known."""

    item: int
    likeliest: tuple[tuple[str, float], ...]

    def at_least(self, share: float) -> bool:
        """Tell whether the likeliest class is so probable."""
        return bool(self.likeliest) and self.likeliest[0][1] >= share


@dataclass(frozen=True)
class Suggestions:
    """The most useful picture first. `source`: the id of a run, "probe", or "none" while there are under two classes.

    `sure` is the probability from which on an answer can be trusted, None where none can; `checked` is (count, right):
    so many labelled pictures that the model had not learned from were answered as surely, and so many of them rightly.
    """

    source: str
    rows: tuple[Suggestion, ...]
    sure: float | None
    checked: tuple[int, int]
    labelled: int
    unlabelled: int


@dataclass(frozen=True)
class LabelSuggestions:
    """The suggestions of one workspace. Several threads may use it."""

    workspace: Workspace
    registry: Registry
    jobs: BackgroundJobs

    def start(self, project: Project) -> tuple[Suggestions | None, dict]:
        """Begin new suggestions where they are due; return as `status` does."""
        running = (
            self.jobs.status(KIND, project.dataset_id)["state"] == "running"
        )  # first: it may end between two reads
        found, (labelled, unlabelled) = self._found(project.dataset_id), self._counts(project.dataset_id)
        if unlabelled and not running and _due(found, labelled, unlabelled):
            facts = functools.partial(self._facts, project, labelled, unlabelled)
            wanted = f"{labelled}-{unlabelled}"
            self.jobs.start(KIND, project.dataset_id, wanted, facts, task="suggest_labels")
        return self.status(project)

    def status(self, project: Project) -> tuple[Suggestions | None, dict]:
        """Return the newest suggestions (None before the first) and the status of the job that makes new ones."""
        status = self.jobs.status(KIND, project.dataset_id)
        return self._found(project.dataset_id), status

    def _found(self, dataset_id: str) -> Suggestions | None:
        path = self.jobs.folder(KIND, dataset_id) / ANSWER
        return _read(str(path), _stamp(path))

    def _counts(self, dataset_id: str) -> tuple[int, int]:
        labelled = sum(sum(parts.values()) for parts in self.registry.counts(dataset_id).values())
        return labelled, self.registry.unlabelled(dataset_id)

    def _facts(self, project: Project, labelled: int, unlabelled: int) -> dict:
        # A class that nobody is sure of teaches nothing.
        columns = self.registry.columns(project.dataset_id, "id", "sha256", "label", "split", "ambiguous")
        rows = [row[:4] for row in columns if not (row[2] is not None and row[4])]
        folders = [self.workspace.run_dir(run.id) for run in self.registry.runs(project.id)]
        return {
            "of": [labelled, unlabelled],
            "labelled": [[sha256, label, part] for _id, sha256, label, part in rows if label is not None],
            "unlabelled": [[item, sha256] for item, sha256, label, _part in rows if label is None],
            "runs": [str(folder) for folder in folders if runs.read_status(folder)["state"] == "finished"],
        }


def _due(found: Suggestions | None, labelled: int, unlabelled: int) -> bool:
    if found is None or unlabelled > found.unlabelled:
        return True
    new = abs(labelled - found.labelled)
    # With nothing known yet the second class changes everything.
    return new >= max(EVERY, SHARE * found.labelled) or (found.source == "none" and new > 1)


def _stamp(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


@functools.lru_cache(maxsize=8)
def _read(path: str, stamp: int | None) -> Suggestions | None:
    answer = None if stamp is None else read_json(Path(path))
    if answer is None or "sure" not in answer:  # of an older version: made anew
        return None
    names = answer["class_names"]
    rows = tuple(
        Suggestion(item, tuple((names[code], share) for code, share in zip(codes, shares, strict=True)))
        for item, codes, shares in answer["items"]
    )
    return Suggestions(answer["source"], rows, answer["sure"], tuple(answer["checked"]), *answer["of"])
