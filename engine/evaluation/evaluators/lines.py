"""Lines about single classes and groups: fractions with their intervals, and who is served worse."""

from collections.abc import Iterable, Sequence

from engine.evaluation import results
from engine.evaluation.metrics import group_gaps
from engine.storage.evaluation import ClassReport, Evaluation, GroupReport, Ngram

CHANCE = 0.05  # a difference that comes up more often than this by chance alone is not called one


def of_class(row: ClassReport, more: str = "") -> str:
    """Return recall and precision of a class with their intervals; row as `results.per_class` returns it."""
    if not row["support"]:
        return f"  {row['class']:24} no test pictures"
    figures = (
        ("recall", row["recall"], row["recall_interval"]),
        ("precision", row["precision"], row["precision_interval"]),
    )
    words = [f"{name} {_with_interval(fraction, ends)}" for name, fraction, ends in figures]
    return f"  {row['class']:24} {'  '.join([*words, more])}".rstrip()


def of_ngram(accuracy: float, beside: Ngram) -> str:
    """Return how character n-grams did beside the network, and whether the two differ by more than chance."""
    low, high = beside["accuracy_interval"]
    verdict = "The difference may be chance."
    if beside["chance"] < CHANCE and beside["accuracy"] > accuracy:
        verdict = "They are better, by more than chance."
    elif beside["chance"] < CHANCE:
        verdict = "The network is better, by more than chance."
    return (
        f"Character n-grams on the same texts: {beside['accuracy']:.1%} (between {low:.1%} and {high:.1%}). "
        f"{verdict} 'keep RUN ngram' lets them answer."
    )


def of_groups(rows: Sequence[GroupReport]) -> list[str]:
    """Return a line a group, and a last one where some are weaker than the best by more than chance."""
    lines = [
        f"  group {row['group']:18} {_with_interval(row['accuracy'], row['interval'])} of {row['support']}"
        for row in rows
    ]
    gaps = group_gaps.between(rows)
    return [*lines, _weaker(gaps.weak, gaps.best)] if gaps.weak and gaps.best else lines


def unseen(result: Evaluation) -> str:
    """Return " it never saw", or what is to be said of the test pictures where the network may have known some."""
    base = result.get("base", {})
    if base.get("unknown"):
        return ", which the network it started from may have learned from,"
    if flattered := results.copied(result):
        return f", {flattered} of them copies of pictures it learned from,"
    known = "more that the network it started from had learned from do not count"
    return f" it never saw ({base['left_out']} {known})" if base.get("left_out") else " it never saw"


def _weaker(weak: Iterable[GroupReport], best: GroupReport) -> str:
    return f"Clearly weaker than {best['group']}: {', '.join(row['group'] for row in weak)}."


def _with_interval(fraction: float, ends: Sequence[float]) -> str:
    return f"{fraction:6.1%} ({ends[0]:.1%} to {ends[1]:.1%})"
