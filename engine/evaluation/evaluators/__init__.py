"""How a run is judged, kept and told, a file a label kind; `of` is the one switch. As light as `results`."""

from engine.errors import UserError
from engine.evaluation.evaluators import detection, multi_label, single_label
from engine.evaluation.evaluators.evaluator import Evaluator

SINGLE: Evaluator = single_label
MULTI: Evaluator = multi_label
DETECTION: Evaluator = detection
OF_TASK = {"one": SINGLE, "several": MULTI, "detection": DETECTION}

ONLY_KERAS = (
    "Where objects are found there is no report and no other format yet: the model is model.keras in the folder of the "
    "run, and predict gives its boxes."
)


def of(task: str) -> Evaluator:
    """Return the evaluator of a recipe's or an evaluation's task."""
    return OF_TASK[task]


def check_handed_on(task: str) -> None:
    """Raise UserError where neither reports nor other formats of the model are made."""
    if not of(task).HANDED_ON:
        raise UserError(ONLY_KERAS)
