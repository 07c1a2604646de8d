"""Occlusion (Zeiler and Fergus 2014): cover one place after the other and see where that costs the answer."""

from collections.abc import Callable

import numpy as np

from engine.evaluation.explain.class_score import log_odds

Predict = Callable[[np.ndarray], np.ndarray]  # uint8 pixels (N, S, S, 3) to probabilities (N, num_classes)
Advance = Callable[[int, int], None]
# The cover is a quarter of the picture wide and moves by a third of its width. It must hide a thing as a whole: drawn
# squares of up to a quarter of the width are found in 98 of 100 pictures, of up to a third in 76.
PARTS, STEPS = 4, 3
BATCH = 32


def heat(
    predict: Predict, pixels: np.ndarray, target: int, advance: Advance = lambda _done, _total: None
) -> np.ndarray:
    """Return by how much the log odds of `target` fall when a place of uint8 pixels (S, S, 3) is covered: (S, S).

    Every place gets the mean over all covers that hide it. Negative: covering it makes the model surer. The cover is
    the mean colour of the picture.
    """
    boxes = covers(len(pixels))
    whole = log_odds(predict(pixels[None]), target)[0]
    fall = np.zeros(pixels.shape[:2])
    times = np.zeros(pixels.shape[:2])
    colour = pixels.mean(axis=(0, 1)).astype(np.uint8)
    for start in range(0, len(boxes), BATCH):
        some = boxes[start : start + BATCH]
        covered = np.repeat(pixels[None], len(some), axis=0)
        for picture, (top, left, bottom, right) in zip(covered, some, strict=True):
            picture[top:bottom, left:right] = colour
        for (top, left, bottom, right), value in zip(some, log_odds(predict(covered), target), strict=True):
            fall[top:bottom, left:right] += whole - value
            times[top:bottom, left:right] += 1
        advance(min(len(boxes), start + BATCH), len(boxes))
    return (fall / times).astype(np.float32)


def covers(size: int) -> list[tuple[int, int, int, int]]:
    """Return (top, left, bottom, right) of squares that together hide every pixel of a square picture."""
    side = max(2, round(size / PARTS))
    starts = sorted({min(start, size - side) for start in range(0, size, max(1, side // STEPS))})
    return [(top, left, top + side, left + side) for top in starts for left in starts]
