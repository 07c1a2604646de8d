"""What a person reads and does with the labels of pictures, a file a label kind; `of` is the switch."""

from engine import graft
from engine.data import label_kinds
from engine.storage.registry import Project
from pages.shared.dataset.label_kinds import detection, multi_label, single_label
from pages.shared.dataset.label_kinds.label_kind import LabelKind

SINGLE: LabelKind = single_label
MULTI: LabelKind = multi_label
DETECTION: LabelKind = detection
OF_TASK = {"one": SINGLE, "several": MULTI, "detection": DETECTION}


def of(project: Project) -> LabelKind:
    """Return the label kind of a project's pictures."""
    return of_task(label_kinds.of(graft.current().registry.dataset_options(project.dataset_id)).TASK)


def of_task(task: str) -> LabelKind:
    """Return the label kind of a recipe's or an evaluation's task."""
    return OF_TASK[task]
