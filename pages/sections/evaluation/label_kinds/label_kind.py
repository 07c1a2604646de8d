"""The questions that pages ask about a run of either label kind."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from engine.evaluation.honest_number import HonestNumber
from engine.storage.evaluation import Evaluation
from pages.sections.evaluation.tabs import Tab
from pages.shared.runs.run_list import RunView


class LabelKind(Protocol):
    """A module of this package."""

    def headline(self, entry: RunView, others: int = 0) -> None:
        """Show the sentence, what it stands beside, what to be careful about, then the figures as cards.

        others: how many other runs were measured on the same test pictures.
        """
        ...

    def claim(self, facts: Evaluation, figures: HonestNumber, *, known: bool = False) -> str:
        """Return the honest number in words; known: whether the network may have learned from these pictures."""
        ...

    def note(self, facts: Evaluation, folder: Path) -> None:
        """Say where it answers by other thresholds than those that the numbers above count."""
        ...

    def tabs(self, entry: RunView, entries: list[RunView]) -> list[Tab]:
        """Return the tabs of the Results page."""
        ...

    def tried_note(self) -> str:
        """Return where it is set what the model does not answer."""
        ...

    def heard(self, entry: RunView) -> Callable[[dict], dict]:
        """Return what tells what a worker's answer means for a Trial."""
        ...

    def shown(self, trial) -> str:
        """Return the address of the picture that was tried, with what was found on it."""
        ...

    def say(self, trial) -> None:
        """Show the answer to a picture that was tried, and whether it is right where the truth is known."""
        ...
