"""The route that takes files in, streamed to disk."""

import os
from pathlib import Path

import anyio
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

from engine import graft
from engine.api.responses import refuse
from engine.errors import UserError
from engine.services import uploads
from engine.services.uploads import Ticket, Uploads
from engine.storage.workspace import disk_error

OUT_OF_DATE = "This page is out of date. Reload it and choose the files again."
ROOM_EVERY = 64 * 2**20  # bytes after which the room on the disk is looked at again
RESERVED_AT_ONCE = 2**20  # where nobody said how many bytes there will be


async def upload(request: Request) -> JSONResponse:
    """PUT /api/upload/{ticket}?name=relative/path: stream one file to disk. The memory stays flat."""
    tickets = graft.current().uploads
    tickets.end_abandoned()
    ticket = tickets.ticket(request.path_params["ticket"])
    if ticket is None:
        return refuse(UserError(OUT_OF_DATE), 403)
    announced = request.headers.get("content-length", "")
    arriving = _Arriving(tickets, ticket)
    target = ticket.folder
    try:
        arriving.promise(int(announced) if announced.isdigit() else 0)
        part, target = tickets.place(ticket, request.query_params.get("name", ""))
        await _receive(request, arriving, part, target)
    except UserError as error:
        arriving.give_back()
        return refuse(error, 413)
    except OSError as error:
        arriving.give_back()
        return refuse(disk_error(target, error), 507)
    except BaseException:
        arriving.give_back()
        raise
    ticket.names.append(str(target.relative_to(ticket.folder)))
    return JSONResponse({"size": arriving.size})


class _Arriving:
    """The bytes of one file: reserved before they are written, and given back where it does not arrive."""

    def __init__(self, tickets: Uploads, ticket: Ticket):
        self._tickets, self._ticket = tickets, ticket
        self.size = self._promised = self._looked_at = 0

    def promise(self, size: int) -> None:
        """Reserve so many bytes more. Raises UserError where they are too many, or the disk has no room."""
        self._tickets.reserve(self._ticket, size)
        self._promised += size
        uploads.check_room(self._ticket, size)

    def count(self, size: int) -> None:
        """Count bytes that are about to be written."""
        self.size += size
        if self.size > self._promised:
            self.promise(max(RESERVED_AT_ONCE, self.size - self._promised) if self._fits() else size)
        if self.size - self._looked_at > ROOM_EVERY:
            self._looked_at = self.size
            uploads.check_room(self._ticket)

    def _fits(self) -> bool:
        return self._ticket.held + RESERVED_AT_ONCE <= self._ticket.max_bytes

    def arrived(self) -> None:
        """Give back what was promised and is not needed."""
        self._tickets.give_back(self._ticket, self._promised - self.size)
        self._promised = self.size

    def give_back(self) -> None:
        """Give back everything: the file did not arrive."""
        self._tickets.give_back(self._ticket, self._promised)
        self._promised = 0


async def _receive(request: Request, arriving: _Arriving, part: Path, target: Path) -> None:
    try:
        async with await anyio.open_file(part, "wb") as file:
            async for chunk in request.stream():
                arriving.count(len(chunk))
                await file.write(chunk)
        os.replace(part, target)
        arriving.arrived()
    except ClientDisconnect as gone:
        raise UserError(OUT_OF_DATE) from gone  # nobody is there to read it
    finally:
        await anyio.Path(part).unlink(missing_ok=True)
