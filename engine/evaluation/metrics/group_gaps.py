"""Which groups are served worse: told by their intervals, among those with enough test pictures to be compared."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.storage.evaluation import GroupReport

# Of fewer test pictures the accuracy of a group says next to nothing: 9 of 9 could as well be 70 in 100.
FEWEST = 10


@dataclass(frozen=True)
class Gaps:
    """Groups as in evaluation.json. `best` is the one whose interval begins highest, None where nothing is compared.

    `weak` are those whose interval ends below where that of the best begins, the weakest first; `tiny` are compared
    with nothing.
    """

    best: GroupReport | None
    weak: list[GroupReport]
    tiny: list[GroupReport]
    compared: int

    def gap(self, row: GroupReport) -> float | None:
        """Return how far a group lies above or below the best one, in [-1, 1]; None where it is not compared."""
        if self.best is None or row in self.tiny:
            return None
        return row["accuracy"] - self.best["accuracy"]


def between(rows: Sequence[GroupReport]) -> Gaps:
    """Compare groups with "accuracy", "interval" and "support".

    That two 95 % intervals do not overlap is a stricter rule than 5 % (about 0.6 % for equal groups; Schenker and
    Gentleman 2001), which leaves room for the many pairs that are looked at.
    """
    large = [row for row in rows if row["support"] >= FEWEST]
    tiny = [row for row in rows if row["support"] < FEWEST]
    if len(large) < 2:
        return Gaps(None, [], tiny, len(large))
    best = max(large, key=lambda row: (row["interval"][0], row["accuracy"]))
    weak = [row for row in large if row["interval"][1] < best["interval"][0]]
    return Gaps(best, sorted(weak, key=lambda row: row["interval"][1]), tiny, len(large))
