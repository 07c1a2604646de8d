"""Keep what C++ libraries write past Python off the terminal: a command's output holds nothing but its answer."""

import contextlib
import os
import sys
import threading
from collections.abc import Iterator

_redirecting = threading.Lock()


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """Send the process's own standard output and error nowhere meanwhile, one caller at a time."""
    with _redirecting, open(os.devnull, "w") as nowhere:
        sys.stdout.flush()
        sys.stderr.flush()
        saved = os.dup(1), os.dup(2)
        try:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
            yield
        finally:
            for copy, target in zip(saved, (1, 2), strict=True):
                os.dup2(copy, target)
                os.close(copy)
