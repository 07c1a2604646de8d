"""Routes for stored files: thumbnails, previews, and what is played."""

import re
from collections.abc import Callable

import anyio
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from engine import graft
from engine.api.responses import refuse
from engine.data import thumbnails
from engine.data.modalities import playback
from engine.errors import UserError

KEEP = {"cache-control": "private, max-age=31536000, immutable"}


async def thumbnail(request: Request) -> Response:
    """GET /api/thumbnail/{sha256}: a small JPEG of a stored picture."""
    return await _picture(request, thumbnails.read)


async def preview(request: Request) -> Response:
    """GET /api/preview/{sha256}: a stored picture large enough to judge it."""
    return await _picture(request, thumbnails.preview)


async def media(request: Request) -> Response:
    """GET /api/media/{sha256}: a stored file as a browser plays it; parts of it where they are asked for."""
    sha256 = request.path_params["sha256"]
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        return Response(status_code=404)
    try:
        path, kind = await anyio.to_thread.run_sync(playback.path_of, graft.current().workspace, sha256)
    except UserError as error:
        return refuse(error, 404)
    return FileResponse(path, media_type=kind, headers=KEEP)


async def _picture(request: Request, read: Callable) -> Response:
    """Answer with a JPEG made from a stored picture. Content never changes, so browsers keep it."""
    sha256 = request.path_params["sha256"]
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        return Response(status_code=404)
    try:
        content = await anyio.to_thread.run_sync(read, graft.current().workspace, sha256)
    except UserError as error:
        return refuse(error, 404)
    return Response(content, media_type="image/jpeg", headers=KEEP)
