"""The model as Keras keeps it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.sharing.formats.format import Format, Material


def _write(material: Material, target: Path) -> None:
    from engine.training.fine_tuning import classifier

    classifier.save(material.model, target)


def _open(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    from engine.training.fine_tuning import classifier

    model = classifier.load(path)
    return lambda pixels: np.asarray(model.predict_on_batch(pixels), np.float32)


KERAS = Format(
    key="keras",
    title="Keras",
    about="For Python with Keras 3: it can be trained on.",
    file="model.keras",
    packages=("keras", "tensorflow", "numpy", "pillow"),
    write=_write,
    open=_open,
)
