"""python -m engine serve: open the app, from whatever folder."""

import os
import socket
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

from engine.errors import UserError

APP = Path(__file__).parents[2] / "app.py"
ADDRESS = "127.0.0.1"


def serve(options: Namespace) -> None:
    """Become the server, until Ctrl-C. Raises UserError when the port is another program's.

    Streamlit reads .streamlit/config.toml beside app.py, so colours and limits are the same from every folder.
    """
    _check_free(options.port)
    where = ["--server.address", ADDRESS, "--server.port", str(options.port)]
    # -P: a file of the caller's folder, say json.py, must not stand in for the library of that name.
    command = [sys.executable, "-P", "-m", "streamlit", "run", str(APP), *where]
    if os.name == "posix":
        os.execv(sys.executable, command)  # noqa: S606 - no shell is meant; signals then reach the server itself
    sys.exit(subprocess.call(command))


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        if os.name == "posix":  # as the server will ask; on Windows this option would let two share a port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except (OSError, OverflowError) as error:
            raise UserError("Port {port} cannot be used. Give another one with --port.", port=port) from error
