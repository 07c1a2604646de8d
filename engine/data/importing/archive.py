"""Read zip and tar archives one member at a time, with limits, and never write by a name that an archive gave."""

import contextlib
import logging
import lzma
import re
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engine import settings
from engine.data.layout import is_system_file
from engine.errors import DataError
from engine.storage.workspace import disk_error

MAX_FILE_BYTES = 256 * 2**20  # one picture or table; it is held in memory
RATIO_GRACE = 64 * 2**20  # bytes; drawings compress a lot, so the ratio only counts for something that hurts
MAX_DEPTH = 3  # archives inside archives
MAX_TAR_HEADER = 2**20  # bytes of a long name or PAX record, which tarfile reads into memory
ENCRYPTED = 0x1
UTF8_NAME = 0x800
DIRECTORY_ENTRY = 46  # bytes at least, of one member in the directory of a zip
SUFFIXES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
BROKEN = (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, OSError, ValueError, IndexError)
UNREADABLE = (*BROKEN, NotImplementedError, RuntimeError, MemoryError)

SYSTEM_FILE = "A system file, not a picture."
IN_ICLOUD = "Only a placeholder: the picture itself is still in iCloud. Download it there first."
IS_LINK = "A link to another file, not a picture. Put the picture itself here."
ESCAPES = "Its path leads out of the archive, so it was not opened."
TOO_LARGE = "The file is larger than {limit} MB. Make it smaller."
LOCKED = "It is protected by a password. Make the archive again without one."

log = logging.getLogger("graft")


class LimitError(DataError):
    """The import as a whole asks for more than the settings allow."""


@dataclass(frozen=True)
class Entry:
    """One file that was found: its bytes, or the reason why they were not read."""

    name: str
    content: bytes = b""
    refused: DataError | None = None


@dataclass
class Budget:
    """What one import may still expand to; archives inside archives share it."""

    compressed: int
    members: int = 0
    expanded: int = 0
    limits: settings.Settings = field(default_factory=settings.current)

    def spend(self, size: int, members: int = 0) -> None:
        """Count what was read. Raises LimitError when it is too much."""
        self.members += members
        self.expanded += max(0, size)
        self.check()

    def check(self, size: int = 0, members: int = 0) -> None:
        """Raise LimitError when so much more would be too much."""
        if self.members + members > self.limits.max_archive_members:
            raise LimitError(
                "The archive holds more than {limit} files. Divide it, or raise GRAFT_MAX_ARCHIVE_MEMBERS.",
                limit=self.limits.max_archive_members,
            )
        if self.expanded + size > self.limits.max_archive_mb * 2**20:
            raise LimitError(
                "Unpacked, the archive is larger than {limit} MB. Divide it, or raise GRAFT_MAX_ARCHIVE_MB.",
                limit=self.limits.max_archive_mb,
            )
        if self.expanded + size > max(RATIO_GRACE, self.compressed * self.limits.max_expansion_ratio):
            raise LimitError(
                "Unpacked, the archive is more than {ratio} times as large as before, as only archives made to do harm "
                "are. Nothing was brought in. If you trust it, unpack it yourself and add the folder.",
                ratio=self.limits.max_expansion_ratio,
            )


def kind_of(path: Path) -> str | None:
    """Return "zip", "tar" or None, by content. Raises DataError for an archive that cannot be read here."""
    with path.open("rb") as file:
        head = file.read(300)
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"):
        return "zip"
    if head[:2] == b"\x1f\x8b" or head[:3] == b"BZh" or head[:6] == b"\xfd7zXZ\0" or head[257:262] == b"ustar":
        return "tar"
    if head[:4] == b"Rar!" or head[:6] == b"7z\xbc\xaf\x27\x1c":
        raise DataError(
            "{name} is a RAR or 7z archive. Zip and tar.gz are understood: unpack it and zip the folder.",
            name=path.name,
        )
    if path.name.lower().endswith(SUFFIXES):
        if not head:
            raise DataError("The archive {name} is empty (0 bytes). Download or make it again.", name=path.name)
        raise DataError(
            "{name} has the name of an archive, but does not begin like one. Download or make it again.",
            name=path.name,
        )
    return None


