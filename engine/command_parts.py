"""What the command line says of single classes and groups: shares with their intervals, and who is served worse."""

from collections.abc import Iterable, Sequence

from engine.evaluation import group_gaps


def class_line(row: dict, more: str = "") -> str:
    """Return recall and precision of a class with their intervals; row as `results.per_class` returns it."""
    if not row["support"]:
        return f"  {row['class']:24} no test pictures"
    shares = ((name, row[name], row[f"{name}_interval"]) for name in ("recall", "precision"))
    words = [f"{name} {_with_interval(share, ends)}" for name, share, ends in shares]
    return f"  {row['class']:24} {'  '.join([*words, more])}".rstrip()


def group_lines(rows: Sequence[dict]) -> list[str]:
    """Return a line a group, and a last one where some are weaker than the best by more than chance."""
    lines = [
        f"  group {row['group']:18} {_with_interval(row['accuracy'], row['interval'])} of {row['support']}"
        for row in rows
    ]
    gaps = group_gaps.between(rows)
    return [*lines, _weaker(gaps.weak, gaps.best)] if gaps.weak else lines


def _weaker(weak: Iterable[dict], best: dict) -> str:
    return f"Clearly weaker than {best['group']}: {', '.join(row['group'] for row in weak)}."


def _with_interval(share: float, ends: Sequence[float]) -> str:
    return f"{share:6.1%} ({ends[0]:.1%} to {ends[1]:.1%})"
