"""Where things live on disk, and how a file is written so that no reader ever sees half of it."""

import contextlib
import errno
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from engine.errors import DiskError, UserError

PRIVATE = 0o077  # umask of the server, the command line and the workers: what they write is for their user alone
STALE_SECONDS = 3600


@dataclass(frozen=True)
class Workspace:
    """One folder with everything: originals by content hash, caches that can be deleted, runs as plain files."""

    root: Path

    @property
    def blobs(self) -> Path:
        return self.root / "blobs"

    @property
    def caches(self) -> Path:
        return self.root / "caches"

    @property
    def thumbnails(self) -> Path:
        return self.caches / "thumbnails"

    @property
    def device_facts(self) -> Path:
        """What machine the workers are on, as the first of them saw it."""
        return self.caches / "device.json"

    @property
    def speeds(self) -> Path:
        """How fast that machine is with every network, as measured so far."""
        return self.caches / "speed.json"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def queue(self) -> Path:
        """The runs that wait for a worker, one small file each."""
        return self.root / "queue"

    @property
    def searches(self) -> Path:
        """Searches for the best network, a folder each with its trials."""
        return self.root / "searches"

    @property
    def networks(self) -> Path:
        """Networks of one's own that trainings start from: uploaded ones, and those of deleted runs still needed."""
        return self.root / "networks"

    @property
    def looked_at(self) -> Path:
        """Which test pictures deleted runs were measured on, a folder a dataset."""
        return self.root / "looked_at"

    @property
    def incoming(self) -> Path:
        """Uploads on their way in; one folder per import, removed when it is done."""
        return self.root / "incoming"

    def create(self) -> "Workspace":
        """Make the folders. Raises UserError when the place cannot be written to."""
        try:
            self._close_to_others()
            for folder in (self.blobs, self.thumbnails, self.runs, self.networks, self.incoming):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                "The workspace {root} cannot be written to ({reason}). Choose another folder with GRAFT_WORKSPACE.",
                root=str(self.root),
                reason=error.strerror or str(error),
            ) from error
        return self

    def _close_to_others(self) -> None:
        """Let nobody but its owner look into a workspace: one that is made now, or that was one before."""
        new = not self.root.exists() or not any(self.root.iterdir())
        self.root.mkdir(parents=True, exist_ok=True)
        if (new or self.blobs.exists()) and os.name == "posix" and self.root.stat().st_uid == os.geteuid():
            self.root.chmod(0o700)

    def blob_path(self, sha256: str) -> Path:
        """Return where the original with this content hash is kept (it may not exist yet)."""
        return self.blobs / sha256[:2] / sha256

    def thumbnail_path(self, sha256: str) -> Path:
        return self.thumbnails / sha256[:2] / f"{sha256}.jpg"

    def preview_path(self, sha256: str) -> Path:
        return self.caches / "previews" / sha256[:2] / f"{sha256}.jpg"

    def playback_path(self, sha256: str) -> Path:
        return self.caches / "playback" / sha256[:2] / f"{sha256}.wav"

    def remove_half_written(self) -> None:
        """Delete what writers left behind that were killed: no file is on its way for an hour."""
        for path in self.blobs.glob("*/.*.part"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > STALE_SECONDS:
                    path.unlink()

    def run_dir(self, run_id: str) -> Path:
        return self.runs / run_id


def write_atomic(path: Path, content: bytes | str) -> None:
    """Write `content` beside `path`, then put it in place in one step. Raises DiskError when the disk is full."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise disk_error(path, error) from error


@contextlib.contextmanager
def replaced(path: Path, *, binary: bool = False) -> Iterator[IO]:
    """Open a file that takes the place of `path` when it is whole. Raises DiskError when the disk is full."""
    with (
        beside(path) as temporary,
        temporary.open("wb") if binary else temporary.open("w", encoding="utf-8") as file,
    ):
        yield file


@contextlib.contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Give a path to write to; what lies there at the end takes the place of `path`, else nothing of it stays.

    Raises DiskError when the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise disk_error(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_json(path: Path, value) -> None:
    """Write plain data as JSON that a person can read."""
    write_atomic(path, json.dumps(value, ensure_ascii=False, indent=1))


def read_json(path: Path, default=None):
    """Return what the file holds, or `default` when there is no such file (or it is not JSON)."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError):
        return default


def check_free_space(path: Path, needed: int) -> None:
    """Raise DiskError unless `needed` bytes (and a little more) are free where `path` lies."""
    folder = next(parent for parent in (path, *path.parents) if parent.exists())
    free = shutil.disk_usage(folder).free
    if free < needed + 50_000_000:
        raise DiskError(
            "The disk is nearly full: {needed} MB are needed in {folder}, {free} MB are free. "
            "Make room, or choose another folder with GRAFT_WORKSPACE.",
            needed=max(1, needed // 1_000_000),
            folder=str(folder),
            free=free // 1_000_000,
        )


def is_full(error: Exception) -> bool:
    """Tell whether a file could not be written for want of room; libraries do not always pass the number on."""
    full = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return isinstance(error, OSError) and (error.errno in full or os.strerror(errno.ENOSPC) in str(error))


def disk_error(path: Path, error: OSError) -> DiskError:
    """Return the sentence for a file that could not be written."""
    return DiskError(
        "{name} could not be written ({reason}). Nothing half-written was kept. Make room on the disk and try again.",
        name=path.name,
        reason=error.strerror or str(error),
    )
