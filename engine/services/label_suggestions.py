"""Suggestions for pictures without a class, as pages ask for them: begun when due, read when they are there."""

import functools
from dataclasses import dataclass
from pathlib import Path

from engine.graft import Graft
from engine.storage import runs
from engine.storage.registry import Project
from engine.storage.workspace import read_json

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


def look(graft: Graft, project: Project) -> tuple[Suggestions | None, dict]:
    """Return the newest suggestions (None before the first) and the status of the study; begin one when it is due."""
    registry = graft.registry
    labelled = sum(sum(parts.values()) for parts in registry.counts(project.dataset_id).values())
    unlabelled = registry.unlabelled(project.dataset_id)
    path = graft.background_jobs.folder(KIND, project.dataset_id) / ANSWER
    found = _read(str(path), _stamp(path))
    if unlabelled and _due(found, labelled, unlabelled):
        wanted = f"{labelled}-{unlabelled}"
        graft.background_jobs.begin(
            KIND, project.dataset_id, wanted, lambda: _job(graft, project, labelled, unlabelled)
        )
    return found, graft.background_jobs.status(KIND, project.dataset_id)


def _due(found: Suggestions | None, labelled: int, unlabelled: int) -> bool:
    if found is None or unlabelled > found.unlabelled:
        return True
    new = abs(labelled - found.labelled)
    # With nothing known yet the second class changes everything.
    return new >= max(EVERY, SHARE * found.labelled) or (found.source == "none" and new > 1)


def _job(graft: Graft, project: Project, labelled: int, unlabelled: int) -> dict:
    # A class that nobody is sure of teaches nothing.
    columns = graft.registry.columns(project.dataset_id, "id", "sha256", "label", "split", "ambiguous")
    rows = [row[:4] for row in columns if not (row[2] is not None and row[4])]
    finished = [
        str(graft.workspace.run_dir(run.id))
        for run in graft.registry.runs(project.id)
        if runs.read_status(graft.workspace.run_dir(run.id))["state"] == "finished"
    ]
    return {
        "of": [labelled, unlabelled],
        "labelled": [[sha256, label, part] for _id, sha256, label, part in rows if label is not None],
        "unlabelled": [[item, sha256] for item, sha256, label, _part in rows if label is None],
        "runs": finished,
    }


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
