"""Grad-CAM (Selvaraju et al. 2017): which places of its last feature maps a network's answer rests on.

Networks here end in pooled feature maps and a small head. The gradient is taken at the pooled numbers, the only place
where it is not constant; where the head is linear the result is CAM (Zhou et al. 2016), exact to the last digit: the
heat of all places adds up to the answer. A map pooled by its maximum speaks from the place of that maximum alone. Where
several stages are pooled, as in Sprout, the maps of all stages are added up.
"""

from dataclasses import dataclass

import keras
import numpy as np
from keras import layers
from PIL import Image

from engine.errors import UserError
from engine.evaluation.explain.class_score import log_odds_of_logits
from engine.evaluation.explain.gradients import gradient
from engine.training.fine_tuning.classifier import HIDDEN, LOGITS, PROBABILITIES

MEAN, PEAK, PLACES = "mean", "peak", "places"
POOLINGS = {layers.GlobalAveragePooling2D: MEAN, layers.GlobalMaxPooling2D: PEAK, layers.Flatten: PLACES}


@dataclass(frozen=True)
class Opened:
    """A classifier with its inside laid open.

    `maps` gives, for pixels (N, S, S, 3), the feature maps that are pooled, one (N, h, w, C) each; `kinds` tells how:
    by their mean, by their peak, or not at all, every place by itself; `tail` goes on from all pooled numbers, side by
    side, to the logits; `each` tells whether every class stands for itself.
    """

    maps: keras.Model
    kinds: tuple[str, ...]
    tail: keras.Model
    each: bool = False


def open_up(model: keras.Model) -> Opened:
    """Find the pooled maps of a model of engine.training.fine_tuning.classifier. Raises UserError where it has none."""
    pools = [layer for layer in model.layers if type(layer) in POOLINGS and len(layer.input.shape) == 4]
    if not pools:
        raise UserError("Grad-CAM cannot look into this network: it does not pool its maps. Choose another way.")
    names = {layer.name for layer in model.layers}
    features = model.get_layer(HIDDEN if HIDDEN in names else LOGITS).input
    chosen = _pooled_into(model, pools, features)
    if not chosen:  # layers in between, as the normalisation of ConvNeXt: go on from the last pooling
        chosen, features = [pools[-1]], pools[-1].output
    return Opened(
        keras.Model(model.inputs[0], [layer.input for layer in chosen]),
        tuple(POOLINGS[type(layer)] for layer in chosen),
        keras.Model(features, model.get_layer(LOGITS).output),
        not isinstance(model.get_layer(PROBABILITIES), layers.Softmax),
    )


def heat(opened: Opened, pixels: np.ndarray, targets: np.ndarray, *, batch: bool = False) -> np.ndarray:
    """Return what speaks for class targets[n] at each place of uint8 pixels (N, S, S, 3): float32 (N, S, S), >= 0.

    With `batch`, the maps are computed by a compiled function: dear the first time, cheap for many pictures.
    """
    pixels = np.asarray(pixels, np.float32)
    found = opened.maps.predict_on_batch(pixels) if batch else opened.maps(pixels, training=False)
    maps = [np.asarray(each, np.float32) for each in (found if isinstance(found, list | tuple) else [found])]
    fractions = _places(opened, maps, targets)
    total = sum(_enlarged(fraction, pixels.shape[1]) for fraction in fractions)
    return np.maximum(total, 0)


def _places(opened: Opened, maps: list[np.ndarray], targets: np.ndarray) -> list[np.ndarray]:
    """Return the part of the log odds that comes from each place of each map, (N, h, w) each."""
    pooled = [_pool(each, kind) for each, kind in zip(maps, opened.kinds, strict=True)]
    slopes = np.zeros((len(targets), sum(each.shape[1] for each in pooled)), np.float32)
    together = np.concatenate(pooled, axis=1)
    for target in np.unique(targets):
        rows = targets == target
        slopes[rows] = gradient(
            lambda x, target=int(target): log_odds_of_logits(opened.tail(x, training=False), target, each=opened.each),
            together[rows],
        )
    ends = np.cumsum([each.shape[1] for each in pooled])[:-1]
    return [
        _placed(each, slope, kind)
        for each, slope, kind in zip(maps, np.split(slopes, ends, axis=1), opened.kinds, strict=True)
    ]


def _placed(maps: np.ndarray, slope: np.ndarray, kind: str) -> np.ndarray:
    if kind == PLACES:  # each place has slopes of its own (HiResCAM, Draelos and Carin 2020)
        return (maps * slope.reshape(maps.shape)).sum(axis=-1)
    if kind == MEAN:
        return np.einsum("nhwc,nc->nhw", maps, slope) / (maps.shape[1] * maps.shape[2])
    highest = maps == maps.max(axis=(1, 2), keepdims=True)
    fraction = highest / highest.sum(axis=(1, 2), keepdims=True)
    return np.einsum("nhwc,nc->nhw", maps * fraction, slope)


def _pool(maps: np.ndarray, kind: str) -> np.ndarray:
    if kind == PLACES:
        return maps.reshape(len(maps), -1)
    return maps.max(axis=(1, 2)) if kind == PEAK else maps.mean(axis=(1, 2))


def _enlarged(fraction: np.ndarray, size: int) -> np.ndarray:
    """Return (N, size, size) of (N, h, w), smooth, with the same sum."""
    scale = fraction.shape[1] * fraction.shape[2] / size**2
    rows = [Image.fromarray(row).resize((size, size), Image.Resampling.BILINEAR) for row in fraction.astype(np.float32)]
    return np.stack([np.asarray(row) for row in rows]) * scale


def _pooled_into(model: keras.Model, pools: list, features) -> list:
    """Return the poolings whose outputs stand side by side in `features`, in that order; none when they do not.

    Asked of the numbers, not of the graph: what lies between differs from network to network.
    """
    size = model.inputs[0].shape[1]
    noise = np.random.default_rng(0).uniform(0, 255, (1, size, size, 3)).astype(np.float32)
    found = keras.Model(model.inputs[0], [features, *(layer.output for layer in pools)])(noise, training=False)
    whole, *parts = (np.asarray(each).ravel() for each in found)
    chosen, start = [], 0
    while start < len(whole):
        fits = (at for at, part in enumerate(parts) if at not in chosen and _stands_at(part, whole, start))
        at = next(fits, None)
        if at is None:
            return []
        chosen.append(at)
        start += len(parts[at])
    return [pools[at] for at in chosen]


def _stands_at(part: np.ndarray, whole: np.ndarray, start: int) -> bool:
    here = whole[start : start + len(part)]
    return len(here) == len(part) and np.allclose(here, part, rtol=1e-3, atol=1e-5)
