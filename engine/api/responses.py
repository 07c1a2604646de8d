"""How a route says no."""

from starlette.responses import JSONResponse

from engine import translation
from engine.errors import UserError


def refuse(error: UserError, status: int) -> JSONResponse:
    """Return the sentence, as template and values too, so that a page says it in its language."""
    plain = error.to_dict()
    values = {key: _public(value) for key, value in plain["values"].items()}
    return JSONResponse({"error": _public(str(error)), **plain, "values": values}, status)


def _public(value):
    return translation.without_places(value) if isinstance(value, str) else value
