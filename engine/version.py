"""Which Graft this is: the version that pyproject.toml names, of a checkout or of the installed package."""

import functools
import importlib.metadata
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"


@functools.cache
def version() -> str:
    """Return for example "0.1.0". A checkout's own file comes first: another Graft may be installed beside it."""
    if PYPROJECT.exists():
        return tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["version"]
    return importlib.metadata.version("graft")
