"""What is being learned: targets, loss, balance, scores and the probe, a file a label kind; `of` is the one switch."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.training.objectives.objective import Objective


def of(task: str) -> "type[Objective]":
    """Return the objective of a recipe's task. The framework is loaded here: others only want `scores`."""
    from engine.training.objectives.detection import Detection
    from engine.training.objectives.multi_label import MultiLabel
    from engine.training.objectives.single_label import SingleLabel

    return {"one": SingleLabel, "several": MultiLabel, "detection": Detection}[task]
