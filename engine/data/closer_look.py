"""Do two pictures show the same, one saved or scaled anew? Looked at closely, in colour and in every detail.

A fingerprint only says who may be alike. Here one picture is made into the other, as a copy would have been: scaled to
its size, and compressed with the very tables its file was compressed with. What then is left tells: of a copy nearly
nothing, of another moment of the same scene its own noise, or the lamp that is lit. Pictures of a camera that does not
move differ in nothing else.
"""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, JpegImagePlugin

from engine.data.modalities import registry as modalities
from engine.errors import DataError

MAX_ASPECT = 1.03
WHOLE = 1 << 20  # pixels of a side: no picture is decoded smaller for that
SAME_SIZE = 1.02  # longer sides that differ by less belong to pictures that were not scaled
MOST_PIXELS = 1 << 22  # of larger pictures the middle is compared, at full detail, and the whole made smaller
SMALL_SIDE = 512  # pixels of the longer side of the whole
LARGE_SIDE = 1600  # pixels of a longer side from which decoding a picture whole takes longest
GLANCE_SIDE = 256  # pixels of a longer side
PLAINLY = 2  # times what may differ between copies: small pictures of copies never differ that much
# Measured on photos, 32 px pictures and digits, saved at JPEG quality 30 to 90 or scaled by 0.4 to 2: the colour of a
# copy differs by 2.8 levels of 255 at most, and its largest difference is 4.8 times what 99 % stay below.
MOST_OFFSET = 3.5
MOST_PEAK = 5.0
LEAST_PEAK = 10.0  # levels; what stays below is no difference that anybody could see
MOST_LEFT = 0.6  # of the difference that stays when one is compressed as the other was: of copies at most 0.5
ROUNDING = 3  # levels that a change of colour space may cost
SHARP, LEAST_SHARP = 8.0, 16.0  # as the two above, for single pixels
UNSEEN = 1.5  # levels (root of the mean square): as equal as rounding allows
FILTERS = (Image.Resampling.BICUBIC, Image.Resampling.LANCZOS, Image.Resampling.BILINEAR, Image.Resampling.BOX)


@dataclass(frozen=True)
class Seen:
    """A decoded picture, and how its JPEG was compressed (tables, sampling); None for other formats."""

    image: Image.Image
    compression: tuple | None
    lossless: bool


def see(content: bytes) -> Seen | None:
    """Return a picture as it is compared, None when it cannot be read."""
    try:
        image, _size = modalities.of(content).picture(content, WHOLE)
        raw = Image.open(io.BytesIO(content))
    except (DataError, OSError):
        return None
    compression = None
    if raw.format == "JPEG" and raw.quantization:
        compression = (raw.quantization, JpegImagePlugin.get_sampling(raw))
    return Seen(image, compression, raw.format in ("PNG", "BMP", "TIFF", "GIF", "PPM"))


def glance(content: bytes) -> Image.Image | None:
    """Return a picture made small, which is quick for a JPEG; None when it cannot be read."""
    try:
        image, _size = modalities.of(content).picture(content, GLANCE_SIDE)
    except DataError:
        return None
    image.thumbnail((GLANCE_SIDE, GLANCE_SIDE), Image.Resampling.BICUBIC)
    return image


def plainly_different(one: Image.Image, other: Image.Image) -> bool:
    """Tell by small pictures that neither can be a copy of the other; what stays open a closer look decides.

    A large detail stands out in a small picture, too; a small one, and the noise of another moment, does not.
    """
    if _stretched(one, other):
        return True
    return not _nothing_else(*_at_one_size(one, other), times=PLAINLY)


def same(first: Seen, second: Seen) -> bool:
    """Tell whether one is a copy of the other, saved or scaled anew."""
    if _stretched(first.image, second.image):
        return False
    if _scaled(first.image, second.image):
        return _nothing_else(*_at_one_size(first.image, second.image))
    width, height = map(min, first.image.size, second.image.size)
    one, other = (seen.image.crop((0, 0, width, height)) for seen in (first, second))
    return _same_moment(one, other, first, second)


def _stretched(one: Image.Image, other: Image.Image) -> bool:
    stretch = (one.width / one.height) / (other.width / other.height)
    return max(stretch, 1 / stretch) > MAX_ASPECT and min(*one.size, *other.size) > 1 / (MAX_ASPECT - 1)


def _scaled(one: Image.Image, other: Image.Image) -> bool:
    longest = sorted((max(one.size), max(other.size)))
    return longest[1] > SAME_SIZE * longest[0]


