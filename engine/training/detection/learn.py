"""Teach the head on cached maps: a random view of every picture in each round; the best on validation stays."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from engine.data.boxes.geometry import Box
from engine.storage.shards import ShardCache
from engine.training.detection import centre_head as heads
from engine.training.detection.feature_maps import STRIDES
from engine.training.detection.frame import Frame, View
from engine.training.detection.map_cache import Extractor, key_of

BATCH = 16
LEARNING_RATE, WEIGHT_DECAY, WARM_UP = 2e-3, 0.05, 0.05
AVERAGED = 0.98  # of the weights so far stays in their average after each batch
LEAST_STEPS = 300  # small sets are gone through more often


@dataclass(frozen=True)
class Pictures:
    """Pictures to learn from or to look at: content hash, full size, boxes, and the views that are cached of each."""

    keys: Sequence[str]
    sizes: Sequence[tuple[int, int]]
    boxes: Sequence[Sequence[Box]]
    views: Sequence[View] = (View(),)

    def every(self) -> list[tuple[str, View]]:
        return [(key, view) for key in self.keys for view in self.views]


@dataclass(frozen=True)
class Round:
    """What one round ended with; `loss` is its mean while it learned."""

    number: int
    loss: float
    score: float


def learn(
    extractor: Extractor,
    train: Pictures,
    class_names: Sequence[str],
    score: Callable[[keras.Model], float],
    told: Callable[[Round], None],
    goes_on: Callable[[float, int], bool],
    *,
    epochs: int,
    patience: int,
    seed: int = 0,
) -> keras.Model:
    """Return the head with the highest score of its averaged weights; `goes_on(done, epochs)` is asked
    before every batch; after a no, what is learned by then is what there is.

    AdamW with a cosine (Loshchilov and Hutter 2019); weights are averaged over the last batches (Polyak 1992).
    """
    model = heads.build(extractor.shapes, len(class_names), seed)
    generator = np.random.default_rng(seed)
    per_round = -(-len(train.keys) // BATCH)
    rounds_each = max(1, -(-LEAST_STEPS // (per_round * epochs)))
    steps = per_round * rounds_each * epochs
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps, warmup_target=LEARNING_RATE, warmup_steps=max(1, int(WARM_UP * steps)), alpha=0.01
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY, clipnorm=10.0)
    model.compile(optimizer, heads.loss, jit_compile=keras.backend.backend() == "jax")
    looked = heads.build(extractor.shapes, len(class_names), seed)  # holds the averaged weights
    average = [weight.copy() for weight in model.get_weights()]
    best, best_score, worse, taken = average, -1.0, 0, 0
    cache = extractor.cache
    for epoch in range(1, epochs + 1):
        losses = []
        for place, (x, y) in enumerate(_batches(extractor, cache, train, class_names, generator, rounds_each)):
            if not goes_on(epoch - 1 + place / (per_round * rounds_each), epochs):
                looked.set_weights(best)
                return looked
            losses.append(float(model.train_on_batch(x, y)))
            taken += 1
            keep = min(AVERAGED, taken / (taken + 10))
            weights = model.get_weights()
            average = [keep * old + (1 - keep) * new for old, new in zip(average, weights, strict=True)]
        looked.set_weights(average)
        found = Round(epoch, float(np.mean(losses)), score(looked))
        told(found)
        worse = 0 if found.score > best_score else worse + 1
        if found.score > best_score:
            best, best_score = average, found.score
        if worse >= patience:
            break
    looked.set_weights(best)
    return looked


def _batches(
    extractor: Extractor,
    cache: ShardCache,
    train: Pictures,
    class_names: Sequence[str],
    generator: np.random.Generator,
    rounds: int,
) -> Iterator[tuple[list[np.ndarray], np.ndarray]]:
    """Yield maps and targets of all pictures, `rounds` times, each time another view of each."""
    number = {name: place for place, name in enumerate(class_names)}
    order = np.concatenate([generator.permutation(len(train.keys)) for _round in range(rounds)])
    drawn = generator.integers(len(train.views), size=len(order))
    for start in range(0, len(order), BATCH):
        rows = list(zip(order[start : start + BATCH], drawn[start : start + BATCH], strict=True))
        if len(rows) < BATCH:  # a batch of another size would be compiled anew
            more = generator.integers((len(train.keys), len(train.views)), size=(BATCH - len(rows), 2))
            rows += [(row, view) for row, view in more]
        x = extractor.split(cache.read([key_of(train.keys[row], train.views[view]) for row, view in rows]))
        y = [_target(train, row, train.views[view], extractor.frame, number) for row, view in rows]
        yield x, np.stack(y)


def _target(train: Pictures, row: int, view: View, frame: Frame, number: dict[str, int]) -> np.ndarray:
    boxes = train.boxes[row]
    corners = view.corners(boxes, train.sizes[row], frame) / STRIDES[0]
    classes = np.array([number[box.label] for box in boxes], int)
    there = (corners[:, 2:] - corners[:, :2]).min(axis=1) > 0.3 if len(boxes) else np.zeros(0, bool)
    return heads.targets(corners[there], classes[there], frame.cells, len(number))


def find(extractor: Extractor, model: keras.Model, pictures: Pictures) -> list[np.ndarray]:
    """Return what the head finds on each picture, (n, 6): corners in pixels of the picture, confidence, class."""
    cache, found = extractor.cache, []
    for start in range(0, len(pictures.keys), BATCH):
        keys = list(pictures.keys[start : start + BATCH])
        padded = keys + keys[:1] * (BATCH - len(keys))  # a batch of another size would be compiled anew
        said = model.predict_on_batch(extractor.split(cache.read(padded)))
        found += heads.read(np.asarray(said)[: len(keys)])
    return [in_picture(rows, extractor.frame, size) for rows, size in zip(found, pictures.sizes, strict=True)]


def in_picture(rows: np.ndarray, frame: Frame, size: tuple[int, int]) -> np.ndarray:
    """Return rows of `heads.read` with corners in pixels of a picture of this size, cut at its border."""
    corners = np.clip(rows[:, :4] * STRIDES[0] / frame.scale(size), 0, [size[0], size[1]] * 2)
    return np.concatenate([corners, rows[:, 4:]], axis=1)


def whole(extractor: Extractor, model: keras.Model) -> keras.Model:
    """Return one model from pixels in [0, 255] to what the head says, of built-in layers only."""
    network = extractor.network
    return keras.Model(network.inputs[0], model(network.outputs), name="detector")
