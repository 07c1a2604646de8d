"""How a route says no."""

from starlette.responses import JSONResponse

from engine.errors import UserError


def refuse(error: UserError, status: int) -> JSONResponse:
    return JSONResponse({"error": str(error), **error.to_dict()}, status)
