"""A head that finds objects by their centres (CenterNet: Zhou et al. 2019, "Objects as Points"), its loss and reading.

For every cell of the finer map it says one row of numbers: a logit for each class, the logarithms of width and height
and how far the centre lies from the middle of the cell, all in cells. Where several cells are near a centre each of
them learns its size, the nearest most (Liu et al. 2020, "Training-Time-Friendly Network").
"""

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers, ops

from engine.data.boxes.geometry import overlaps

CHANNELS = 64
SPREAD = 0.54 / 6  # deviation of the heat around a centre, by the object's side (Liu et al. 2020)
NEAR = 0.25  # heat from which on a cell learns the size of the object
RARE = -4.6  # logit of a class before anything was learned: one cell in a hundred
MOST = 100  # objects that are read from a picture
OFTEN = 0.55  # two boxes of a class that overlap by more are one object
LEAST = 0.01  # confidence below which nothing is kept


def build(shapes: Sequence[tuple[int, ...]], num_classes: int, seed: int = 0, dropout: float = 0.1) -> keras.Model:
    """Return the head for maps of these shapes: [(H, W, C), (H/2, W/2, D)] to (H, W, num_classes + 4)."""
    keras.utils.set_random_seed(seed)
    fine, coarse = (keras.Input(shape, name=f"map_{place}") for place, shape in enumerate(shapes))
    x = layers.Concatenate(name="both")(
        [fine, layers.UpSampling2D(2, interpolation="bilinear", name="doubled")(coarse)]
    )
    x = layers.SpatialDropout2D(dropout, name="dropout")(x)
    for place, side in enumerate((1, 3, 3)):
        x = layers.Conv2D(CHANNELS, side, padding="same", use_bias=False, name=f"conv{place}")(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"bn{place}")(x)
        x = layers.ReLU(name=f"relu{place}")(x)
    start = keras.initializers.Constant(RARE)
    heat = layers.Conv2D(num_classes, 1, bias_initializer=start, name="heat")(x)
    return keras.Model([fine, coarse], layers.Concatenate(name="found")([heat, layers.Conv2D(4, 1, name="box")(x)]))


def targets(corners: np.ndarray, classes: np.ndarray, cells: tuple[int, int], num_classes: int) -> np.ndarray:
    """Return what the head is to say, float32 (H, W, num_classes + 5): heat, box, and how much each box counts.

    corners: (N, 4) in cells. Small objects are drawn over large ones.
    """
    height, width = cells
    y = np.zeros((height, width, num_classes + 5), np.float32)
    rows, columns = np.arange(height)[:, None] + 0.5, np.arange(width)[None] + 0.5
    sides = np.maximum(corners[:, 2:] - corners[:, :2], 1e-3)
    for place in np.argsort(-sides.prod(axis=1), kind="stable"):
        (w, h), (cx, cy) = sides[place], (corners[place, :2] + corners[place, 2:]) / 2
        column, row = min(int(cx), width - 1), min(int(cy), height - 1)
        sx, sy = w * SPREAD + 1 / 6, h * SPREAD + 1 / 6
        heat = np.exp(-(((columns - column - 0.5) / sx) ** 2 + ((rows - row - 0.5) / sy) ** 2) / 2)
        label = classes[place]
        y[..., label] = np.maximum(y[..., label], heat)
        near = heat >= NEAR
        y[near, -5], y[near, -4] = np.log(w), np.log(h)
        y[near, -3] = np.broadcast_to(cx - columns, heat.shape)[near]
        y[near, -2] = np.broadcast_to(cy - rows, heat.shape)[near]
        y[near, -1] = heat[near] / heat[near].sum()
    return y


def loss(y_true, y_pred):
    """Return one number: penalty-reduced focal loss of the heat and L1 of the boxes, both an object."""
    heat, box, weight = y_true[..., :-5], y_true[..., -5:-1], y_true[..., -1:]
    logits, said = y_pred[..., :-4], y_pred[..., -4:]
    yes, no = -ops.softplus(-logits), -ops.softplus(logits)
    p = ops.sigmoid(logits)
    centre = ops.cast(heat > 0.999, "float32")
    hot = centre * ops.square(1 - p) * yes
    cold = (1 - centre) * ops.power(1 - heat, 4) * ops.square(p) * no
    objects = ops.maximum(ops.sum(centre), 1.0)
    return (ops.sum(weight * ops.abs(box - said)) - ops.sum(hot + cold)) / objects


def peaks(said):
    """Return (N, MOST, 6) of what the head said, (N, H, W, C + 4): corners in cells, confidence and class.

    A centre is a cell that no neighbour exceeds. On keras.ops, so that any backend reads alike.
    """
    heat, box = ops.sigmoid(said[..., :-4]), said[..., -4:]
    height, width, num_classes = heat.shape[1:]
    highest = ops.max_pool(heat, 3, strides=1, padding="same")
    flat = ops.reshape(ops.where(heat >= highest, heat, 0.0), (-1, height * width * num_classes))
    scores, index = ops.top_k(flat, min(MOST, height * width * num_classes))
    label, cell = ops.mod(index, num_classes), ops.floor_divide(index, num_classes)
    own = ops.take_along_axis(ops.reshape(box, (-1, height * width, 4)), cell[..., None], axis=1)
    half = ops.exp(ops.clip(own[..., :2], -5.0, 5.0)) / 2
    x = ops.cast(ops.mod(cell, width), "float32") + 0.5 + own[..., 2]
    y = ops.cast(ops.floor_divide(cell, width), "float32") + 0.5 + own[..., 3]
    rows = [x - half[..., 0], y - half[..., 1], x + half[..., 0], y + half[..., 1], scores]
    return ops.stack([*rows, ops.cast(label, "float32")], axis=-1)


def read(said: np.ndarray) -> list[np.ndarray]:
    """Return what was found on each picture, (n, 6) as `peaks` has it, the surest first and no object twice."""
    found = np.asarray(peaks(ops.convert_to_tensor(said, "float32")))
    return [_once(rows[rows[:, 4] >= LEAST]) for rows in found]


def _once(rows: np.ndarray) -> np.ndarray:
    """Leave out boxes that overlap a surer one of their class too much (non-maximum suppression)."""
    kept: list[int] = []
    shares = overlaps(rows[:, :4], rows[:, :4])
    for place in range(len(rows)):
        if all(rows[other, 5] != rows[place, 5] or shares[other, place] <= OFTEN for other in kept):
            kept.append(place)
    return rows[kept]
