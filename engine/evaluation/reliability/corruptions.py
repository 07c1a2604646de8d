"""Pictures made worse in seven ways, five strengths each, as cameras and networks do it.

After Hendrycks and Dietterich (2019), "Benchmarking Neural Network Robustness to Common Corruptions"; strengths go with
the size of the picture, so that they mean the same at every size a network sees.
"""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

STRENGTHS = 5
# What the strengths are: share of the side, deviation of 255, factor, factor, JPEG quality, degrees, share of the area.
_LEVELS = {
    "blur": (0.006, 0.012, 0.02, 0.035, 0.06),
    "noise": (8, 16, 28, 45, 70),
    "brightness": (0.8, 0.6, 0.45, 0.3, 0.2),
    "contrast": (0.75, 0.5, 0.35, 0.22, 0.12),
    "jpeg": (40, 25, 15, 9, 5),
    "rotation": (5, 10, 20, 30, 45),
    "occlusion": (0.04, 0.09, 0.16, 0.25, 0.36),
}
KINDS = tuple(_LEVELS)


def disturbed(pixels: np.ndarray, kind: str, strength: int, seed: int = 0) -> np.ndarray:
    """Return one picture (S, S, 3) of uint8 made worse; strength 1 to 5, 0 returns it as it is."""
    if strength == 0:
        return pixels
    level = _LEVELS[kind][strength - 1]
    return _WAYS[kind](pixels, level, np.random.default_rng([seed, strength]))


def _blur(pixels: np.ndarray, level: float, _random) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(level * len(pixels))))


def _noise(pixels: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:
    return np.clip(pixels + random.normal(0, level, pixels.shape), 0, 255).astype(np.uint8)


def _brightness(pixels: np.ndarray, level: float, _random) -> np.ndarray:
    return np.asarray(ImageEnhance.Brightness(Image.fromarray(pixels)).enhance(level))


def _contrast(pixels: np.ndarray, level: float, _random) -> np.ndarray:
    return np.asarray(ImageEnhance.Contrast(Image.fromarray(pixels)).enhance(level))


def _jpeg(pixels: np.ndarray, level: int, _random) -> np.ndarray:
    sink = io.BytesIO()
    Image.fromarray(pixels).save(sink, "JPEG", quality=level)
    return np.asarray(Image.open(sink).convert("RGB"))


def _rotation(pixels: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:
    """Turn one way or the other; the corners show the picture's border, mirrored, not black triangles."""
    side = len(pixels)
    wide = Image.fromarray(np.pad(pixels, ((side // 2,) * 2, (side // 2,) * 2, (0, 0)), "symmetric"))
    turned = wide.rotate(level * random.choice((-1, 1)), Image.Resampling.BILINEAR)
    start = side // 2
    return np.asarray(turned.crop((start, start, start + side, start + side)))


def _occlusion(pixels: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:
    """Cover a square of the mean colour somewhere."""
    side = max(1, round(level**0.5 * len(pixels)))
    top, left = random.integers(0, len(pixels) - side + 1, 2)
    covered = pixels.copy()
    covered[top : top + side, left : left + side] = pixels.mean(axis=(0, 1)).astype(np.uint8)
    return covered


_WAYS: dict[str, Callable[[np.ndarray, Any, np.random.Generator], np.ndarray]] = {
    "blur": _blur,
    "noise": _noise,
    "brightness": _brightness,
    "contrast": _contrast,
    "jpeg": _jpeg,
    "rotation": _rotation,
    "occlusion": _occlusion,
}
