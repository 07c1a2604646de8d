"""What a new picture reminds a model of: is it unlike anything in training, and which training pictures is it near?

Both are asked of the pretrained network as it came, whose features of the training pictures are still in the cache.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.backbones import catalogue, forward
from engine.backbones.pretrained import weights_hash
from engine.data.modalities import registry as modalities
from engine.data.modalities.fits import fit_of
from engine.errors import BackboneError
from engine.evaluation import beside_network, predict
from engine.evaluation.predict import PREPARATION
from engine.evaluation.reliability import out_of_distribution
from engine.storage import runs
from engine.storage.workspace import Workspace, read_json
from engine.training import snapshot
from engine.training.features import embed as embedding
from engine.training.heads.head import standardisation
from engine.training.inputs.pixels import Pixels
from engine.training.recipe import Recipe

NEAREST = 4
# Training pictures that are compared with, at most: drawn evenly from all of them.
MOST_PICTURES = 5000
MOST_WARM = 3

_warm: "OrderedDict[str, Memory]" = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True)
class Memory:
    """Training pictures as a network sees them: their content hashes, labels and standardised features of length 1."""

    embed: forward.Forward
    image_size: int
    fit: str
    detector: out_of_distribution.Detector | None
    keys: tuple[str, ...]
    labels: tuple[str, ...]
    mean: np.ndarray
    deviation: np.ndarray
    bank: np.ndarray

    def nearest(self, seen: np.ndarray) -> list[list[dict]]:
        """Return the NEAREST training pictures of each row of features (N, D), nearest first: {"sha256", "label"}."""
        if not self.keys:
            return [[] for _row in seen]
        near = np.argsort(-(_unit((seen - self.mean) / self.deviation) @ self.bank.T), axis=1, kind="stable")
        return [[{"sha256": self.keys[k], "label": self.labels[k]} for k in row[:NEAREST]] for row in near]


def answers(run_dir: Path, workspace: Workspace, sources: Sequence) -> list[dict]:
    """Return {"probabilities" in class order, "unknown", "nearest"} for each path or bytes of a picture.

    "unknown" tells how unlike the training pictures it is, "nearest" which of them it is most like (see `look`).
    """
    rows, seen = predict.predict(run_dir, sources), look(run_dir, workspace, sources)
    if beside_network.kept(run_dir) != beside_network.NETWORK:
        seen = [{**found, "unknown": None} for found in seen]  # it was the network that told what is strange
    return [{"probabilities": row.tolist(), **found} for row, found in zip(rows, seen, strict=True)]


def warm_up(run_dir: Path, workspace: Workspace) -> None:
    """Make the run's model ready to answer at once."""
    predict.warm_up(run_dir)
    look(run_dir, workspace, [])


def look(run_dir: Path, workspace: Workspace, sources: Sequence) -> list[dict]:
    """Return {"unknown": {"score", "limit"} or None, "nearest": [{"sha256", "label"}]} for each path or bytes."""
    try:
        memory = _memory(run_dir, workspace)
    except BackboneError:  # the network it started from is gone; the model itself answers all the same
        return [{"unknown": None, "nearest": []} for _source in sources]
    if not sources:
        return []
    pixels = [modalities.of(source).open_at(source, memory.image_size, memory.fit) for source in sources]
    seen = np.concatenate([memory.embed(picture[None]) for picture in pixels])
    nearest = memory.nearest(seen)
    if memory.detector is None:
        return [{"unknown": None, "nearest": near} for near in nearest]
    scores, limit = memory.detector.scores(seen), memory.detector.limit
    return [
        {"unknown": {"score": float(score), "limit": limit}, "nearest": near}
        for score, near in zip(scores, nearest, strict=True)
    ]


def _memory(run_dir: Path, workspace: Workspace) -> Memory:
    """Return what a run remembers, from this process's memory when it is there."""
    with _lock:
        if str(run_dir) not in _warm:
            _warm[str(run_dir)] = _load(run_dir, workspace)
        _warm.move_to_end(str(run_dir))
        while len(_warm) > MOST_WARM:
            _warm.popitem(last=False)
        return _warm[str(run_dir)]


def _load(run_dir: Path, workspace: Workspace) -> Memory:
    recipe, preparation = Recipe.from_dict(runs.read_recipe(run_dir)), read_json(run_dir / PREPARATION)
    size, fit = preparation["image_size"], fit_of(preparation)
    frozen = snapshot.read(run_dir)
    rows = frozen.rows("train")
    rows = rows[:: -(-len(rows) // MOST_PICTURES)]
    backbone = _as_it_was(run_dir, recipe.backbone)
    cache = embedding.features_cache(workspace, backbone, Pixels(workspace, size, fit))
    gone = set(cache.missing(frozen.keys(rows)))  # a cache may be emptied; then there is less to be reminded of
    rows = np.array([row for row in rows if frozen.sha256[row] not in gone], int)
    embed = forward.open_backbone(workspace, backbone, size, batch=1)
    detector = _detector(run_dir, backbone)
    if not len(rows):
        return Memory(embed, size, fit, detector, (), (), np.zeros(1), np.ones(1), np.zeros((0, 1)))
    seen = cache.read(frozen.keys(rows))
    mean, deviation = standardisation(seen)
    labels = tuple(frozen.labels[rows])
    bank = _unit((seen - mean) / deviation).astype(np.float32)
    return Memory(embed, size, fit, detector, tuple(frozen.keys(rows)), labels, mean, deviation, bank)


def _as_it_was(run_dir: Path, backbone: str) -> str:
    """Return the key of the network as the run knew it: earlier versions read out its last map alone."""
    if not catalogue.info(backbone).inner:
        return backbone
    last = catalogue.last_only(backbone)
    facts = (runs.read_evaluation(run_dir) or {}).get("unknown") or {}
    return last if facts.get("weights") == weights_hash(last) else backbone


def _detector(run_dir: Path, backbone: str) -> out_of_distribution.Detector | None:
    """Return the run's detector; None where it was fitted to a network whose weights are not those of today."""
    evaluation = runs.read_evaluation(run_dir)
    facts = (evaluation.get("unknown") or {}) if evaluation is not None else {}
    return (
        out_of_distribution.load(run_dir / out_of_distribution.FILE)
        if facts.get("weights") == weights_hash(backbone)
        else None
    )


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