def survey(path: Path) -> tuple[int | None, int]:
    """Return how many files an archive holds and their bytes unpacked; for a tar (None, the bytes of the archive).

    Raises LimitError when a zip announces more than is allowed.
    """
    if kind_of(path) != "zip":
        return None, path.stat().st_size
    budget = Budget(compressed=max(1, path.stat().st_size))
    _check_directory(path, budget)
    with _open_zip(path, path.name) as file:
        sizes = [info.file_size for info in file.infolist() if not info.is_dir()]
    budget.check(sum(sizes), len(sizes))
    return len(sizes), sum(sizes)


def everything(_name: str, _size: int) -> bool:
    """The bytes of every file are wanted."""
    return True


def read(path: Path, scratch: Path, wanted: Callable[[str, int], bool] = everything) -> Iterator[Entry]:
    """Yield every file of the archive in its order; archives inside appear as folders.

    A file (or an archive inside) that is not `wanted` by its name and size is yielded without its bytes.

    Memory holds one member at a time. Raises DataError when the archive is broken, empty, locked or exceeds a limit;
    a single member that cannot be read is yielded with the reason. `scratch` is a folder for archives inside.
    """
    budget = Budget(compressed=max(1, path.stat().st_size))
    yield from _read(path, path.name, _Reading(scratch, budget, wanted), depth=1)
    if budget.members == 0:
        raise DataError("The archive {name} holds no files. Choose one with pictures in it.", name=path.name)


@dataclass(frozen=True)
class _Reading:
    """What an archive and those inside it share: a folder for copies, what may still be read, what is wanted."""

    scratch: Path
    budget: Budget
    wanted: Callable[[str, int], bool]


