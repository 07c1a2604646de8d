"""The first tab of Results: the sentence about a run, and what it stands on."""

from collections.abc import Callable

from pages.sections.evaluation.overview import caveats, ngram
from pages.shared.runs import run_list, training_events
from pages.shared.runs.run_list import RunView


def view(
    entry: RunView,
    entries: list[RunView],
    headline: Callable[[RunView, int], None],
) -> None:
    """Show the sentence of a run. headline: that of its label kind."""
    headline(entry, run_list.measured_alike(entry, entries))
    ngram.view(entry)
    caveats.mistakes_removed(entry, entries)
    training_events.nothing_gained(entry)
