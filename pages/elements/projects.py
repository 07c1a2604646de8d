"""Projects at a glance: their numbers and some of their pictures, kept until something changes."""

from dataclasses import dataclass

import streamlit as st

from engine import graft, runs
from engine.registry import Project
from pages.elements.data import classes


@dataclass(frozen=True)
class Summary:
    """A project in numbers; `pictures` are content hashes, one of each class in turn; `accuracy` the best on test."""

    items: int
    classes: int
    pictures: list[str]
    accuracy: float | None


def summary(project: Project, *, pictures: int = 6) -> Summary:
    """Return the numbers of a project and some of its pictures."""
    registry = graft.current().registry
    items, classes, shown = _contents(project.dataset_id, registry.version(project.dataset_id), pictures)
    return Summary(items, classes, shown, _best_accuracy(project.id))


def first_pictures(dataset_id: str, labels: tuple[str, ...], each: int) -> dict[str, list[str]]:
    """Return {class: content hashes of its first pictures}; kept until the dataset changes."""
    return _first_pictures(dataset_id, graft.current().registry.version(dataset_id), labels, each)


@st.cache_data(max_entries=256, show_spinner=False)
def _contents(dataset_id: str, version: str, pictures: int) -> tuple[int, int, list[str]]:
    registry = graft.current().registry
    counts = registry.counts(dataset_id)
    number_of_classes = len(classes.of_dataset(dataset_id))
    total = sum(sum(splits.values()) for splits in counts.values()) + registry.unlabelled(dataset_id)
    labels = list(counts)[:pictures]
    each = -(-pictures // len(labels)) if labels else 0
    per_class = [[i.sha256 for i in registry.items(dataset_id, label=label, limit=each)] for label in labels]
    shown = [column[row] for row in range(each) for column in per_class if row < len(column)]
    if not labels:
        shown = [item.sha256 for item in registry.items(dataset_id, limit=pictures)]
    return total, number_of_classes, shown[:pictures]


@st.cache_data(max_entries=64, show_spinner=False)
def _first_pictures(dataset_id: str, version: str, labels: tuple[str, ...], each: int) -> dict[str, list[str]]:
    registry = graft.current().registry
    return {label: [i.sha256 for i in registry.items(dataset_id, label=label, limit=each)] for label in labels}


def _best_accuracy(project_id: str) -> float | None:
    workspace = graft.current().workspace
    found = []
    for run in graft.current().registry.runs(project_id):
        path = workspace.run_dir(run.id) / runs.EVALUATION
        if path.exists():
            found.append(_accuracy(str(path.parent), path.stat().st_mtime))
    return max((accuracy for accuracy in found if accuracy is not None), default=None)


@st.cache_data(max_entries=512, show_spinner=False)
def _accuracy(run_dir: str, modified: float) -> float | None:
    evaluation = runs.read_evaluation(graft.current().workspace.runs / run_dir)
    return evaluation.get("accuracy") if evaluation else None
