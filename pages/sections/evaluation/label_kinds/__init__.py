"""What the Results page shows of a run, and Try it and Train say of it, a file a label kind; `of` is the switch."""

from pages.sections.evaluation.label_kinds import detection, multi_label, single_label
from pages.sections.evaluation.label_kinds.label_kind import LabelKind

SINGLE: LabelKind = single_label
MULTI: LabelKind = multi_label
DETECTION: LabelKind = detection
OF_TASK = {"one": SINGLE, "several": MULTI, "detection": DETECTION}


def of(task: str) -> LabelKind:
    """Return what pages show of runs with this task."""
    return OF_TASK[task]
