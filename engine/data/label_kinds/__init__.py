"""What a label says of a picture, a file a kind: the one class it shows, or all of several. Here is asked which."""

from collections.abc import Mapping

from engine.data.label_kinds import multi_label, single_label
from engine.data.label_kinds.label_kind import LabelKind

OF_TASK: dict[str, LabelKind] = {kind.TASK: kind for kind in (single_label, multi_label)}
TASKS = {task: kind.SENTENCE for task, kind in OF_TASK.items()}


def of(dataset_options: Mapping) -> LabelKind:
    """Return the label kind of a dataset."""
    return multi_label if dataset_options.get(multi_label.OPTION) else single_label


def of_task(task: str) -> LabelKind:
    """Return the label kind of a recipe's or an evaluation's task."""
    return OF_TASK[task]


def of_account(layout: Mapping) -> LabelKind:
    """Return the label kind of what came in, by the layout that its account names."""
    return multi_label if layout.get("several") else single_label


def asked_for(several_classes: bool | None, *, told: LabelKind) -> LabelKind:
    """Return how labels are read: as somebody answered, and without an answer as they tell themselves."""
    return told if several_classes is None else of({multi_label.OPTION: several_classes})