def _at_one_size(one: Image.Image, other: Image.Image) -> tuple[np.ndarray, np.ndarray]:
    small, large = sorted((one, other), key=lambda image: image.width * image.height)
    scale = min(1.0, SMALL_SIDE / max(small.size))
    size = max(1, round(small.width * scale)), max(1, round(small.height * scale))
    target = _pixels(small.resize(size, Image.Resampling.BICUBIC) if size != small.size else small)
    made = (_pixels(large.resize(size, method)) for method in FILTERS)
    return target, min(made, key=lambda pixels: _left(target - pixels))


def _same_moment(one: Image.Image, other: Image.Image, first: Seen, second: Seen) -> bool:
    """Tell whether two pictures of one size are the same one: compressed alike, they must agree in their noise too."""
    a, b = _pixels(_middle(one)), _pixels(_middle(other))
    before = _left(a - b)
    if first.lossless and second.lossless:
        return bool(np.abs(a - b).max() <= ROUNDING)  # nothing was lost on the way, so what differs was there
    if before <= UNSEEN:
        return _nothing_else(a, b)
    ways = []
    if second.compression:
        ways.append((_compressed(one, second), b))
    if first.compression:
        ways.append((_compressed(other, first), a))
    if not ways:  # a format whose loss cannot be made again
        return _nothing_else(a, b) and _noise_agrees(a, b)
    made, target = min(ways, key=lambda way: _left(way[0] - way[1]))
    return _left(made - target) <= MOST_LEFT * before and _nothing_else(made, target)


def _compressed(image: Image.Image, like: Seen) -> np.ndarray:
    """Return the pixels of a picture after it was saved as the JPEG `like` was."""
    tables, sampling = like.compression
    buffer = io.BytesIO()
    # A grey JPEG has one table and no sampling to speak of.
    grey = len(tables) == 1
    (image.convert("L") if grey else image).save(
        buffer, "JPEG", qtables=tables, **({} if grey or sampling < 0 else {"subsampling": sampling})
    )
    return _pixels(_middle(Image.open(buffer).convert("RGB")))


def _middle(image: Image.Image) -> Image.Image:
    """Return the picture, or of a very large one its middle."""
    if image.width * image.height <= MOST_PIXELS:
        return image
    side = int(MOST_PIXELS**0.5)
    left, top = max(0, (image.width - side) // 2), max(0, (image.height - side) // 2)
    return image.crop((left, top, min(image.width, left + side), min(image.height, top + side)))


def _pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image, np.float32)


def _left(difference: np.ndarray) -> float:
    return float(np.sqrt(np.square(difference).mean()))


def _nothing_else(a: np.ndarray, b: np.ndarray, times: float = 1) -> bool:
    """Tell whether nothing differs but what compression spreads everywhere: no colour, no place that stands out.

    times: by how much more than usual a difference must be to count.
    """
    difference = a - b
    if np.abs(difference.mean(axis=(0, 1))).max() > times * MOST_OFFSET:
        return False
    if _stands_out(np.abs(difference), times * LEAST_SHARP, times * SHARP) or _stands_out(
        np.abs(_box(difference, 3)), times * LEAST_PEAK, times * MOST_PEAK
    ):
        return False
    wide = np.abs(_box(difference, 16)).max() if min(a.shape[:2]) >= 64 else 0.0
    return bool(wide <= times * LEAST_PEAK)


def _stands_out(difference: np.ndarray, least: float, times: float) -> bool:
    local = difference.max(axis=-1)
    return bool(local.max() > max(least, times * (float(np.percentile(local, 99)) + 1)))


def _noise_agrees(a: np.ndarray, b: np.ndarray) -> bool:
    """Tell whether the fine grain of two pictures is the same: that of two moments has nothing in common."""
    one, other = a - _box(a, 3), b - _box(b, 3)
    energy = min(np.square(one).mean(), np.square(other).mean())
    return bool(energy < 0.25 or (one * other).mean() >= 0.5 * energy)


def _box(values: np.ndarray, side: int) -> np.ndarray:
    """Return the mean of a square of `side` pixels around each, edges repeated."""
    before, after = side // 2, side - 1 - side // 2
    for axis in (0, 1):
        padding = [(before + 1, after) if place == axis else (0, 0) for place in range(values.ndim)]
        total = np.cumsum(np.pad(values, padding, mode="edge"), axis=axis, dtype=np.float64)
        high = np.take(total, np.arange(side, total.shape[axis]), axis=axis)
        values = (high - np.take(total, np.arange(0, total.shape[axis] - side), axis=axis)) / side
    return values
