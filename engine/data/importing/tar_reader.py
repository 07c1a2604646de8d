"""The members of a tar, as the stream brings them: no links, no devices, no sparse files, short headers only.

A header is parsed by the standard library, one block at a time. The records in front of it (long names) are read here:
tarfile of Python 3.11 takes seconds for 80 kB of digits in one, follows them without end, and skips by sizes it
believes.
"""

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.data.importing.decompress import Forwards

BLOCK = tarfile.BLOCKSIZE
MAX_HEADER = 64 * 2**10  # bytes of a long name or of PAX records
IN_A_ROW = 8  # such headers before one member; four are ordinary
LONG_NAME, LONG_LINK = tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK
RECORDS = (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE)
SPARSE_GOES_ON, SPARSE_GOES_ON_AGAIN = 482, 504  # where GNU's old format says that another block of its map follows


@dataclass
class Member:
    """A member whose content is the next `size` bytes of the stream. `kind` is "file", "folder", "sparse" or "link"."""

    name: str
    kind: str
    size: int
    stream: Forwards = field(repr=False)
    left: int = 0

    def __enter__(self) -> "Member":
        return self

    def __exit__(self, *_exception) -> None:
        return None

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes of the content. Raises EOFError where the archive ends within."""
        content = self.stream.read(min(size, self.left))
        if len(content) < min(size, self.left):
            raise EOFError("the archive ends within a file")
        self.left -= len(content)
        return content


def members(stream: Forwards) -> Iterator[Member]:
    """Yield every member; what is not read of one is read over. Raises TarError or EOFError for a broken archive."""
    named: dict[str, str] = {}
    in_a_row = 0
    while (block := stream.read(BLOCK)) and any(block):
        if len(block) < BLOCK:
            raise tarfile.ReadError("a header is cut off")
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        if info.size < 0:
            raise tarfile.ReadError("a size below zero")
        if info.type in (LONG_NAME, LONG_LINK, tarfile.XGLTYPE, *RECORDS):
            in_a_row += 1
            named |= _said(info.type, _header(stream, info.size, in_a_row))
            continue
        member = _member(info, named, stream)
        if info.type == tarfile.GNUTYPE_SPARSE:
            _skip_sparse_map(stream, block)
        yield member
        _skip(stream, member.left + -member.size % BLOCK)
        named, in_a_row = {}, 0


def _member(info: tarfile.TarInfo, named: dict[str, str], stream: Forwards) -> Member:
    """Return the member of a header, with what the records before it said."""
    size = int(named["size"]) if "size" in named else info.size
    kind = "link"
    if info.isdir():
        kind = "folder"
    elif info.type == tarfile.GNUTYPE_SPARSE or any(key.startswith("GNU.sparse.") for key in named):
        kind = "sparse"
    elif info.type in tarfile.REGULAR_TYPES:
        kind = "file"
    if info.type in tarfile.SUPPORTED_TYPES and kind in ("link", "folder"):
        size = 0  # nothing follows such a header, whatever it says
    name = named.get("GNU.sparse.name") or named.get("path") or info.name
    return Member(name.rstrip("/") if kind == "folder" else name, kind, size, stream, size)


def _header(stream: Forwards, size: int, in_a_row: int) -> bytes:
    if size > MAX_HEADER or in_a_row > IN_A_ROW:
        raise tarfile.ReadError("a header is too large")
    content = stream.read(size)
    if len(content) < size:
        raise tarfile.ReadError("a header is cut off")
    _skip(stream, -size % BLOCK)
    return content


def _said(kind: bytes, content: bytes) -> dict[str, str]:
    if kind == LONG_NAME:
        return {"path": content.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")}
    return _records(content) if kind in RECORDS else {}


def _records(content: bytes) -> dict[str, str]:
    """Return PAX records ("length key=value\\n" each) as text; what is no size is no size. In one pass over them."""
    found, at = {}, 0
    while at < len(content) and content[at]:
        space = content.find(b" ", at, at + 8)
        length = content[at : max(at, space)]
        end = at + int(length) if length.isdigit() else 0
        if not 0 < space < end <= len(content):
            raise tarfile.ReadError("a record of a header has no proper length")
        key, _equals, value = content[space + 1 : end - 1].partition(b"=")
        found[key.decode("utf-8", "surrogateescape")] = value.decode("utf-8", "surrogateescape")
        at = end
    if "size" in found and not (found["size"].isascii() and found["size"].isdigit() and len(found["size"]) < 20):
        raise tarfile.ReadError("a size that is none")
    return found


def _skip_sparse_map(stream: Forwards, block: bytes) -> None:
    goes_on = block[SPARSE_GOES_ON]
    while goes_on:
        block = stream.read(BLOCK)
        goes_on = len(block) == BLOCK and block[SPARSE_GOES_ON_AGAIN]


def _skip(stream: Forwards, size: int) -> None:
    if stream.skip(size) < size:
        raise EOFError("the archive ends within a file")
