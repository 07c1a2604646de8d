"""Read the arrays of a PyTorch state file of the older, sequential kind, without PyTorch and without running its code.

A state file is a pickle, and a pickle can name any function to call. This one may name three things: an ordered
dictionary, the function that describes a tensor, and the kinds of numbers a tensor holds; for each there is a stand-in
of ours. Format: torch/serialization.py, `_legacy_load`.
"""

import pickle
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
KINDS = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}
BYTES_OF_COUNT = 8


@dataclass(frozen=True)
class _Storage:
    key: str
    kind: np.dtype


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of the file by name. Raises ValueError for another kind of file, or one that asks for more."""
    with open(path, "rb") as file:
        if (_load(file), _load(file)) != (MAGIC, PROTOCOL):
            raise ValueError("this is no state file of the older kind")
        _load(file)  # of the machine that wrote it
        tensors, keys = _load(file), _load(file)
        kinds = {tensor.storage.key: tensor.storage.kind for tensor in tensors.values()}
        storages = {key: _numbers(file, kinds[key]) for key in keys}
    return {name: _array(tensor, storages[tensor.storage.key]) for name, tensor in tensors.items()}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str):
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in KINDS:
            return KINDS[name]
        raise ValueError(f"the file asks for {module}.{name}")

    def persistent_load(self, told: tuple) -> _Storage:
        kind, storage, key, *_where = told
        if kind != "storage":
            raise ValueError(f"the file holds a {kind}")
        return _Storage(key, storage)


def _load(file: BinaryIO):
    try:
        return _Unpickler(file).load()
    except (pickle.UnpicklingError, EOFError, AttributeError, IndexError, KeyError, TypeError) as error:
        raise ValueError(f"the file is damaged: {error}") from error


def _tensor(storage: _Storage, offset: int, shape: tuple, strides: tuple, *_rest) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


def _numbers(file: BinaryIO, kind: np.dtype) -> np.ndarray:
    count = int.from_bytes(file.read(BYTES_OF_COUNT), "little")
    return np.frombuffer(file.read(count * kind.itemsize), kind, count)


def _array(tensor: _Tensor, numbers: np.ndarray) -> np.ndarray:
    """Return one tensor, a view into the numbers of its storage: the published ones lie there with axes swapped."""
    steps = zip(tensor.shape, tensor.strides, strict=True)
    last = tensor.offset + sum((side - 1) * stride for side, stride in steps)
    if min((tensor.offset, *tensor.strides)) < 0 or min((1, *tensor.shape)) < 1 or last >= len(numbers):
        raise ValueError("a tensor reaches beyond its numbers")
    strides = [stride * numbers.itemsize for stride in tensor.strides]
    return np.lib.stride_tricks.as_strided(numbers[tensor.offset :], tensor.shape, strides, writeable=False)
