"""The members of a zip, whose two directories must agree: the one at its end, and the header before each member.

zipfile reads the directory at the end. Content is read here, by decompressors that make a little at a time: zipfile
asks those of bzip2 and LZMA for everything at once.
"""

import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

from engine.data.importing import decompress
from engine.data.importing.budget import Budget
from engine.errors import DataError

LOCAL = struct.Struct("<4s5H3I2H")  # signature, version, flags, method, time, date, CRC, sizes, name and extra lengths
LOCAL_MAGIC, DIRECTORY_MAGIC = b"PK\x03\x04", b"PK\x01\x02"
DIRECTORY_ENTRY = 46  # bytes at least, of one member in the directory
DESCRIPTORS = (0, 12, 16, 20, 24)  # bytes that may follow a member: its sizes, where they were not known before it
ENCRYPTED, SIZES_FOLLOW, PATCHED, STRONG = 0x1, 0x8, 0x20, 0x40  # flags
READERS = {0: decompress.stored, 8: decompress.deflated, 12: decompress.bzip2, 14: decompress.zip_lzma}

DISAGREES = "The directory of the archive says something else about it than the archive itself. Make the archive again."
OVERLAPS = "It lies inside another file of the archive, as only in archives made to do harm. Make the archive again."
UNLISTED = "It lies in the archive, but its directory does not name it. Make the archive again."


def check_directory(path: Path, budget: Budget) -> None:
    """Refuse a directory of far too many members before zipfile reads it into memory as a whole.

    Raises LimitError, or BadZipFile where there is no directory.
    """
    with path.open("rb") as file:
        inside: Any = zipfile  # to types its inner names do not exist
        end = inside._EndRecData(file)  # the very place where ZipFile will look
        if not end:
            raise zipfile.BadZipFile("no directory")
        size, most = end[inside._ECD_SIZE], budget.limits.max_archive_members
        if size <= most * DIRECTORY_ENTRY:
            return
        if size > most * DIRECTORY_ENTRY * 8:
            budget.check(members=size // DIRECTORY_ENTRY)
        beyond = inside.sizeEndCentDir64 + inside.sizeEndCentDir64Locator
        start = end[inside._ECD_LOCATION] - size - (beyond if end[inside._ECD_SIGNATURE] == b"PK\x06\x06" else 0)
        file.seek(max(0, start))
        budget.check(members=_count(file.read(size)))


def _count(directory: bytes) -> int:
    at = count = 0
    while directory[at : at + 4] == DIRECTORY_MAGIC and at + DIRECTORY_ENTRY <= len(directory):
        name, extra, comment = struct.unpack_from("<3H", directory, at + 28)
        at += DIRECTORY_ENTRY + name + extra + comment
        count += 1
    return count


class Directory:
    """The files of an open zip in the order of its directory; `unlisted` are those found beside it while reading."""

    def __init__(self, archive: zipfile.ZipFile, file: IO[bytes], budget: Budget):
        self.files = [info for info in archive.infolist() if not info.filename.endswith("/")]
        self.unlisted: list[str] = []
        self._file, self._budget = file, budget
        self._overlapping = _overlapping(archive.infolist())
        self._starts = {info.header_offset for info in archive.infolist()} | {archive.start_dir}

    def refusal(self, info: zipfile.ZipInfo) -> DataError | None:
        """Return why a member is not opened at all, by the directory alone."""
        return DataError(OVERLAPS) if id(info) in self._overlapping else None

    def open(self, info: zipfile.ZipInfo) -> "_Content":
        """Return the content of a member. Raises DataError where its own header says something else."""
        if info.flag_bits & (PATCHED | STRONG) or info.compress_type not in READERS:
            raise NotImplementedError(info.compress_type)
        start = self._after_header(info)
        self._note_unlisted(start + info.compress_size)
        stream = READERS[info.compress_type](_Window(self._file, start, info.compress_size), self._budget)
        return _Content(stream, info)

    def _after_header(self, info: zipfile.ZipInfo) -> int:
        self._file.seek(info.header_offset)
        header = self._file.read(LOCAL.size)
        if len(header) < LOCAL.size or not header.startswith(LOCAL_MAGIC):
            raise DataError(DISAGREES)
        _magic, _version, flags, method, _time, _date, crc, packed, size, name, extra = LOCAL.unpack(header)
        told = (crc, packed, size) if not flags & SIZES_FOLLOW else (info.CRC, info.compress_size, info.file_size)
        large = 0xFFFFFFFF  # the size stands in the extra field
        same = all(ours in (theirs, large) for ours, theirs in zip(told, _facts(info), strict=True))
        alike = method == info.compress_type and not (flags ^ info.flag_bits) & ENCRYPTED
        if not same or not alike or self._file.read(name) != _raw_name(info):
            raise DataError(DISAGREES)
        return info.header_offset + LOCAL.size + name + extra

    def _note_unlisted(self, end: int) -> None:
        """Note a member that follows this one and that the directory does not name."""
        self._file.seek(end)
        after = self._file.read(DESCRIPTORS[-1] + LOCAL.size)
        for gap in DESCRIPTORS:
            if end + gap in self._starts:
                return
            if after[gap : gap + 4] == LOCAL_MAGIC and len(after) >= gap + LOCAL.size:
                length = LOCAL.unpack_from(after, gap)[-2]
                self._file.seek(end + gap + LOCAL.size)
                self.unlisted.append(self._file.read(min(length, 1000)).decode("utf-8", "replace"))
                return


def _facts(info: zipfile.ZipInfo) -> tuple[int, int, int]:
    return info.CRC, info.compress_size, info.file_size


def _raw_name(info: zipfile.ZipInfo) -> bytes:
    return info.orig_filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437")


def _overlapping(infos: list[zipfile.ZipInfo]) -> set[int]:
    """Return the members (by id) that begin before one in front of them ends (Fifield 2019, "A better zip bomb")."""
    found, end = set(), 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            found.add(id(info))
        else:
            end = info.header_offset + LOCAL.size + len(info.orig_filename) + info.compress_size
    return found


class _Window:
    """The packed bytes of one member, as a file."""

    def __init__(self, file: IO[bytes], start: int, size: int):
        self._file, self._at, self._left = file, start, size

    def read(self, size: int) -> bytes:
        self._file.seek(self._at)
        content = self._file.read(min(size, self._left))
        self._at += len(content)
        self._left -= len(content)
        return content


class _Content:
    """What a member unpacks to: as much as the directory says, with the checksum that it says."""

    def __init__(self, stream: decompress.Forwards, info: zipfile.ZipInfo):
        self._stream, self._left, self._expected, self._sum = stream, info.file_size, info.CRC, 0

    def __enter__(self) -> "_Content":
        return self

    def __exit__(self, *_exception) -> None:
        return None

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes. Raises EOFError or BadZipFile where the member is damaged."""
        content = self._stream.read(min(size, self._left))
        if len(content) < min(size, self._left):
            raise EOFError("a member is shorter than the directory says")
        self._left -= len(content)
        self._sum = zlib.crc32(content, self._sum)
        if not self._left and self._sum != self._expected:
            raise zipfile.BadZipFile("a wrong checksum")
        return content
