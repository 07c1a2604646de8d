"""What a model answered to the held-out pictures, and how that is kept: the same whatever a label says."""

import importlib.metadata
import io
import platform
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet

from engine.storage.workspace import write_atomic
from engine.training.snapshot import Snapshot

VERSIONS = ("keras", "tensorflow", "jax", "numpy", "scikit-learn", "pillow", "ai-edge-litert")
# Sharpness of the nearest-mean baseline's probabilities; it does not change which class is nearest.
TEMPERATURE = 0.05

# Classes and probabilities of training pictures, answered by models like it that had not seen them.
HeldOut = tuple[np.ndarray, np.ndarray] | None


@dataclass(frozen=True)
class Predictions:
    """Probabilities for some rows of a snapshot: the trained model's and those of the network before any training.

    `temperature` is what the model's logits were divided by to calibrate it, learned on the validation pictures and on
    `held_out` training pictures of the probe's cross-validation.
    """

    rows: np.ndarray
    trained: np.ndarray
    before: np.ndarray
    temperature: float = 1.0
    held_out: int = 0


def save(
    path: Path, snapshot: Snapshot, rows: np.ndarray, predicted: list[str], probabilities: np.ndarray, **more: list[str]
) -> None:
    """Write one Parquet row a picture: item, sha256, name, label, group, split, predicted, probabilities, `more`."""
    table = pyarrow.table(
        {
            "item": snapshot.items[rows],
            "sha256": snapshot.sha256[rows].tolist(),
            "name": snapshot.names[rows].tolist(),
            "label": snapshot.labels[rows].tolist(),
            "group": pyarrow.array(snapshot.groups[rows].tolist(), pyarrow.string()),
            "split": snapshot.splits[rows].tolist(),
            "predicted": predicted,
            "probabilities": pyarrow.array(list(probabilities.astype(np.float32)), pyarrow.list_(pyarrow.float32())),
            **more,
        }
    )
    sink = io.BytesIO()
    pyarrow.parquet.write_table(table, sink)
    write_atomic(path, sink.getvalue())


def package_versions() -> dict[str, str]:
    """Return the versions a number was made with."""
    found = {"python": platform.python_version()}
    for package in VERSIONS:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def learned_groups(snapshot: Snapshot) -> set[str]:
    """Return the groups of the training pictures."""
    return {group for group in snapshot.groups[snapshot.rows("train")] if group is not None}


def unit(vectors: np.ndarray) -> np.ndarray:
    """Return vectors (N, D) of length 1."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
