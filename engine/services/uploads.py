"""Files on their way from a browser to the disk. A ticket is the permission to send files into one folder.

A ticket belongs to a session and ends with it. Bytes are reserved before they are written: against what the ticket may
hold, what its session may have on the way, and what this server takes at once.
"""

import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

from engine import settings
from engine.errors import DataError
from engine.storage.workspace import Workspace, check_free_space, write_atomic

STALE_SECONDS = 24 * 3600
GONE_SECONDS = 180  # a browser that comes back within them finds its session again
MAX_PART = 150  # characters of one path part
MAX_PART_BYTES = 200  # file systems allow 255, and a number may be put before it
MAX_DEPTH = 8
TICKETS = 20  # of one session at once
SESSION_TIMES = 2  # as much as one ticket holds may be on the way for one session

TOO_LONG = "The name of a file is too long for the disk of this server: {name}… Give it a shorter one."


@dataclass
class Ticket:
    """The permission to upload into `folder`, for as long as its session lasts.

    `held` are the bytes that arrived or are promised to a file on its way; `taken` the names that files have.
    """

    token: str
    folder: Path
    max_bytes: int
    max_files: int
    owner: str = ""
    held: int = 0
    names: list[str] = field(default_factory=list)
    taken: set[Path] = field(default_factory=set)
    used: float = field(default_factory=time.monotonic)


class Uploads:
    """All tickets of this server process. Several threads may use it."""

    def __init__(self, workspace: Workspace, max_bytes: int, is_there: Callable[[str], bool] = lambda owner: True):
        """is_there: tells whether a session still is."""
        self._workspace = workspace
        self._max_bytes = max_bytes
        self.is_there = is_there
        self._tickets: dict[str, Ticket] = {}
        self._handed_over: list[Ticket] = []
        self._lock = threading.Lock()

    def new_ticket(self, owner: str = "") -> Ticket:
        """Return a ticket for a session; its oldest one ends where it has too many."""
        self.end_abandoned()
        own = [ticket for ticket in list(self._tickets.values()) if owner and ticket.owner == owner]
        for ticket in sorted(own, key=lambda ticket: ticket.used)[: max(0, len(own) - TICKETS + 1)]:
            self.discard(ticket.token)
        token = secrets.token_urlsafe(24)
        folder = self._workspace.incoming / f"upload-{secrets.token_hex(8)}"
        ticket = Ticket(token, folder, self._max_bytes, settings.current().max_archive_members, owner)
        self._tickets[token] = ticket
        return ticket

    def ticket(self, token: str) -> Ticket | None:
        return self._tickets.get(token)

    def take(self, token: str) -> Path | None:
        """Close the ticket and return what was sent: the one file itself, or the folder of several files."""
        ticket = self._tickets.pop(token, None)
        if ticket is None or not ticket.names:
            return None
        self._handed_over.append(ticket)
        return ticket.folder / ticket.names[0] if len(ticket.names) == 1 else ticket.folder

    def keep(self, name: str, content: bytes) -> Path:
        """Lay down a file that came another way, for an import; return where. UserError when the disk is full."""
        path = self._workspace.incoming / f"upload-{secrets.token_hex(8)}" / name
        check_free_space(self._workspace.incoming, len(content))
        write_atomic(path, content)
        return path

    def discard(self, token: str) -> None:
        """Close the ticket and delete what was sent: the person cancelled."""
        if (ticket := self._tickets.pop(token, None)) is not None:
            shutil.rmtree(ticket.folder, ignore_errors=True)

    def end_abandoned(self) -> None:
        """Close the tickets of sessions that are no more, and delete what was sent with them."""
        gone = time.monotonic() - GONE_SECONDS
        for ticket in list(self._tickets.values()):
            if ticket.used < gone and not self.is_there(ticket.owner):
                self.discard(ticket.token)

    def reserve(self, ticket: Ticket, size: int) -> None:
        """Promise `size` more bytes to a ticket. Raises DataError when that is more than may come."""
        with self._lock:
            ticket.used = time.monotonic()
            if ticket.token not in self._tickets:
                raise DataError("This page is out of date. Reload it and choose the files again.")
            if ticket.held + size > ticket.max_bytes:
                raise too_large(ticket)
            self._check_others(ticket, size)
            ticket.held += size

    def give_back(self, ticket: Ticket, size: int) -> None:
        """Take a promise of so many bytes back: they did not come."""
        with self._lock:
            ticket.held -= size

    def place(self, ticket: Ticket, name: str) -> tuple[Path, Path]:
        """Return (part file, final file) for a file of this name; no other file of the ticket gets the same.

        Raises UserError where the ticket has too many files, or the disk does not take the name.
        """
        with self._lock:
            if len(ticket.taken) >= ticket.max_files:
                raise DataError(
                    "This upload holds more than {limit} files. Send it in parts, or pack it into an archive.",
                    limit=ticket.max_files,
                )
            target = ticket.folder / safe_name(name)
            while target in ticket.taken:
                target = target.with_name(f"{secrets.token_hex(2)}-{target.name}")
            ticket.taken.add(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        return target.with_name(f".{secrets.token_hex(6)}.part"), target

    def remove_stale(self, keep: Collection[Path] = ()) -> None:
        """Delete uploads that nobody finished within a day, except those in `keep`: an import still needs them."""
        for folder in self._workspace.incoming.glob("upload-*"):
            if folder not in keep and time.time() - folder.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)

    def _check_others(self, ticket: Ticket, size: int) -> None:
        """Raise where all that is on the way, of this session or of everybody, would be too much."""
        self._handed_over = [each for each in self._handed_over if each.folder.exists()]
        everything = [*self._tickets.values(), *self._handed_over]
        own = sum(each.held for each in everything if ticket.owner and each.owner == ticket.owner)
        if own + size > SESSION_TIMES * ticket.max_bytes:
            raise DataError("Earlier files of yours are still being brought in. Send these when that is done.")
        if sum(each.held for each in everything) + size > settings.current().max_uploads_mb * 1_000_000:
            raise DataError("Many files are being brought in just now. Send these in a few minutes.")


def check_room(ticket: Ticket, size: int = 0) -> None:
    """Raise DiskError when the disk has no room for so many more bytes."""
    check_free_space(ticket.folder, size)


def too_large(ticket: Ticket) -> DataError:
    return DataError(
        "This upload is larger than {limit} MB. Send it in parts, or raise GRAFT_MAX_UPLOAD_MB.",
        limit=ticket.max_bytes // 1_000_000,
    )


def safe_name(name: str) -> Path:
    """Return `name` as a relative path that stays inside its folder: no '..', no drive, no control characters.

    Raises DataError for a name that is too long for a disk.
    """
    name = name.encode("utf-8", "replace").decode()
    parts = [re.sub(r"[\x00-\x1f\x7f]", "", part)[-MAX_PART:] for part in re.split(r"[\\/]+", name)]
    parts = [part for part in parts if part not in ("", ".", "..") and not re.fullmatch(r"[A-Za-z]:", part)]
    for part in parts[-MAX_DEPTH:]:
        if len(part.encode()) > MAX_PART_BYTES:
            raise DataError(TOO_LONG, name=part[:20])
    return Path(*parts[-MAX_DEPTH:]) if parts else Path("unnamed")
