"""What the command line says about models whose pictures may show several classes."""

from pathlib import Path

from engine import backbone_commands, command_parts
from engine.evaluation.several import thresholds

NONE = "none of the classes"


def evaluation(result: dict) -> list[str]:
    """Return the honest number, what it stands beside, and a line for each class and group."""
    low, high = result["accuracy_interval"]
    base, labels = result["baselines"], result["labels"]
    lines = [
        f"Exactly the right classes on {result['accuracy']:.1%} of {result['splits']['test']} test "
        f"pictures{backbone_commands.unseen(result)} (between {low:.1%} and {high:.1%}); "
        f"it finds {labels['found']:.1%} of {labels['count']} labels, and "
        f"{labels['precision']:.1%} of what it names is right.",
        f"Always answering {base['majority_answer'].replace('|', ' + ').strip(' +') or NONE}, "
        f"the most frequent in training: {base['majority']:.1%}. "
        f"The same network before fine-tuning: {base['before_fine_tuning']:.1%}.",
    ]
    lines += [_class(row) for row in result["per_class"]]
    return lines + command_parts.group_lines(result["groups"])


def _class(row: dict) -> str:
    ranked = "-" if row["average_precision"] is None else f"{row['average_precision']:.1%}"
    return command_parts.class_line(row, f"average precision {ranked:>6}  from {row['threshold']:.2f} on")


def prediction(run_dir: Path, facts: dict, probabilities: list[float]) -> dict:
    """Return {"labels": [...], "probabilities": {class: share}}: what a picture shows, the surest first."""
    names = facts["class_names"]
    labels = thresholds.answers(probabilities, names, thresholds.of_run(run_dir, facts))
    return {"labels": labels, "probabilities": dict(zip(names, map(float, probabilities), strict=True))}


def answer(result: dict) -> str:
    """Return the classes of a prediction with their probabilities, or that there are none of them."""
    shares = result["probabilities"]
    if result["labels"]:
        return "  ".join(f"{name} {shares[name]:.1%}" for name in result["labels"])
    nearest = max(shares, key=shares.get)
    return f"{NONE} (nearest: {nearest} {shares[nearest]:.1%})"
