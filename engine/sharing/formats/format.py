"""What every export format says of itself and can do. Nothing heavy is imported before a file is written or opened."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PIXELS, PROBABILITIES = "pixels", "probabilities"  # how input and output are called wherever a format names them


@dataclass(frozen=True)
class Material:
    """What a format is made of.

    model: the Keras model, float pixels (N, S, S, 3) to (N, C), or (N, 1) with one unit. about: what `labels.json` says
    (see `model_labels`). calibration: float32 pixels (M, S, S, 3) of the person's own training pictures.
    """

    model: object
    about: dict
    calibration: np.ndarray


@dataclass(frozen=True)
class Format:
    """One kind of file. `write(material, target)` makes it; `open(path)` returns what answers float32 pixels.

    title and about are English; both are translated where they are shown. file: its name in a pack. packages: what its
    `predict_*.py` needs, by the names on the package index. tolerance: how far its probabilities may differ from the
    stored ones when another machine computes them.
    """

    key: str
    title: str
    about: str
    file: str
    packages: tuple[str, ...]
    write: Callable[[Material, Path], None]
    open: Callable[[Path], Callable[[np.ndarray], np.ndarray]]
    tolerance: float = 1e-3
