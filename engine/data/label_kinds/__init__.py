"""What a label says of a picture, a file a kind: its one class, all of several, or objects in boxes. `of` tells."""

from collections.abc import Mapping

from engine.data.label_kinds import detection, multi_label, single_label
from engine.data.label_kinds.label_kind import LabelKind

OF_TASK: dict[str, LabelKind] = {kind.TASK: kind for kind in (single_label, multi_label, detection)}
TASKS = {task: kind.SENTENCE for task, kind in OF_TASK.items()}


def of(dataset_options: Mapping) -> LabelKind:
    """Return the label kind of a dataset."""
    if dataset_options.get(detection.OPTION):
        return detection
    return multi_label if dataset_options.get(multi_label.OPTION) else single_label


def of_task(task: str) -> LabelKind:
    """Return the label kind of a recipe's or an evaluation's task."""
    return OF_TASK[task]


def of_account(layout: Mapping) -> LabelKind:
    """Return the label kind of what came in, by the layout that its account names."""
    if layout.get("detection"):
        return detection
    return multi_label if layout.get("several") else single_label


def asked_for(several_classes: bool | None, *, told: LabelKind) -> LabelKind:
    """Return how labels are read: as somebody answered, and without an answer as they tell themselves."""
    return told if several_classes is None else of({multi_label.OPTION: several_classes})
