"""The map of a dataset, and on it the test pictures of a run: begun when it is missing, packed for the browser.

Like all that the server imports this stays clear of Keras; a worker finds the positions
(engine/curation/projection.py).
"""

import functools
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.compute.background_jobs import BackgroundJobs
from engine.data.split import SPLITS
from engine.evaluation import results
from engine.storage import runs
from engine.storage.registry import Registry, Run
from engine.storage.workspace import Workspace

KIND = "maps"
MAP = "map.npz"
NONE = 0xFFFF  # no class, no group
OUTLYING = 0.001  # the share at each end that may not make the map small
SHARE = 10_000  # a probability of 1 in the packed bytes
# Right and wrong differ in shape as well; blue and orange are told apart by the colour-blind, too.
OUTCOME_MARKS = ((2, "circle"), (1, "diamond"))
FAILED, RUNNING = "failed", "running"


@dataclass(frozen=True)
class Colouring:
    """Something that points can be coloured by: for each point a position in `names`, or NONE.

    marks: for each code (a place in the palette, a shape), where it should not be the next free one.
    """

    key: str
    names: Sequence[str]
    codes: Sequence[int]
    marks: Sequence[tuple[int, str]] = ()


@dataclass(frozen=True)
class MapState:
    """How far the map is. `tag` is another text whenever `packed` returns something else; empty while there is none.

    `method` is "pca", "tsne" or "" while there is none; `placed` and `pictures` count what is on it and what should be.
    """

    tag: str
    method: str
    placed: int
    pictures: int
    job: dict

    @property
    def running(self) -> bool:
        return self.job["state"] == RUNNING


class Maps:
    """The maps of one workspace. Several threads may use it."""

    def __init__(self, workspace: Workspace, registry: Registry, jobs: BackgroundJobs):
        self._workspace, self._registry, self._jobs = workspace, registry, jobs
        self._keys = functools.lru_cache(maxsize=8)(self._read_keys)
        self._packed = functools.lru_cache(maxsize=4)(self._pack)

    def start(self, dataset_id: str) -> MapState:
        """Begin a map that lacks pictures, unless that is being done; return the state of the map."""
        running = self._jobs.status(KIND, dataset_id)["state"] == RUNNING  # first: it may end between two reads
        keys = self._keys(dataset_id, self._registry.version(dataset_id))
        method, known = self._known(dataset_id)
        if keys and not running and (len(keys & known) < len(keys) or method != "tsne"):
            facts = {"dataset": dataset_id, "keys": sorted(keys)}
            self._jobs.start(KIND, dataset_id, f"{len(keys)}-{hash(keys)}", lambda: facts, task="map")
        return self.status(dataset_id)

    def status(self, dataset_id: str) -> MapState:
        """Return the state of the map."""
        job, version = self._jobs.status(KIND, dataset_id), self._registry.version(dataset_id)
        keys, (method, known) = self._keys(dataset_id, version), self._known(dataset_id)
        placed, stamp = len(keys & known), _stamp(self._path(dataset_id))
        tag = hashlib.sha256(f"{version} {stamp}".encode()).hexdigest()[:16] if placed else ""
        return MapState(tag, method, placed, len(keys), job)

    def discard(self, dataset_id: str) -> None:
        """Forget a map that could not be drawn, so that it may be tried again."""
        self._jobs.discard(KIND, dataset_id)

    def packed(self, dataset_id: str) -> bytes | None:
        """Return the points for the browser (see `_bytes`), coloured by class, part, group, or None."""
        stamp = _stamp(self._path(dataset_id))
        return None if stamp is None else self._packed(dataset_id, self._registry.version(dataset_id), stamp)

    def start_for_run(self, run: Run) -> MapState:
        """Begin as `start` does; return the state for the test pictures of a run: `placed` of its `pictures`."""
        state, folder = self.start(run.dataset_id), self._workspace.run_dir(run.id)
        path = self._path(run.dataset_id)
        stamps = _stamp(path), _stamp(folder / runs.PREDICTIONS)
        placed, pictures = _placed(str(path), str(folder), *stamps)
        tag = hashlib.sha256(f"{run.id} {stamps}".encode()).hexdigest()[:16] if placed else ""
        return replace(state, tag=tag, placed=placed, pictures=pictures)

    def packed_run(self, run_id: str) -> bytes | None:
        """Return the test pictures of a run that have a place (see `_bytes`), coloured by outcome (right, wrong),
        class, prediction and group, with the probability of each answer; None while there are none.
        """
        run = self._registry.run(run_id)
        if run is None:
            return None
        path, folder = self._path(run.dataset_id), self._workspace.run_dir(run_id)
        stamps = _stamp(path), _stamp(folder / runs.PREDICTIONS)
        return None if None in stamps else _packed_run(str(path), str(folder), *stamps)

    def _path(self, dataset_id: str) -> Path:
        return self._jobs.folder(KIND, dataset_id) / MAP

    def _read_keys(self, dataset_id: str, _version: str) -> frozenset[str]:
        return frozenset(sha256 for sha256, _label in self._registry.content(dataset_id))

    def _known(self, dataset_id: str) -> tuple[str, frozenset[str]]:
        path = self._path(dataset_id)
        return _known(str(path), _stamp(path))

    def _pack(self, dataset_id: str, _version: str, _written: int) -> bytes:
        method, place, positions = _read(str(self._path(dataset_id)))
        columns = self._registry.columns(dataset_id, "id", "sha256", "label", "group", "split", "name")
        rows = [row for row in columns if row[1] in place]
        ids, hashes, labels, groups, splits, names = zip(*rows, strict=True) if rows else [()] * 6
        at = positions[[place[key] for key in hashes]] if rows else np.empty((0, 2), np.uint16)
        colourings = [
            Colouring("class", *_coded(labels)),
            Colouring("part", SPLITS, [SPLITS.index(split) if split in SPLITS else len(SPLITS) for split in splits]),
            Colouring("group", *_coded(groups)),
        ]
        return _bytes(method, ids, at, hashes, names, colourings)


