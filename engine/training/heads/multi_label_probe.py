"""The linear probe where pictures may show several classes: one logistic regression a class, on standardised features.

All of them are fitted at once, since they share their features: one L-BFGS on a matrix (Liu and Nocedal 1989).
"""

import numpy as np
from threadpoolctl import threadpool_limits

from engine.training.heads import folds, regularization
from engine.training.heads.head import Head, standardised
from engine.training.objectives import focal
from engine.training.objectives.balancing import positive_weights, repeated
from engine.training.objectives.scores import binary_log_loss, sigmoid
from engine.training.recipe import Recipe


def fit(features: np.ndarray, y: np.ndarray, recipe: Recipe, units: np.ndarray | None = None) -> regularization.Probe:
    """Fit the probe on training features (N, D) and y (N, C) of 0 and 1; every class has pictures with and without.

    units: as in linear_probe.fit.
    """
    x, mean, deviation = standardised(features)
    with threadpool_limits(limits=None if x.size * y.shape[1] > regularization.THREADED_WORK else 1):
        strength, source = _strength(x, y, recipe, units)
        layer = (
            _with_l1(x, y, recipe, strength) if recipe.l1 else _solve(x, y, recipe, strength, regularization.ITERATIONS)
        )
    penalty = (recipe.l1, recipe.l2 or 0.0) if recipe.l1 else (0.0, strength / 2)
    return regularization.Probe(Head((layer,), mean, deviation, penalty, output="each"), strength, source)


def _strength(x: np.ndarray, y: np.ndarray, recipe: Recipe, units: np.ndarray | None) -> tuple[float, str]:
    """Return the penalty per picture, the same for all classes; what it means is said in `probe`."""
    if recipe.l2 is not None or recipe.l1:
        return max(recipe.l1 + 2 * (recipe.l2 or 0.0), 1e-8), "given"
    if min(y.sum(axis=0).min(), (1 - y).sum(axis=0).min()) < 2:
        return regularization.DEFAULT_STRENGTH, "default"
    rows = np.random.default_rng(recipe.seed).permutation(len(x))[: regularization.MOST_FOR_CHOICE]
    parts = folds.multi_label(y[rows], None if units is None else units[rows], regularization.FOLDS, recipe.seed)
    if parts is None:
        return regularization.DEFAULT_STRENGTH, "default"
    return _choose(x[rows], y[rows], recipe, parts), "chosen"


def _choose(x: np.ndarray, y: np.ndarray, recipe: Recipe, parts: list[folds.Fold]) -> float:
    """Return the strength with the smallest cross-validated loss."""
    losses = np.zeros(len(regularization.STRENGTHS))
    for learned_from, held_out in parts:
        start = None
        for position, strength in enumerate(regularization.STRENGTHS):
            kernel, bias = start = _solve(
                x[learned_from], y[learned_from], recipe, strength, regularization.CHOICE_ITERATIONS, start
            )
            losses[position] += binary_log_loss(y[held_out], sigmoid(x[held_out] @ kernel + bias))
    return regularization.STRENGTHS[int(losses.argmin())]


def _solve(
    x: np.ndarray, y: np.ndarray, recipe: Recipe, strength: float, iterations: int, start: tuple | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return kernel (D, C) and bias (C,) with the least mean loss and penalty; `start` is where to begin."""
    from scipy.optimize import minimize

    if recipe.class_balancing == "oversample":
        rows = repeated(y, np.random.default_rng(recipe.seed))
        x, y = x[rows], y[rows]
    prevalence = np.clip(y.mean(axis=0), 1e-3, 1 - 1e-3)
    kernel, bias = start or (np.zeros((x.shape[1], y.shape[1])), np.log(prevalence / (1 - prevalence)))
    first = np.concatenate([kernel.ravel(), bias]).astype(np.float64)
    aim = _Aim(x, y.astype(np.float32), recipe.class_balancing, strength)
    options = {"maxiter": iterations, "ftol": 1e-8, "gtol": 1e-5}
    found = minimize(aim, first, jac=True, method="L-BFGS-B", options=options).x
    kernel, bias = found[: kernel.size].reshape(kernel.shape), found[kernel.size :]
    return kernel.astype(np.float32), bias.astype(np.float32)


class _Aim:
    """The loss of all classes together and its slope, for weights as one vector."""

    def __init__(self, x: np.ndarray, y: np.ndarray, class_balancing: str, strength: float):
        self._x, self._y, self._strength, self._focal = x, y, strength, class_balancing == "focal"
        positive = positive_weights(y.mean(axis=0)) if class_balancing == "weights" else 1.0
        self._weight = np.where(y > 0.5, positive, 1.0).astype(np.float32)

    def __call__(self, flat: np.ndarray) -> tuple[float, np.ndarray]:
        count, classes = self._y.shape
        kernel = flat[:-classes].reshape(-1, classes)
        yes = sigmoid(self._x @ kernel.astype(np.float32) + flat[-classes:].astype(np.float32))
        right = np.clip(np.where(self._y > 0.5, yes, 1 - yes), 1e-7, 1.0)
        kept = focal.gradient_weights(right) if self._focal else 1.0
        cost = (1 - right) ** focal.GAMMA if self._focal else 1.0
        loss = float(-(self._weight * cost * np.log(right)).sum(dtype=np.float64)) / count
        slope = (yes - self._y) * self._weight * kept / count
        down = (self._x.T @ slope.astype(np.float32)).astype(np.float64) + self._strength * kernel
        value = loss + self._strength / 2 * float((kernel**2).sum())
        return value, np.concatenate([down.ravel(), slope.sum(axis=0, dtype=np.float64)])


def _with_l1(x: np.ndarray, y: np.ndarray, recipe: Recipe, strength: float) -> tuple[np.ndarray, np.ndarray]:
    """Fit each class for itself where an L1 penalty makes most weights zero."""
    kernels, biases = [], []
    for own in y.T.astype(int):
        rows = regularization.balanced(x, own, recipe)
        model = regularization.logistic_regression(strength, len(rows[0]), recipe, regularization.ITERATIONS).fit(*rows)
        kernels.append(model.coef_[0])
        biases.append(model.intercept_[0])
    return np.stack(kernels, axis=1).astype(np.float32), np.array(biases, np.float32)
