"""Small JPEGs for galleries and larger ones to judge a picture by, one each per content hash."""

import contextlib

from PIL import Image

from engine.data.modalities import registry as modalities
from engine.data.modalities.picture import DECODE_SIDE, jpeg_bytes, shrink
from engine.errors import UserError
from engine.storage.workspace import Workspace, write_atomic

PREVIEW_SIDE = 720  # pixels: enough to read a label on a shirt, 40 to 100 kB


def write(workspace: Workspace, sha256: str, image: Image.Image, small: Image.Image) -> None:
    """Keep the thumbnail of a larger picture, once. Raises UserError when the disk is full.

    A picture that was small from the start gets no second file: making files is what costs time when 60,000 tiny
    pictures come in, and `read` turns one into a JPEG in a fraction of a millisecond.
    """
    path = workspace.thumbnail_path(sha256)
    if small is not image and not path.exists():
        write_atomic(path, jpeg_bytes(small, quality=80))


def replace(workspace: Workspace, sha256: str, small: Image.Image) -> None:
    """Keep this thumbnail instead of the one there is, also of a small picture: it is not what the file alone tells."""
    write_atomic(workspace.thumbnail_path(sha256), jpeg_bytes(small, quality=80))


def read(workspace: Workspace, sha256: str) -> bytes:
    """Return the thumbnail as JPEG. Made again from the original when the cache was emptied.

    Raises DataError when the original is gone as well.
    """
    path = workspace.thumbnail_path(sha256)
    if path.exists():
        return path.read_bytes()
    blob = workspace.blob_path(sha256)
    image, _size = modalities.of(blob).picture(blob, DECODE_SIDE)
    small = shrink(image)
    write(workspace, sha256, image, small)
    return jpeg_bytes(small, quality=80)


def preview(workspace: Workspace, sha256: str) -> bytes:
    """Return the picture as JPEG, its longest side at most 720 px, made once. Raises DataError without an original."""
    path = workspace.preview_path(sha256)
    if path.exists():
        return path.read_bytes()
    blob = workspace.blob_path(sha256)
    image, _size = modalities.of(blob).picture(blob, PREVIEW_SIDE)
    content = jpeg_bytes(shrink(image, PREVIEW_SIDE))
    if max(image.size) > PREVIEW_SIDE:  # smaller ones are quick to read anew
        with contextlib.suppress(UserError):  # a full disk is no reason to show nothing
            write_atomic(path, content)
    return content
