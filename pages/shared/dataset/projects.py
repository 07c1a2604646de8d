"""Projects at a glance: their numbers and some of their pictures, kept until something changes."""

from dataclasses import dataclass

import streamlit as st

from engine import graft
from engine.data import versions
from engine.storage import runs
from engine.storage.registry import Project
from pages.shared.dataset import classes


@dataclass(frozen=True)
class Summary:
    """A project in numbers; `pictures` are content hashes, one of each class in turn.

    accuracy: the best on the test pictures that its newest run was measured on; older: whether runs were measured on
    others before, which it leaves out.
    """

    items: int
    classes: int
    pictures: list[str]
    accuracy: float | None
    older: bool = False


def summary(project: Project, *, pictures: int = 6) -> Summary:
    """Return the numbers of a project and some of its pictures."""
    registry = graft.current().registry
    items, classes, shown = _contents(project.dataset_id, registry.version(project.dataset_id), pictures)
    return Summary(items, classes, shown, *_best_accuracy(project.id))


def first_pictures(dataset_id: str, labels: tuple[str, ...], each: int) -> dict[str, list[str]]:
    """Return {class: content hashes of its first pictures}; kept until the dataset changes."""
    return _first_pictures(dataset_id, graft.current().registry.version(dataset_id), labels, each)


@st.cache_data(max_entries=256, show_spinner=False)
def _contents(dataset_id: str, version: str, pictures: int) -> tuple[int, int, list[str]]:  # noqa: ARG001 - part of the cache's key
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
def _first_pictures(
    dataset_id: str,
    version: str,  # noqa: ARG001 - part of the cache's key
    labels: tuple[str, ...],
    each: int,
) -> dict[str, list[str]]:
    registry = graft.current().registry
    return {label: [i.sha256 for i in registry.items(dataset_id, label=label, limit=each)] for label in labels}


def _best_accuracy(project_id: str) -> tuple[float | None, bool]:
    """Return the best accuracy on the test pictures of the newest run, and whether others were measured on."""
    workspace = graft.current().workspace
    found = []
    for run in graft.current().registry.runs(project_id):  # newest first
        path = workspace.run_dir(run.id) / runs.EVALUATION
        if path.exists() and (measured := _measured(str(path.parent), path.stat().st_mtime)) is not None:
            found.append(measured)
    if not found:
        return None, False
    newest = found[0][1:]
    return max(accuracy for accuracy, *test in found if tuple(test) == newest), any(one[1:] != newest for one in found)


@st.cache_data(max_entries=512, show_spinner=False)
def _measured(run_dir: str, modified: float) -> tuple[float, str, str] | None:  # noqa: ARG001 - part of the cache's key
    """Return a run's accuracy, and what runs share whose accuracies can be compared."""
    folder = graft.current().workspace.runs / run_dir
    evaluation = runs.read_evaluation(folder)
    if evaluation is None:
        return None
    return evaluation["accuracy"], versions.test_fingerprint(folder), evaluation["task"]
