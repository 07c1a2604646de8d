"""Time from files to an evaluated model, against Keras' own transfer-learning guide in the same run.

python -m benchmarks.against_keras --source cifar10-sample.zip

Same files, network and resolution, frameworks loaded for both. The ordinary way: `image_dataset_from_directory`,
frozen network, global average pooling, one dense layer, Adam at 1e-3, 10 epochs, then `evaluate` on the test pictures.
Graft's way ends with the saved, evaluated model; its import (originals, thumbnails, fingerprints) is told apart.
"""

import shutil
import tempfile
from pathlib import Path

from benchmarks.common import Watch, arguments, bring_in, row, train, verdict, workspace_in
from engine.backbones.build import build, frozen_with

TARGET, LOSS = 12, 0.005


def main() -> None:
    options = arguments(
        __doc__, source="example:digits", backbone="sprout", size=96, train=1000, test=500, epochs=10, repeats=1
    )
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_folders(folder, options)
        warm_up(options)
        row("way", "seconds", "of a processor", "times as fast", "of a processor", "test accuracy", "best epoch")
        row(*["---"] * 7)
        for number in range(options.repeats):
            _round(folder, options, number)


def write_folders(folder: Path, options) -> None:
    """Write folder/pictures/train|test/class/file: as many pictures as asked for, the first by content hash."""
    workspace = workspace_in(folder / "source")
    parts = {"train": [], "test": []}
    for item in sorted(bring_in(options.source, workspace), key=lambda item: (item.sha256, item.label)):
        parts["test" if item.split == "test" else "train"].append(item)
    for part, count in (("train", options.train), ("test", options.test)):
        for item in parts[part][:count]:
            target = folder / "pictures" / part / item.label / f"{item.id}{Path(item.name).suffix}"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(workspace.blob_path(item.sha256), target)


def warm_up(options) -> None:
    """Import the frameworks and build the network once, so that neither way pays for it."""
    from engine.worker import training_run  # noqa: F401  brings in everything a run uses

    build(options.backbone, options.size)


def _round(folder: Path, options, number: int) -> None:
    """Time every way once, in turn, and print a row for each."""
    first, importing = _graft(folder, options, f"first-{number}")
    theirs = keras_guide(folder / "pictures", options)
    know_network(folder / f"first-{number}", folder / f"known-{number}")
    known, _importing = _graft(folder, options, f"known-{number}")
    row(f"Keras guide, {options.epochs} epochs", *theirs[:2], 1.0, 1.0, *theirs[2:])
    _show("Graft, first use of the network on this machine", first, theirs)
    _show("Graft, network used before", known, theirs)
    with_import = (known[0] + importing[0], known[1] + importing[1], known[2])
    _show("the same with the import", with_import, theirs)
    kept = known[2] >= theirs[3] - LOSS
    name = f"Files to evaluated model, {options.backbone}, {options.size} px, times as fast as Keras' guide"
    verdict(name, f"at least {TARGET}, accuracy kept", theirs[0] / known[0], theirs[0] / known[0] >= TARGET and kept)


def _show(name: str, ours: tuple, theirs: tuple) -> None:
    row(name, *ours[:2], f"{theirs[0] / ours[0]:.1f}", f"{theirs[1] / ours[1]:.1f}", ours[2], "")


def _graft(folder: Path, options, name: str) -> tuple[tuple, tuple]:
    """Return (seconds, seconds of a processor, test accuracy) of training and evaluating, and the first two of import.

    The network is built and prepared within the time.
    """
    workspace = workspace_in(folder / name)
    importing = Watch()
    items = bring_in(str(folder / "pictures"), workspace)
    importing = importing.spent()
    frozen_with.cache_clear()
    watch = Watch()
    evaluation = train(workspace, items, backbone=options.backbone, image_size=options.size, fit="stretch")
    return (*watch.spent(), evaluation["accuracy"]), importing


def know_network(source: Path, target: Path) -> None:
    """Leave a workspace as it is once somebody has looked at the network on the Model page: converted, with a pace."""
    for name in ("litert", "forward.json", "speed.json"):
        path, copy = workspace_in(source).caches / name, workspace_in(target).caches / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.copytree(path, copy)
        elif path.exists():
            shutil.copy(path, copy)


def keras_guide(folder: Path, options) -> tuple[float, float, float, float]:
    """Return (seconds, seconds of a processor, test accuracy at the end, that of the best epoch)."""
    import keras

    keras.utils.set_random_seed(0)
    watch = Watch()
    read = {"image_size": (options.size, options.size), "batch_size": 32, "verbose": False}
    train_set = keras.utils.image_dataset_from_directory(folder / "train", **read)
    test_set = keras.utils.image_dataset_from_directory(folder / "test", shuffle=False, **read)
    base = build(options.backbone, options.size)
    base.trainable = False
    outputs = keras.layers.Dense(len(train_set.class_names), "softmax")(base(base.input, training=False))
    model = keras.Model(base.input, outputs)
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    looks = Looks(model, test_set)
    model.fit(train_set, epochs=options.epochs, verbose=0, callbacks=[keras.callbacks.LambdaCallback(**looks.hooks)])
    # The last epoch's look at the test pictures is the guide's `evaluate`; the earlier ones are not its own.
    spent = (all_of_it - looks_of_ours for all_of_it, looks_of_ours in zip(watch.spent(), looks.seconds, strict=True))
    return *spent, looks.accuracies[-1], max(looks.accuracies)


class Looks:
    """Test accuracy after every epoch; what the looks before the last one cost is not held against Keras."""

    def __init__(self, model, test_set):
        self.accuracies: list[float] = []
        self.seconds = (0.0, 0.0)
        self._last = (0.0, 0.0)
        self.hooks = {"on_epoch_end": lambda epoch, logs: self._look(model, test_set)}

    @property
    def all_seconds(self) -> tuple[float, float]:
        """Seconds and processor time of every look, the last one included."""
        return tuple(total + last for total, last in zip(self.seconds, self._last, strict=True))

    def _look(self, model, test_set) -> None:
        self.seconds = self.all_seconds
        watch = Watch()
        self.accuracies.append(float(model.evaluate(test_set, verbose=0)[1]))
        self._last = watch.spent()


if __name__ == "__main__":
    main()
