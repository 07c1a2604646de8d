"""Which estimate of the calibration error is to be believed, where the truth is known.

python -m benchmarks.calibration_errors --source clothing.zip [--draws 400]

The confidences are those of a probe on pictures it had not seen (the source's own test split has no part in it); how
often answers of a confidence are right is made up: sharpened or softened by a temperature and shifted, so that the true
error is known. From 100 to 1,500 answers are drawn, "before" and "after" half of that was mended. Told for every
estimate: its mean and root-mean-square distance from the truth, and how often it says rightly whether the error fell.
"""

import tempfile

import numpy as np

from benchmarks.common import arguments, bring_in, row, workspace_in
from benchmarks.sureness import features

SIZES = (100, 372, 1500)
BINS = 15
# A fall or rise smaller than this is nothing to be right about.
SAME = 0.003


def main() -> None:
    from engine.evaluation.metrics import calibration

    options = arguments(__doc__, source="example:digits", backbone="sprout", draws=400, workspace="")
    estimates = {
        "15 bins of equal width": _bins_of_equal_width,
        "ECE-sweep": _sweep,
        "SmoothECE": calibration.smooth_error,
    }
    with tempfile.TemporaryDirectory() as temporary:
        workspace = workspace_in(options.workspace or temporary)
        confidences = _confidences(workspace, bring_in(options.source, workspace), options.backbone)
    row("estimate", "answers", "mean distance", "root mean square", "rightly told")
    row(*["---"] * 5)
    for answers in SIZES:
        rng = np.random.default_rng(0)
        drawn = [_draw(confidences, answers, rng) for _draw_number in range(options.draws)]
        for title, estimate in estimates.items():
            row(title, answers, *_judged(estimate, drawn))


def _confidences(workspace, items, backbone: str) -> np.ndarray:
    """Return how sure a probe of half the pictures is of each of the others."""
    from engine.training.heads import linear_probe
    from engine.training.recipe import Recipe

    x, y, split = features(workspace, items, backbone)
    x, y = x[split != "test"], y[split != "test"]
    learn, others = np.array_split(np.random.default_rng(1).permutation(len(y)), 2)
    fitted = linear_probe.fit(x[learn], y[learn], y.max() + 1, Recipe())
    return fitted.head.probabilities(x[others]).max(axis=1).astype(float).clip(1e-4, 1 - 1e-4)


def _draw(confidences: np.ndarray, answers: int, rng) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """Return (confidence, right, true error) before and after a temperature that is about right."""
    temperature, shift = np.exp(rng.normal(0, 0.25)), rng.normal(0, 0.15)
    fitted = temperature * np.exp(rng.normal(0, 0.06))
    truth = _sigmoid(_logit(confidences) * temperature + shift)
    places = rng.choice(len(confidences), answers)
    right = rng.random(answers) < truth[places]
    both = confidences, _sigmoid(_logit(confidences) * fitted)
    return [(said[places], right, float(np.abs(truth - said).mean())) for said in both]


def _judged(estimate, drawn) -> tuple[float, float, float]:
    found = np.array([[estimate(said, right) for said, right, _truth in pair] for pair in drawn])
    truth = np.array([[true for _said, _right, true in pair] for pair in drawn])
    off = found - truth
    fell, falls = np.diff(found)[:, 0] < 0, np.diff(truth)[:, 0]
    told = (fell == (falls < 0))[np.abs(falls) > SAME]
    return float(off.mean()), float(np.sqrt(np.square(off).mean())), float(told.mean())


def _bins_of_equal_width(said: np.ndarray, right: np.ndarray) -> float:
    """Guo et al. 2017, "On Calibration of Modern Neural Networks"."""
    place = np.minimum((said * BINS).astype(int), BINS - 1)
    return float(np.abs(np.bincount(place, said - right)).sum() / len(said))


def _sweep(said: np.ndarray, right: np.ndarray) -> float:
    """As many bins as keep accuracy rising (Roelofs et al. 2022, "Mitigating Bias in Calibration Error Estimation")."""
    order = np.argsort(said, kind="stable")
    sums = np.concatenate([[0], np.cumsum(right[order])])
    gaps = np.concatenate([[0], np.cumsum((said - right)[order])])
    edges = np.array([0, len(said)])
    for bins in range(2, len(said) + 1):
        finer = np.linspace(0, len(said), bins + 1).astype(int)
        if (np.diff(np.diff(sums[finer]) / np.diff(finer)) < 0).any():
            break
        edges = finer
    return float(np.abs(np.diff(gaps[edges])).sum() / len(said))


def _logit(share: np.ndarray) -> np.ndarray:
    return np.log(share / (1 - share))


def _sigmoid(logit: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logit))


if __name__ == "__main__":
    main()
