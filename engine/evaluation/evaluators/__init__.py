"""How a run is judged, kept and told, a file a label kind; `of` is the one switch. As light as `results`."""

from engine.evaluation.evaluators import multi_label, single_label
from engine.evaluation.evaluators.evaluator import Evaluator

SINGLE: Evaluator = single_label
MULTI: Evaluator = multi_label
OF_TASK = {"one": SINGLE, "several": MULTI}


def of(task: str) -> Evaluator:
    """Return the evaluator of a recipe's or an evaluation's task."""
    return OF_TASK[task]
