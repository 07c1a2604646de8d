"""How far probabilities can be believed, and whether classes that were never learned are noticed.

python -m benchmarks.sureness --source clothing.zip --seeds 3 [--strange cifar10-sample.zip]

The first table: temperature scaling, measured on the test split. On a few hundred test pictures the calibration error
(ECE) of perfect probabilities is not 0 either: "by chance" is what it would be, on average and once in twenty times. A
probe is also measured on `--splits` random splits of the pictures outside the test split: as it is, with a penalty so
weak that it learns by heart, and with a quarter of the training and validation pictures.

The second table: every pair of classes is left out of training in turn, and the detector has to tell their test
pictures from those of the other classes; "likeliest class alone" is the usual stand-in, the largest probability of a
probe trained on the same classes. With `--strange`, up to 200 pictures of another source are to be told apart as well.
"""

import itertools
import tempfile

import numpy as np

from benchmarks.common import arguments, bring_in, row, train, workspace_in

# A penalty a tenth of what cross-validation chooses on clothing.
WEAK = 0.0005


def main() -> None:
    options = arguments(
        __doc__,
        source="example:digits",
        backbone="sprout",
        seed=0,
        seeds=1,
        workspace="",
        strange="",
        recipes="instant",
        splits=8,
    )
    with tempfile.TemporaryDirectory() as temporary:
        workspace = workspace_in(options.workspace or temporary)
        items = bring_in(options.source, workspace)
        losses = "log loss before", "log loss after"
        row("recipe", "seed", "temperature", "ECE before", "ECE after", "by chance", "at most", *losses, "accuracy")
        row(*["---"] * 10)
        for seed in range(options.seed, options.seed + options.seeds):
            for name in options.recipes.split("+"):
                _calibration(name, seed, train(workspace, items, name=name, backbone=options.backbone, seed=seed))
        _random_splits(workspace, items, options.backbone, options.splits)
        strange = bring_in(options.strange, workspace)[:200] if options.strange else []
        _unknown(workspace, items, strange, options.backbone)


def _calibration(name: str, seed: int, evaluation: dict) -> None:
    found = evaluation["calibration"]
    before, after = found["before"], found["after"]
    losses = before["log_loss"], after["log_loss"]
    chance = after["by_chance"]["usual"], after["by_chance"]["high"]
    title = f"{name}, kept: {evaluation['chosen']}"
    row(title, seed, found["temperature"], before["error"], after["error"], *chance, *losses, evaluation["accuracy"])


def _random_splits(workspace, items, backbone: str, splits: int) -> None:
    """Print the means over random splits of a probe, of one with a weak penalty and of one with few pictures."""
    x, y, split = features(workspace, items, backbone)
    sizes = [int((split == part).sum()) for part in ("test", "validation", "train")]
    x, y = x[split != "test"], y[split != "test"]
    few = [sizes[0], *(size // 4 for size in sizes[1:])]
    for title, count, options in (
        ("probe", sizes, {}),
        ("probe, weak penalty", sizes, {"l2": WEAK}),
        ("probe, a quarter of the pictures", few, {}),
    ):
        rows = np.array([_one_split(x, y, count, options, seed) for seed in range(splits)])
        lower = int((rows[:, 2] < rows[:, 1]).sum())
        row(f"{title}, smaller error in {lower} of {splits}", "mean", *map(float, rows.mean(axis=0)))


def _one_split(x, y, sizes: list[int], options: dict, seed: int) -> list[float]:
    from engine.evaluation.metrics import calibration
    from engine.training.heads import linear_probe
    from engine.training.objectives.scores import log_loss
    from engine.training.recipe import Recipe

    order = np.random.default_rng(seed).permutation(len(y))
    test, choose, learn = np.split(order[: sum(sizes)], np.cumsum(sizes[:2]))
    fitted = linear_probe.fit(x[learn], y[learn], y.max() + 1, Recipe.from_dict(options))
    on_choose = fitted.head.probabilities(x[choose])
    temperature = calibration.fit_temperature(y[choose], on_choose, fitted.held_out)
    before = fitted.head.probabilities(x[test])
    after = calibration.tempered(before, temperature)
    errors = [calibration.calibration_error(y[test], each) for each in (before, after)]
    losses = [log_loss(y[test], each) for each in (before, after)]
    right = (after.argmax(axis=1) == y[test]).mean()
    return [temperature, *errors, *calibration.by_chance(after).values(), *losses, right]


def _unknown(workspace, items, strange, backbone: str) -> None:
    x, y, split = features(workspace, items, backbone)
    others = features(workspace, strange, backbone)[0] if strange else np.empty((0, x.shape[1]))
    pairs = itertools.combinations(range(y.max() + 1), 2)
    rows = np.array([_left_out(x, y, split, np.array(pair), others) for pair in pairs])
    row("told apart (AUROC)", "mean", "smallest", "largest")
    row(*["---"] * 4)
    for place, title in enumerate(("classes left out, detector", "classes left out, likeliest class alone")):
        row(title, rows[:, place].mean(), rows[:, place].min(), rows[:, place].max())
    if strange:
        row("other pictures, detector", rows[:, 2].mean(), rows[:, 2].min(), rows[:, 2].max())
        row("other pictures, likeliest class alone", rows[:, 3].mean(), rows[:, 3].min(), rows[:, 3].max())
    row("false refusals of known classes", rows[:, 4].mean(), rows[:, 4].min(), rows[:, 4].max())


def _left_out(x, y, split, out, others) -> tuple[float, ...]:
    from engine.evaluation.reliability import out_of_distribution
    from engine.training.heads import linear_probe
    from engine.training.recipe import Recipe

    known = ~np.isin(y, out)
    learn, choose, test = (known & (split == part) for part in ("train", "validation", "test"))
    detector = out_of_distribution.fit(x[learn], y[learn], x[choose])
    own = np.unique(y[learn], return_inverse=True)[1]
    head = linear_probe.fit(x[learn], own, own.max() + 1, Recipe.from_dict({"l2": 0.005})).head
    scores = (detector.scores, lambda features: -head.probabilities(features).max(axis=1))
    strange = x[(split == "test") & ~known]
    told = [out_of_distribution.auroc(score(x[test]), score(strange)) for score in scores]
    far = [out_of_distribution.auroc(score(x[test]), score(others)) if len(others) else np.nan for score in scores]
    return *told, *far, float(detector.refuses(x[test]).mean())


def features(workspace, items, backbone: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return features (N, D), classes (N,) and part of every picture."""
    from engine.training.features import embed
    from engine.training.inputs.pixels import Pixels, choose_fit
    from engine.training.recipe import Recipe

    recipe = Recipe.from_dict({"name": "instant", "backbone": backbone})
    keys = [item.sha256 for item in items]
    pixels = Pixels(workspace, recipe.size, choose_fit(workspace, recipe.fit, keys))
    cache = embed.embed(workspace, backbone, pixels, keys, lambda _done, _total: None)
    labels = sorted({item.label for item in items})
    y = np.array([labels.index(item.label) for item in items])
    return cache.read(keys), y, np.array([item.split for item in items])


if __name__ == "__main__":
    main()
