"""The tables of the backbone's benchmark in Markdown: accuracies, time, and which leads may be chance."""

import numpy as np

from benchmarks import backbone_speed
from benchmarks.backbone_rows import Row
from benchmarks.backbone_sets import NAMES

REFERENCE = "first version"
LEVEL = 0.05


def tables(rows: list[Row], kinds: list[str], known: dict) -> str:
    """Return every table that the measured entries of results.json allow, one below the other."""
    parts = [_accuracies(rows, kind, known) for kind in kinds]
    parts += [_leads(rows, kind, known) for kind in kinds]
    if "speed" in known:
        parts.append(_speeds(rows, known))
    return "\n\n".join(parts)


def lead(ours: str, theirs: str) -> tuple[int, int, float]:
    """Return how many pictures only we get right, only they do, and how likely so uneven a split is by chance.

    `ours` and `theirs` are strings of 0 and 1 over the same pictures. The exact test of McNemar (1947), two-sided.
    """
    from scipy.stats import binomtest

    pairs = list(zip(ours, theirs, strict=True))
    only_ours, only_theirs = pairs.count(("1", "0")), pairs.count(("0", "1"))
    differing = only_ours + only_theirs
    return only_ours, only_theirs, float(binomtest(only_ours, differing).pvalue) if differing else 1.0


def _accuracies(rows: list[Row], kind: str, known: dict) -> str:
    lines = [f"| {kind} | " + " | ".join((*NAMES, "mean")) + " |", "|---" * (len(NAMES) + 2) + "|"]
    for row in rows:
        hits = [_share(known[f"{row.identity}|{kind}|{name}"]) for name in NAMES]
        lines.append(f"| {row.title} | " + " | ".join(f"{value:.3f}" for value in (*hits, np.mean(hits))) + " |")
    own = [known[f"{rows[-1].identity}|{kind}|{name}"] for name in NAMES]
    errors = [np.sqrt(_share(hits) * (1 - _share(hits)) / len(hits)) for hits in own]
    cells = [f"{value:.3f}" for value in (*errors, np.sqrt(np.sum(np.square(errors))) / len(NAMES))]
    return "\n".join([*lines, "| standard error of the last row | " + " | ".join(cells) + " |"])


def _leads(rows: list[Row], kind: str, known: dict) -> str:
    """Return the shipped network against every other one: pictures won, pictures lost, and the chance of it."""
    shipped = next(row for row in rows if row.weights is None and row.key == "sprout")
    lines = [f"| shipped against, {kind} | " + " | ".join(NAMES) + " |", "|---" * (len(NAMES) + 1) + "|"]
    for row in rows:
        if row is shipped:
            continue
        found = [lead(*(known[f"{one.identity}|{kind}|{name}"] for one in (shipped, row))) for name in NAMES]
        lines.append(f"| {row.title} | " + " | ".join(map(_lead, found)) + " |")
    return "\n".join(lines)


def _lead(found: tuple[int, int, float]) -> str:
    won, lost, chance = found
    probability = f"p {chance:.3f}" if chance >= 0.001 else "p < 0.001"
    return f"+{won} -{lost}, {probability}{' (may be chance)' if chance > LEVEL else ''}"


def _speeds(rows: list[Row], known: dict) -> str:
    reference = next(row for row in rows if row.title.startswith(REFERENCE))
    lines = ["| time a picture | ms of one core | ratio to the first version (95 % interval) |", "|---|---|---|"]
    for row in rows:
        times = known["speed"][row.identity]
        middle, low, high = backbone_speed.ratio(times, known["speed"][reference.identity])
        lines.append(f"| {row.title} | {np.median(times):.2f} | {middle:.2f} ({low:.2f}-{high:.2f}) |")
    return "\n".join(lines)


def _share(hits: str) -> float:
    return hits.count("1") / len(hits)
