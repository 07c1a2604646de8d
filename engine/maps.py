"""The map of a dataset as pages ask for it: begun when it is missing, and packed for the browser.

Like all that the server imports this stays clear of Keras; a worker finds the positions (engine/training/embedding.py).
"""

import functools
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.graft import Graft

KIND = "maps"
MAP = "map.npz"
NONE = 0xFFFF  # no class, no group
SPLITS = ("train", "validation", "test")
OUTLYING = 0.001  # the share at each end that may not make the map small
FAILED, RUNNING = "failed", "running"


@dataclass(frozen=True)
class MapState:
    """How far the map is. `tag` is another text whenever `packed` returns something else; empty while there is none.

    `method` is "pca", "tsne" or "" while there is none; `placed` and `pictures` count what is on it and what should be.
    """

    tag: str
    method: str
    placed: int
    pictures: int
    study: dict

    @property
    def running(self) -> bool:
        return self.study["state"] == RUNNING


def look(graft: Graft, dataset_id: str) -> MapState:
    """Return the state of the map; a map that lacks pictures is begun."""
    version = graft.registry.version(dataset_id)
    keys = _keys(str(graft.workspace.root), dataset_id, version)
    path = _path(graft, dataset_id)
    method, known = _known(str(path), _stamp(path))
    placed = len(keys & known)
    if keys and (placed < len(keys) or method != "tsne"):
        wanted = f"{len(keys)}-{hash(keys)}"
        graft.studies.begin(KIND, dataset_id, wanted, lambda: {"dataset": dataset_id, "keys": sorted(keys)})
    tag = hashlib.sha256(f"{version} {_stamp(path)}".encode()).hexdigest()[:16] if placed else ""
    return MapState(tag, method, placed, len(keys), graft.studies.status(KIND, dataset_id))


def packed(graft: Graft, dataset_id: str) -> bytes | None:
    """Return the points for the browser, or None while there is no map.

    A header (its length as uint32, then JSON: count, classes, groups, splits, method), padded to four bytes; then, one
    after the other, ids uint32, x, y, class and group uint16 (0xFFFF: none), split uint8 (3: none), hashes of 32 bytes
    and the file names in UTF-8, a line each. x and y span 0 to 65,535, y downwards.
    """
    path = _path(graft, dataset_id)
    if (stamp := _stamp(path)) is None:
        return None
    return _packed(str(graft.workspace.root), str(path), dataset_id, graft.registry.version(dataset_id), stamp)


def _path(graft: Graft, dataset_id: str) -> Path:
    return graft.studies.folder(KIND, dataset_id) / MAP


def _stamp(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


@functools.lru_cache(maxsize=8)
def _keys(_root: str, dataset_id: str, _version: str) -> frozenset[str]:
    return frozenset(sha256 for sha256, _label in _current().registry.content(dataset_id))


@functools.lru_cache(maxsize=8)
def _known(path: str, stamp: int | None) -> tuple[str, frozenset[str]]:
    if stamp is None:
        return "", frozenset()
    with np.load(path, allow_pickle=False) as stored:
        return str(stored["method"]), frozenset(stored["keys"].astype("U64").tolist())


@functools.lru_cache(maxsize=4)
def _packed(_root: str, path: str, dataset_id: str, _version: str, _stamp: int) -> bytes:
    with np.load(path, allow_pickle=False) as stored:
        keys, positions = stored["keys"].astype("U64").tolist(), _spread(stored["positions"])
        method = str(stored["method"])
    place = dict(zip(keys, range(len(keys)), strict=True))
    rows = [
        row
        for row in _current().registry.columns(dataset_id, "id", "sha256", "label", "group", "split", "name")
        if row[1] in place
    ]
    ids, hashes, labels, groups, splits, names = zip(*rows, strict=True) if rows else [()] * 6
    at = positions[[place[key] for key in hashes]] if rows else np.empty((0, 2), np.uint16)
    class_names, label_codes = _coded(labels)
    group_names, group_codes = _coded(groups)
    split_codes = [SPLITS.index(split) if split in SPLITS else len(SPLITS) for split in splits]
    header = {"count": len(rows), "classes": class_names, "groups": group_names, "splits": SPLITS, "method": method}
    parts = [
        _framed(json.dumps(header, ensure_ascii=False).encode()),
        np.asarray(ids, "<u4").tobytes(),
        *(np.ascontiguousarray(column, "<u2").tobytes() for column in (*at.T, label_codes, group_codes)),
        np.asarray(split_codes, np.uint8).tobytes(),
        bytes.fromhex("".join(hashes)),
        "\n".join(name.rsplit("/", 1)[-1] for name in names).encode(),
    ]
    return b"".join(parts)


def _coded(values) -> tuple[list[str], list[int]]:
    names = sorted({value for value in values if value is not None})
    code = {name: position for position, name in enumerate(names)}
    return names, [code.get(value, NONE) for value in values]


def _spread(positions: np.ndarray) -> np.ndarray:
    """Return positions as uint16 that fill 0 to 65,535 each way, y downwards; a few far outliers come to the edge."""
    low, high = np.quantile(positions, [OUTLYING, 1 - OUTLYING], axis=0)
    side = np.maximum(high - low, 1e-9)
    return np.round(((positions - (low + high) / 2) / side * (0.98, -0.98) + 0.5).clip(0, 1) * 65535).astype(np.uint16)


def _framed(header: bytes) -> bytes:
    header += b" " * (-len(header) % 4)
    return len(header).to_bytes(4, "little") + header


def _current() -> Graft:
    from engine import graft

    return graft.current()
