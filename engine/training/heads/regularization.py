"""How strongly a linear probe is held back: the penalties that are tried, and the model one of them gives."""

from dataclasses import dataclass

import numpy as np

from engine.training.heads.head import Head
from engine.training.objectives.balancing import oversampled
from engine.training.recipe import Recipe

# Strength of the penalty per picture, 1 / (C N), from strong to weak.
STRENGTHS = (0.1, 0.03, 0.01, 0.003, 0.001)
DEFAULT_STRENGTH = 0.01
FOLDS = 3
# Cross-validation sees at most this many pictures: the strength per picture hardly depends on their number.
MOST_FOR_CHOICE = 3000
ITERATIONS = 200
CHOICE_ITERATIONS = 50
# Above this many multiplications a pass several threads pay; below, they only wait for each other (measured on 2 cores
# with 3,000 x 320 x 10: 0.07 s with one thread, 0.6 s with two).
THREADED_WORK = 2e9


@dataclass(frozen=True)
class Probe:
    """A fitted head and its penalty's strength: "chosen" by cross-validation, "given" by the recipe, or "default".

    `held_out` are classes (N,) and probabilities (N, num_classes) of training pictures, each answered by a probe of the
    same strength that had not seen it; None where there was no cross-validation.
    """

    head: Head
    strength: float
    source: str
    held_out: tuple[np.ndarray, np.ndarray] | None = None


def balanced(x: np.ndarray, y: np.ndarray, recipe: Recipe) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y with small classes repeated when the recipe says "oversample", else as they are."""
    if recipe.class_balancing != "oversample":
        return x, y
    rows = oversampled(y, np.random.default_rng(recipe.seed))
    return x[rows], y[rows]


def logistic_regression(strength: float, count: int, recipe: Recipe, iterations: int):
    from sklearn.linear_model import LogisticRegression

    weight = "balanced" if recipe.class_balancing == "weights" else None
    options = {"C": 1 / (strength * count), "max_iter": iterations, "tol": 1e-3, "class_weight": weight}
    if recipe.l1:
        ratio = recipe.l1 / (recipe.l1 + 2 * (recipe.l2 or 0.0))
        return LogisticRegression(solver="saga", l1_ratio=ratio, random_state=recipe.seed, **options)
    return LogisticRegression(**options)
