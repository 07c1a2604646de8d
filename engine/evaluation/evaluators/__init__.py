"""How a run is judged, kept and told, a file a label kind; `of` is the one switch. As light as `results`."""

from engine.evaluation.evaluators import multi_label, single_label
from engine.evaluation.evaluators.evaluator import Evaluator

ONE: Evaluator = single_label
SEVERAL: Evaluator = multi_label
OF_TASK = {"one": ONE, "several": SEVERAL}


def of(task: str) -> Evaluator:
    """Return the evaluator of a recipe's or an evaluation's task."""
    return OF_TASK[task]
