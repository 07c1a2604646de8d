"""The parts of the Results page of a run whose pictures may show several classes."""

from collections.abc import Callable

from pages.elements.i18n import _
from pages.elements.results import groups, leaderboard, run_details
from pages.elements.results.several import class_by_class, co_occurrence, galleries
from pages.elements.runs.run_list import RunView


def parts(entry: RunView, entries: list[RunView]) -> dict[str, Callable[[], None]]:
    """Return {title: what draws it}; what is about one answer a picture has no part here."""
    facts, folder = entry.facts, entry.folder
    found = {
        _("Classes"): lambda: class_by_class.view(facts, folder),
        _("Pictures"): lambda: galleries.view(facts, folder),
        _("Together"): lambda: co_occurrence.view(facts, folder),
    }
    if facts["groups"]:
        found[_("Groups")] = lambda: groups.view(facts, folder)
    return found | {
        _("Compare"): lambda: leaderboard.view(entry, entries),
        _("Curves"): lambda: run_details.curves(folder),
        _("About this run"): lambda: run_details.about(entry),
    }
