"""Fine-tuning behind the cached cut, against the same layers trained in the whole graph, and against Keras' guide.

python -m benchmarks.fine_tune --source cifar10-sample.zip

First the steps alone: batches of the same pictures, the same layers trainable, the two ways in turn. Then accuracy:
Graft's balanced recipe from files to the evaluated model, and the guide's two stages (frozen base, then everything
with Adam at 1e-5) for as long as Graft took, by the clock and by processor time, whichever is longer.
"""

import statistics
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.against_keras import Looks, know_network, warm_up, write_folders
from benchmarks.common import Watch, arguments, bring_in, row, train, verdict, workspace_in
from engine.backbones import cuts, forward
from engine.backbones.build import build
from engine.training.fine_tuning import classifier as classifiers
from engine.training.fine_tuning import fine_tune
from engine.training.fine_tuning.optimizer import make_optimizer
from engine.training.heads.head import Head
from engine.training.objectives.single_label import SingleLabel
from engine.training.recipe import Recipe

TARGET, CLASSES = 5, 10


def main() -> None:
    options = arguments(
        __doc__,
        source="example:digits",
        backbone="sprout",
        size=96,
        train=1000,
        test=500,
        batches=4,
        rounds=6,
        frozen=3,
    )
    warm_up(options)
    steps(options)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_folders(folder, options)
        accuracy(folder, options)


def steps(options) -> None:
    """Print what an epoch of so many training pictures takes each way."""
    recipe = Recipe.from_dict({"name": "balanced", "backbone": options.backbone, "image_size": options.size})
    behind, whole, computing = _ways(recipe, options.batches)
    behind(), whole(), computing()
    taken = [[_spent(way) for way in (behind, whole, computing)] for _round in range(options.rounds)]
    epochs = options.train / (options.batches * recipe.batch_size)
    row("an epoch of the pictures", "seconds", "of a processor")
    row(*["---"] * 3)
    for number, name in enumerate(
        ("behind the cached cut", "the whole graph", "computing the activations, once a view")
    ):
        row(name, *(epochs * statistics.median(own[number][kind] for own in taken) for kind in (0, 1)))
    ratios = [statistics.median(own[1][kind] / own[0][kind] for own in taken) for kind in (0, 1)]
    row("times as fast, by the clock and of a processor", *ratios)
    verdict(
        f"Fine-tuning epoch, {options.backbone}, {options.size} px, times as fast as in the whole graph",
        f"at least {TARGET}",
        ratios[0],
        ratios[0] >= TARGET,
    )


def _ways(recipe: Recipe, batches: int) -> tuple:
    """Return functions that train behind the cut, train the same layers in the whole graph, compute activations."""
    shape = (batches, recipe.batch_size, recipe.size, recipe.size, 3)
    pictures = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    classifier, cut = _classifier(recipe)
    base = cuts.base_of(classifier, cut)
    with tempfile.TemporaryDirectory() as folder:
        lower = forward.open_model(workspace_in(folder), "lower", lambda: base)
    activations = [lower(batch).astype(np.float16) for batch in pictures]
    behind = _stepper(cuts.rest_of(classifier, cut, classifiers.LOGITS), recipe)
    other, cut = _classifier(recipe)
    cuts.base_of(other, cut).trainable = False
    whole = _stepper(_to_logits(other), recipe)
    return (
        lambda: [behind(batch) for batch in activations],
        lambda: [whole(batch) for batch in pictures],
        lambda: [lower(batch) for batch in pictures],
    )


def _classifier(recipe: Recipe) -> tuple:
    backbone = build(recipe.backbone, recipe.size)
    width = backbone.output.shape[-1]
    layers = ((np.zeros((width, CLASSES), np.float32), np.zeros(CLASSES, np.float32)),)
    head = Head(layers, np.zeros(width, np.float32), np.ones(width, np.float32))
    return classifiers.learning(backbone, head), cuts.choose(backbone, recipe.freeze_depth)


def _to_logits(classifier):
    import keras

    return keras.Model(classifier.inputs[0], classifier.get_layer(classifiers.LOGITS).output)


def _stepper(part, recipe: Recipe):
    objective = SingleLabel(CLASSES)
    fine_tune.prepare(part, make_optimizer(recipe, recipe.learning_rate, 100), objective)
    y = objective.targets(np.arange(recipe.batch_size) % CLASSES)
    weights = np.ones(recipe.batch_size, np.float32)
    return lambda batch: part.train_on_batch(batch.astype(np.float32), y, sample_weight=weights)


def accuracy(folder: Path, options) -> None:
    """Print the test accuracy of both ways after the same time."""
    workspace = workspace_in(folder / "graft")
    items = bring_in(str(folder / "pictures"), workspace)
    recipe = {"backbone": options.backbone, "image_size": options.size, "fit": "stretch"}
    train(workspace, items[:: max(1, len(items) // 100)], **recipe)  # the network is known, the pictures are not
    workspace = workspace_in(folder / "timed")
    know_network(folder / "graft", folder / "timed")
    items = bring_in(str(folder / "pictures"), workspace)
    watch = Watch()
    evaluation = train(workspace, items, name="balanced", **recipe)
    budget = watch.spent()
    row("way", "seconds", "of a processor", "test accuracy")
    row(*["---"] * 4)
    row(f"Graft, balanced, kept {evaluation['chosen']}", *budget, evaluation["accuracy"])
    best = 0.0
    for name, spent, right in guide(folder / "pictures", options, budget):
        row(name, *spent, right)
        best = max(best, right)
    verdict(
        f"Test accuracy of balanced less the guide's best in the same time, {options.backbone}",
        "above 0",
        evaluation["accuracy"] - best,
        evaluation["accuracy"] > best,
    )


def guide(folder: Path, options, budget: tuple[float, float]):
    """Yield (name, seconds, test accuracy) after every epoch of the guide's two stages, until the time is up."""
    import keras

    keras.utils.set_random_seed(0)
    watch = Watch()
    read = {"image_size": (options.size, options.size), "batch_size": 32, "verbose": False}
    train_set = keras.utils.image_dataset_from_directory(folder / "train", **read)
    test_set = keras.utils.image_dataset_from_directory(folder / "test", shuffle=False, **read)
    base = build(options.backbone, options.size)
    base.trainable = False
    outputs = keras.layers.Dense(len(train_set.class_names), "softmax")(base(base.input, training=False))
    network = keras.Model(base.input, outputs)
    looks = Looks(network, test_set)
    for epoch in range(1, 1000):
        if epoch in (1, options.frozen + 1):
            base.trainable = epoch > 1
            rate = 1e-3 if epoch == 1 else 1e-5
            network.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
        hooks = keras.callbacks.LambdaCallback(**looks.hooks)
        network.fit(train_set, epochs=1, verbose=0, callbacks=[hooks])
        spent = tuple(np.subtract(watch.spent(), looks.all_seconds))
        stage = "frozen base" if epoch <= options.frozen else "everything, 1e-5"
        yield f"guide, epoch {epoch}, {stage}", spent, looks.accuracies[-1]
        if all(own >= limit for own, limit in zip(spent, budget, strict=True)):
            return


def _spent(way) -> tuple[float, float]:
    watch = Watch()
    way()
    return watch.spent()


if __name__ == "__main__":
    main()