def _stamp(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


def _read(path: str) -> tuple[str, dict[str, int], np.ndarray]:
    """Return how a map was found, the place of every content hash in it, and the positions as the browser has them."""
    with np.load(path, allow_pickle=False) as stored:
        keys, positions = stored["keys"].astype("U64").tolist(), _spread(stored["positions"])
        return str(stored["method"]), dict(zip(keys, range(len(keys)), strict=True)), positions


@functools.lru_cache(maxsize=8)
def _known(path: str, stamp: int | None) -> tuple[str, frozenset[str]]:
    if stamp is None:
        return "", frozenset()
    with np.load(path, allow_pickle=False) as stored:
        return str(stored["method"]), frozenset(stored["keys"].astype("U64").tolist())


@functools.lru_cache(maxsize=8)
def _placed(path: str, folder: str, map_stamp: int | None, _predictions_stamp: int | None) -> tuple[int, int]:
    """Return how many test pictures of a run have a place, and how many there are."""
    hashes = results.predictions(Path(folder)).column("sha256")
    _method, known = _known(path, map_stamp)
    return sum(key in known for key in hashes), len(hashes)


@functools.lru_cache(maxsize=4)
def _packed_run(path: str, folder: str, _map_stamp: int, _predictions_stamp: int) -> bytes:
    method, place, positions = _read(path)
    answers = results.predictions(Path(folder))
    hashes = answers.column("sha256")
    rows = [row for row, key in enumerate(hashes) if key in place]

    def of(values: Sequence) -> list:
        return [values[row] for row in rows]

    labels, said = of(answers.labels), of(answers.answers)
    class_names = sorted({*labels, *said})
    codes = {name: code for code, name in enumerate(class_names)}  # one class has one colour, true or predicted
    colourings = [
        Colouring("outcome", (), [int(a != b) for a, b in zip(labels, said, strict=True)], OUTCOME_MARKS),
        Colouring("class", class_names, [codes[label] for label in labels]),
        Colouring("predicted", class_names, [codes[label] for label in said]),
        Colouring("group", *_coded(of(answers.column("group")))),
    ]
    shares = np.array([max(row) for row in of(answers.column("probabilities"))], float)
    at = positions[[place[hashes[row]] for row in rows]] if rows else np.empty((0, 2), np.uint16)
    ids, names = of(answers.column("item")), of(answers.column("name"))
    return _bytes(method, ids, at, of(hashes), names, colourings, shares)


def _bytes(
    method: str,
    ids: Sequence[int],
    at: np.ndarray,
    hashes: Sequence[str],
    names: Sequence[str],
    colourings: Sequence[Colouring],
    shares: np.ndarray | None = None,
) -> bytes:
    """Return points as the browser reads them (pages/sections/data_upload/pictures/embedding_map.js).

    A header (its length as uint32, then JSON: count, method, colourings of key, names and marks, shares: whether there
    are any), padded to four bytes; then, one after the other, ids uint32, x and y uint16, the codes of each colouring
    uint16 (0xFFFF: none), shares in [0, 1] as uint16 (10,000: all), hashes of 32 bytes and the last part of the file
    names in UTF-8, a line each. at: uint16 (N, 2), 0 to 65,535, y downwards.
    """
    listed = [{"key": one.key, "names": one.names, "marks": one.marks or None} for one in colourings]
    header = {"count": len(ids), "method": method, "colourings": listed, "shares": shares is not None}
    columns = [*at.T, *(one.codes for one in colourings)]
    if shares is not None:
        # Nearly certain must not become certain.
        columns.append(np.where(shares < 1, np.minimum(np.round(shares * SHARE), SHARE - 1), SHARE))
    parts = [
        _framed(json.dumps(header, ensure_ascii=False).encode()),
        np.asarray(ids, "<u4").tobytes(),
        *(np.ascontiguousarray(column, "<u2").tobytes() for column in columns),
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
