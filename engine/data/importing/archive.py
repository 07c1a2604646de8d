"""Read zip and tar archives one member at a time, with limits, and never write by a name that an archive gave."""

import io
import logging
import lzma
import re
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.data.importing import decompress, tar_reader, zip_reader
from engine.data.importing.budget import Budget, LimitError
from engine.data.importing.zip_names import ZipNames
from engine.data.layout import is_system_file
from engine.errors import DataError
from engine.storage.workspace import disk_error

MAX_FILE_BYTES = 256 * 2**20  # one picture or table; it is held in memory
MAX_DEPTH = 3  # archives inside archives
BLOCK = 2**20
SUFFIXES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
BROKEN = (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, OSError, ValueError, IndexError)
UNREADABLE = (*BROKEN, NotImplementedError, RuntimeError, MemoryError)

SYSTEM_FILE = "A system file, not a picture."
IN_ICLOUD = "Only a placeholder: the picture itself is still in iCloud. Download it there first."
IS_LINK = "A link to another file, not a picture. Put the picture itself here."
ESCAPES = "Its path leads out of the archive, so it was not opened."
HAS_HOLES = "It is stored as a file with holes (sparse). Make the archive again without that option."
NO_FILE = {"link": IS_LINK, "sparse": HAS_HOLES}
TOO_LARGE = "The file is larger than {limit} MB. Make it smaller."
LOCKED = "It is protected by a password. Make the archive again without one."

log = logging.getLogger("graft")


@dataclass(frozen=True)
class Entry:
    """One file that was found: its bytes, or the reason why they were not read."""

    name: str
    content: bytes = b""
    refused: DataError | None = None


def kind_of(path: Path) -> str | None:
    """Return "zip", "tar" or None, by content. Raises DataError for an archive that cannot be read here."""
    with path.open("rb") as file:
        head = file.read(300)
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"PK00"):
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
    with _open_zip(path, path.name, budget) as file:
        sizes = [info.file_size for info in file.infolist() if not info.filename.endswith("/")]
    budget.check(sum(sizes), len(sizes))
    return len(sizes), sum(sizes)


def everything(_name: str, _size: int) -> bool:
    """The bytes of every file are wanted."""
    return True


def read(
    path: Path,
    scratch: Path,
    wanted: Callable[[str, int], bool] = everything,
    names: ZipNames | None = None,
) -> Iterator[Entry]:
    """Yield every file of the archive in its order; archives inside appear as folders.

    A file (or an archive inside) that is not `wanted` by its name and size is yielded without its bytes. `names` reads
    those in zips, and knows afterwards which of them had to be guessed.

    Memory holds one member at a time. Raises DataError when the archive is broken, empty, locked or exceeds a limit;
    a single member that cannot be read is yielded with the reason. `scratch` is a folder for archives inside.
    """
    budget = Budget(compressed=max(1, path.stat().st_size))
    yield from _read(path, path.name, _Reading(scratch, budget, wanted, names or ZipNames()), depth=1)
    if budget.members == 0:
        raise DataError("The archive {name} holds no files. Choose one with pictures in it.", name=path.name)


@dataclass(frozen=True)
class _Reading:
    """What an archive and those inside it share: a folder for copies, what may still be read, what is wanted, names."""

    scratch: Path
    budget: Budget
    wanted: Callable[[str, int], bool]
    names: ZipNames


def _read(path: Path, shown: str, reading: _Reading, depth: int) -> Iterator[Entry]:
    members = _zip_members if kind_of(path) == "zip" else _tar_members
    for name, refused, size, opened in members(path, shown, reading):
        reading.budget.spend(0, members=1)
        refused = refused or _refused(name)
        inner = refused is None and name.lower().endswith(SUFFIXES)
        if refused or (size > MAX_FILE_BYTES and not inner):
            yield Entry(name, refused=refused or DataError(TOO_LARGE, limit=MAX_FILE_BYTES // 2**20))
        elif not reading.wanted(name, size):
            yield Entry(name)
        elif inner:
            yield from _read_inner(name, opened, reading, depth)
        else:
            yield _read_member(name, opened)


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


def _read_member(name: str, opened) -> Entry:
    content = io.BytesIO()  # grows in place, and gives what it holds without a copy
    try:
        with opened() as file:
            while content.tell() <= MAX_FILE_BYTES and (block := file.read(BLOCK)):
                content.write(block)
    except LimitError:
        raise
    except (DataError, *UNREADABLE) as error:
        return Entry(name, refused=error if isinstance(error, DataError) else _unreadable(error))
    if content.tell() > MAX_FILE_BYTES:
        return Entry(name, refused=DataError(TOO_LARGE, limit=MAX_FILE_BYTES // 2**20))
    return Entry(name, content.getvalue())


def _read_inner(name: str, opened, reading: _Reading, depth: int) -> Iterator[Entry]:
    if depth >= MAX_DEPTH:
        yield Entry(name, refused=DataError("An archive inside an archive inside an archive. Unpack it and add it."))
        return
    suffix = max((s for s in SUFFIXES if name.lower().endswith(s)), key=len)
    found = 0
    with tempfile.NamedTemporaryFile(dir=reading.scratch, suffix=".part") as copy:
        try:
            _copy(opened, copy)
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


def _copy(opened, copy) -> None:
    with opened() as file:
        while block := file.read(BLOCK):
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


def _open_zip(path: Path, shown: str, budget: Budget) -> zipfile.ZipFile:
    try:
        zip_reader.check_directory(path, budget)
        return zipfile.ZipFile(path)
    except UNREADABLE as error:
        raise _broken(shown, str(error)[:120]) from error


def _zip_members(path: Path, shown: str, reading: _Reading):
    """Yield (name, refusal, size, open function) per file; the directory of a zip names all of them beforehand."""
    budget = reading.budget
    with _open_zip(path, shown, budget) as archive, path.open("rb") as file:
        directory = zip_reader.Directory(archive, file, budget)
        files = directory.files
        if files and all(info.flag_bits & zip_reader.ENCRYPTED for info in files):
            raise DataError("The archive {name} is protected by a password. Make it again without one.", name=shown)
        budget.check(sum(info.file_size for info in files), len(files))
        for info, name in zip(files, reading.names.of(files, shown), strict=True):
            refused = _zip_refusal(info) or directory.refusal(info)
            yield name, refused, info.file_size, lambda info=info: directory.open(info)
        for name in directory.unlisted:
            yield name, DataError(zip_reader.UNLISTED), 0, None


def _zip_refusal(info: zipfile.ZipInfo) -> DataError | None:
    if stat.S_ISLNK(info.external_attr >> 16):
        return DataError(IS_LINK)
    return DataError(LOCKED) if info.flag_bits & zip_reader.ENCRYPTED else None


def _tar_members(path: Path, shown: str, reading: _Reading):
    """Yield (name, refusal, size, open function) per file, as the stream brings them."""
    try:
        with path.open("rb") as file:
            for member in tar_reader.members(decompress.stream(file, reading.budget)):
                if member.kind != "folder":
                    refused = None if member.kind == "file" else DataError(NO_FILE[member.kind])
                    yield member.name.removeprefix("./"), refused, member.size, lambda member=member: member
    except BROKEN as error:
        raise _broken(shown, str(error)[:120]) from error
