"""Small JPEGs for galleries and larger ones to judge a picture by, one each per content hash."""

import contextlib

from PIL import Image

from engine.data.modalities.image import jpeg_bytes, open_image
from engine.errors import UserError
from engine.storage.workspace import Workspace, write_atomic

LONGEST_SIDE = 160  # pixels
PREVIEW_SIDE = 720  # pixels: enough to read a label on a shirt, 40 to 100 kB
DECODE_SIZE = (2 * LONGEST_SIDE, 2 * LONGEST_SIDE)  # a JPEG is decoded at the scale that still covers this


def shrink(image: Image.Image, longest: int = LONGEST_SIDE) -> Image.Image:
    """Return the picture with its longest side at most `longest` px; a smaller one is returned as it is."""
    if max(image.size) <= longest:
        return image
    scale = longest / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)


def write(workspace: Workspace, sha256: str, image: Image.Image, small: Image.Image) -> None:
    """Keep the thumbnail of a larger picture, once. Raises UserError when the disk is full.

    A picture that was small from the start gets no second file: making files is what costs time when 60,000 tiny
    pictures come in, and `read` turns one into a JPEG in a fraction of a millisecond.
    """
    path = workspace.thumbnail_path(sha256)
    if small is not image and not path.exists():
        write_atomic(path, jpeg_bytes(small, quality=80))


def read(workspace: Workspace, sha256: str) -> bytes:
    """Return the thumbnail as JPEG. Made again from the original when the cache was emptied.

    Raises DataError when the original is gone as well.
    """
    path = workspace.thumbnail_path(sha256)
    if path.exists():
        return path.read_bytes()
    image = open_image(workspace.blob_path(sha256), target=DECODE_SIZE)
    small = shrink(image)
    write(workspace, sha256, image, small)
    return jpeg_bytes(small, quality=80)


def preview(workspace: Workspace, sha256: str) -> bytes:
    """Return the picture as JPEG, its longest side at most 720 px, made once. Raises DataError without an original."""
    path = workspace.preview_path(sha256)
    if path.exists():
        return path.read_bytes()
    image = open_image(workspace.blob_path(sha256), target=(PREVIEW_SIDE, PREVIEW_SIDE))
    content = jpeg_bytes(shrink(image, PREVIEW_SIDE))
    if max(image.size) > PREVIEW_SIDE:  # smaller ones are quick to read anew
        with contextlib.suppress(UserError):  # a full disk is no reason to show nothing
            write_atomic(path, content)
    return content
