"""What the command line says of single classes and groups: shares with their intervals, and who is served worse."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from engine.cli import backbones
from engine.evaluation.metrics import group_gaps
from engine.evaluation.reliability import multi_label_thresholds


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
    return [*lines, _weaker(gaps.weak, gaps.best)] if gaps.weak and gaps.best else lines


def _weaker(weak: Iterable[dict], best: dict) -> str:
    return f"Clearly weaker than {best['group']}: {', '.join(row['group'] for row in weak)}."


def _with_interval(share: float, ends: Sequence[float]) -> str:
    return f"{share:6.1%} ({ends[0]:.1%} to {ends[1]:.1%})"


NO_CLASS = "none of the classes"


def multi_label_lines(result: dict) -> list[str]:
    """Return the honest number, what it stands beside, and a line for each class and group."""
    low, high = result["accuracy_interval"]
    base, labels = result["baselines"], result["labels"]
    lines = [
        (
            f"Exactly the right classes on {result['accuracy']:.1%} of {result['splits']['test']} test "
            f"pictures{backbones.unseen(result)} (between {low:.1%} and {high:.1%}); "
            f"it finds {labels['found']:.1%} of {labels['count']} labels, and "
            f"{labels['precision']:.1%} of what it names is right."
        ),
        (
            f"Always answering {base['majority_answer'].replace('|', ' + ').strip(' +') or NO_CLASS}, "
            f"the most frequent in training: {base['majority']:.1%}. "
            f"The same network before fine-tuning: {base['before_fine_tuning']:.1%}."
        ),
    ]
    lines += [_multi_label_class(row) for row in result["per_class"]]
    return lines + group_lines(result["groups"])


def _multi_label_class(row: dict) -> str:
    ranked = "-" if row["average_precision"] is None else f"{row['average_precision']:.1%}"
    return class_line(row, f"average precision {ranked:>6}  from {row['threshold']:.2f} on")


def multi_label_prediction(run_dir: Path, facts: dict, probabilities: list[float]) -> dict:
    """Return {"labels": [...], "probabilities": {class: share}}: what a picture shows, the surest first."""
    names = facts["class_names"]
    labels = multi_label_thresholds.answers(probabilities, names, multi_label_thresholds.of_run(run_dir, facts))
    return {"labels": labels, "probabilities": dict(zip(names, map(float, probabilities), strict=True))}


def multi_label_answer(result: dict) -> str:
    """Return the classes of a prediction with their probabilities, or that there are none of them."""
    shares = result["probabilities"]
    if result["labels"]:
        return "  ".join(f"{name} {shares[name]:.1%}" for name in result["labels"])
    nearest = max(shares, key=shares.get)
    return f"{NO_CLASS} (nearest: {nearest} {shares[nearest]:.1%})"
