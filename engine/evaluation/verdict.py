"""One word about a run that a person can act on: good, usable with care, or not yet; and the rule that decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from engine.evaluation.honest_number import HonestNumber
from engine.storage.evaluation import ClassReport

GOOD = 0.9  # the lower end of the interval: right so often at least
GOOD_CLASS, FAIR_CLASS = 0.8, 0.5  # of the weakest class
ENOUGH = 5  # test pictures of a class, from which on a single one does not decide

Word = Literal["good", "care", "not_yet"]
Reason = Literal["", "copies", "no_better", "class_fails", "class_weak", "too_few", "unsure"]


@dataclass(frozen=True)
class Verdict:
    """The word, and what decided; `weakest` is the class it is weakest at, None where none can be judged."""

    word: Word
    reason: Reason
    weakest: ClassReport | None


def judge(figures: HonestNumber, per_class: Sequence[ClassReport]) -> Verdict:
    """Judge by the number, its interval and the class that is found least often."""
    weakest = weakest_class(per_class)
    found = 1.0 if weakest is None else weakest["recall"]
    if figures.copied:
        return Verdict("not_yet", "copies", weakest)
    if figures.low <= figures.majority:
        return Verdict("not_yet", "no_better", weakest)
    if found < FAIR_CLASS:
        return Verdict("not_yet", "class_fails", weakest)
    if found < GOOD_CLASS:
        return Verdict("care", "class_weak", weakest)
    if figures.low < GOOD:
        return Verdict("care", "too_few" if figures.accuracy >= GOOD else "unsure", weakest)
    return Verdict("good", "", weakest)


def weakest_class(per_class: Sequence[ClassReport]) -> ClassReport | None:
    """Return the class that is found least often, of those with enough test pictures, else of those with any."""
    tested = [row for row in per_class if row["support"]]
    judged = [row for row in tested if row["support"] >= ENOUGH] or tested
    return min(judged, key=lambda row: (row["recall"], -row["support"]), default=None)
