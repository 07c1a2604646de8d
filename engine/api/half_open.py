"""Connections that are opened and then say nothing, or half a header, end; and answers do not name the server.

uvicorn waits for the rest of a header as long as it takes, and every such connection takes a place. Its protocols are
reached through the request that is being answered; where it is another server, nothing happens.
"""

import asyncio
import time
from collections.abc import Collection
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

PATIENCE_SECONDS = 30.0
EVERY_SECONDS = 5.0

_watched: WeakSet = WeakSet()  # the loops whose connections are looked at


def watch(receive) -> None:
    """Look at the connections of this request's server from now on; take the server's name off its answers."""
    cycle = getattr(receive, "__self__", None)
    names = getattr(cycle, "default_headers", None) or getattr(
        getattr(cycle, "server_state", None), "default_headers", None
    )
    if isinstance(names, list):
        names[:] = [header for header in names if header[0] != b"server"]
    loop = asyncio.get_running_loop()
    if loop not in _watched and (connections := _connections(cycle)) is not None:
        _watched.add(loop)
        loop.call_later(EVERY_SECONDS, sweep, loop, connections, WeakKeyDictionary())


def sweep(loop: asyncio.AbstractEventLoop, connections: Collection, first_seen: WeakKeyDictionary) -> None:
    """Close the connections that have not made a request for too long, and look again in a while."""
    now = time.monotonic()
    for connection in list(connections):
        if getattr(connection, "cycle", connection) is not None:
            continue  # it has made a request, or is a websocket
        if now - first_seen.setdefault(connection, now) > PATIENCE_SECONDS:
            connection.transport.close()
    loop.call_later(EVERY_SECONDS, sweep, loop, connections, first_seen)


def _connections(cycle) -> Collection | None:
    transport: Any = getattr(cycle, "transport", None)
    protocol = transport.get_protocol() if hasattr(transport, "get_protocol") else None
    return getattr(protocol, "connections", None)
