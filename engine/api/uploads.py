"""The route that takes files in, streamed to disk."""

import os

import anyio
from starlette.requests import Request
from starlette.responses import JSONResponse

from engine import graft
from engine.api.responses import refuse
from engine.errors import UserError
from engine.services import uploads


async def upload(request: Request) -> JSONResponse:
    """PUT /api/upload/{ticket}?name=relative/path: stream one file to disk. The memory stays flat."""
    ticket = graft.current().uploads.ticket(request.path_params["ticket"])
    if ticket is None:
        return refuse(UserError("This page is out of date. Reload it and choose the files again."), 403)
    name = request.query_params.get("name", "")
    announced = int(request.headers.get("content-length") or 0)
    try:
        part, target = uploads.open_part(ticket, name, announced)
        return await _receive(request, ticket, part, target)
    except UserError as error:
        return refuse(error, 413)


async def _receive(request: Request, ticket: uploads.Ticket, part, target) -> JSONResponse:
    size = 0
    try:
        async with await anyio.open_file(part, "wb") as file:
            async for chunk in request.stream():
                size += len(chunk)
                if ticket.received + size > ticket.max_bytes:
                    raise uploads.too_large(ticket)
                await file.write(chunk)
        os.replace(part, target)
    except OSError as error:
        return refuse(uploads.disk_error(target, error), 507)
    finally:
        part.unlink(missing_ok=True)
    ticket.received += size
    ticket.names.append(str(target.relative_to(ticket.folder)))
    return JSONResponse({"size": size})
