"""What a picture may ask for before a codec sees it: pixels, tiles, scans, EXIF entries; and how many are in work.

Decoders believe what a file says. A TIFF of a megabyte with 65,535 entries that all point at the same megabyte becomes
64 GB of Python bytes, a JPEG of a few kilobytes with ten thousand scans keeps a core busy for minutes.
"""

import contextlib
import os
import re
import struct
import threading
from collections.abc import Iterator

from engine import settings
from engine.errors import DataError

# Decoders of these hold a picture several times over: they count as so many times their pixels.
WEIGHTS = {"AVIF": 2, "HEIF": 2, "WEBP": 2, "JPEG2000": 3}
PIXELS_PER_CORE = 16_000_000  # a machine of many cores also has the memory for more of them at once
MOST_SCANS = 100  # of a progressive JPEG; ordinary ones have ten
MOST_SCANNED = 2_000_000_000  # pixels times scans, some ten seconds of a core
MOST_TILES = 100_000
TILE_WIDTH, TILE_LENGTH, ORIENTATION = 322, 323, 0x0112
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8}  # bytes a value
ROOM = 2**20  # bytes; entries of small files may overlap as they like
EXIF_MARK = b"Exif\0\0"
# Of JPEG: no more bytes of a scan but the next marker.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_XMP_ORIENTATION = re.compile(rb'tiff:Orientation(?:="|>)([1-8])')

TOO_MANY_PIXELS = "The picture has more than {limit} million pixels. Make it smaller, or raise GRAFT_MAX_PIXELS."
OVERLOADED = (
    "The picture asks for far more memory or time than its size needs ({detail}), as only files made to do harm do. "
    "Open it in a picture program and save it again."
)


def check_content(content: bytes) -> None:
    """Raise DataError where a TIFF or JPEG would overload whoever opens it."""
    if content[:4] in (b"II*\0", b"MM\0*"):
        _check_directory(content)
    elif content.startswith(b"\xff\xd8"):
        _check_jpeg(content)


def check_opened(image, limit: int) -> None:
    """Raise DataError where the header of a picture promises more than `limit` pixels or tiles without end."""
    pixels = image.width * image.height
    if pixels * WEIGHTS.get(image.format, 1) > limit:
        raise DataError(TOO_MANY_PIXELS, limit=f"{limit / WEIGHTS.get(image.format, 1) / 1e6:g}")
    if image.format == "TIFF":
        sides = [image.tag_v2.get(tag, 1) for tag in (TILE_WIDTH, TILE_LENGTH)]
        if not all(isinstance(side, int) for side in sides) or sides[0] * sides[1] > max(4 * pixels, 2**22):
            raise DataError(OVERLOADED, detail="tiles larger than the picture")
    if len(image.tile) > MOST_TILES:
        raise DataError(OVERLOADED, detail="too many tiles")


def _check_jpeg(content: bytes) -> None:
    exif, scans, pixels = [], 0, 0
    for marker, body in _segments(content):
        if marker == 0xE1 and body.startswith(EXIF_MARK):
            exif.append(body[len(EXIF_MARK) :])
        elif marker in (0xC0, 0xC1, 0xC2) and len(body) >= 5:
            height, width = struct.unpack_from(">2H", body, 1)
            pixels = max(pixels, height * width)
        elif marker == 0xDA:
            scans += 1
    if scans > MOST_SCANS or (scans > 3 and scans * pixels > MOST_SCANNED):
        raise DataError(OVERLOADED, detail="too many scans")
    _check_directory(b"\n".join(exif))


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (marker, body) of a JPEG up to its end; what follows the end is no part of it."""
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xD9:
            return
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        yield marker, content[at + 4 : at + 2 + length]
        at += 2 + length
        if marker == 0xDA:
            found = _NEXT_MARKER.search(content, at)
            at = found.start() if found else len(content)


def _check_directory(block: bytes) -> None:
    """Refuse a directory of TIFF or EXIF whose entries together are far more than the file they point into."""
    total = sum(size for _tag, _kind, size, _where in entries(block))
    if total > 2 * len(block) + ROOM:
        raise DataError(OVERLOADED, detail="entries that point at each other's bytes")


def entries(block: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield (tag, kind of value, bytes of it that are there, where it stands) of a TIFF block's first directory."""
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None or len(block) < 8:
        return
    [start] = struct.unpack_from(f"{order}I", block, 4)
    if start + 2 > len(block):
        return
    [count] = struct.unpack_from(f"{order}H", block, start)
    for number in range(count):
        at = start + 2 + 12 * number
        if at + 12 > len(block):
            return
        tag, kind, values = struct.unpack_from(f"{order}2HI", block, at)
        size, where = values * SIZES.get(kind, 0), at + 8
        if size > 4:
            [where] = struct.unpack_from(f"{order}I", block, at + 8)
        yield tag, kind, max(0, min(size, len(block) - where)), where


def orientation(image) -> int:
    """Return how a picture lies, 1 (upright) to 8, by its EXIF block or its XMP packet; both may be broken."""
    if image.format == "TIFF":
        found = image.tag_v2.get(ORIENTATION, 1)
        return found if isinstance(found, int) and 1 <= found <= 8 else 1
    block = _exif(image)
    for tag, kind, size, where in entries(block):
        if tag == ORIENTATION and kind == 3 and size == 2:
            found = int.from_bytes(block[where : where + 2], "little" if block[:2] == b"II" else "big")
            return found if 1 <= found <= 8 else 1
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    packet = packet if isinstance(packet, bytes) else str(packet).encode("utf-8", "replace")
    found = _XMP_ORIENTATION.search(packet)
    return int(found.group(1)) if found else 1


def _exif(image) -> bytes:
    """Return the EXIF block; some programs write that of a PNG as digits into its text."""
    texts = {key.lower(): value for key, value in image.info.items() if isinstance(key, str)}
    with contextlib.suppress(ValueError, AttributeError):
        digits = texts.get("raw profile type exif", "").split("\n")[3:]
        return (texts.get("exif") or bytes.fromhex("".join(digits))).removeprefix(EXIF_MARK)
    return b""


class _Gate:
    """Lets so many pixels into work at once; a picture larger than that goes alone."""

    def __init__(self):
        self._inside = 0
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def open(self, pixels: int, most: int) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._inside or self._inside + pixels <= most)
            self._inside += pixels
        try:
            yield
        finally:
            with self._changed:
                self._inside -= pixels
                self._changed.notify_all()


_gate = _Gate()


def in_work(image):
    """Return a context in which a picture may be decoded: it waits until few enough pixels are in work."""
    most = max(settings.current().max_pixels, PIXELS_PER_CORE * (os.cpu_count() or 1))
    return _gate.open(image.width * image.height * WEIGHTS.get(image.format, 1), most)
