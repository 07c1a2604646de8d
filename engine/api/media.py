"""Routes for pictures: thumbnails and previews."""

import re
from collections.abc import Callable

import anyio
from starlette.requests import Request
from starlette.responses import Response

from engine import graft
from engine.api.responses import refuse
from engine.data import thumbnails
from engine.errors import UserError


async def thumbnail(request: Request) -> Response:
    """GET /api/thumbnail/{sha256}: a small JPEG of a stored picture."""
    return await _picture(request, thumbnails.read)


async def preview(request: Request) -> Response:
    """GET /api/preview/{sha256}: a stored picture large enough to judge it."""
    return await _picture(request, thumbnails.preview)


async def _picture(request: Request, read: Callable) -> Response:
    """Answer with a JPEG made from a stored picture. Content never changes, so browsers keep it."""
    sha256 = request.path_params["sha256"]
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        return Response(status_code=404)
    try:
        content = await anyio.to_thread.run_sync(read, graft.current().workspace, sha256)
    except UserError as error:
        return refuse(error, 404)
    keep = {"cache-control": "private, max-age=31536000, immutable"}
    return Response(content, media_type="image/jpeg", headers=keep)
