"""The ground on which a transparent drawing is seen: white, unless the drawing itself is white."""

import numpy as np
from PIL import Image

WHITE, BLACK = "white", "black"
LOOKED_AT = 96  # pixels of the longer side: enough to see what is drawn
SEEN = 24.0  # levels of 255 between drawing and ground that eyes and networks tell apart
SHARE = 0.5  # of what is drawn must be seen, or another ground that shows more is taken
OPAQUE = 32  # of 255


def on_ground(image: Image.Image, ground: str) -> Image.Image:
    """Return a picture with transparency, or a strip of it, as RGB on this ground."""
    layer = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, ground), layer).convert("RGB")


def ground_of(image: Image.Image) -> str:
    """Return "white" or, for a drawing that would vanish on it, "black"."""
    pixels = np.asarray(_small(image), np.float32)
    alpha = pixels[..., 3]
    drawn = alpha >= OPAQUE
    if not drawn.any() or drawn.all():
        return WHITE
    colours, weight = pixels[..., :3][drawn], alpha[drawn][:, None] / 255
    on_white = (np.abs(colours - 255) * weight).max(axis=1)
    on_black = (colours * weight).max(axis=1)
    shown = [float((difference >= SEEN).mean()) for difference in (on_white, on_black)]
    return BLACK if shown[0] < SHARE and shown[1] > shown[0] else WHITE


def _small(image: Image.Image) -> Image.Image:
    """Return every so many-th pixel of a picture, with its transparency."""
    step = max(1, max(image.size) // LOOKED_AT)
    size = (-(-image.width // step), -(-image.height // step))
    return image.resize(size, Image.Resampling.NEAREST).convert("RGBA")
