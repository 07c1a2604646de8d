"""Pictures for people: made smaller, and written as JPEG."""

import io

from PIL import Image

LONGEST_SIDE = 160  # pixels of a thumbnail
DECODE_SIDE = 2 * LONGEST_SIDE  # a JPEG is decoded at the scale that still covers this


def shrink(image: Image.Image, longest: int = LONGEST_SIDE) -> Image.Image:
    """Return the picture with its longest side at most `longest` px; a smaller one is returned as it is."""
    if max(image.size) <= longest:
        return image
    scale = longest / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)


def jpeg_bytes(image: Image.Image, quality: int = 85) -> bytes:
    """Return an RGB image as JPEG."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
