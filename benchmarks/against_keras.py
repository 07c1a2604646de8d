"""Time from files to an evaluated model, against Keras' own transfer-learning guide in the same run.

python -m benchmarks.against_keras --source cifar10-sample.zip

Same pictures, network and resolution, frameworks loaded for both. The ordinary way: `image_dataset_from_directory`,
frozen network, global average pooling, one dense layer, Adam at 1e-3, 10 epochs, then `evaluate` on the test pictures.
"""

import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.common import arguments, bring_in, row, train, workspace_in
from engine.backbones.build import build, frozen


def main() -> None:
    options = arguments(
        __doc__, source="example:digits", backbone="sprout", size=96, train=1000, test=500, epochs=10, repeats=1
    )
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        items = _sample(bring_in(options.source, workspace_in(folder / "source")), options)
        _write_folders(workspace_in(folder / "source"), items, folder / "pictures")
        _warm_up(options)
        row("way", "seconds", "of a processor", "times as fast", "test accuracy", "best epoch")
        row(*["---"] * 6)
        for number in range(options.repeats):
            _round(folder, items, options, number)


def _round(folder: Path, items, options, number: int) -> None:
    """Time every way once, in turn, and print a row for each."""
    first = _graft(folder, items, options, f"first-{number}")
    theirs = _keras(folder / "pictures", options)
    _know_network(folder, f"first-{number}", f"known-{number}")
    known = _graft(folder, items, options, f"known-{number}")
    again = _graft(folder, items, options, f"known-{number}")
    row(f"Keras guide, {options.epochs} epochs", *theirs[:2], 1.0, *theirs[2:])
    for name, ours in (
        ("Graft, its first use of the network on this machine", first),
        ("Graft, network used before", known),
        ("Graft, features cached", again),
    ):
        row(name, *ours[:2], f"{theirs[0] / ours[0]:.1f}", ours[2], "")


def _graft(folder: Path, items, options, name: str) -> tuple[float, float, float]:
    """Return (seconds, seconds of a processor, test accuracy) from originals to the evaluated, saved model."""
    workspace = workspace_in(folder / name)
    if not any(workspace.blobs.iterdir()):
        shutil.copytree(workspace_in(folder / "source").blobs, workspace.blobs, dirs_exist_ok=True)
    frozen.cache_clear()
    began = time.perf_counter(), time.process_time()
    evaluation = train(workspace, items, backbone=options.backbone, image_size=options.size, fit="stretch")
    return time.perf_counter() - began[0], time.process_time() - began[1], evaluation["accuracy"]


def _know_network(folder: Path, source: str, target: str) -> None:
    """Leave a workspace as it is once somebody has looked at the network on the Model page: converted."""
    for name in ("litert", "forward.json", "speed.json"):
        path = workspace_in(folder / source).caches / name
        if path.is_dir():
            shutil.copytree(path, workspace_in(folder / target).caches / name)
        elif path.exists():
            shutil.copy(path, workspace_in(folder / target).caches / name)


def _keras(folder: Path, options) -> tuple[float, float, float, float]:
    """Return (seconds, seconds of a processor, test accuracy at the end, that of the best epoch)."""
    import keras

    keras.utils.set_random_seed(0)
    began = time.perf_counter(), time.process_time()
    read = {"image_size": (options.size, options.size), "batch_size": 32, "verbose": False}
    train_set = keras.utils.image_dataset_from_directory(folder / "train", **read)
    test_set = keras.utils.image_dataset_from_directory(folder / "test", shuffle=False, **read)
    base = build(options.backbone, options.size)
    base.trainable = False
    outputs = keras.layers.Dense(len(train_set.class_names), "softmax")(base(base.input, training=False))
    model = keras.Model(base.input, outputs)
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    watch = _Watch(model, test_set)
    model.fit(train_set, epochs=options.epochs, verbose=0, callbacks=[keras.callbacks.LambdaCallback(**watch.hooks)])
    # The last epoch's look at the test pictures is the guide's `evaluate`; the earlier ones are not its own.
    spent = time.perf_counter() - began[0] - watch.seconds[0], time.process_time() - began[1] - watch.seconds[1]
    return *spent, watch.accuracies[-1], max(watch.accuracies)


class _Watch:
    """Test accuracy after every epoch; what the looks before the last one cost is not held against Keras."""

    def __init__(self, model, test_set):
        self.accuracies: list[float] = []
        self.seconds = (0.0, 0.0)
        self._last = (0.0, 0.0)
        self.hooks = {"on_epoch_end": lambda epoch, logs: self._look(model, test_set)}

    def _look(self, model, test_set) -> None:
        self.seconds = tuple(total + last for total, last in zip(self.seconds, self._last, strict=True))
        began = time.perf_counter(), time.process_time()
        self.accuracies.append(float(model.evaluate(test_set, verbose=0)[1]))
        self._last = time.perf_counter() - began[0], time.process_time() - began[1]


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

    build(options.backbone, options.size)


if __name__ == "__main__":
    main()
