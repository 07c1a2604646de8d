"""Model files made to do harm: links in circles, weights on paper, plans without end. Small, every one of them."""

import json
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import keras
import numpy as np
from keras import layers

from tests.support.hostile_archives import zip_of_a_million
from tests.support.model_files import changed, picture_network, saved, weights_member

SMALL = {"chunks": (64, 64)}  # never written: on paper only


def doubling(file: h5py.File, levels: int = 40) -> None:
    """Fill a file with groups that each hold the next one twice: following both ways doubles the work each time."""
    group = file.create_group("layers")
    for _level in range(levels):
        group["b"] = inner = group.create_group("a")
        group = inner
    group["w"] = np.zeros(3)


def listed(names: list[str], shape: tuple[int, int]) -> bytes:
    """Return an .h5 file whose one layer lists its one array by all these names."""

    def write(file: h5py.File) -> None:
        file.attrs["layer_names"] = [b"w"]
        file.create_group("w").create_dataset("w", shape, "f4", **SMALL)
        file["w"].attrs["weight_names"] = [name.encode() for name in names]

    return weights_member(write)


def many_names() -> bytes:
    def write(file: h5py.File) -> None:
        file.attrs["layer_names"] = [b"w"]
        file.create_group("w")["w"] = np.zeros(1)
        for number in range(9):
            file["w"].attrs[f"weight_names{number}"] = np.full(30_000, b"w")

    return weights_member(write)


def plan_of(text: bytes) -> Callable[[Path, Path], Path]:
    return lambda good, path: changed(good, path, **{"config.json": text})


def with_weights(write) -> Callable[[Path, Path], Path]:
    return lambda good, path: changed(good, path, **{"model.weights.h5": weights_member(write)})


def holding(content: Callable[[], bytes]) -> Callable[[Path, Path], Path]:
    def make(_good: Path, path: Path) -> Path:
        path.write_bytes(content())
        return path

    return make


def network(side: int | None, *more) -> Callable[[Path, Path], Path]:
    return lambda _good, path: saved(picture_network(side, 3, 3, *more), path)


def part(kind: str, module: str) -> Callable[[Path, Path], Path]:
    def change(plan: dict) -> None:
        config = plan["config"]["layers"][1]["config"]
        config["kernel_initializer"] = {"class_name": kind, "module": module, "config": {}, "registered_name": None}

    return lambda good, path: changed(good, path, change)


def many_layers(good: Path, path: Path) -> Path:
    def change(plan: dict) -> None:
        plan["config"]["layers"][2:2] = [plan["config"]["layers"][2]] * 20_000

    return changed(good, path, change)


def twice(good: Path, path: Path) -> Path:
    path.write_bytes(good.read_bytes())
    with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as file:
        warnings.simplefilter("ignore")
        file.writestr("config.json", "{}")
    return path


def packed_by_bzip2(good: Path, path: Path) -> Path:
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return path


def _texts(file: h5py.File) -> None:
    file.create_dataset("0", (10**5, 10**4), h5py.string_dtype(), **SMALL)


def _large(plan: dict) -> None:
    plan["config"]["layers"][2]["config"]["units"] = 10**11


DAMAGED, LARGE, UNKNOWN = "damaged or incomplete", "would take", "none of Keras' built-in layers"
ROUNDABOUT = ["./" * number + "w" for number in range(500)]
# {what it is: (file name, make(a good file, path), words of the sentence)}
HOSTILE: dict[str, tuple[str, Callable[[Path, Path], Path], str]] = {
    "groups that hold the next one twice": ("a.h5", holding(lambda: weights_member(doubling)), "damaged|none of the"),
    "the same inside a model": ("a.keras", with_weights(doubling), "cannot build"),
    "one array by five hundred names": ("a.h5", holding(lambda: listed(ROUNDABOUT, (512, 512))), DAMAGED + "|" + LARGE),
    "one array named twice": ("a.h5", holding(lambda: listed(["w", "w"], (64, 64))), DAMAGED),
    "two hundred thousand names": ("a.h5", holding(many_names), DAMAGED),
    "an array on paper": ("a.h5", holding(lambda: listed(["w"], (10**5, 10**5))), LARGE),
    "a hundred megabytes on paper": ("a.h5", holding(lambda: listed(["w"], (5000, 5000))), LARGE),
    "a billion texts": ("a.keras", with_weights(_texts), LARGE),
    "a plan of brackets": ("a.keras", plan_of(b"[" * 100_000), DAMAGED),
    "a plan of four million lists": ("a.keras", plan_of(b"[" + b"[]," * (4 * 10**6) + b"[]]"), LARGE),
    "a plan of a million lists": ("a.keras", plan_of(b'{"config":[' + b"[]," * 10**6 + b"[]]}"), LARGE),
    "a plan that is a number": ("a.keras", plan_of(b"7"), DAMAGED),
    "a plan of digits": ("a.keras", plan_of(b"1" * 10**6), DAMAGED),
    "twenty thousand layers": ("a.keras", many_layers, "too many parts|" + LARGE),
    "a member twice": ("a.keras", twice, "names a member twice"),
    "packed by bzip2": ("a.keras", packed_by_bzip2, "Keras does not use"),
    "a zip of a million members": ("a.keras", holding(zip_of_a_million), "too many members"),
    "units without end": ("a.keras", lambda good, path: changed(good, path, _large), LARGE + "|cannot build"),
    "open sides that grow": ("a.keras", network(None, layers.UpSampling2D(32), layers.GlobalAveragePooling2D()), LARGE),
    "a map as large as a wall": (
        "a.keras",
        network(32, layers.UpSampling2D(2000), layers.GlobalAveragePooling2D()),
        LARGE,
    ),
    "attention of every pixel to every other": ("a.keras", "attention", LARGE),
    "an initialiser that is none": (
        "a.keras",
        part("load_model", "keras.src.initializers.random_initializers"),
        UNKNOWN,
    ),
    "an initialiser that calls": ("a.keras", part("get", "keras.initializers"), UNKNOWN),
    "an operation that is not on the list": ("a.keras", part("Full", "keras.src.ops.numpy"), UNKNOWN),
    "a module that only begins like one": ("a.keras", part("Dense", "keras.layers_of_mine"), UNKNOWN),
}


def make(case: str, good: Path, folder: Path) -> Path:
    name, build, _words = HOSTILE[case]
    return attentive(folder / name) if build == "attention" else build(good, folder / name)


def attentive(path: Path, side: int = 128) -> Path:
    """Save a network whose attention compares every pixel with every other; its plan then says pictures of `side`."""
    pixels = keras.Input((16, 16, 3))
    tokens = layers.Reshape((-1, 4))(layers.Conv2D(4, 3, padding="same")(pixels))
    seen = layers.MultiHeadAttention(2, 2)(tokens, tokens)
    saved(keras.Model(pixels, layers.Dense(4)(layers.GlobalAveragePooling1D()(seen))), path.with_name("small.keras"))

    def change(plan: dict) -> None:
        text = json.dumps(plan).replace("[null, 16, 16, 3]", f"[null, {side}, {side}, 3]")
        text = text.replace("[null, 16, 16, 4]", f"[null, {side}, {side}, 4]").replace(
            "[null, 256,", f"[null, {side**2},"
        )
        plan.update(json.loads(text))

    return changed(path.with_name("small.keras"), path, change)