def _read(path: Path, shown: str, reading: _Reading, depth: int) -> Iterator[Entry]:
    members = _zip_members if kind_of(path) == "zip" else _tar_members
    for name, refused, size, opened in members(path, shown, reading.budget):
        reading.budget.spend(0, members=1)
        refused = refused or _refused(name)
        inner = refused is None and name.lower().endswith(SUFFIXES)
        if refused or (size > MAX_FILE_BYTES and not inner):
            reading.budget.spend(0 if refused else size)
            yield Entry(name, refused=refused or DataError(TOO_LARGE, limit=MAX_FILE_BYTES // 2**20))
        elif not reading.wanted(name, size):
            reading.budget.spend(size)
            yield Entry(name)
        elif inner:
            yield from _read_inner(name, opened, reading, depth)
        else:
            yield _read_member(name, opened, reading.budget)


def _refused(name: str) -> DataError | None:
    parts = name.split("/")
    if name.startswith("/") or ".." in parts or "\0" in name or re.fullmatch(r"[A-Za-z]:", parts[0]):
        return DataError(ESCAPES)
    return system_file(name)


def system_file(name: str) -> DataError | None:
    """Return why a file that an operating system left behind is not opened, None for any other."""
    if name.rpartition("/")[2].startswith(".") and name.lower().endswith(".icloud"):
        return DataError(IN_ICLOUD)
    return DataError(SYSTEM_FILE) if is_system_file(name) else None


def _read_member(name: str, opened, budget: Budget) -> Entry:
    try:
        with opened() as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except UNREADABLE as error:
        return Entry(name, refused=_unreadable(error))
    budget.spend(len(content))
    if len(content) > MAX_FILE_BYTES:
        return Entry(name, refused=DataError(TOO_LARGE, limit=MAX_FILE_BYTES // 2**20))
    return Entry(name, content)


def _read_inner(name: str, opened, reading: _Reading, depth: int) -> Iterator[Entry]:
    if depth >= MAX_DEPTH:
        yield Entry(name, refused=DataError("An archive inside an archive inside an archive. Unpack it and add it."))
        return
    suffix = max((s for s in SUFFIXES if name.lower().endswith(s)), key=len)
    found = 0
    with tempfile.NamedTemporaryFile(dir=reading.scratch, suffix=".part") as copy:
        try:
            _copy(opened, copy, reading.budget)
            for entry in _read(Path(copy.name), name, reading, depth + 1):
                found += 1
                yield Entry(f"{name[: -len(suffix)]}/{entry.name}", entry.content, entry.refused)
        except LimitError:
            raise
        except (DataError, *UNREADABLE) as error:
            yield Entry(name, refused=error if isinstance(error, DataError) else _unreadable(error))
            return
    if not found:
        yield Entry(name, refused=DataError("An archive that holds no files."))


def _copy(opened, copy, budget: Budget) -> None:
    with opened() as file:
        while block := file.read(2**20):
            budget.spend(len(block))
            try:
                copy.write(block)
                copy.flush()
            except OSError as error:
                raise disk_error(Path(copy.name), error) from error


def _unreadable(error: Exception) -> DataError:
    if isinstance(error, NotImplementedError):
        return DataError("It is compressed in a way that is not understood here. Zip it again the ordinary way.")
    if isinstance(error, RuntimeError):
        return DataError(LOCKED)
    log.info("damaged inside an archive: %r", error)
    return DataError("It is damaged inside the archive. Make the archive again.")


def _broken(name: str, detail: str) -> DataError:
    log.info("broken archive %s: %s", name, detail)  # what a library says is no sentence for a person
    return DataError("The archive {name} is damaged or not complete. Download or make it again.", name=name)


def _open_zip(path: Path, shown: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except UNREADABLE as error:
        raise _broken(shown, str(error)[:120]) from error


def _zip_members(path: Path, shown: str, budget: Budget):
    """Yield (name, refusal, size, open function) per file; the directory of a zip names all of them beforehand."""
    _check_directory(path, budget)
    with _open_zip(path, shown) as archive:
        files = [info for info in archive.infolist() if not info.is_dir()]
        if files and all(info.flag_bits & ENCRYPTED for info in files):
            raise DataError("The archive {name} is protected by a password. Make it again without one.", name=shown)
        budget.check(sum(info.file_size for info in files), len(files))
        for info in files:
            yield _zip_name(info), _zip_refusal(info), info.file_size, lambda info=info: archive.open(info)


def _check_directory(path: Path, budget: Budget) -> None:
    """Refuse a directory of far too many members before zipfile reads it into memory as a whole."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 65_557))
        tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    size = int.from_bytes(tail[end + 12 : end + 16], "little") if end >= 0 else 0
    large = tail.rfind(b"PK\x06\x06")
    if size == 0xFFFFFFFF and large >= 0:
        size = int.from_bytes(tail[large + 40 : large + 48], "little")
    if size > budget.limits.max_archive_members * DIRECTORY_ENTRY * 8:
        budget.check(members=size // DIRECTORY_ENTRY)


def _zip_name(info: zipfile.ZipInfo) -> str:
    """Return the name as it was meant: UTF-8 without the flag that says so, or with Windows' separators."""
    name = info.filename
    if not info.flag_bits & UTF8_NAME:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def _zip_refusal(info: zipfile.ZipInfo) -> DataError | None:
    if stat.S_ISLNK(info.external_attr >> 16):
        return DataError(IS_LINK)
    return DataError(LOCKED) if info.flag_bits & ENCRYPTED else None


class _TarInfo(tarfile.TarInfo):
    """Header records are read into memory whole, so a large one is an attack."""

    def _proc_member(self, archive):
        records = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, *tarfile.GNU_TYPES[:2])
        if self.type in records and self.size > MAX_TAR_HEADER:
            raise tarfile.ReadError("a header is too large")
        return super()._proc_member(archive)


def _tar_members(path: Path, shown: str, budget: Budget):
    """Yield (name, refusal, size, open function) per file, as the stream brings them."""
    try:
        with tarfile.open(path, "r|*", tarinfo=_TarInfo) as archive:
            for info in archive:
                archive.members = []  # tarfile remembers every member otherwise
                if not info.isdir():
                    refused = None if info.isreg() else DataError(IS_LINK)
                    yield info.name.removeprefix("./"), refused, info.size, lambda info=info: archive.extractfile(info)
    except BROKEN as error:
        raise _broken(shown, str(error)[:120]) from error
