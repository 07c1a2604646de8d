"""When to say "I don't know": unsure answers are withheld, pictures of an unknown kind refused.

With calibrated probabilities the best rule is known (Chow 1970): where a wrong answer costs as much as N times an "I
don't know", answer only when the probability is at least 1 - 1/N. Nothing heavier than numpy here: pages ask directly.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from engine.workspace import read_json, write_json

FILE = "answering.json"
# Points of a curve: more cannot be told apart on a screen.
MOST_POINTS = 200


@dataclass(frozen=True)
class Answering:
    """How a model answers; kept beside it in answering.json and obeyed wherever it is asked.

    `cost`: what a wrong answer costs, counted in "I don't know"; 1 means that it always answers.
    `refuse_unknown`: whether pictures unlike anything in training are refused as well.
    """

    cost: float = 1.0
    refuse_unknown: bool = True

    @property
    def threshold(self) -> float:
        """The smallest probability with which it answers."""
        return threshold_for(self.cost)


@dataclass(frozen=True)
class Outcome:
    """What a threshold does to a set of pictures; counts, with `right` and `wrong` among those answered."""

    pictures: int
    right: int
    wrong: int

    @property
    def answered(self) -> int:
        return self.right + self.wrong

    @property
    def withheld(self) -> int:
        return self.pictures - self.answered

    @property
    def accuracy(self) -> float | None:
        """The share of right ones among the answers, None where nothing is answered."""
        return self.right / self.answered if self.answered else None

    def cost(self, of_a_mistake: float) -> float:
        """Return the cost of it all, in "I don't know"."""
        return self.wrong * of_a_mistake + self.withheld


def threshold_for(cost: float) -> float:
    """Return the probability below which "I don't know" is cheaper than an answer (Chow 1970)."""
    return max(0.0, 1 - 1 / cost)


def read(run_dir: Path) -> Answering:
    """Return how a run's model answers; one that nobody has changed always answers, but not about unknown things."""
    return Answering(**read_json(run_dir / FILE, {}))


def write(run_dir: Path, answering: Answering) -> None:
    write_json(run_dir / FILE, asdict(answering))


def verdict(answering: Answering, highest: float, unknown: dict | None) -> str:
    """Return "answer", "unsure" or "unknown" for a picture.

    `highest` is its largest probability, `unknown` its {"score", "limit"} where the run has a detector.
    """
    if answering.refuse_unknown and unknown is not None and unknown["score"] > unknown["limit"]:
        return "unknown"
    return "unsure" if highest < answering.threshold else "answer"


def outcome(y_true: np.ndarray, probabilities: np.ndarray, threshold: float) -> Outcome:
    """Return what answering from `threshold` on does to these pictures; probabilities (N, num_classes)."""
    answered = probabilities.max(axis=1) >= threshold
    right = int((probabilities.argmax(axis=1) == y_true)[answered].sum())
    return Outcome(len(y_true), right, int(answered.sum()) - right)


def curve(y_true: np.ndarray, probabilities: np.ndarray) -> list[dict]:
    """Return {"coverage", "accuracy", "threshold"} from answering only the surest picture to answering all.

    The selective accuracy of El-Yaniv and Wiener (2010). Pictures of the same sureness come in together.
    """
    highest = probabilities.max(axis=1)
    order = np.argsort(-highest, kind="stable")
    right = np.cumsum((probabilities.argmax(axis=1) == y_true)[order])
    ends = np.flatnonzero(np.append(np.diff(highest[order]) != 0, True)) if len(order) else order
    if len(ends) > MOST_POINTS:
        ends = ends[np.linspace(0, len(ends) - 1, MOST_POINTS).astype(int)]
    return [
        {
            "coverage": float((end + 1) / len(order)),
            "accuracy": float(right[end] / (end + 1)),
            "threshold": float(highest[order[end]]),
        }
        for end in ends
    ]
