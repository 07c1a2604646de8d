"""What every route of ours takes and answers, as OpenAPI says it: what schemathesis reads."""

from starlette.routing import Route

from engine.api.routes import ROUTES
from engine.version import version

_TEXT = {"type": "string", "minLength": 1}
_REFUSAL = {
    "type": "object",
    "required": ["error", "template", "values"],
    "properties": {"error": _TEXT, "template": _TEXT, "values": {"type": "object"}},
}
_SIZE = {"type": "object", "required": ["size"], "properties": {"size": {"type": "integer", "minimum": 0}}}
_BYTES = {"type": "string", "format": "binary"}
# {path: (what it is for, {status: (media type, schema) or None})}
_SAID = {
    "/api/upload/{ticket}": (
        "Send one file to the ticket of a drop zone; `name` is its path below the folder that was dropped.",
        {200: ("application/json", _SIZE), **dict.fromkeys((403, 413, 507), ("application/json", _REFUSAL))},
    ),
    "/api/thumbnail/{sha256}": ("A stored picture, its longest side 160 pixels.", {200: ("image/jpeg", _BYTES)}),
    "/api/preview/{sha256}": ("A stored picture, its longest side 720 pixels.", {200: ("image/jpeg", _BYTES)}),
    "/api/media/{sha256}": ("A stored sound as a browser plays it.", {200: ("audio/wav", _BYTES)}),
    "/api/map/{dataset_id}": ("The points of a dataset's map.", {200: ("application/octet-stream", _BYTES)}),
    "/api/run-map/{run_id}": ("A run's test pictures on that map.", {200: ("application/octet-stream", _BYTES)}),
    "/api/export/{dataset_id}/{version}": ("A packed dataset.", {200: ("application/zip", _BYTES)}),
}


def description() -> dict:
    """Return the OpenAPI description of all routes."""
    paths = {
        route.path: {method.lower(): _operation(route.path, method) for method in _methods(route)} for route in ROUTES
    }
    return {"openapi": "3.1.0", "info": {"title": "Graft", "version": version()}, "paths": paths}


def _methods(route: Route) -> list[str]:
    return sorted(set(route.methods or ()) - {"HEAD"})


def _operation(path: str, method: str) -> dict:
    words, answers = _SAID[path]
    named = [part.strip("{}") for part in path.split("/") if part.startswith("{")]
    operation = {
        "summary": words,
        "parameters": [{"name": name, "in": "path", "required": True, "schema": _TEXT} for name in named],
        "responses": {str(status): _response(answer) for status, answer in answers.items()},
    }
    if method == "PUT":
        operation["parameters"].append({"name": "name", "in": "query", "schema": {"type": "string"}})
        operation["requestBody"] = {"content": {"application/octet-stream": {"schema": _BYTES}}}
    else:
        operation["responses"]["404"] = {"description": "It is not there."}
    return operation


def _response(answer: tuple[str, dict]) -> dict:
    media_type, schema = answer
    return {"description": media_type, "content": {media_type: {"schema": schema}}}
