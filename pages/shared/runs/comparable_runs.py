"""Runs by the pictures they were measured on: numbers that stand in one list must come from the same test."""

from engine.data import versions
from pages.session.i18n import _, plural
from pages.shared.runs.run_list import RunView


def measured_on(entry: RunView) -> tuple:
    """Return what runs share whose accuracy means the same: test pictures, and one class a picture or several."""
    return versions.test_fingerprint(entry.folder), entry.recipe.get("task", "one")


def grouped(entries: list[RunView], first: RunView | None = None) -> list[tuple[str, list[RunView]]]:
    """Return (heading, its runs) for every test set, that of `first` or of the first run before the others.

    Runs without a result come last. Headings are empty where all runs were measured alike.
    """
    groups: dict[tuple, list[RunView]] = {measured_on(first): []} if first is not None else {}
    without = [entry for entry in entries if entry.evaluation is None]
    for entry in entries:
        if entry.evaluation is not None:
            groups.setdefault(measured_on(entry), []).append(entry)
    if len(groups) < 2:
        return [("", entries)]
    nearest, *others = groups.values()
    headed = [(_first_words(nearest[0]), nearest), *((_other_words(nearest[0], same[0]), same) for same in others)]
    return [*headed, *([(_("Without a result"), without)] if without else [])]


def _first_words(entry: RunView) -> str:
    count = entry.facts["counts"]["test"]
    return plural("Measured on the same {n} test picture", "Measured on the same {n} test pictures", count)


def _other_words(first: RunView, other: RunView) -> str:
    """Return how another test differs from the first one, so that nobody compares their numbers."""
    if measured_on(first)[1] != measured_on(other)[1]:
        return _("Another measure: do not compare with those above")
    own, theirs = versions.test_labels(first.folder), versions.test_labels(other.folder)
    shared = own.keys() & theirs.keys()
    changed = sum(own[item] != theirs[item] for item in shared)
    if own.keys() == theirs.keys():
        return plural(
            "Measured on the same test pictures, {n} of them in another class: side by side, Compare goes by the newer "
            "class",
            "Measured on the same test pictures, {n} of them in another class: side by side, Compare goes by the newer "
            "classes",
            changed,
        )
    count = plural("Measured on another {n} test picture", "Measured on other {n} test pictures", len(theirs))
    parts = [count, plural("{n} of them as at the top", "{n} of them as at the top", len(shared) - changed)]
    if changed:
        parts.append(plural("{n} in another class", "{n} in another class", changed))
    return f"{', '.join(parts)}: {_('do not compare with those above')}"
