"""The linear probe: multinomial logistic regression on standardised features, as one dense layer."""

import warnings

import numpy as np
from threadpoolctl import threadpool_limits

from engine.training.heads import folds
from engine.training.heads.head import Head, standardised
from engine.training.heads.regularization import (
    CHOICE_ITERATIONS,
    DEFAULT_STRENGTH,
    FOLDS,
    ITERATIONS,
    MOST_FOR_CHOICE,
    STRENGTHS,
    THREADED_WORK,
    Probe,
    balanced,
    logistic_regression,
)
from engine.training.objectives.scores import log_loss
from engine.training.recipe import Recipe


def fit(
    features: np.ndarray, y: np.ndarray, num_classes: int, recipe: Recipe, units: np.ndarray | None = None
) -> Probe:
    """Fit the probe on training features (N, D) and classes y (N,); every class in range(num_classes) must occur.

    units (N,): rows of one unit are never on both sides of a fold (see `folds`); None: every row stands for itself.
    """
    x, mean, deviation = standardised(features)
    work = x.size * num_classes
    with threadpool_limits(limits=None if work > THREADED_WORK else 1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # not converged within ITERATIONS: good enough, and the time is bounded
        strength, source, held_out = _strength(x, y, recipe, units)
        rows, classes = balanced(x, y, recipe)
        model = logistic_regression(strength, len(rows), recipe, ITERATIONS)
        model.fit(rows, classes)
        layers = _layers(model, num_classes)
        if recipe.class_balancing == "focal":
            layers, held_out = (_focal(x, y, *layers[0], strength),), None
    head = Head(layers, mean, deviation, _penalty(strength, recipe, num_classes), recipe.output)
    return Probe(head, strength, source, held_out)


def _focal(x: np.ndarray, y: np.ndarray, kernel: np.ndarray, bias: np.ndarray, strength: float) -> tuple:
    """Go on from the fit of the cross-entropy to that of the focal loss; an L1 penalty counts as L2 there."""
    from engine.training.objectives import focal

    return focal.refit(x, y, kernel, bias, strength)


def _strength(
    x: np.ndarray, y: np.ndarray, recipe: Recipe, units: np.ndarray | None
) -> tuple[float, str, tuple | None]:
    """Return the penalty 1 / (C N); the recipe's l1 and l2 mean `l1 |W| + l2 W^2` beside the mean cross-entropy."""
    if recipe.l2 is not None or recipe.l1:
        return max(recipe.l1 + 2 * (recipe.l2 or 0.0), 1e-8), "given", None
    rows = _sample(y, recipe.seed)
    x, y, units = x[rows], y[rows], None if units is None else units[rows]
    parts = folds.single_label(y, units, FOLDS, recipe.seed)
    if parts is None:
        return DEFAULT_STRENGTH, "default", None
    strength, probabilities = _choose(x, y, recipe, parts)
    return strength, "chosen", (y, probabilities)


def _choose(x: np.ndarray, y: np.ndarray, recipe: Recipe, parts: list[folds.Fold]) -> tuple[float, np.ndarray]:
    """Return the strength with the smallest cross-validated loss, and the held-out probabilities (N, num_classes)."""
    starts: list[tuple | None] = [None] * len(parts)
    tried = []
    for strength in STRENGTHS:
        answers = np.zeros((len(y), y.max() + 1), np.float32)
        for place, (fit_rows, held_out) in enumerate(parts):
            learned, classes = balanced(x[fit_rows], y[fit_rows], recipe)
            model = logistic_regression(strength, len(learned), recipe, CHOICE_ITERATIONS)
            starts[place] = _fit_from(model, learned, classes, starts[place])
            answers[held_out] = model.predict_proba(x[held_out])
        tried.append((log_loss(y, answers), strength, answers))
    return min(tried, key=lambda found: found[0])[1:]


def _fit_from(model, x: np.ndarray, y: np.ndarray, start: tuple | None) -> tuple:
    # The next weaker penalty starts where the last one ended: about half the iterations.
    if start is not None:
        model.coef_, model.intercept_ = start
    model.set_params(warm_start=True).fit(x, y)
    return model.coef_, model.intercept_


def _sample(y: np.ndarray, seed: int) -> np.ndarray:
    """Return at most MOST_FOR_CHOICE row numbers, but at least two of every class."""
    if len(y) <= MOST_FOR_CHOICE:
        return np.arange(len(y))
    order = np.random.default_rng(seed).permutation(len(y))
    kept = order[:MOST_FOR_CHOICE]
    rare = [order[y[order] == label][:2] for label in np.unique(y)]
    return np.unique(np.concatenate([kept, *rare]))


def _penalty(strength: float, recipe: Recipe, num_classes: int) -> tuple[float, float]:
    """Return (l1, l2) of the kernel as `_layers` makes it: two columns of halves have half the square of their one."""
    once = 2 if num_classes == 2 else 1
    return (recipe.l1, once * (recipe.l2 or 0.0)) if recipe.l1 else (0.0, once * strength / 2)


def _layers(model, num_classes: int) -> tuple[tuple[np.ndarray, np.ndarray]]:
    kernel, bias = model.coef_.T, model.intercept_
    if num_classes == 2:
        # scikit-learn keeps one column for two classes: the log-odds of the second.
        kernel, bias = np.hstack([-kernel / 2, kernel / 2]), np.array([-bias[0] / 2, bias[0] / 2])
    return ((kernel.astype(np.float32), bias.astype(np.float32)),)
