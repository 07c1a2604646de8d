"""More pictures or more training? The probe learns from a tenth, a quarter, half and all of the training pictures.

Measured on the validation pictures: the test pictures are not touched. What twice as many pictures would bring is read
off a power law, error ~ pictures^-b (Hestness et al. 2017), and told with how far chance alone could move it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.data.modalities.fits import fit_of
from engine.evaluation.predict import PREPARATION
from engine.storage import runs
from engine.storage.workspace import Workspace, read_json, write_json
from engine.training import snapshot
from engine.training.features import embed
from engine.training.heads import linear_probe
from engine.training.inputs.pixels import Pixels
from engine.training.inputs.subsample import rows_of_fraction
from engine.training.recipe import Recipe

FILE = "learning_curve.json"
# Small shares are drawn several times: which pictures they hold matters there.
REPETITIONS = {0.1: 6, 0.25: 4, 0.5: 3, 1.0: 1}
FEWEST_PER_CLASS = 2
# The slope is that of the last points: many curves fall steeply from the first and level off then.
END = 3
SAMPLES = 400
ENDS = (2.5, 97.5)  # percent of the samples: what is told and drawn, as everywhere
SURE = (10, 90)  # of the gain alone, which the same pictures measure before and after: what the verdict rests on
# A gain of a point is worth collecting twice the pictures for; a quarter of one nobody would notice.
WORTH, NOTHING = 0.01, 0.0025

Advance = Callable[[int, int], None]


@dataclass(frozen=True)
class Answers:
    """Which validation pictures were right (repetitions, M) after learning from `pictures` training pictures.

    units (M,): validation pictures that stand or fall together; None where each stands for itself.
    """

    fraction: float
    pictures: int
    right: np.ndarray
    units: np.ndarray | None = None


def measure(run_dir: Path, workspace: Workspace, advance: Advance = lambda _done, _total: None) -> dict:
    """Return, and keep in the run's folder, how the accuracy of its network grows with the training pictures.

    {"points": [{"share", "pictures", "accuracy", "low", "high"}], "validation" (pictures), "twice" (as a point, without
    share), "gain", "gain_low", "gain_high", "verdict": "more", "flat", "unclear", "perfect" or "unmeasured"}. Shares in
    [0, 1]. It is unmeasured where pictures are too few for any share but all of them: "twice" and gains are None then.
    """
    found = read_off(_answers(run_dir, workspace, advance))
    write_json(run_dir / FILE, found)
    return found


def read_off(answers: list[Answers], seed: int = 0) -> dict:
    """Return what `measure` tells; the last of `answers` is that of all training pictures."""
    last = answers[-1]
    samples = _resampled(answers, np.random.default_rng(seed))
    measured = {
        "points": [_point(own, samples[:, column]) for column, own in enumerate(answers)],
        "validation": last.right.shape[1],
    }
    if len(answers) < 2:
        nothing = dict.fromkeys(("twice", "gain", "gain_low", "gain_high"))
        return {**measured, **nothing, "verdict": "unmeasured"}
    means = np.array([own.right.mean() for own in answers])
    gain, gains = _gain(answers, means), np.array([_gain(answers, row) for row in samples])
    low, high = np.percentile(gains, SURE)
    twice = np.percentile(np.minimum(samples[:, -1] + gains, 1), ENDS)
    return {
        **measured,
        "twice": {
            "pictures": 2 * last.pictures,
            "accuracy": float(means[-1] + gain),
            "low": float(twice[0]),
            "high": float(twice[1]),
        },
        "gain": float(gain),
        "gain_low": float(low),
        "gain_high": float(high),
        "verdict": _verdict(means[-1], gain, low, high),
    }


def _answers(run_dir: Path, workspace: Workspace, advance: Advance) -> list[Answers]:
    """Fit the probe on every share, from the features the run has left behind (or computes them again)."""
    recipe, preparation = Recipe.from_dict(runs.read_recipe(run_dir)), read_json(run_dir / PREPARATION)
    frozen = snapshot.read(run_dir)
    train, held_out = frozen.rows("train"), frozen.rows("validation")
    pixels = Pixels(workspace, preparation["image_size"], fit_of(preparation))
    keys = list(dict.fromkeys(frozen.keys(np.concatenate([train, held_out]))))
    # Looking at the pictures, where nobody has yet, is half of the way.
    cache = embed.embed(workspace, recipe.backbone, pixels, keys, lambda done, total: advance(done, 2 * total))
    x, y = cache.read(frozen.keys(train)), frozen.y[train]
    x_held_out, y_held_out = cache.read(frozen.keys(held_out)), frozen.y[held_out]
    units, asked_units = frozen.units(train), frozen.units(held_out)
    plan = _plan(recipe, x, y, frozen.num_classes, units)
    fractions = _fractions(y, frozen.num_classes)
    total, done, answers = sum(REPETITIONS[fraction] for fraction in fractions), 0, []
    for fraction in fractions:
        right = []
        for repetition in range(REPETITIONS[fraction]):
            rows = rows_of_fraction(y, fraction, recipe.seed + repetition, units)
            head = linear_probe.fit(x[rows], y[rows], frozen.num_classes, plan).head
            right.append(head.probabilities(x_held_out).argmax(axis=1) == y_held_out)
            done += 1
            advance(total + done, 2 * total)
        answers.append(Answers(fraction, len(rows), np.stack(right), asked_units))
    return answers


def _plan(recipe: Recipe, x: np.ndarray, y: np.ndarray, num_classes: int, units: np.ndarray) -> Recipe:
    """Return a recipe of the probe alone whose penalty is chosen once, from all training pictures."""
    plan = Recipe(
        backbone=recipe.backbone, class_balancing=recipe.class_balancing, seed=recipe.seed, l1=recipe.l1, l2=recipe.l2
    )
    if plan.l2 is not None or plan.l1:
        return plan
    return Recipe(**{**vars(plan), "l2": linear_probe.fit(x, y, num_classes, plan, units).strength / 2})


def _fractions(y: np.ndarray, num_classes: int) -> list[float]:
    """Return the shares that hold enough pictures to learn from; all of them always do."""
    return [
        fraction for fraction in REPETITIONS if fraction == 1 or fraction * len(y) >= FEWEST_PER_CLASS * num_classes
    ]


def _resampled(answers: list[Answers], generator: np.random.Generator) -> np.ndarray:
    """Return accuracies (SAMPLES, points) with other draws of the same pictures, or of whole groups (Efron 1979)."""
    count, units = answers[0].right.shape[1], answers[0].units
    members = [np.array([row]) for row in range(count)]
    if units is not None and len(np.unique(units)) > 1:  # one group alone says nothing of others
        members = [np.flatnonzero(units == unit) for unit in np.unique(units)]
    samples = np.empty((SAMPLES, len(answers)))
    for number in range(SAMPLES):
        drawn = generator.integers(0, len(members), len(members))
        pictures = np.concatenate([members[one] for one in drawn])  # the same for all shares: they answered the same
        for column, own in enumerate(answers):
            repetitions = generator.integers(0, len(own.right), len(own.right))
            samples[number, column] = own.right[np.ix_(repetitions, pictures)].mean()
    return samples


def _gain(answers: list[Answers], accuracies: np.ndarray) -> float:
    """Return how much more would be right after learning from twice the pictures, by the slope of the curve's end."""
    count = answers[0].right.shape[1]
    errors = np.maximum(1 - accuracies, 0.25 / count)[-END:]
    pictures = np.array([own.pictures for own in answers])[-END:]
    # Later points count for more: a curve that has become flat stays flat.
    slope = np.polyfit(np.log(pictures), np.log(errors), 1, w=np.sqrt(pictures))[0]
    return float((1 - accuracies[-1]) * (1 - 2.0 ** min(slope, 0.0)))


def _point(own: Answers, samples: np.ndarray) -> dict:
    low, high = np.percentile(samples, ENDS)
    place = {"share": own.fraction, "pictures": own.pictures}
    return {**place, "accuracy": float(own.right.mean()), "low": float(low), "high": float(high)}


def _verdict(accuracy: float, gain: float, low: float, high: float) -> str:
    if accuracy == 1:
        return "perfect"
    if gain >= WORTH and low > NOTHING:
        return "more"
    return "flat" if gain < WORTH and high < 2 * WORTH else "unclear"
