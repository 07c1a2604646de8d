"""When heat at the edge of the pictures deserves a question. Nothing but arithmetic: pages ask directly."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

# Asked about from so much on: two thirds of the heat in the outer half, and clearly more than in the usual class.
MUCH, MORE_THAN_USUAL = 0.66, 0.12
NEARLY_ALL = 0.9  # of the heat: odd even where it is usual
FEWEST_TO_ASK = 5


@dataclass(frozen=True)
class Judgement:
    """What the fraction of heat at the edge says of the classes: {"class", "pictures", "edge"} each.

    `judged` have enough pictures, `odd` of them deserve a question; `usual` is the fraction of the middle class.
    """

    judged: list[dict]
    odd: list[dict]
    usual: float

    @property
    def most(self) -> dict:
        """The class with most heat at the edge, of those with enough pictures."""
        return max(self.judged, key=lambda row: row["edge"])

    @property
    def is_everywhere(self) -> bool:
        """Whether the heat of the usual class lies at the edge already, so that none stands out."""
        return not self.odd and self.usual >= MUCH


def judge(rows: Sequence[dict]) -> Judgement:
    """Judge the classes with enough pictures, the oddest first."""
    judged = [row for row in rows if row["pictures"] >= FEWEST_TO_ASK]
    usual = statistics.median(row["edge"] for row in judged) if judged else 0.0
    odd = [row for row in judged if is_odd(row["edge"], usual)]
    return Judgement(judged, sorted(odd, key=lambda row: -row["edge"]), usual)


def is_odd(edge: float, usual: float) -> bool:
    """Tell whether a class looks at the edge so much that somebody should ask what is there."""
    return edge >= MUCH and edge >= min(usual + MORE_THAN_USUAL, NEARLY_ALL)
