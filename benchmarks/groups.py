"""How often the interval holds the truth and "more than chance" is a false alarm, where pictures come in groups.

python -m benchmarks.groups [--draws 300]

The truth is known because it is made up: how well a model does in each group of 40 pictures is drawn, then each answer.
Between groups the accuracy spreads by so many points (Beta), or one group in ten fails. For the false alarms two models
are equally good on average and differ from group to group.
"""

import numpy as np

from benchmarks.common import arguments, row

NUMBERS = (3, 4, 6, 8, 12)
PICTURES = 40


def main() -> None:
    options = arguments(__doc__, draws=300)
    row("accuracy between groups", "interval", *(f"{number} groups" for number in NUMBERS))
    row(*["---"] * (2 + len(NUMBERS)))
    for mean, spread in ((0.85, 0.05), (0.85, 0.1), (0.95, 0.05), (0.7, 0.15)):
        told = f"{mean:.0%} ± {spread:.0%}"
        _table(told, mean, options.draws, lambda rng, n, m=mean, s=spread: _beta(rng, m, s, n))
    _table("95 %, one in ten 50 %", 0.905, options.draws, lambda rng, n: np.where(rng.random(n) < 0.1, 0.5, 0.95))
    print()
    row("points between groups", "test", *(f"{number} groups" for number in NUMBERS))
    row(*["---"] * (2 + len(NUMBERS)))
    for spread in (0.0, 0.05, 0.1):
        alarms = np.array([_false_alarms(number, spread, options.draws) for number in NUMBERS])
        row(f"{100 * spread:.0f}", "McNemar", *map(float, alarms[:, 0]))
        row(f"{100 * spread:.0f}", "sign flips of groups", *map(float, alarms[:, 1]))


def _beta(rng, mean: float, spread: float, number: int) -> np.ndarray:
    size = mean * (1 - mean) / spread**2 - 1
    return rng.beta(mean * size, (1 - mean) * size, number)


def _table(told: str, truth: float, draws: int, shares) -> None:
    held = np.array([_coverage(truth, number, draws, shares) for number in NUMBERS])
    row(told, "Wilson, pictures", *map(float, held[:, 0]))
    row(told, "by groups", *map(float, held[:, 1]))


def _coverage(truth: float, number: int, draws: int, shares) -> np.ndarray:
    from engine.evaluation.metrics import group_interval
    from engine.evaluation.metrics.intervals import wilson_interval

    rng, held = np.random.default_rng(number), np.zeros(2)
    groups, each = np.repeat(np.arange(number), PICTURES), np.arange(number * PICTURES)
    for _draw in range(draws):
        right = rng.random(len(groups)) < shares(rng, number)[groups]
        both = wilson_interval(int(right.sum()), len(right)), group_interval.interval(right, groups, each)
        held += [low <= truth <= high for low, high in both]
    return held / draws


def _false_alarms(number: int, spread: float, draws: int) -> np.ndarray:
    from engine.evaluation import compare
    from engine.evaluation.metrics import sign_flips

    rng, alarms = np.random.default_rng(number), np.zeros(2)
    for _draw in range(draws):
        apart = rng.normal(0, spread / 2, number)
        old, new = (rng.random((PICTURES, number)) < np.clip(0.85 + sign * apart, 0, 1) for sign in (-1, 1))
        won, lost = (new & ~old).sum(axis=0), (old & ~new).sum(axis=0)
        p = compare.mcnemar(int(won.sum()), int(lost.sum())), sign_flips.p_value((won - lost).tolist())
        alarms += [one < compare.CHANCE for one in p]
    return alarms / draws


if __name__ == "__main__":
    main()
