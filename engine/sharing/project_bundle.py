"""A project as one file: pictures, labels, groups, parts, history, settings and runs; `bundle_reader` brings it in.

Without a passphrase it is a plain zip that anybody can open, whose comment is the SHA-256 of everything before it.
"""

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.errors import DataError
from engine.sharing import bundle_format, sealed_file
from engine.storage import runs
from engine.storage.project_rows import Rows
from engine.storage.registry import Registry
from engine.storage.workspace import Workspace, beside, check_free_space
from engine.version import version

EPOCH = (1980, 1, 1, 0, 0, 0)  # the same project gives the same bytes
SEAL = b"sha256:"  # followed by 64 hexadecimal digits, the last bytes of the file
DIGITS = 64
BLOCK = 2**20

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Written:
    """What a bundle holds; `missing` are names whose originals are gone, `left_out` runs that have not ended."""

    pictures: int
    runs: int
    bytes: int
    missing: tuple[str, ...]
    left_out: tuple[str, ...]


def write(
    workspace: Workspace,
    registry: Registry,
    project_id: str,
    target: Path,
    *,
    passphrase: str = "",
    progress: Progress | None = None,
) -> Written:
    """Write a project to `target`, encrypted where a passphrase is given. A reader never sees half of it.

    progress(done, total) counts files. Raises UserError for a project that is gone, a passphrase too short, a full
    disk.
    """
    rows = registry.project_rows(project_id)
    if rows is None:
        raise DataError("This project is no longer there. Open another one.")
    blobs = {row["sha256"]: workspace.blob_path(row["sha256"]) for row in rows["items"]}
    there = {sha256: path for sha256, path in blobs.items() if path.exists()}
    ended = [row for row in rows["runs"] if _has_ended(workspace, row["id"])]
    left_out = tuple(row["name"] for row in rows["runs"] if row not in ended)
    rows = {**rows, "runs": ended}
    files = [(f"blobs/{sha256}", path) for sha256, path in sorted(there.items())] + _run_files(workspace, ended)
    check_free_space(target, sum(path.stat().st_size for _name, path in files) * (2 if passphrase else 1))
    with beside(target) as part:
        _write(part, rows, files, workspace, passphrase, progress or (lambda done, total: None))
    missing = tuple(row["name"] for row in rows["items"] if row["sha256"] not in there)
    return Written(len(rows["items"]) - len(missing), len(ended), target.stat().st_size, missing, left_out)


def digest_of(path: Path, end: int) -> str:
    """Return the SHA-256 of the first `end` bytes of a file."""
    told, left = hashlib.sha256(), end
    with path.open("rb") as file:
        while left and (block := file.read(min(BLOCK, left))):
            told.update(block)
            left -= len(block)
    return told.hexdigest()


def _has_ended(workspace: Workspace, run_id: str) -> bool:
    run_dir = workspace.run_dir(run_id)
    return run_dir.exists() and runs.read_status(run_dir)["state"] in bundle_format.ENDED


def _run_files(workspace: Workspace, ended: list[dict]) -> list[tuple[str, Path]]:
    found = []
    for row in ended:
        run_dir = workspace.run_dir(row["id"])
        names = sorted(name for name in bundle_format.RUN_FILES if (run_dir / name).is_file())
        found += [(f"runs/{row['id']}/{name}", run_dir / name) for name in names]
    return found


def _write(part: Path, rows: Rows, files, workspace: Workspace, passphrase: str, progress: Progress) -> None:
    if not passphrase:
        _write_zip(part, rows, files, progress)
        return
    workspace.incoming.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=workspace.incoming, prefix="bundle-") as folder:
        plain = Path(folder) / "plain"
        _write_zip(plain, rows, files, progress)
        with plain.open("rb") as source, part.open("wb") as target:
            sealed_file.seal(source, target, passphrase)


def _write_zip(path: Path, rows: Rows, files: list[tuple[str, Path]], progress: Progress) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(_info(bundle_format.MANIFEST, packed=True), json.dumps(_manifest(rows, files), indent=1))
        for table in bundle_format.TABLES:
            lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows[table])
            archive.writestr(_info(f"{table}.jsonl", packed=True), lines)
        for done, (name, source) in enumerate(files):
            progress(done, len(files))
            archive.writestr(_info(name, packed=False), source.read_bytes())
        archive.comment = SEAL + b"0" * DIGITS
    progress(len(files), len(files))
    end = path.stat().st_size - DIGITS
    with path.open("r+b") as file:
        file.seek(end)
        file.write(digest_of(path, end).encode())


def _manifest(rows: Rows, files: list[tuple[str, Path]]) -> dict:
    return {
        "format": bundle_format.FORMAT,
        "version": bundle_format.VERSION,
        "graft": version(),
        "project": rows["projects"][0]["name"],
        "tables": {table: len(rows[table]) for table in bundle_format.TABLES},
        "files": len(files),
    }


def _info(name: str, *, packed: bool) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    info.external_attr = 0o600 << 16
    return info
