"""Files on their way from a browser to the disk. A ticket is the permission to send files into one folder."""

import re
import secrets
import shutil
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import DataError
from engine.storage.workspace import Workspace, check_free_space, disk_error  # noqa: F401

STALE_SECONDS = 24 * 3600
MAX_PART = 150  # characters of one path part; file systems allow 255 bytes


@dataclass
class Ticket:
    """The permission to upload into `folder`, for as long as the server runs."""

    token: str
    folder: Path
    max_bytes: int
    received: int = 0
    names: list[str] = field(default_factory=list)


class Uploads:
    """All tickets of this server process."""

    def __init__(self, workspace: Workspace, max_bytes: int):
        self._workspace = workspace
        self._max_bytes = max_bytes
        self._tickets: dict[str, Ticket] = {}

    def new_ticket(self) -> Ticket:
        token = secrets.token_urlsafe(24)
        folder = self._workspace.incoming / f"upload-{secrets.token_hex(8)}"
        self._tickets[token] = ticket = Ticket(token, folder, self._max_bytes)
        return ticket

    def ticket(self, token: str) -> Ticket | None:
        return self._tickets.get(token)

    def take(self, token: str) -> Path | None:
        """Close the ticket and return what was sent: the one file itself, or the folder of several files."""
        ticket = self._tickets.pop(token, None)
        if ticket is None or not ticket.names:
            return None
        return ticket.folder / ticket.names[0] if len(ticket.names) == 1 else ticket.folder

    def discard(self, token: str) -> None:
        """Close the ticket and delete what was sent: the person cancelled."""
        if (ticket := self._tickets.pop(token, None)) is not None:
            shutil.rmtree(ticket.folder, ignore_errors=True)

    def remove_stale(self, keep: Collection[Path] = ()) -> None:
        """Delete uploads that nobody finished within a day, except those in `keep`: an import still needs them."""
        for folder in self._workspace.incoming.glob("upload-*"):
            if folder not in keep and time.time() - folder.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def open_part(ticket: Ticket, name: str, announced: int) -> tuple[Path, Path]:
    """Return (part file, final file) for an upload called `name`. Raises UserError when it is too large."""
    if ticket.received + announced > ticket.max_bytes:
        raise too_large(ticket)
    check_free_space(ticket.folder, announced)
    relative = safe_name(name)
    target = ticket.folder / relative
    while target.exists():
        target = target.with_name(f"{secrets.token_hex(2)}-{target.name}")
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.with_name(f".{secrets.token_hex(6)}.part"), target


def too_large(ticket: Ticket) -> DataError:
    return DataError(
        "This upload is larger than {limit} MB. Send it in parts, or raise GRAFT_MAX_UPLOAD_MB.",
        limit=ticket.max_bytes // 1_000_000,
    )


def safe_name(name: str) -> Path:
    """Return `name` as a relative path that stays inside its folder: no '..', no drive, no control characters."""
    parts = [re.sub(r"[\x00-\x1f\x7f]", "", part)[-MAX_PART:] for part in re.split(r"[\\/]+", name)]
    parts = [part for part in parts if part not in ("", ".", "..") and not re.fullmatch(r"[A-Za-z]:", part)]
    return Path(*parts[-8:]) if parts else Path("unnamed")
