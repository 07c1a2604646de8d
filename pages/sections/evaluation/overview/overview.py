"""The first tab of Results: the sentence about a run, and what it stands on."""

from collections.abc import Callable

from engine.evaluation.honest_number import honest_number
from engine.evaluation.verdict import Verdict, judge
from pages.sections.evaluation.overview import caveats, next_step, ngram
from pages.shared.runs import run_list, training_events
from pages.shared.runs.run_list import RunView


def view(
    entry: RunView,
    entries: list[RunView],
    headline: Callable[[RunView, int], None],
    weakest: Callable[[RunView, Verdict], None] = lambda _entry, _found: None,
) -> None:
    """Show the sentence of a run, the next step and its weakest class. headline, weakest: those of its label kind."""
    headline(entry, run_list.measured_alike(entry, entries))
    ngram.view(entry)
    caveats.mistakes_removed(entry, entries)
    training_events.nothing_gained(entry)
    found = judge(honest_number(entry.facts), entry.facts["per_class"])
    next_step.show(entry, found)
    weakest(entry, found)
