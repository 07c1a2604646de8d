"""The routes beside the pages; tests/support/openapi.py says what each takes and answers."""

from starlette.routing import Route

from engine.api.datasets import dataset_map, dataset_zip, run_map
from engine.api.media import media, preview, thumbnail
from engine.api.uploads import upload

ROUTES = (
    Route("/api/upload/{ticket}", upload, methods=["PUT"]),
    Route("/api/thumbnail/{sha256}", thumbnail, methods=["GET"]),
    Route("/api/preview/{sha256}", preview, methods=["GET"]),
    Route("/api/media/{sha256}", media, methods=["GET"]),
    Route("/api/map/{dataset_id}", dataset_map, methods=["GET"]),
    Route("/api/run-map/{run_id}", run_map, methods=["GET"]),
    Route("/api/export/{dataset_id}/{version}", dataset_zip, methods=["GET"]),
)
