"""Test pictures that the pictures for learning hold a copy of: cropped, mirrored, relit or saved anew.

Looked for in every run before anything is learned. A model that has learned a copy by heart is right about the
original for no good reason; so the copies are not learned from, and where that cannot be, the run says so.

Who may be a copy, the search for near duplicates tells; who is one, a closer look. Photos are laid on each other. In
drawings, characters and pictures of a camera that does not move, likeness proves nothing: two discs are one another
cropped. There only a copy that was merely saved or scaled anew counts.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from engine.curation import aligned_look, near_duplicates, neighbours
from engine.curation.near_duplicates import Pair
from engine.data import closer_look, label_kinds, readiness
from engine.data.photo_likeness import look_like_photos
from engine.storage.workspace import Workspace
from engine.training.inputs.pixels import Pixels
from engine.training.snapshot import LEFT_OUT, Snapshot

MOST = 20_000  # pictures; with more, the neighbours of all of them take longer than many a training
NEIGHBOURS = 10
LEAST_AROUND = 0.05  # distance to the eighth neighbour; of copied photos 0.17 at least, before one camera 0.011 at most
MOST_LEFT_OUT = 0.1  # of the pictures for learning: more is a dataset that somebody should divide anew


@dataclass(frozen=True)
class Copies:
    """test: ids of test pictures; learned: ids of their copies among the pictures for learning and for choosing.

    left_out: whether the copies were kept from learning; else the number of the run is flattered.
    """

    test: tuple[int, ...] = ()
    learned: tuple[int, ...] = ()
    left_out: bool = False

    def facts(self) -> dict:
        """Return what evaluation.json keeps, nothing where there are none."""
        if not self.test:
            return {}
        return {"copies": {"test": list(self.test), "learned": list(self.learned), "left_out": self.left_out}}


def keep_apart(
    workspace: Workspace, snapshot: Snapshot, pixels: Pixels, features: Callable[[list[str]], np.ndarray], task: str
) -> tuple[Snapshot, Copies]:
    """Return the snapshot without the copies among what is learned from, and what was found.

    features: returns those of some content hashes, one row each. The snapshot is the same where leaving the copies out
    would leave too little to learn from.
    """
    found = _find(workspace, snapshot, pixels, features)
    if not found.learned:
        return snapshot, found
    aside = np.isin(snapshot.items, found.learned)
    splits = np.where(aside, LEFT_OUT, snapshot.splits)
    labels = [label_kinds.of_task(task).names_of(label) for label in snapshot.labels]
    if aside.mean() > MOST_LEFT_OUT or readiness.of_splits(labels, splits.tolist()):
        return snapshot, found
    values = {**vars(snapshot), "splits": splits.astype(object)}
    return Snapshot(**values), Copies(found.test, found.learned, left_out=True)


def _find(
    workspace: Workspace, snapshot: Snapshot, pixels: Pixels, features: Callable[[list[str]], np.ndarray]
) -> Copies:
    used = np.flatnonzero(snapshot.splits != LEFT_OUT)
    keys, first = np.unique(snapshot.sha256[used].astype(str), return_inverse=True)
    if not len(snapshot.rows("test")) or not 3 <= len(keys) <= MOST:
        return Copies()
    tested = np.zeros(len(keys), bool)
    tested[first[snapshot.splits[used] == "test"]] = True
    learned = np.zeros(len(keys), bool)
    learned[first[snapshot.splits[used] != "test"]] = True
    labels = dict(zip(first.tolist(), snapshot.labels[used].tolist(), strict=True))
    likely = [
        pair
        for pair in _pairs(workspace, keys.tolist(), pixels, features)
        if tested[[pair.left, pair.right]].any()
        and learned[[pair.left, pair.right]].any()
        # A mirrored b is a d: only in one class is it a copy.
        and (pair.how != "mirrored" or labels[pair.left] == labels[pair.right])
    ]
    pairs = [(pair.left, pair.right) for pair in _copies(workspace, keys.tolist(), pixels, likely)]
    pairs += [(row, row) for row in np.flatnonzero(tested & learned).tolist()]  # the same file on both sides
    both = {(a, b) for left, right in pairs for a, b in ((left, right), (right, left)) if tested[a] and learned[b]}
    items, is_test = snapshot.items[used], snapshot.splits[used] == "test"
    test = items[is_test & np.isin(first, [a for a, _b in both])]
    copies = items[~is_test & np.isin(first, [b for _a, b in both])]
    return Copies(tuple(map(int, test)), tuple(map(int, copies)))


def _pairs(
    workspace: Workspace, keys: list[str], pixels: Pixels, features: Callable[[list[str]], np.ndarray]
) -> list[Pair]:
    sizes = _sizes(workspace, keys)
    if sizes is None:
        return []
    x = neighbours.directions(features(keys).astype(np.float32))
    near, _similar = neighbours.nearest(x, NEIGHBOURS)
    return near_duplicates.find(near_duplicates.read_grey(pixels, keys), near, sizes, lambda _done, _total: None)


def _copies(workspace: Workspace, keys: list[str], pixels: Pixels, likely: list[Pair]) -> list[Pair]:
    """Return the pairs that a closer look confirms."""
    photos = bool(likely) and look_like_photos(workspace, keys)
    return [pair for pair in likely if _is_copy(workspace, keys, pixels, pair, photos)]


def _is_copy(workspace: Workspace, keys: list[str], pixels: Pixels, pair: Pair, photos: bool) -> bool:
    both = [keys[pair.left], keys[pair.right]]
    if photos and pair.around >= LEAST_AROUND:
        one, other = pixels.read(both)
        if aligned_look.same(one, other, mirrored=pair.how == "mirrored"):
            return True
    if pair.how != "resaved":
        return False
    first, second = (closer_look.see(workspace.blob_path(key).read_bytes()) for key in both)
    return first is not None and second is not None and closer_look.same(first, second)


def _sizes(workspace: Workspace, keys: list[str]) -> np.ndarray | None:
    """Return width and height of each picture; None where the originals are no pictures, or gone."""
    try:
        headers = (Image.open(io.BytesIO(workspace.blob_path(key).read_bytes())) for key in keys)
        return np.array([header.size for header in headers])
    except OSError:
        return None
