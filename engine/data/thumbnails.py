"""Small JPEGs for galleries, one per content hash."""

from PIL import Image

from engine.data.decode import jpeg_bytes, open_image
from engine.workspace import Workspace, write_atomic

LONGEST_SIDE = 160  # pixels


def shrink(image: Image.Image) -> Image.Image:
    """Return the picture with its longest side at most 160 px; a smaller one is returned as it is."""
    if max(image.size) <= LONGEST_SIDE:
        return image
    scale = LONGEST_SIDE / max(image.size)
    size = tuple(max(1, round(side * scale)) for side in image.size)
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def write(workspace: Workspace, sha256: str, small: Image.Image) -> None:
    """Write the thumbnail unless it is there. Raises UserError when the disk is full."""
    path = workspace.thumbnail_path(sha256)
    if not path.exists():
        write_atomic(path, jpeg_bytes(small, quality=80))


def read(workspace: Workspace, sha256: str) -> bytes:
    """Return the thumbnail as JPEG. Made again from the original when the cache was emptied.

    Raises DataError when the original is gone as well.
    """
    path = workspace.thumbnail_path(sha256)
    if not path.exists():
        original = open_image(workspace.blob_path(sha256), target=(2 * LONGEST_SIDE, 2 * LONGEST_SIDE))
        write(workspace, sha256, shrink(original))
    return path.read_bytes()
