"""Routes for datasets: the points of maps, and the packed dataset as a file."""

import re
from collections.abc import Callable

import anyio
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from engine import graft
from engine.api.responses import refuse
from engine.errors import UserError


async def dataset_map(request: Request) -> Response:
    """GET /api/map/{dataset_id}: the points of its map (see maps.Maps.packed), for a page."""
    return await _points(graft.current().maps.packed, request.path_params["dataset_id"])


async def run_map(request: Request) -> Response:
    """GET /api/run-map/{run_id}: its test pictures on that map (see maps.Maps.packed_run)."""
    return await _points(graft.current().maps.packed_run, request.path_params["run_id"])


async def _points(pack: Callable[[str], bytes | None], of: str) -> Response:
    content = await anyio.to_thread.run_sync(pack, of)
    if content is None:
        return Response(status_code=404)
    return Response(content, media_type="application/octet-stream", headers={"cache-control": "no-store"})


async def dataset_zip(request: Request) -> Response:
    """GET /api/export/{dataset_id}/{version}: a packed dataset, streamed from disk; breaking off and going on works."""
    dataset_id, version = request.path_params["dataset_id"], request.path_params["version"]
    if not re.fullmatch(r"[0-9a-f]+/[0-9]+", f"{dataset_id}/{version}"):
        return Response(status_code=404)
    here = graft.current()
    path = await anyio.to_thread.run_sync(here.dataset_exports.path, dataset_id, version)
    if path is None:
        return refuse(UserError("This zip is no longer there. Prepare it again on the Data page."), 404)
    projects = await anyio.to_thread.run_sync(here.registry.projects)
    name = next((project.name for project in projects if project.dataset_id == dataset_id), "dataset")
    return FileResponse(path, filename=f"{name}.zip", media_type="application/zip")
