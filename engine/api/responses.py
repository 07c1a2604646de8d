"""engine/api/responses.py"""

from starlette.responses import JSONResponse

from engine.errors import UserError


def _refuse(error: UserError, status: int) -> JSONResponse:
    return JSONResponse({"error": str(error), **error.to_dict()}, status)
