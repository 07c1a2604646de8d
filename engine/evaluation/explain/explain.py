"""Why a run's model says what it says of one picture: the front door to all explanations, with the models kept warm."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np
from PIL import Image

from engine.data.modalities import registry as modalities
from engine.data.modalities.picture import jpeg_bytes
from engine.evaluation import predict
from engine.evaluation.explain import grad_cam, lime, occlusion, overlay, sanity, shapley

WAYS = ("grad_cam", "occlusion", "lime", "shap")
SLOW = {"occlusion": occlusion.heat, "lime": lime.heat, "shap": shapley.heat}
MOST_WARM, MOST_KEPT = 2, 32

Advance = Callable[[int, int], None]

_warm: "OrderedDict[tuple, Subject]" = OrderedDict()
_kept: "OrderedDict[tuple, np.ndarray]" = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True)
class Subject:
    """A model to be explained: with its maps laid open, and what its pictures must look like."""

    model: keras.Model
    inside: grad_cam.Opened
    image_size: int
    fit: str
    class_names: tuple[str, ...]
    other: "list[Subject]" = field(default_factory=list)

    def randomised(self) -> "Subject":
        """Return the same network before it learned anything; made once."""
        if not self.other:
            model = sanity.randomised(self.model)
            names = self.class_names
            self.other.append(Subject(model, grad_cam.open_up(model), self.image_size, self.fit, names))
        return self.other[0]


def subject(run_dir: Path) -> Subject:
    """Return the run's model to be explained, from memory when it is there. Raises TrainingError without a model."""
    warm = predict.load(run_dir)
    key = (str(run_dir), warm.written)
    with _lock:
        if key not in _warm:
            _warm[key] = Subject(warm.model, grad_cam.open_up(warm.model), warm.image_size, warm.fit, warm.class_names)
        _warm.move_to_end(key)
        while len(_warm) > MOST_WARM:
            _warm.popitem(last=False)
        return _warm[key]


def heat(
    of: Subject, way: str, pixels: np.ndarray, target: int, advance: Advance = lambda _done, _total: None
) -> np.ndarray:
    """Return what speaks for class `target` (or, below zero, against it) at each place of uint8 pixels (S, S, 3)."""
    if way == "grad_cam":
        return grad_cam.heat(of.inside, pixels[None], np.array([target]))[0]
    return SLOW[way](lambda many: predict.predict_pixels(of.model, many), pixels, target, advance)


def explain(run_dir: Path, source: str | bytes, way: str, class_name: str, advance: Advance) -> dict:
    """Return {"png", "hottest", "probability", "cut"}: heat to lay over the picture; how likely the class is.

    "hottest" is the middle (x, y) of what speaks for the class most, from (0, 0), upper left, to (1, 1);
    None where nothing does.
    Of what plays also "seen", what the network saw as JPEG, and "span", (start, length) of that in seconds.
    "cut" tells whether parts were cut away before the network looked; they are darkened.

    `source` is the path or the content of a picture. Raises UserError when there is no model or no picture.
    """
    of = subject(run_dir)
    size = modalities.of(source).picture(source, of.image_size)[1]
    pixels, target = modalities.of(source).open_at(source, of.image_size, of.fit), of.class_names.index(class_name)
    found = _heat(run_dir, of, way, pixels, target, advance)
    probability = float(predict.predict_pixels(of.model, pixels[None])[0, target])
    lying = overlay.onto(found, size, of.fit)
    shown = {"png": overlay.png(lying), "hottest": overlay.hottest(lying), "probability": probability}
    return {**shown, "cut": bool(np.isnan(lying).any()), **_of_what_plays(source, of.fit, pixels)}


def _of_what_plays(source: str | bytes, fit: str, pixels: np.ndarray) -> dict:
    """Return {"seen", "span"}: what the network saw, and of which stretch of time it is; nothing of a still picture."""
    modality = modalities.of(source)
    if not modality.plays:
        return {}
    return {"seen": jpeg_bytes(Image.fromarray(pixels)), "span": modality.span(source, fit)}


def check(run_dir: Path, source: str | bytes, way: str, class_name: str, advance: Advance) -> float:
    """Return how like the explanation is to that of the same network with random weights (rank correlation).

    NaN where one of the two shows nothing, so that there is nothing to compare.
    """
    of = subject(run_dir)
    pixels, target = modalities.of(source).open_at(source, of.image_size, of.fit), of.class_names.index(class_name)
    found = _heat(run_dir, of, way, pixels, target, lambda _done, _total: None)
    return sanity.likeness(found, untaught(of, way, pixels, target, advance))


def untaught(
    of: Subject, way: str, pixels: np.ndarray, target: int, advance: Advance = lambda _done, _total: None
) -> np.ndarray:
    """Return the heat that the same network shows where it has learned nothing."""
    random = of.randomised()
    found = heat(random, way, pixels, target, advance)
    if not sanity.is_flat(found):
        return found
    # Nothing speaks for this class there. Its classes mean nothing yet: let it explain its own answer.
    return heat(random, way, pixels, int(predict.predict_pixels(random.model, pixels[None])[0].argmax()), advance)


def warm_up(run_dir: Path) -> None:
    """Let the model explain once, and the untrained one that it is checked against, so that the first explanation
    somebody waits for takes no longer than the next.
    """
    of = subject(run_dir)
    for each in (of, of.randomised()):
        heat(each, "grad_cam", np.zeros((of.image_size, of.image_size, 3), np.uint8), 0)


def _heat(run_dir: Path, of: Subject, way: str, pixels: np.ndarray, target: int, advance: Advance) -> np.ndarray:
    """Return the heat of a picture, from memory where it was asked for just now (the check asks again)."""
    key = (str(run_dir), id(of), way, target, hash(pixels.tobytes()))
    if key not in _kept:
        _kept[key] = heat(of, way, pixels, target, advance)
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return _kept[key]
