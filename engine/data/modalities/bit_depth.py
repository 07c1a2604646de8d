"""Pictures of more than 8 bits: which of their values is black and which is white, alike for a whole dataset.

One bright pixel must not make a picture darker than its neighbours, so a scale is never taken from one picture where
there are others. It is written as "LOW:HIGH", and goes with the run that learned from it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from engine.data.modalities import png_chunks
from engine.errors import DataError

DEPTHS = (1, 255, 1023, 4095, 16383, 65535)  # what 1, 8, 10, 12, 14 and 16 bits hold
# The share of a picture's values that may lie above (or below) what is taken for it: hot and dead pixels of a sensor.
STRAY = 0.001
SAMPLED = 4_000_000  # pixels of which the range is told
MAX_SAMPLE_VALUE, BITS_PER_SAMPLE = 281, 258  # TIFF tags
SCALE = re.compile(r"^(-?[0-9.]+(?:e[+-]?[0-9]+)?):(-?[0-9.]+(?:e[+-]?[0-9]+)?)$")


@dataclass(frozen=True)
class Range:
    """What the values of a picture lie between, strays aside, and how many bits its sensor gave where that shows."""

    low: float
    high: float
    whole: bool  # integers
    bits: int | None = None


def is_deep(image: Image.Image) -> bool:
    """Tell whether a picture has one channel of more than 8 bits."""
    return image.mode.startswith(("I", "F"))


def may_be_deep(content: bytes) -> bool:
    """Tell by its first bytes whether a picture may have more than 8 bits; JPEG, GIF and WebP never have."""
    if content.startswith(png_chunks.SIGNATURE):
        return content[24:25] == b"\x10"
    return not content.startswith((b"\xff\xd8", b"GIF8", b"RIFF", b"BM"))


def range_of(image: Image.Image, content: bytes) -> Range:
    """Return the range of a deep picture that is loaded."""
    values = np.nan_to_num(np.asarray(_sample(image)), posinf=0, neginf=0)
    low, high = np.quantile(values, (STRAY, 1 - STRAY), method="nearest")
    whole = values.dtype.kind in "iu"
    return Range(float(low), float(high), whole, _bits(image, content) if whole else None)


def _sample(image: Image.Image) -> Image.Image:
    """Return every so many-th pixel of a large picture: enough to tell a range, and no second copy of all of them."""
    step = int((image.width * image.height / SAMPLED) ** 0.5)
    if step < 2:
        return image
    size = max(1, image.width // step), max(1, image.height // step)
    return image.resize(size, Image.Resampling.NEAREST)


def scale_of(ranges: Sequence[Range]) -> str:
    """Return the scale that suits all of some pictures: that of their sensor, or the bits that they use."""
    low, high = min(one.low for one in ranges), max(one.high for one in ranges)
    whole = all(one.whole for one in ranges)
    if low < 0:
        return written(low, high)
    told = [2**one.bits - 1 for one in ranges if one.bits]
    if told and max(told) >= high:
        return written(0, max(told))
    if whole:
        return written(0, next((depth for depth in DEPTHS if high <= depth), high))
    # Floats are taken as 0 to 1, or as 0 to 255 when they reach above 16; other ranges from their least to their most.
    if high <= 1 or 16 < high <= 255:
        return written(0, 1 if high <= 1 else 255)
    return written(low, high)


def written(low: float, high: float) -> str:
    return f"{low:.9g}:{high:.9g}"


def typed(text: str) -> tuple[float, float]:
    """Return (low, high) of a scale. Raises DataError for anything else."""
    match = SCALE.match(text.strip())
    low, high = (float(match[1]), float(match[2])) if match else (0.0, 0.0)
    if high <= low:
        raise DataError(
            "'{text}' is no scale for pixels. Write the value that is black and the one that is white as LOW:HIGH, "
            "such as 0:4095 for 12 bits.",
            text=text,
        )
    return low, high


def to_8_bit(image: Image.Image, scale: str) -> Image.Image:
    """Return a deep picture, or a strip of it, as grey of 8 bits."""
    values = np.asarray(image)
    if values.dtype == np.uint16:
        return Image.fromarray(_scaled(np.arange(2**16), scale)[values])  # by table
    return Image.fromarray(_scaled(np.nan_to_num(values, posinf=0, neginf=0), scale))


def _scaled(values: np.ndarray, scale: str) -> np.ndarray:
    low, high = typed(scale)
    scaled = np.clip((values.astype(np.float64) - low) * (255 / (high - low)), 0, 255)
    return np.round(scaled, out=scaled).astype(np.uint8)


def _bits(image: Image.Image, content: bytes) -> int | None:
    if image.format == "PNG":
        return png_chunks.sensor_bits(content)
    if image.format == "TIFF":
        most = image.tag_v2.get(MAX_SAMPLE_VALUE)
        bits = image.tag_v2.get(BITS_PER_SAMPLE)
        most = most[0] if isinstance(most, tuple) else most
        bits = bits[0] if isinstance(bits, tuple) else bits
        told = int(most).bit_length() if most else bits
        return told if told and 8 < told < 16 else None
    return None
