"""MNIST, all of it, through Graft's own path: the whole of Sprout fine-tuned on 60,000 digits, tested on 10,000.

python -m benchmarks.mnist --source mnist.npz

Of the published training pictures 5,000 serve for validation (seeded); the published test pictures are looked at once.
Seconds by the clock and of all cores, from pictures on disk to the evaluated model.
"""

import hashlib
import io
import tempfile
import time
from dataclasses import replace

import numpy as np
from PIL import Image

from benchmarks.common import arguments, row, train, workspace_in
from engine.storage.registry import Item
from engine.storage.workspace import Workspace

VALIDATION = 5000
SEED = 0


def main() -> None:
    options = arguments(
        __doc__,
        source="mnist.npz",
        workspace="",
        train=60_000,
        epochs=7,
        rate=1.5e-3,
        batch=128,
        size=48,
        augmentation="crop,rotate",
    )
    with tempfile.TemporaryDirectory() as temporary:
        workspace = workspace_in(options.workspace or temporary)
        items = bring_in(options.source, workspace, options.train)
        began = time.perf_counter(), time.process_time()
        evaluation = train(workspace, items, **_recipe(options))
        _show(evaluation, time.perf_counter() - began[0], time.process_time() - began[1])


def _recipe(options) -> dict:
    return {
        "name": "balanced",
        "image_size": options.size,
        "fit": "stretch",
        "freeze_depth": 0.0,
        "epochs": options.epochs,
        "learning_rate": options.rate,
        "batch_size": options.batch,
        "augmentation": tuple(name for name in options.augmentation.split(",") if name),
        "seed": SEED,
    }


def _show(evaluation: dict, seconds: float, of_a_processor: float) -> None:
    low, high = evaluation["accuracy_interval"]
    row("test", "95 % interval", "validation", "probe, test", "chosen", "seconds", "of a processor")
    row(*["---"] * 7)
    scores = evaluation["accuracy"], evaluation["validation_accuracy"], evaluation["probe"]["test_accuracy"]
    test, validation, probe = (f"{score:.4f}" for score in scores)
    row(
        test,
        f"{low:.4f}-{high:.4f}",
        validation,
        probe,
        evaluation["chosen"],
        f"{seconds:.0f}",
        f"{of_a_processor:.0f}",
    )


def bring_in(source: str, workspace: Workspace, count: int) -> list[Item]:
    """Store the digits as PNG originals; return their items."""
    arrays = np.load(source)
    order = np.random.default_rng(SEED).permutation(len(arrays["x_train"]))[:count]
    held_out = max(1, count * VALIDATION // 60_000)
    items = _items(workspace, arrays["x_train"][order[held_out:]], arrays["y_train"][order[held_out:]], "train")
    items += _items(workspace, arrays["x_train"][order[:held_out]], arrays["y_train"][order[:held_out]], "validation")
    items += _items(workspace, arrays["x_test"], arrays["y_test"], "test")
    return [replace(item, id=number) for number, item in enumerate(items, 1)]


def _items(workspace: Workspace, pictures: np.ndarray, labels: np.ndarray, split: str) -> list[Item]:
    return [
        Item(_store(workspace, picture), f"{split}/{label}/{number}.png", str(label), split=split, id=number)
        for number, (picture, label) in enumerate(zip(pictures, labels, strict=True))
    ]


def _store(workspace: Workspace, picture: np.ndarray) -> str:
    sink = io.BytesIO()
    Image.fromarray(picture).save(sink, "PNG")
    sha256 = hashlib.sha256(sink.getvalue()).hexdigest()
    path = workspace.blob_path(sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sink.getvalue())
    return sha256


if __name__ == "__main__":
    main()
