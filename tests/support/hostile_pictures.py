"""Pictures made to do harm: small files of many pixels, tiles, scans or entries, and some large honest ones."""

import io
import struct
import zlib
from collections.abc import Callable

from PIL import Image

from tests.support.odd_files import _chunk, encode, photo

MANY = "million pixels"
OVERLOADED = "far more memory or time"
DAMAGED = "damaged"


def packed_rows(row: bytes, count: int) -> bytes:
    """Return `count` equal rows, deflated, without ever holding them."""
    pack, block = zlib.compressobj(1), row * 16
    body = b"".join(pack.compress(block) for _block in range(count // 16))
    return body + pack.compress(row * (count % 16)) + pack.flush()


def large_png(width: int, height: int, bits: int, kind: int, before: bytes = b"") -> bytes:
    """Return a PNG of one colour; kind: 0 grey, 2 colour, 3 palette, 6 with transparency."""
    planes = {0: 1, 2: 3, 3: 1, 6: 4}[kind]
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0))
    rows = packed_rows(b"\0" + bytes(width * planes * bits // 8), height)
    return b"\x89PNG\r\n\x1a\n" + header + before + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def tiff(entries: dict[int, tuple[int, int, int]], body: bytes = b"") -> bytes:
    """Return a TIFF of {tag: (type, count, value)}; `body` begins at 4096."""
    listed = b"".join(struct.pack("<HHII", tag, *entry) for tag, entry in sorted(entries.items()))
    head = b"II*\0" + struct.pack("<IH", 8, len(entries)) + listed + struct.pack("<I", 0)
    return head.ljust(4096, b"\0") + body


def large_tiff(width: int, height: int, bits: int, planes: int, photometric: int, sample_format: int = 1) -> bytes:
    """Return a deflated TIFF of one strip and one colour."""
    rows = packed_rows(bytes(width * planes * bits // 8), height)
    depths = struct.pack(f"<{planes}H", *[bits] * planes)
    kinds = struct.pack(f"<{planes}H", *[sample_format] * planes)
    start = 4096
    one = planes == 1
    return tiff(
        {
            256: (4, 1, width),
            257: (4, 1, height),
            258: (3, planes, bits if one else start),
            259: (3, 1, 8),
            262: (3, 1, photometric),
            273: (4, 1, start + 64),
            277: (3, 1, planes),
            278: (4, 1, height),
            279: (4, 1, len(rows)),
            339: (3, planes, sample_format if one else start + 32),
        },
        depths.ljust(32, b"\0") + kinds.ljust(32, b"\0") + rows,
    )


def tiff_of_one_giant_tile() -> bytes:
    side = 60_000
    facts = {256: (4, 1, 16), 257: (4, 1, 16), 258: (3, 1, 8), 259: (3, 1, 8), 262: (3, 1, 1), 277: (3, 1, 1)}
    tiles = {322: (4, 1, side), 323: (4, 1, side), 324: (4, 1, 4096), 325: (4, 1, 1000)}
    return tiff(facts | tiles, packed_rows(bytes(side), side // 100))


def tiff_of_tiny_tiles(tiles: int) -> bytes:
    """Return an uncompressed TIFF of 16 x 16 tiles that all stand at the same place."""
    side = 16 * int(tiles**0.5)
    count = (side // 16) ** 2
    facts = {256: (4, 1, side), 257: (4, 1, side), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1), 277: (3, 1, 1)}
    places = struct.pack("<I", 4096) * count
    places_at = 4096 + 256
    more = {322: (3, 1, 16), 323: (3, 1, 16), 324: (4, count, places_at), 325: (4, count, places_at + len(places))}
    return tiff(facts | more, bytes(256) + places + struct.pack("<I", 256) * count)


def directory_of_copies(entries: int, size: int) -> bytes:
    """Return an EXIF block (or a TIFF without a picture) whose entries all point at the same bytes."""
    head = b"II*\0" + struct.pack("<IH", 8, entries)
    start = len(head) + 12 * entries + 4
    listed = b"".join(struct.pack("<HHII", 1000 + number, 7, size, start) for number in range(entries))
    return head + listed + struct.pack("<I", 0) + bytes(size)


def tiff_of_copies() -> bytes:
    return directory_of_copies(60_000, 1_000_000)


def jpeg_with_exif(block: bytes) -> bytes:
    """Return a JPEG with an EXIF block of any length, cut into as many segments as it takes."""
    parts = [block[at : at + 60_000] for at in range(0, len(block), 60_000)]
    segments = b"".join(b"\xff\xe1" + struct.pack(">H", len(part) + 8) + b"Exif\0\0" + part for part in parts)
    content = encode(photo(), "JPEG")
    return content[:2] + segments + content[20:]  # without JFIF's own block, so that the density is looked for in EXIF


def jpeg_of_scans(scans: int) -> bytes:
    """Return a progressive JPEG whose first scan comes again and again."""
    content = encode(photo(1, 3000, 2000).convert("L"), "JPEG", progressive=True)
    start = content.index(b"\xff\xda")
    end = content.index(b"\xff\xc4", start) if b"\xff\xc4" in content[start:] else len(content) - 2
    return content[:end] + content[start:end] * scans + content[end:]


def icon_of(picture: bytes) -> bytes:
    entry = struct.pack("<4B2H2I", 16, 16, 0, 0, 1, 32, len(picture), 22)
    return b"\0\0\1\0\1\0" + entry + picture


def bitmap_without_pixels(width: int, height: int) -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + head + bytes(1000)


def gif_of(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("P", (width, height)).save(buffer, "GIF", transparency=0)
    return buffer.getvalue()


def text_chunk(size: int) -> bytes:
    """Return a compressed text chunk of PNG with an XMP packet of `size` bytes."""
    text = packed_rows(b" " * 1000, size // 1000)
    return _chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + text)


# {what it is: (file name, how it is made, words of the reason; empty: it is used)}
HOSTILE: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "98 million pixels of 16 bits": ("a.png", lambda: large_png(9_900, 9_900, 16, 0), ""),
    "98 million pixels with transparency": ("a.png", lambda: large_png(9_900, 9_900, 8, 6), ""),
    "98 million pixels of a palette": (
        "a.png",
        lambda: large_png(
            9_900, 9_900, 8, 3, _chunk(b"PLTE", bytes(range(256)) * 3) + _chunk(b"tRNS", bytes(range(256)))
        ),
        "",
    ),
    "98 million floats": ("a.tif", lambda: large_tiff(9_900, 9_900, 32, 1, 1, 3), ""),
    "98 million pixels of CMYK": ("a.tif", lambda: large_tiff(9_900, 9_900, 8, 4, 5), ""),
    "98 million pixels of an animation": ("a.gif", lambda: gif_of(65_500, 1_500), ""),
    "a needle of 98 million pixels": ("a.png", lambda: large_png(4_900_000, 20, 8, 2), ""),
    "144 million pixels": ("a.png", lambda: large_png(12_000, 12_000, 16, 0), MANY),
    "144 million pixels in an icon": ("a.ico", lambda: icon_of(large_png(12_000, 12_000, 8, 0)), MANY + "|" + DAMAGED),
    "90 million pixels of a bitmap that is not there": ("a.bmp", lambda: bitmap_without_pixels(9_500, 9_500), DAMAGED),
    "one giant tile": ("a.tif", tiff_of_one_giant_tile, OVERLOADED),
    "a million tiny tiles": ("a.tif", lambda: tiff_of_tiny_tiles(390_000), OVERLOADED),
    "60,000 entries at one megabyte": ("a.tif", tiff_of_copies, OVERLOADED),
    "an EXIF block of copies in a JPEG": (
        "a.jpg",
        lambda: jpeg_with_exif(directory_of_copies(60_000, 500_000)),
        OVERLOADED,
    ),
    "an EXIF block of copies in a PNG": (
        "a.png",
        lambda: large_png(40, 30, 8, 2, _chunk(b"eXIf", directory_of_copies(60_000, 500_000))),
        "",
    ),
    "a scan again and again": ("a.jpg", lambda: jpeg_of_scans(2_000), OVERLOADED),
    "half a gigabyte of XMP": ("a.png", lambda: large_png(40, 30, 8, 2, text_chunk(500_000_000)), ""),
}
