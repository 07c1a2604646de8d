"""The server: Streamlit's pages, an upload route and security headers. Start it with `streamlit run app.py`.

It never imports TensorFlow or Keras; workers do the heavy part (see engine/compute.py).
"""

import gc
import os
import re
from collections.abc import Callable
from contextlib import asynccontextmanager

import anyio
import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from engine import graft, maps, uploads
from engine.data import thumbnails
from engine.errors import UserError
from pages.elements import turns

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:; connect-src 'self' ws: wss: blob:; "
    "worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'self'; form-action 'self'; object-src 'none'"
)
HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
}


class SecurityHeaders:
    """Adds HEADERS to every HTTP answer."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def send_with_headers(message):
            if message["type"] == "http.response.start":
                extra = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


async def upload(request: Request) -> JSONResponse:
    """PUT /api/upload/{ticket}?name=relative/path: stream one file to disk. The memory stays flat."""
    ticket = graft.current().uploads.ticket(request.path_params["ticket"])
    if ticket is None:
        return _refuse(UserError("This page is out of date. Reload it and choose the files again."), 403)
    name = request.query_params.get("name", "")
    announced = int(request.headers.get("content-length") or 0)
    try:
        part, target = uploads.open_part(ticket, name, announced)
        return await _receive(request, ticket, part, target)
    except UserError as error:
        return _refuse(error, 413)


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
        return _refuse(uploads.disk_error(target, error), 507)
    finally:
        part.unlink(missing_ok=True)
    ticket.received += size
    ticket.names.append(str(target.relative_to(ticket.folder)))
    return JSONResponse({"size": size})


async def thumbnail(request: Request) -> Response:
    """GET /api/thumbnail/{sha256}: a small JPEG of a stored picture."""
    return await _picture(request, thumbnails.read)


async def preview(request: Request) -> Response:
    """GET /api/preview/{sha256}: a stored picture large enough to judge it."""
    return await _picture(request, thumbnails.preview)


async def dataset_map(request: Request) -> Response:
    """GET /api/map/{dataset_id}: the points of its map (see engine.maps.packed), for the page that shows it."""
    return await _points(maps.packed, request.path_params["dataset_id"])


async def run_map(request: Request) -> Response:
    """GET /api/run-map/{run_id}: its test pictures on that map (see engine.maps.packed_run)."""
    return await _points(maps.packed_run, request.path_params["run_id"])


async def _points(pack: Callable, of: str) -> Response:
    content = await anyio.to_thread.run_sync(pack, graft.current(), of)
    if content is None:
        return Response(status_code=404)
    return Response(content, media_type="application/octet-stream", headers={"cache-control": "no-store"})


async def dataset_zip(request: Request) -> Response:
    """GET /api/export/{dataset_id}/{version}: a packed dataset, streamed from disk; breaking off and going on works."""
    dataset_id, version = request.path_params["dataset_id"], request.path_params["version"]
    if not re.fullmatch(r"[0-9a-f]+/[0-9]+", f"{dataset_id}/{version}"):
        return Response(status_code=404)
    here = graft.current()
    path = await anyio.to_thread.run_sync(here.exports.path, dataset_id, version)
    if path is None:
        return _refuse(UserError("This zip is no longer there. Prepare it again on the Data page."), 404)
    projects = await anyio.to_thread.run_sync(here.registry.projects)
    name = next((project.name for project in projects if project.dataset_id == dataset_id), "dataset")
    return FileResponse(path, filename=f"{name}.zip", media_type="application/zip")


async def _picture(request: Request, read: Callable) -> Response:
    """Answer with a JPEG made from a stored picture. Content never changes, so browsers keep it."""
    sha256 = request.path_params["sha256"]
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        return Response(status_code=404)
    try:
        content = await anyio.to_thread.run_sync(read, graft.current().workspace, sha256)
    except UserError as error:
        return _refuse(error, 404)
    keep = {"cache-control": "private, max-age=31536000, immutable"}
    return Response(content, media_type="image/jpeg", headers=keep)


def _refuse(error: UserError, status: int) -> JSONResponse:
    return JSONResponse({"error": str(error), **error.to_dict()}, status)


@asynccontextmanager
async def lifespan(_app):
    """Open the workspace and start the workers without keeping the first page waiting; close them at the end."""
    turns.keep()
    await anyio.to_thread.run_sync(graft.current)
    gc.collect()
    gc.freeze()  # what is imported by now is never garbage: collections after each rerun get cheaper
    yield
    await anyio.to_thread.run_sync(graft.close_current)


app = st.App(
    "pages/frame.py",
    routes=[
        Route("/api/upload/{ticket}", upload, methods=["PUT"]),
        Route("/api/thumbnail/{sha256}", thumbnail, methods=["GET"]),
        Route("/api/preview/{sha256}", preview, methods=["GET"]),
        Route("/api/map/{dataset_id}", dataset_map, methods=["GET"]),
        Route("/api/run-map/{run_id}", run_map, methods=["GET"]),
        Route("/api/export/{dataset_id}/{version}", dataset_zip, methods=["GET"]),
    ],
    middleware=[Middleware(SecurityHeaders)],
    lifespan=lifespan,
)
