"""Where pictures come from: a folder, an archive, a table with the files beside it, or one file."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from engine.data.importing import archive, row_matching, tables, text_tables
from engine.data.importing.archive import Entry, LimitError
from engine.data.importing.choices import Choices
from engine.data.importing.zip_names import ZipNames
from engine.data.layout import is_system_file
from engine.errors import DataError

MOST_BESIDE_A_TABLE = 500_000  # files; more lie in no folder of a dataset


def survey(path: Path) -> tuple[int | None, int]:
    """Return (number of files or None when only reading tells, bytes to expect). Raises DataError as `entries` does."""
    if not path.exists():
        raise DataError("{path} does not exist. Check the spelling.", path=str(path))
    if path.is_dir():
        sizes = [file.lstat().st_size for file in _walk(path)]
        return len(sizes), sum(sizes)
    if archive.kind_of(path):
        return archive.survey(path)
    return None, path.stat().st_size


Wanted = Callable[[str, int], bool]


def entries(
    path: Path,
    scratch: Path,
    wanted: Wanted = archive.everything,
    names: ZipNames | None = None,
    choices: Choices | None = None,
) -> Iterator[Entry]:
    """Yield every file of the source, one at a time, with its bytes or the reason why it was not read.

    A file that is not `wanted` by its name and size is yielded without its bytes.

    `scratch` is a folder for archives inside archives, `names` reads those in zips. Raises DataError when the source as
    a whole cannot be read.
    """
    if path.is_dir():
        yield from _folder(path, scratch, wanted, names)
    elif archive.kind_of(path):
        yield from archive.read(path, scratch, wanted, names)
    elif tables.is_table(path.name):
        yield from _table(path, wanted, choices or Choices())
    else:
        yield _file(path, path.name, wanted)


def on_server(typed: str, roots: Sequence[Path]) -> Path:
    """Return the folder or file below one of `roots` that a person typed, absolute or as it lies below a root.

    Links and ".." are followed before it is looked where the path leads. Raises DataError when it leads elsewhere, or
    to nothing: what lies elsewhere is never told.
    """
    asked = Path(typed.strip()).expanduser()
    tried = [asked] if asked.is_absolute() else [root / asked for root in roots]
    inside = [path for path in (_resolved(path) for path in tried) if any(path.is_relative_to(root) for root in roots)]
    if not inside:
        raise DataError(
            "{path} does not lie in a folder that this server allows: {folders}. GRAFT_SERVER_FOLDERS names them.",
            path=typed.strip(),
            folders=", ".join(map(str, roots)),
        )
    found = next((path for path in inside if path.exists()), None)
    if found is None:
        raise DataError("{path} does not exist on the server. Check the spelling.", path=typed.strip())
    return found


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):  # links that lead in a circle, characters that no path has
        return Path("/")


def _folder(root: Path, scratch: Path, wanted: Wanted, names: ZipNames | None) -> Iterator[Entry]:
    root = root.resolve()
    for path in _walk(root):
        name = path.relative_to(root).as_posix()
        if refused := archive.system_file(name):
            yield Entry(name, refused=refused)
        elif path.is_symlink() and not (path.is_file() and path.resolve().is_relative_to(root)):
            yield Entry(name, refused=DataError("A link that leads out of the folder. Put the picture itself here."))
        elif name.lower().endswith(archive.SUFFIXES):
            yield from _archive(path, name, scratch, wanted, names)
        else:
            yield _file(path, name, wanted)


def _walk(root: Path) -> Iterator[Path]:
    """Yield everything that is not a folder, in alphabetical order; a folder that cannot be listed is yielded too."""
    waiting = [root]
    while waiting:
        path = waiting.pop()
        try:
            listed = sorted(path.iterdir(), reverse=True) if path.is_dir() and not path.is_symlink() else None
        except OSError:
            listed = None
        if listed is None:
            yield path
        else:
            waiting.extend(listed)


def _archive(path: Path, name: str, scratch: Path, wanted: Wanted, names: ZipNames | None) -> Iterator[Entry]:
    folder = name.rsplit(".", 1)[0].removesuffix(".tar")
    try:
        for entry in archive.read(path, scratch, wanted, names):
            yield Entry(f"{folder}/{entry.name}", entry.content, entry.refused)
    except LimitError:
        raise
    except DataError as error:
        yield Entry(name, refused=error)


def _table(path: Path, wanted: Wanted, choices: Choices) -> Iterator[Entry]:
    """Yield the table and those of its files that lie beside it or below."""
    table = _file(path, path.name, archive.everything)
    yield table
    if table.refused:
        return
    root = path.parent.resolve()
    there = _names_below(root)
    files = row_matching.Files(there)
    if text_tables.is_one(path.name, table.content, files, choices):
        return  # its lines are the texts themselves
    rows = tables.read(path.name, table.content, files).rows
    matches = row_matching.match([row for row in rows if row.file and not row.refused], files)
    # Whoever matches rows and files names those that are missing.
    for name in dict.fromkeys(there[match.index] for match in matches if match.index is not None):
        file = root / name
        if file.resolve().is_relative_to(root):
            yield _file(file, name, wanted)
        else:
            yield Entry(name, refused=DataError("A link that leads out of the folder. Put the picture itself here."))


def _names_below(root: Path) -> list[str]:
    """Return the files in the folder of a table and below, as far as a folder of pictures reaches."""
    found = []
    for path in _walk(root):
        name = path.relative_to(root).as_posix()
        if not is_system_file(name) and not tables.may_be_table(name):
            found.append(name)
        if len(found) >= MOST_BESIDE_A_TABLE:
            break
    return found


def _file(path: Path, name: str, wanted: Wanted) -> Entry:
    try:
        if not path.is_file():
            return Entry(name, refused=DataError("Not an ordinary file, or a folder that cannot be listed."))
        if path.stat().st_size > archive.MAX_FILE_BYTES:
            return Entry(name, refused=DataError(archive.TOO_LARGE, limit=archive.MAX_FILE_BYTES // 2**20))
        return Entry(name, path.read_bytes() if wanted(name, path.stat().st_size) else b"")
    except OSError as error:
        reason = error.strerror or str(error)
        return Entry(name, refused=DataError("It cannot be read ({reason}). Check who may read it.", reason=reason))
