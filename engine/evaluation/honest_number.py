"""The figures of the one sentence about a run that a manager reads, and how they are rounded."""

from dataclasses import dataclass

from engine.evaluation import evaluators, results
from engine.evaluation.metrics.intervals import pictures_for_margin
from engine.storage.evaluation import Evaluation

# A test set whose interval is wider than this on one side cannot tell a good model from a fair one.
WIDE = 0.05
TARGET_MARGIN = 0.03


@dataclass(frozen=True)
class HonestNumber:
    """The figures of the sentence a manager reads; fractions in [0, 1]. `before` is None where it was not measured.

    majority: what one and the same answer to every picture reaches at best; largest: that answer.
    groups: of how many groups the pictures are, where the model has learned from none of these; else 0.
    copied: how many of the pictures have a copy that the model has learned from.
    """

    pictures: int
    accuracy: float
    low: float
    high: float
    majority: float
    largest: str
    before: float | None
    more_needed: int
    groups: int = 0
    copied: int = 0

    @property
    def is_wide(self) -> bool:
        """Whether the test set is too small to tell a good model from a fair one."""
        return max(self.high - self.accuracy, self.accuracy - self.low) > WIDE


def honest_number(facts: Evaluation) -> HonestNumber:
    """Return the figures of the one sentence, from an evaluation."""
    low, high = facts["accuracy_interval"]
    pictures = facts["counts"]["test"]
    largest, majority = evaluators.of(facts["task"]).constant_answer(facts)
    return HonestNumber(
        pictures=pictures,
        accuracy=facts["accuracy"],
        low=low,
        high=high,
        majority=majority,
        largest=largest,
        before=facts["baselines"].get("before_fine_tuning"),
        more_needed=max(0, pictures_for_margin(facts["accuracy"], pictures, TARGET_MARGIN) - pictures),
        groups=facts.get("interval_groups", 0),
        copied=results.copied(facts),
    )


def per_hundred(fraction: float) -> str:
    """Return a share as "92", with one decimal only where rounding would claim perfection or nothing: "99.6"."""
    rounded = round(fraction * 100)
    if rounded in (0, 100) and fraction not in (0, 1):
        return f"{min(99.9, max(0.1, fraction * 100)):.1f}"
    return str(rounded)
