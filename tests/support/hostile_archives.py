"""Archives made to do harm: each a few kilobytes that ask for memory, time or a way out."""

import bz2
import gzip
import lzma
import struct
import tarfile
import zlib
from collections.abc import Callable

from tests.support.odd_archives import ONE, TWO, zip_of

KB, MB, GB = 2**10, 2**20, 2**30


def tar_header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    """Return the header of a member that says it has `size` bytes, whatever follows."""
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT)


def pax(content: bytes, kind: bytes = tarfile.XHDTYPE) -> bytes:
    return tar_header("././@PaxHeader", len(content), kind) + content + bytes(-len(content) % 512)


def tar_member(name: str, content: bytes) -> bytes:
    return tar_header(name, len(content)) + content + bytes(-len(content) % 512)


END = bytes(1024)
CAT = tar_member("cats/1.png", ONE)


def many_zeros(pack: Callable[[bytes], bytes], size: int, before: bytes) -> bytes:
    """Return `before` and `size` zeros: a packed stream of a megabyte again and again, as `cat` would join them."""
    return pack(before) + pack(bytes(MB)) * (size // MB)


def bz2_of_zeros(size: int) -> bytes:
    """Return zeros as one stream of bzip2, without ever holding them."""
    pack, block = bz2.BZ2Compressor(9), bytes(MB)
    return b"".join(pack.compress(block) for _block in range(size // MB)) + pack.flush()


def zip_entry(name: bytes, method: int, packed: bytes, size: int, crc: int, *, offset: int = 0) -> tuple[bytes, bytes]:
    """Return (local header with content, entry of the directory) of a member, all as told."""
    facts = struct.pack("<3H2H3I", 20, 0, method, 0, 0x21, crc, len(packed), size)
    local = b"PK\x03\x04" + facts + struct.pack("<2H", len(name), 0) + name + packed
    central = b"PK\x01\x02" + struct.pack("<H", 20) + facts
    return local, central + struct.pack("<5H2I", len(name), 0, 0, 0, 0, 0, offset) + name


def zip_end(count: int, size: int, offset: int) -> bytes:
    return b"PK\x05\x06" + struct.pack("<4H2IH", 0, 0, min(count, 0xFFFF), min(count, 0xFFFF), size, offset, 0)


def zip_with(*members: tuple[bytes, int, bytes, int, int]) -> bytes:
    """Return a zip of (name, method, packed bytes, size, CRC) members, written by hand."""
    body, directory = b"", b""
    for member in members:
        local, central = zip_entry(*member, offset=len(body))
        body, directory = body + local, directory + central
    return body + directory + zip_end(len(members), len(directory), len(body))


def zip_overlapping(members: int = 200) -> bytes:
    """Return a bomb without nesting (Fifield 2019): every member holds the headers of all that follow, and a kernel."""
    kernel = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = kernel.compress(bytes(20 * MB)) + kernel.flush()
    files, crc, size = packed, zlib.crc32(bytes(20 * MB)), 20 * MB
    entries = []
    for number in range(members, 0, -1):
        name = b"cats/%d.bmp" % number
        local, _central = zip_entry(name, 8, files, size, crc)
        header = local[: len(local) - len(files)]
        entries.append((name, len(files), size, crc, header))
        quoted = struct.pack("<BHH", 0, len(header), len(header) ^ 0xFFFF) + header  # a stored block
        files, size, crc = quoted + files, size + len(header), 0
    return _with_directory(entries, packed)


def _with_directory(entries: list, packed: bytes) -> bytes:
    body, directory, offsets = b"", b"", []
    for _name, _packed, _size, _crc, header in reversed(entries):
        offsets.append(len(body))
        body += header + struct.pack("<BHH", 0, 0, 0xFFFF)
    body += packed
    for offset, (name, length, size, crc, _header) in zip(offsets, reversed(entries), strict=True):
        _local, central = zip_entry(name, 8, b"", size, crc, offset=offset)
        directory += central[:20] + struct.pack("<I", length) + central[24:]
    return body + directory + zip_end(len(entries), len(directory), len(body))


def zip_of_a_million() -> bytes:
    """Return a zip whose directory names a million empty files with one and the same place."""
    local, central = zip_entry(b"a.png", 0, b"", 0, 0)
    directory = central * 1_000_000
    end64 = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 10**6, 10**6, len(directory), len(local))
    place = len(local) + len(directory)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, place, 1)
    end = b"PK\x05\x06" + struct.pack("<4H2IH", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return local + directory + end64 + locator + end


def unlisted_member() -> bytes:
    """Return a zip with a second member that only its own header names."""
    crc = zlib.crc32(ONE)
    first, central = zip_entry(b"cats/1.png", 0, ONE, len(ONE), crc)
    hidden, _central = zip_entry(b"cats/hidden.png", 0, TWO, len(TWO), zlib.crc32(TWO))
    body = first + hidden
    return body + central + zip_end(1, len(central), len(body))


def two_names() -> bytes:
    """Return a zip whose two directories call its member differently."""
    content = zip_with((b"cats/1.png", 0, ONE, len(ONE), zlib.crc32(ONE)))
    return content.replace(b"cats/1.png", b"dogs/1.png", 1)


def lzma_member(dictionary: int) -> bytes:
    properties = struct.pack("<BBH", 9, 4, 5) + bytes([93]) + struct.pack("<I", dictionary)
    chain = [{"id": lzma.FILTER_LZMA1, "dict_size": 4096}]
    body = lzma.compress(ONE, lzma.FORMAT_RAW, filters=chain)
    return zip_with((b"cats/1.png", 14, properties + body, len(ONE), zlib.crc32(ONE)))


def sparse_gnu() -> bytes:
    info = tarfile.TarInfo("cats/holes.png")
    info.size, info.type = 512, tarfile.GNUTYPE_SPARSE
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    block[386:410] = b"00000000000\0" + b"00000001000\0"
    block[483:495] = b"77777777777\0"  # 8 GB when its holes are filled
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + bytes(512) + CAT + END


def sparse_pax() -> bytes:
    said = b"".join(
        record(key, value)
        for key, value in (
            (b"GNU.sparse.major", b"1"),
            (b"GNU.sparse.minor", b"0"),
            (b"GNU.sparse.realsize", b"%d" % (8 * GB)),
        )
    )
    return pax(said) + tar_member("cats/holes.png", bytes(512)) + CAT + END


def record(key: bytes, value: bytes) -> bytes:
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest)
    while len(b"%d" % length) + len(rest) != length:
        length = len(b"%d" % length) + len(rest)
    return b"%d" % length + rest


def huge_size() -> bytes:
    """Return a header that announces 2^62 bytes, and nothing else: whoever reads over them never ends."""
    info = tarfile.TarInfo("cats/large.bin")
    info.size = 2**62
    return bz2.compress(info.tobuf(tarfile.GNU_FORMAT))


HARM = "made to do harm"
BROKEN = "damaged or not complete"
# {what it is: (file name, how it is made, words of the sentence that ends it)}
HOSTILE: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "refused members of a gzip": (
        "a.tgz",
        lambda: many_zeros(gzip.compress, 200 * MB, tar_header("../up.png", 200 * MB)),
        HARM,
    ),
    "a link with a gigabyte behind it": (
        "a.tgz",
        lambda: many_zeros(gzip.compress, GB, tar_header("cats/x.png", GB, b"Z")),
        HARM,
    ),
    "a size of 2^62 in bzip2": ("a.tar.bz2", huge_size, BROKEN),
    "gigabytes of zeros in bzip2": ("a.tar.bz2", lambda: many_zeros(bz2.compress, GB, b""), "holds no files"),
    "a bomb of bzip2 behind a name": (
        "a.tbz2",
        lambda: many_zeros(bz2.compress, GB, tar_header("cats/1.png", GB)),
        HARM,
    ),
    "a bomb of xz": ("a.txz", lambda: many_zeros(lzma.compress, GB, tar_header("cats/1.png", GB)), HARM),
    "an xz that asks for 1.5 GB of dictionary": ("a.tar.xz", lambda: xz_dictionary(), BROKEN),
    "80 kB of digits in a header": ("a.tar", lambda: pax(b"1" * 80 * KB) + CAT + END, BROKEN),
    "64 kB of digits in a header": ("a.tar", lambda: pax(b"1" * (64 * KB - 1)) + CAT + END, BROKEN),
    "a megabyte as a name": ("a.tar", lambda: pax(b"n" * MB, tarfile.GNUTYPE_LONGNAME) + CAT + END, BROKEN),
    "ten thousand headers in a row": (
        "a.tgz",
        lambda: gzip.compress(pax(record(b"path", b"x")) * 10_000 + CAT + END),
        BROKEN,
    ),
    "a sparse file of GNU": ("a.tar", sparse_gnu, "sparse"),
    "a sparse file of PAX": ("a.tar", sparse_pax, "sparse"),
    "a million empty gzip streams": ("a.tgz", lambda: gzip.compress(b"") * 1_000_000, BROKEN),
    "bzip2 in a zip": (
        "a.zip",
        lambda: zip_with((b"cats/1.bmp", 12, bz2_of_zeros(80 * MB), 4000, 0)),
        "damaged inside",
    ),
    "bzip2 in a zip that says how much": (
        "a.zip",
        lambda: zip_with((b"cats/1.bmp", 12, bz2_of_zeros(80 * MB), 80 * MB, 0)),
        HARM,
    ),
    "LZMA in a zip that asks for 4 GB": ("a.zip", lambda: lzma_member(0xFFFFFFFF), "damaged inside"),
    "two directories that disagree": ("a.zip", two_names, "says something else"),
    "a member that only its own header names": ("a.zip", unlisted_member, "does not name it"),
    "members inside members": ("a.zip", zip_overlapping, HARM),
    "a million members": ("a.zip", zip_of_a_million, "more than 500000 files"),
    "a bomb in a bomb": (
        "a.zip",
        lambda: zip_of(("a.zip", zip_of(("b.zip", zip_of(("1.bmp", bytes(100 * MB))))))),
        HARM + "|damaged",
    ),
}


def xz_dictionary() -> bytes:
    chain = [{"id": lzma.FILTER_LZMA2, "preset": 1}]
    content = bytearray(lzma.compress(CAT + END, filters=chain))
    at = content.index(b"\x21\x01", 12)  # the filter's id and the length of its properties
    content[at + 2] = 40  # 4 GiB - 1
    content[20:24] = struct.pack("<I", zlib.crc32(bytes(content[12:20])))
    return bytes(content)
