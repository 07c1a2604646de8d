"""A PNG without what only describes it: texts, profiles and times, of which some decoders refuse the whole picture."""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# What the pixels are made of, how they are turned, and how many bits a sensor gave (PNG specification, 11.2 and 11.3).
NEEDED = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
KEPT = {b"tRNS", b"eXIf", b"sBIT", b"gAMA", b"sRGB", b"cHRM"}
# Texts that may say how a picture is turned: an XMP packet, and EXIF as older programs wrote it.
TURNING = (b"XML:com.adobe.xmp\0", b"Raw profile type exif\0", b"Raw profile type APP1\0")
TEXTS = {b"tEXt", b"zTXt", b"iTXt"}
MOST_TEXT = 65_536  # bytes, packed and unpacked; more says nothing about how a picture is turned


def essential(content: bytes) -> bytes:
    """Return the PNG with those chunks alone that say what its pixels are; other content as it is.

    A side chunk whose checksum is wrong is left out; one that is needed stays, for a decoder to refuse.
    """
    if not content.startswith(SIGNATURE):
        return content
    kept, place = [SIGNATURE], len(SIGNATURE)
    while place + 12 <= len(content):
        (length,) = struct.unpack(">I", content[place : place + 4])
        kind, end = content[place + 4 : place + 8], place + 12 + length
        chunk = content[place:end]
        if kind in NEEDED or (kind in KEPT and _is_whole(chunk)) or (kind in TEXTS and _tells_turn(chunk)):
            kept.append(chunk)
        if kind == b"IEND" or end > len(content):
            break
        place = end
    return b"".join(kept)


def sensor_bits(content: bytes) -> int | None:
    """Return how many bits a sensor gave, where the PNG says so: 12 for a scanner's picture in 16 bits."""
    place = content.find(b"sBIT", 0, 4096) if content.startswith(SIGNATURE) else -1
    if place < 4:
        return None
    (length,) = struct.unpack(">I", content[place - 4 : place])
    bits = max(content[place + 4 : place + 4 + min(length, 4)], default=0)
    return bits if 8 < bits < 16 else None


def _tells_turn(chunk: bytes) -> bool:
    """Tell whether a text may say how the picture is turned, and is no larger than such a text is."""
    text = chunk[8:-4]
    if len(text) > MOST_TEXT or not text.startswith(TURNING) or not _is_whole(chunk):
        return False
    rest = text.partition(b"\0")[2]
    if chunk[4:8] == b"iTXt":
        is_packed, rest = rest[:1] == b"\1", rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    else:
        is_packed, rest = chunk[4:8] == b"zTXt", rest[1:]
    return not is_packed or _unpacks_within(rest)


def _unpacks_within(packed: bytes) -> bool:
    unpacking = zlib.decompressobj()
    try:
        unpacking.decompress(packed, MOST_TEXT)
    except zlib.error:
        return False
    return not unpacking.unconsumed_tail


def _is_whole(chunk: bytes) -> bool:
    return len(chunk) >= 12 and struct.unpack(">I", chunk[-4:])[0] == zlib.crc32(chunk[4:-4])
