"""Ask a finished run about new pictures. The model stays warm, so the next answer takes milliseconds."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np

from engine.backbones import forward
from engine.data.modalities import registry as modalities
from engine.data.modalities.fits import fit_of
from engine.errors import TrainingError
from engine.evaluation import beside_network
from engine.storage import runs
from engine.storage.workspace import read_json
from engine.training.fine_tuning import classifier as models

PREPARATION = "preparation.json"
# Networks kept warm in one process; the one used longest ago makes room.
MOST_WARM = 3

_warm: "OrderedDict[str, Warm]" = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True)
class Warm:
    """A loaded model, the size and fit its pictures need, of which modality they are, and when its file was written."""

    model: keras.Model
    image_size: int
    fit: str
    class_names: tuple[str, ...]
    written: int
    modality: str = modalities.FIRST
    compiled: list[bool] = field(default_factory=list)


def predict(run_dir: Path, sources: Sequence) -> np.ndarray:
    """Return probabilities (N, num_classes), in the order of the run's class_names, for paths or bytes of pictures.

    Raises TrainingError when the run has no model yet, DataError when a source is no picture.
    """
    warm = load(run_dir)
    if not sources:
        return np.zeros((0, len(warm.class_names)), np.float32)
    openers = [modalities.expected(source, warm.modality) for source in sources]
    if beside_network.kept(run_dir) != beside_network.NETWORK:
        return beside_network.probabilities(run_dir, list(sources))
    pixels = [one.open_at(source, warm.image_size, warm.fit) for one, source in zip(openers, sources, strict=True)]
    return predict_pixels(warm.model, np.stack(pixels))


def warm_up(run_dir: Path) -> None:
    """Load the run's model and let it answer once, so that the next question costs milliseconds.

    Keras compiles for the first batch, and for any batch size at the second size it meets: 0.6 s together.
    """
    warm = load(run_dir)
    if not warm.compiled:
        for pictures in (1, 2):
            predict_pixels(warm.model, np.zeros((pictures, warm.image_size, warm.image_size, 3), np.uint8))
        warm.compiled.append(True)


def load(run_dir: Path) -> Warm:
    """Return the run's model, from memory when it is there and still the newest."""
    path = run_dir / runs.MODEL
    if not path.exists():
        raise TrainingError("This run has no model yet. Wait until its training has finished, or start it again.")
    written = path.stat().st_mtime_ns
    with _lock:
        warm = _warm.get(str(run_dir))
        if warm is None or warm.written != written:
            preparation = read_json(run_dir / PREPARATION)
            names = tuple(preparation["class_names"])
            size, modality = preparation["image_size"], preparation.get("modality", modalities.FIRST)
            warm = Warm(models.load(path), size, fit_of(preparation), names, written, modality)
        _warm[str(run_dir)] = warm
        _warm.move_to_end(str(run_dir))
        while len(_warm) > MOST_WARM:
            _warm.popitem(last=False)
    return warm


def predict_pixels(model: keras.Model, pixels: np.ndarray) -> np.ndarray:
    """Return float32 probabilities (N, num_classes) of uint8 pixels (N, S, S, 3), batch by batch."""
    step = forward.batch_size()
    return np.concatenate(
        [models.predict(model, pixels[start : start + step]) for start in range(0, len(pixels), step)]
    )
