"""Two pictures become one, and so do their classes: MixUp (Zhang et al. 2018) and CutMix (Yun et al. 2019).

What a network learns from such pictures generalises further, as long as a mixture still shows what it is made of. Half
a dress beside half a shirt does; two words written over each other do not. Which of the two kinds a set of pictures
stands is asked of the pictures themselves (safe_augmentation).
"""

from collections.abc import Sequence

import numpy as np

Generator = np.random.Generator
# Shape of the beta distribution that shares are drawn from; the papers' own choices for fine-tuned networks.
MIXUP_ALPHA, CUTMIX_ALPHA = 0.2, 1.0
# Share of the batches that are mixed; the rest shows pictures as they will come.
OFTEN = 0.5


def mix(
    x: np.ndarray, targets: np.ndarray, weights: np.ndarray, kinds: Sequence[str], generator: Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a batch of pictures (B, S, S, 3), targets (B, C) and weights (B,), mixed by one of `kinds` or as it was.

    Every picture is mixed with another one of the batch, all by the same share.
    """
    if not kinds or generator.random() >= OFTEN:
        return x, targets, weights
    make, alpha = (cutmix, CUTMIX_ALPHA) if generator.choice(kinds) == "cutmix" else (mixup, MIXUP_ALPHA)
    other = generator.permutation(len(x))
    mixed, fraction = make(x, x[other], generator.beta(alpha, alpha), generator)
    targets, weights = (fraction * part + (1 - fraction) * part[other] for part in (targets, weights))
    return mixed, targets.astype(np.float32), weights.astype(np.float32)


def half(pictures: np.ndarray, others: np.ndarray, kind: str, seed: int = 0) -> np.ndarray:
    """Return uint8 pictures (N, S, S, 3), each mixed half and half with the other one: the hardest case."""
    generator = np.random.default_rng(seed)
    make = cutmix if kind == "cutmix" else mixup
    pairs = zip(pictures[:, None].astype(np.float32), others[:, None].astype(np.float32), strict=True)
    return np.concatenate([make(own, other, 0.5, generator)[0] for own, other in pairs]).astype(np.uint8)


def mixup(x: np.ndarray, other: np.ndarray, fraction: float, _generator: Generator) -> tuple[np.ndarray, float]:
    """Return both laid over each other, `x` with this share, and the share."""
    return fraction * x + (1 - fraction) * other, fraction


def cutmix(x: np.ndarray, other: np.ndarray, fraction: float, generator: Generator) -> tuple[np.ndarray, float]:
    """Return `x` with a rectangle of `other` in it, and the fraction of `x` that is left (about `fraction`)."""
    side, width = x.shape[1], x.shape[2]
    reach = np.sqrt(1 - fraction) / 2
    row, column = generator.random(2)
    top, bottom = (round(side * min(1.0, max(0.0, row + edge))) for edge in (-reach, reach))
    left, right = (round(width * min(1.0, max(0.0, column + edge))) for edge in (-reach, reach))
    mixed = x.copy()
    mixed[:, top:bottom, left:right] = other[:, top:bottom, left:right]
    return mixed, 1 - (bottom - top) * (right - left) / (side * width)
