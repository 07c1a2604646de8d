"""The map of a dataset: every picture is a point, and pictures that the network finds alike lie close together.

First the two directions in which the pictures differ most (PCA), at once; then t-SNE (van der Maaten & Hinton 2008) as
Kobak & Berens (2019) advise: on 50 principal components, begun from PCA, the learning rate growing with the number of
pictures. A map that is there already is kept: new pictures go beside those they resemble until they are many.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.backbones import catalogue, device
from engine.storage.status_file import StatusFile
from engine.storage.workspace import Workspace, read_json, write_atomic
from engine.training.features.embed import embed
from engine.training.inputs.pixels import Pixels, choose_fit

BACKBONE = "sprout"
MAP = "map.npz"
COMPONENTS = 50
PERPLEXITY = 30
EARLY, LATE = 250, 500  # iterations, openTSNE's own figures
STEPS_SHOWN = 50  # iterations between two looks at how far it is
NEIGHBOURS = 5
FEW = 5  # below this many pictures there is nothing to arrange
# New pictures beside their neighbours tell the truth well enough until every tenth is new.
NEW_SHARE = 0.1
START_SPREAD = 1e-4  # Kobak & Berens (2019): small enough that pictures can pass each other

Advance = Callable[..., None]
SAID = {
    "features": "Looking at the pictures: {done} of {total}",
    "arrange": "Still arranging: {percent} %",
    "predict": "Asking the model: {done} of {total}",
}


@dataclass(frozen=True)
class Map:
    """Content hashes (N,), positions (N, 2) float32, and how they were found: "pca" or "tsne"."""

    keys: np.ndarray
    positions: np.ndarray
    method: str


def carry_out(job_path: Path, workspace: Workspace) -> None:
    """Draw the map of the pictures that job.json names ({"keys"}) into its folder; status.json tells how far it is."""
    draw(workspace, job_path.parent, read_json(job_path)["keys"], telling(job_path))


def telling(job_path: Path) -> Advance:
    """Return advance(done, total, phase), which keeps status.json beside a job up to date; phases are those of SAID."""
    status = StatusFile.beside(job_path)
    return lambda done, total, phase: status.advance(done, total, SAID[phase])


def read(folder: Path) -> Map | None:
    """Return the map that is kept in `folder`, or None while there is none."""
    try:
        with np.load(folder / MAP, allow_pickle=False) as stored:
            return Map(stored["keys"].astype("U64"), stored["positions"], str(stored["method"]))
    except (OSError, ValueError, KeyError):
        return None


def write(folder: Path, made: Map) -> None:
    """Keep a map. Raises UserError when the disk is full."""
    sink = io.BytesIO()
    np.savez(
        sink, keys=made.keys.astype("S64"), positions=made.positions.astype(np.float32), method=np.array(made.method)
    )
    write_atomic(folder / MAP, sink.getvalue())


def features_of(workspace: Workspace, keys: Sequence[str], advance: Advance) -> np.ndarray:
    """Return float32 features (N, D) of the embedded network for pictures by content hash; what is missing is made."""
    size = catalogue.info(BACKBONE).image_sizes[0]
    pixels = Pixels(workspace, size, choose_fit(workspace, "auto", keys))
    cache = embed(workspace, BACKBONE, pixels, keys, lambda done, total: advance(done, total, "features"))
    return cache.read(keys)


def draw(workspace: Workspace, folder: Path, keys: Sequence[str], advance: Advance) -> Map:
    """Make sure that `folder` holds a map with every picture of `keys`, and return it.

    Something can be seen early: the map that was there, or the principal components, until the arrangement is done.
    What t-SNE has on the way is not worth seeing (hundreds of pictures lie on one line). `advance(done, total, phase)`
    tells how far it is; phases are "features" and "arrange".
    """
    pictures = np.unique(np.asarray(keys, "U64"))
    before = read(folder)
    if before is not None and before.method == "tsne" and np.isin(pictures, before.keys).all():
        return before
    points = principal(features_of(workspace, pictures.tolist(), advance))
    known = _known(before, pictures)
    if before is not None and before.method == "tsne" and known.mean() >= 1 - NEW_SHARE:
        return _keep(folder, Map(pictures, _placed(before, pictures, points, known), "tsne"))
    kept = before if before is not None and known.mean() >= 0.5 else None
    first = _placed(kept, pictures, points, known) if kept else flat(points)
    _keep(folder, Map(pictures, first, kept.method if kept else "pca"))
    last = first if len(pictures) < FEW else arranged(points, first, advance)
    return _keep(folder, Map(pictures, last, "tsne"))


def principal(features: np.ndarray, components: int = COMPONENTS) -> np.ndarray:
    """Return standardised features on their principal components, (N, at most `components`), largest first."""
    deviation = features.std(axis=0)
    typical = float(np.median(deviation)) or 1.0
    x = (features - features.mean(axis=0)) / np.maximum(deviation, 0.01 * typical)
    _values, directions = np.linalg.eigh(x.T @ x)
    directions = directions[:, ::-1][:, :components]
    # The sign of a component is arbitrary; the same pictures shall lie the same way round every time.
    signs = np.sign(directions[np.abs(directions).argmax(axis=0), np.arange(directions.shape[1])])
    return (x @ (directions * signs)).astype(np.float32)


def flat(points: np.ndarray) -> np.ndarray:
    """Return the first two principal components (N, 2)."""
    return np.pad(points[:, :2], ((0, 0), (0, max(0, 2 - points.shape[1]))))


def arranged(points: np.ndarray, start: np.ndarray, advance: Advance) -> np.ndarray:
    """Return t-SNE positions (N, 2), float32."""
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN

    jobs = device.cores()
    # Small classes of a small dataset come apart only while a picture has fewer neighbours than its class has pictures.
    perplexity = min(PERPLEXITY, max(5, len(points) / 10), (len(points) - 1) / 3)
    affinities = PerplexityBasedNN(points, perplexity=perplexity, n_jobs=jobs, random_state=0)
    spread = start[:, 0].std() or 1.0
    embedding = TSNEEmbedding((start - start.mean(axis=0)) / spread * START_SPREAD, affinities, n_jobs=jobs)
    total = EARLY + LATE
    advance(0, total, "arrange")
    for begin, end, options in (
        (0, EARLY, {"exaggeration": 12, "momentum": 0.5}),
        (EARLY, total, {"exaggeration": 1, "momentum": 0.8}),
    ):
        embedding = embedding.optimize(
            end - begin,
            callbacks=lambda iteration, *_rest, begin=begin: advance(begin + iteration, total, "arrange"),
            callbacks_every_iters=STEPS_SHOWN,
            **options,
        )
    return np.asarray(embedding, np.float32)


def _keep(folder: Path, made: Map) -> Map:
    write(folder, made)
    return made


def _known(before: Map | None, keys: np.ndarray) -> np.ndarray:
    return np.isin(keys, before.keys) if before is not None else np.zeros(len(keys), bool)


def _placed(before: Map, keys: np.ndarray, points: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the positions of `before`, and for new pictures the mean of those they resemble most."""
    order = np.argsort(before.keys)
    places = order[np.searchsorted(before.keys, keys[known], sorter=order)]
    positions = np.empty((len(keys), 2), np.float32)
    positions[known] = before.positions[places]
    if not known.all():
        from sklearn.neighbors import NearestNeighbors

        nearest = NearestNeighbors(n_neighbors=min(NEIGHBOURS, int(known.sum()))).fit(points[known])
        beside = nearest.kneighbors(points[~known], return_distance=False)
        positions[~known] = positions[known][beside].mean(axis=1)
    return positions
