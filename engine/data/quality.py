"""How sharp, bright and rich in contrast a picture is, and which pictures stand out from their set in that.

Nothing is called bad by an absolute number alone: a set of night photos is dark, a set of text lines long, a set of
scanned digits small. A picture is named when it is poor by itself and unlike the others; and where a twentieth of the
set and more would be named, that is how this set looks.
"""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from engine.data import finding as shapes
from engine.data.modalities.image_facts import ImageFacts, image_facts

if TYPE_CHECKING:
    from engine.storage.registry import ItemRecord

SIDE = 128  # pixels of the longer side; a smaller picture is measured as it is
BLANK = 0.005  # contrast below which nothing is on the picture; paper with one thin line has more
# Measured on 250 photos of clothes at 160 px: the least sharp hundredth has 0.26, blurred with a radius of 2 px 0.08;
# scanned digits and 1-bit drawings lie above 1. Pictures of 32 px lose their edges only with real blur.
BLURRED, BLURRED_SHARE = 0.16, 0.4
DARK, BRIGHT, FLAT = 0.10, 0.92, 0.12
TINY, TINY_SHARE = 32, 0.4
LONG, LONG_SHARE = 3.0, 2.2
FENCE = 3.0  # interquartile ranges beyond the quartile: far out (Tukey 1977)
MOST = 0.05  # of the set; more than that is how the set looks


def measure(small: Image.Image) -> dict[str, float]:
    """Return {"sharpness", "brightness", "contrast"} of an RGB picture, each 0 or more.

    Brightness is the mean in [0, 1]; contrast the largest deviation of a colour channel; sharpness the deviation of the
    Laplacian over that of the grey picture, so that neither size nor contrast decides (after Pech-Pacheco et al. 2000).
    """
    if max(small.size) > SIDE:
        scale = SIDE / max(small.size)
        small = small.resize([max(1, round(side * scale)) for side in small.size], Image.Resampling.BILINEAR)
    colours = np.asarray(small, np.float32)
    grey = np.asarray(small.convert("L"), np.float32)
    return {
        "sharpness": round(_sharpness(grey), 4),
        "brightness": round(float(grey.mean()) / 255, 4),
        "contrast": round(float(colours.std(axis=(0, 1)).max()) / 255, 4),
    }


def _sharpness(grey: np.ndarray) -> float:
    if min(grey.shape) < 3:
        return 1.0
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return float((4 * grey[1:-1, 1:-1] - around).std() / max(1.0, grey.std()))


class _Known(NamedTuple):
    """An item with what is known of its image."""

    item: "ItemRecord"
    facts: ImageFacts


def findings(items: Sequence["ItemRecord"]) -> list[dict]:
    """Return what stands out: blank, blurred, dark, bright, tiny and long pictures; each can be taken out at once."""
    known = [_Known(item, image_facts(item)) for item in items]
    measured = [one for one in known if one.facts.contrast is not None]
    blank = [one for one in measured if _contrast(one) < BLANK]
    rest = [one for one in measured if _contrast(one) >= BLANK]
    flat = [one for one in rest if _contrast(one) < FLAT]
    sized = [one for one in known if one.facts.width and one.facts.height]
    found = [
        _blank(blank),
        _blurred(_unusual(rest, _sharp, BLURRED, BLURRED_SHARE)),
        _dark(_unusual(flat, _brightness, DARK, 1.0, of=rest)),
        _bright(_unusual(flat, lambda one: 1 - _brightness(one), 1 - BRIGHT, 1.0, of=rest)),
        _tiny(_unusual(sized, _short_side, TINY, TINY_SHARE)),
        _long(_unusual(sized, lambda one: 1 / _length(one), 1 / LONG, 1 / LONG_SHARE)),
    ]
    return [one for one in found if one]


def _unusual(
    items: Sequence[_Known],
    value: Callable[[_Known], float],
    least: float,
    share: float,
    *,
    of: Sequence[_Known] | None = None,
) -> list[_Known]:
    """Return those whose value is below `least`, below that share of the set's median, and far out in the set."""
    whole = items if of is None else of
    if not items or not whole:
        return []
    values = np.log(np.maximum([value(item) for item in whole], 1e-4))
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
    edge = min(math.log(least), middle + math.log(share), low - FENCE * (high - low))
    named = [item for item in items if math.log(max(value(item), 1e-4)) < edge]
    return named if len(named) <= max(1, MOST * len(whole)) else []


def _sharp(one: _Known) -> float:
    return one.facts.sharpness or 0.0


def _brightness(one: _Known) -> float:
    return one.facts.brightness or 0.0


def _contrast(one: _Known) -> float:
    return one.facts.contrast or 0.0


def _short_side(one: _Known) -> int:
    return min(one.facts.width, one.facts.height)


def _length(one: _Known) -> float:
    return max(one.facts.width, one.facts.height) / min(one.facts.width, one.facts.height)


def _blank(items: list[_Known]) -> dict | None:
    message = shapes.plural(
        "1 picture is blank: it has one colour only.",
        "{count} pictures are blank: they have one colour only.",
        len(items),
    )
    return _told("blank", "warning", items, message)


def _blurred(items: list[_Known]) -> dict | None:
    message = shapes.plural(
        "1 picture is blurred, far more than the others.",
        "{count} pictures are blurred, far more than the others.",
        len(items),
    )
    return _told("blurred", "note", sorted(items, key=_sharp), message)


def _dark(items: list[_Known]) -> dict | None:
    message = shapes.plural(
        "1 picture is so dark that little can be seen on it.",
        "{count} pictures are so dark that little can be seen on them.",
        len(items),
    )
    return _told("dark", "note", sorted(items, key=_brightness), message)


def _bright(items: list[_Known]) -> dict | None:
    message = shapes.plural(
        "1 picture is so bright that little can be seen on it.",
        "{count} pictures are so bright that little can be seen on them.",
        len(items),
    )
    return _told("bright", "note", sorted(items, key=_brightness, reverse=True), message)


def _tiny(items: list[_Known]) -> dict | None:
    message = shapes.plural(
        "1 picture is very small, {pixels} pixels on its short side, and much smaller than the others.",
        "{count} pictures are very small, down to {pixels} pixels on the short side, and much smaller than the others.",
        len(items),
    )
    pixels = min(map(_short_side, items), default=0)
    return _told("too_small", "note", sorted(items, key=_short_side), message, pixels=pixels)


def _long(items: list[_Known]) -> dict | None:
    message = shapes.plural(
        "1 picture is far longer or taller than the others.",
        "{count} pictures are far longer or taller than the others.",
        len(items),
    )
    return _told("odd_shape", "note", sorted(items, key=_length, reverse=True), message)


def _told(kind: str, severity: str, items: list[_Known], message: str, **values) -> dict | None:
    if not items:
        return None
    fix = shapes.plural(
        "Look at it. If a person could not tell its class, take it out.",
        "Look at them. Take out those whose class a person could not tell.",
        len(items),
    )
    title = shapes.plural("Take it out", "Take them out", len(items))
    named = [one.item for one in items]
    fixes = [shapes.remove(named, title)]
    return shapes.finding(kind, severity, named, message, fix, fixes=fixes, count=len(items), **values)
