"""How a model answers: unsure answers are withheld, pictures of an unknown kind refused, some classes called early.

With calibrated probabilities the best rule is known (Chow 1970): where a wrong answer costs as much as N times an "I
don't know", answer only when the probability is at least 1 - 1/N. Nothing heavier than numpy here: pages ask directly.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from engine.evaluation.metrics import curves
from engine.storage.workspace import read_json, write_json

FILE = "answering.json"
# Points of a curve: more cannot be told apart on a screen.
MOST_POINTS = 200

_changing = threading.Lock()


@dataclass(frozen=True)
class Answering:
    """How a model answers; kept beside it in answering.json and obeyed wherever it is asked.

    `cost`: what a wrong answer costs, counted in "I don't know"; 1 means that it always answers.
    `refuse_unknown`: whether pictures unlike anything in training are refused as well.
    `miss_costs`: by class, what missing a picture of it costs, counted in false alarms; the likeliest class is the
    answer where no class has such a cost.
    """

    cost: float = 1.0
    refuse_unknown: bool = True
    miss_costs: Mapping[str, float] = field(default_factory=dict)

    @property
    def threshold(self) -> float:
        """The smallest probability with which it answers."""
        return threshold_for(self.cost)

    def own_thresholds(self, class_names: Sequence[str]) -> dict[int, float]:
        """Return from which probability on a class is called, by its position, for those that have a cost."""
        return {
            class_names.index(name): curves.threshold_for(cost)
            for name, cost in self.miss_costs.items()
            if name in class_names
        }

    def with_miss_cost(self, class_name: str, cost: float | None) -> "Answering":
        """Return the same with another cost of missing a class; None takes it back."""
        others = {name: value for name, value in self.miss_costs.items() if name != class_name}
        return replace(self, miss_costs=others if cost is None else {**others, class_name: cost})


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


def without_miss_costs(answering: Answering) -> Answering:
    """Return the same with the likeliest class as the answer again."""
    return replace(answering, miss_costs={})


def read(run_dir: Path) -> Answering:
    """Return how a run's model answers; one that nobody has changed always answers, but not about unknown things."""
    return Answering(**read_json(run_dir / FILE, {}))


def write(run_dir: Path, answering: Answering) -> None:
    write_json(run_dir / FILE, asdict(answering))


def change(run_dir: Path, how: Callable[[Answering], Answering]) -> None:
    """Change how a run's model answers as it is stored now: what somebody else has kept since stays."""
    with _changing:
        write(run_dir, how(read(run_dir)))


@dataclass(frozen=True)
class Verdict:
    """`said` is "answer", "unsure" or "unknown"; `position` the class it answers or, if it had to, would answer.

    `threshold` is the one that called the class, None where it is simply the likeliest.
    """

    said: str
    position: int
    threshold: float | None = None


def verdict(
    answering: Answering, probabilities: Sequence[float], class_names: Sequence[str], unknown: dict | None
) -> Verdict:
    """Return what a model says of a picture.

    `unknown` is its {"score", "limit"} where the run has a detector. A class that was called by its own threshold is
    answered, however sure "I don't know" wants it: what a miss costs was weighed there.
    """
    own = answering.own_thresholds(class_names)
    [position], [called] = curves.answers_with_thresholds(np.array([probabilities]), own)
    threshold = own[int(position)] if called else None
    if answering.refuse_unknown and unknown is not None and unknown["score"] > unknown["limit"]:
        return Verdict("unknown", int(position), threshold)
    is_sure = called or probabilities[position] >= answering.threshold
    return Verdict("answer" if is_sure else "unsure", int(position), threshold)


def outcome(
    y_true: np.ndarray,
    probabilities: np.ndarray,
    threshold: float,
    own: Mapping[int, float] | None = None,
    refused: np.ndarray | None = None,
) -> Outcome:
    """Return what answering from `threshold` on does to these pictures; probabilities (N, num_classes).

    `own` are thresholds of classes that are called by them, by position; `refused` (N,) tells which pictures are too
    strange to be answered at all.
    """
    answers, sureness = _answers(probabilities, own, refused)
    answered = sureness >= threshold
    right = int((answers == y_true)[answered].sum())
    return Outcome(len(y_true), right, int(answered.sum()) - right)


def curve(
    y_true: np.ndarray,
    probabilities: np.ndarray,
    own: Mapping[int, float] | None = None,
    refused: np.ndarray | None = None,
) -> list[dict]:
    """Return {"coverage", "accuracy", "threshold"} from answering only the surest picture to answering all.

    The selective accuracy of El-Yaniv and Wiener (2010). Pictures of the same sureness come in together: those called
    by a class's own threshold first, those refused never. `own` and `refused` as for `outcome`.
    """
    answers, sureness = _answers(probabilities, own, refused)
    order = np.argsort(-sureness, kind="stable")[: np.count_nonzero(sureness >= 0)]
    right = np.cumsum((answers == y_true)[order])
    ends = np.flatnonzero(np.append(np.diff(sureness[order]) != 0, True)) if len(order) else order
    if len(ends) > MOST_POINTS:
        ends = ends[np.linspace(0, len(ends) - 1, MOST_POINTS).astype(int)]
    return [
        {
            "coverage": float((end + 1) / len(y_true)),
            "accuracy": float(right[end] / (end + 1)),
            "threshold": float(sureness[order[end]]),
        }
        for end in ends
    ]


def _answers(
    probabilities: np.ndarray, own: Mapping[int, float] | None, refused: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the class of every picture and how sure it is of it: 1 where called by a threshold, -1 where refused."""
    answers, called = curves.answers_with_thresholds(probabilities, own or {})
    sureness = np.where(called, 1.0, probabilities[np.arange(len(answers)), answers])
    return answers, sureness if refused is None else np.where(refused, -1.0, sureness)
