"""Heat as a picture to lay over another one: orange speaks for a class, blue against it, little heat is clear.

What the network never saw, because it was cut away, has no heat (NaN) and is darkened.
"""

import io

import numpy as np
from PIL import Image

from engine.data.modalities.fits import parted

# Orange and blue are told apart with every kind of colour blindness (Okabe and Ito 2008); both stand out from a grey
# photograph.
FOR, AGAINST = (255, 145, 0), (30, 110, 255)
LONGEST_SIDE = 320  # pixels; heat is smooth, and the browser enlarges it
STRONGEST = 0.88  # opacity of the hottest place
UNSEEN = 130  # opacity, of 255, of the black over what was cut away
# The hottest hundredth is drawn alike: one single hot pixel would leave all others pale.
HOTTEST = 99.0


def onto(heat: np.ndarray, size: tuple[int, int], fit: str) -> np.ndarray:
    """Return heat (S, S) of what the network saw as it lies on a picture of `size` (width, height): float32 (h, w).

    Undoes engine.data.modalities' open_at: bars of a letterbox are left out, what was cropped away is NaN.
    """
    fit, _scale = parted(fit)
    scale = min(1.0, LONGEST_SIDE / max(size))
    width, height = (max(1, round(side * scale)) for side in size)
    if fit == "letterbox":
        return _resized(_without_bars(heat, size), (width, height))
    if fit == "stretch":
        return _resized(heat, (width, height))
    side = min(width, height)
    whole = np.full((height, width), np.nan, np.float32)
    top, left = (height - side) // 2, (width - side) // 2
    whole[top : top + side, left : left + side] = _resized(heat, (side, side))
    return whole


def png(heat: np.ndarray) -> bytes:
    """Return heat (h, w) as a PNG with transparency. The scale is that of this heat: its strongest place is opaque."""
    seen, heat = np.isfinite(heat), np.nan_to_num(heat)
    strength = np.clip(heat / (np.percentile(np.abs(heat[seen]), HOTTEST) or np.abs(heat).max() or 1.0), -1, 1)
    colours = np.where(strength[..., None] >= 0, np.array(FOR, np.uint8), np.array(AGAINST, np.uint8))
    opacity = np.round(255 * STRONGEST * np.abs(strength) ** 0.8).astype(np.uint8)
    colours[~seen], opacity[~seen] = 0, UNSEEN
    sink = io.BytesIO()
    Image.fromarray(np.dstack([colours, opacity]).astype(np.uint8), "RGBA").save(sink, "PNG", compress_level=6)
    return sink.getvalue()


def hottest(heat: np.ndarray) -> tuple[float, float] | None:
    """Return the middle (x, y) of the hottest spot of heat (h, w), each in [0, 1] from the upper left corner.

    A spot is a connected part of the hottest twentieth; that with most heat counts, for between two of them lies
    nothing. None where nothing is above zero.
    """
    from scipy import ndimage

    spots, count = ndimage.label((heat >= np.nanpercentile(heat, 95)) & (heat > 0), np.ones((3, 3)))
    if not count:
        return None
    sums = ndimage.sum_labels(heat, spots, range(1, count + 1))
    rows, columns = np.nonzero(spots == 1 + int(np.argmax(sums)))
    return float((columns.mean() + 0.5) / heat.shape[1]), float((rows.mean() + 0.5) / heat.shape[0])


def _without_bars(heat: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    scale = len(heat) / max(size)
    width, height = (max(1, round(side * scale)) for side in size)
    top, left = (len(heat) - height) // 2, (len(heat) - width) // 2
    return heat[top : top + height, left : left + width]


def _resized(heat: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return np.asarray(Image.fromarray(heat.astype(np.float32)).resize(size, Image.Resampling.BILINEAR))
