"""Time from files to an evaluated model, against Keras' own transfer-learning guide in the same run.

python -m benchmarks.against_keras --source cifar10-sample.zip

Same pictures, network and resolution. The ordinary way: `image_dataset_from_directory`, frozen network, global average
pooling, one dense layer, Adam at 1e-3, 10 epochs, then `evaluate` on the test pictures.
"""

import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.common import arguments, bring_in, row, train, workspace_in


def main() -> None:
    options = arguments(
        __doc__, source="example:digits", backbone="sprout", size=96, train=1000, test=500, epochs=10, repeats=1
    )
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        items = _sample(bring_in(options.source, workspace_in(folder / "source")), options)
        _write_folders(workspace_in(folder / "source"), items, folder / "pictures")
        _warm_up(options)
        row("way", "seconds", "test accuracy")
        row(*["---"] * 3)
        for number in range(options.repeats):
            ours, our_accuracy = _graft(folder, items, options, number)
            row("Graft, instant", ours, our_accuracy)
            theirs, their_accuracy = _keras(folder / "pictures", options)
            row(f"Keras guide, {options.epochs} epochs", theirs, their_accuracy)
            row("ratio", theirs / ours, "")
            again, _accuracy = _graft(folder, items, options, number)
            row("Graft, the same again", again, our_accuracy)


def _graft(folder: Path, items, options, number: int) -> tuple[float, float]:
    workspace = workspace_in(folder / f"workspace-{number}")
    if not any(workspace.blobs.iterdir()):
        shutil.copytree(workspace_in(folder / "source").blobs, workspace.blobs, dirs_exist_ok=True)
    began = time.perf_counter()
    evaluation = train(workspace, items, backbone=options.backbone, image_size=options.size, fit="stretch")
    return time.perf_counter() - began, evaluation["accuracy"]


def _keras(folder: Path, options) -> tuple[float, float]:
    import keras

    from engine.backbones.build import build

    keras.utils.set_random_seed(0)
    began = time.perf_counter()
    read = {"image_size": (options.size, options.size), "batch_size": 32, "verbose": False}
    train_set = keras.utils.image_dataset_from_directory(folder / "train", **read)
    test_set = keras.utils.image_dataset_from_directory(folder / "test", shuffle=False, **read)
    base = build(options.backbone, options.size)
    base.trainable = False
    outputs = keras.layers.Dense(len(train_set.class_names), "softmax")(base(base.input, training=False))
    model = keras.Model(base.input, outputs)
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(train_set, epochs=options.epochs, verbose=0)
    accuracy = model.evaluate(test_set, verbose=0)[1]
    return time.perf_counter() - began, float(accuracy)


def _sample(items, options) -> list:
    """Return so many training and test pictures, classes alternating; a tenth of the former serves for validation."""
    parts = {"train": [], "test": []}
    for item in sorted(items, key=lambda item: (item.sha256, item.label)):
        parts["test" if item.split == "test" else "train"].append(item)
    train_items = parts["train"][: options.train]
    marked = [replace(item, split="validation" if n % 10 == 9 else "train") for n, item in enumerate(train_items)]
    return marked + parts["test"][: options.test]


def _write_folders(workspace, items, folder: Path) -> None:
    """Write train|test/class/file; the ordinary way trains on our validation pictures too."""
    for item in items:
        part = "test" if item.split == "test" else "train"
        target = folder / part / item.label / f"{item.id}{Path(item.name).suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(workspace.blob_path(item.sha256), target)


def _warm_up(options) -> None:
    """Import the frameworks and build the network once, so that neither way pays for it."""
    from engine import training_run  # noqa: F401  brings in everything a run uses
    from engine.backbones.build import build

    build(options.backbone, options.size)


if __name__ == "__main__":
    main()
