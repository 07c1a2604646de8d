"""Model files as people bring them, good and bad: small networks of Keras, and files that pretend to be one."""

import io
import json
import zipfile
from pathlib import Path

import keras
from keras import layers


def picture_network(side: int | None = 32, channels: int = 3, classes: int = 3, *more) -> keras.Model:
    """Return a small classifier of pictures; `more` are layers between its map and its answer."""
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((side, side, channels)),
            layers.Conv2D(8, 3, strides=2, activation="relu", name="look"),
            layers.BatchNormalization(),
            layers.Conv2D(12, 3, strides=2, activation="relu", name="look_again"),
            *(more or (layers.GlobalAveragePooling2D(), layers.Dropout(0.2, name="dropout"))),
            layers.Dense(classes, activation="softmax", name="logits"),
        ]
    )


def saved(model: keras.Model, path: Path) -> Path:
    model.save(path)
    return path


def changed(source: Path, target: Path, change=None, **members) -> Path:
    """Write a .keras file like `source`, its plan changed by `change(plan)` in place, its members replaced."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        contents = {name: old.read(name) for name in old.namelist()}
        if change is not None:
            plan = json.loads(contents["config.json"])
            change(plan)
            contents["config.json"] = json.dumps(plan).encode()
        for name, content in {**contents, **members}.items():
            new.writestr(name, content)
    return target


def weights_member(write) -> bytes:
    """Return an HDF5 file that `write(file)` fills."""
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        write(file)
    return buffer.getvalue()
