"""Whether a process still lives: on this machine or another one, and whatever the clocks say.

A clock may jump, and those of two machines never agree. So no age is taken from a clock: a process is known by how long
after the start of its machine it began, and a file that another machine touches is watched for changes.
"""

import contextlib
import functools
import os
import secrets
import socket
import time
from pathlib import Path

import psutil

# A file that another machine touches every two seconds and that has not changed for this long belongs to a dead one.
STALE_SECONDS = 30.0
# The start of the machine is known to the second only.
SLACK_SECONDS = 1.5

_changes: dict[Path, tuple[int, float]] = {}  # file -> (time stamp it had, our monotonic time when it came to have it)


def this_process() -> dict:
    """Return what tells this process apart from any other: machine, number, seconds after the machine's start."""
    return {"machine": this_machine(), "pid": os.getpid(), "born": _born(psutil.Process())}


@functools.cache
def this_machine() -> str:
    """Return a name of this machine; containers that number their processes by themselves count as machines."""
    with contextlib.suppress(OSError):
        return f"{socket.gethostname()} {os.readlink('/proc/self/ns/pid')}"
    return socket.gethostname()


def is_here(who: dict | None) -> bool:
    """Tell whether a process that `this_process` described belongs to this machine, alive or not."""
    return who is not None and who.get("machine") == this_machine()


def is_alive(who: dict | None) -> bool:
    """Tell whether a process of this machine still runs; False for one of another machine, which cannot be asked."""
    if who is None or not is_here(who):
        return False
    try:
        process = psutil.Process(who["pid"])
        return abs(_born(process) - who["born"]) < SLACK_SECONDS and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def is_touched(path: Path) -> bool:
    """Tell whether another machine still touches the file: False once it stayed unchanged for STALE_SECONDS.

    Seen for the first time, its age is that against a file made now in the same folder, whose clock is the same.
    """
    try:
        stamp = path.stat().st_mtime_ns
    except OSError:
        _changes.pop(path, None)
        return False
    known = _changes.get(path)
    if known is None:
        known = stamp, time.monotonic() - _age(path, stamp)
    elif known[0] != stamp:
        known = stamp, time.monotonic()
    _changes[path] = known
    return time.monotonic() - known[1] < STALE_SECONDS


def _born(process: psutil.Process) -> float:
    """Return how many seconds after its machine a process started; unlike its time of day, no clock changes that."""
    return process.create_time() - psutil.boot_time()


def _age(path: Path, stamp: int) -> float:
    probe = path.with_name(f".now-{secrets.token_hex(4)}")
    try:
        probe.touch()
        return max(0.0, (probe.stat().st_mtime_ns - stamp) / 1e9)
    except OSError:
        return 0.0
    finally:
        probe.unlink(missing_ok=True)
