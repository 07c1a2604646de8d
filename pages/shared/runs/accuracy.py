"""How good a run is, as two columns that every table of runs shows."""

from engine.storage.evaluation import Evaluation
from pages.components.table.table import Cell, Column
from pages.session.i18n import _
from pages.shared import percentages


def columns() -> tuple[Column, Column]:
    """Return the columns of the accuracy and of the range it may lie in."""
    explained = _("With other pictures of the same kind, the accuracy would be in here 19 times in 20.")
    return (
        Column(_("Accuracy"), number=True, help=_("On the test pictures.")),
        Column(_("Likely between"), help=explained),
    )


def cells(facts: Evaluation) -> tuple[Cell, Cell]:
    """Return the cells of a run, from its evaluation."""
    ends = facts["accuracy_interval"]
    return (
        Cell(percentages.percent(facts["accuracy"]), facts["accuracy"]),
        Cell(f"{percentages.interval(ends)} %", ends[0]),
    )
