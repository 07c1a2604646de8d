"""Cut a picture into pieces that look alike inside, and hide some of them: what LIME and SHAP ask a model about."""

from collections.abc import Callable

import numpy as np

from engine.evaluation.explain.class_score import log_odds

Predict = Callable[[np.ndarray], np.ndarray]  # uint8 pixels (N, S, S, 3) to probabilities (N, num_classes)
Advance = Callable[[int, int], None]
PIECES = 40
BATCH = 32


def cut(pixels: np.ndarray, pieces: int = PIECES) -> np.ndarray:
    """Return the piece 0, 1, ... of every pixel of a picture (S, S, 3): SLIC superpixels (Achanta et al. 2012)."""
    from skimage.segmentation import slic

    found = slic(pixels, n_segments=pieces, compactness=10, sigma=1, start_label=0, channel_axis=-1)
    return np.unique(found, return_inverse=True)[1].reshape(found.shape)


def without(pixels: np.ndarray, pieces: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Return (N, S, S, 3): the picture with only the pieces where `kept` (N, pieces) is true.

    The others have the mean colour of the picture: the mean of each piece would leave a thing of one colour as it is.
    """
    colour = pixels.mean(axis=(0, 1)).astype(np.uint8)
    return np.where(kept[:, pieces][..., None], pixels[None], colour)


def ask(
    predict: Predict, pixels: np.ndarray, pieces: np.ndarray, kept: np.ndarray, target: int, advance: Advance
) -> np.ndarray:
    """Return the log odds of `target`, (N,), for the picture with only the `kept` pieces (N, pieces)."""
    values = []
    for start in range(0, len(kept), BATCH):
        values.append(log_odds(predict(without(pixels, pieces, kept[start : start + BATCH])), target))
        advance(min(len(kept), start + BATCH), len(kept))
    return np.concatenate(values)
