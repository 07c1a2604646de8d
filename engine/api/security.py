"""Who may talk to the server, and what every answer carries: one middleware for pages, routes and the websocket.

A browser believes whoever answers at a name. A foreign name that points at 127.0.0.1 (DNS rebinding) would open the app
in a stranger's page, and a page of any other local server could speak to its websocket. So a request has to name a host
of this server, and one that says where it comes from has to come from there. Both are answered here, before Streamlit
sees them: it would look up its own address in the internet first.
"""

import time
from collections.abc import Iterable
from urllib.parse import urlsplit

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

from engine import settings, translation
from engine.api import half_open

OWN_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
# Figures about the sessions of everybody, which nobody in a browser needs.
CLOSED_PATHS = ("/_stcore/metrics",)
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:; "
    "connect-src 'self' ws://{host} wss://{host} blob:; "
    "worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'self'; form-action 'self'; object-src 'none'"
)
HEADERS = {
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(self), geolocation=()",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
STRANGE_HOST = (
    "Graft does not answer at this address. Open it at http://localhost and its port, or let whoever runs it name the "
    "address in GRAFT_HOSTS."
)
STRANGE_ORIGIN = "Another page asked for this, and Graft answers only its own pages. Open Graft in a tab of its own."
TOO_SLOW = "It came in too slowly. Send it again over a better connection."
# A request's body may pause so long, and must come at this pace once it takes longer than that.
IDLE_SECONDS, LEAST_BYTES_PER_SECOND = 60.0, 1000


class TooSlow(Exception):
    """The body of a request does not come in at a pace worth waiting for."""


class SecurityMiddleware:
    """Refuses strangers, ends what comes in too slowly, and adds the headers to every answer."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        status, words = _refusal(scope, headers)
        half_open.watch(receive)
        if scope["type"] == "websocket":
            await (self.app(scope, receive, send) if not status else send({"type": "websocket.close", "code": 1008}))
            return
        answer = _Answer(
            send, headers.get("host", "localhost") if status != 400 else "localhost", _is_https(scope, headers)
        )
        if status:
            await _plain(words, status, headers)(scope, receive, answer.send)
            return
        try:
            await self.app(scope, _Pace(receive).receive, answer.send)
        except TooSlow:
            if not answer.begun:
                await _plain(TOO_SLOW, 408, headers)(scope, receive, answer.send)


def _plain(words: str, status: int, headers: Headers) -> PlainTextResponse:
    """Return a refusal in the language that the browser asks for first."""
    language = translation.pick(headers.get("accept-language", "en")[:5].replace(",", "-"))
    return PlainTextResponse(translation.translate(words, language), status, {"connection": "close"})


def _refusal(scope, headers: Headers) -> tuple[int, str]:
    """Return (status, words) of the refusal of a request; (0, "") where it may come in."""
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not _is_ours(hosts[0]):
        return 400, STRANGE_HOST
    origins = headers.getlist("origin")
    if any(not _is_same(origin, hosts[0]) for origin in origins):
        return 403, STRANGE_ORIGIN
    closed = scope["type"] == "http" and scope["path"].rstrip("/") in CLOSED_PATHS
    return (404, "Not Found") if closed else (0, "")


def _is_ours(host: str) -> bool:
    parts = _split(f"//{host}")
    return parts is not None and parts[0] in OWN_HOSTS | _named(settings.current().hosts)


def _named(hosts: Iterable[str]) -> frozenset[str]:
    return frozenset(host.lower().strip("[]") for host in hosts)


def _is_same(origin: str, host: str) -> bool:
    """Tell whether a page of `origin` came from `host`; the port that a scheme has anyway may be missing."""
    scheme = origin.partition(":")[0]
    return scheme in DEFAULT_PORTS and _split(origin) is not None and _split(origin) == _split(f"{scheme}://{host}")


def _split(url: str) -> tuple[str, int | None] | None:
    """Return (host name, port) of an address without a path or a name of a user, None for anything else."""
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    name = parts.hostname
    plain = not (parts.path or parts.query or parts.fragment or "@" in parts.netloc)
    return (name, port) if name and plain and not set(parts.netloc) & set(" ;,'\"\\") else None


def _is_https(scope, headers: Headers) -> bool:
    return scope.get("scheme") == "https" or headers.get("x-forwarded-proto", "").lower() == "https"


class _Answer:
    """Sends an answer with the headers of every answer."""

    def __init__(self, send, host: str, https: bool):
        self._send, self._host, self._https = send, host, https
        self.begun = False

    async def send(self, message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            message = {**message, "headers": list(message.get("headers", []))}
            headers = MutableHeaders(raw=message["headers"])
            headers.update(HEADERS)
            headers["content-security-policy"] = CONTENT_SECURITY_POLICY.format(host=self._host)
            if self._https:
                message["headers"] = [_secure(*header) for header in message["headers"]]
        await self._send(message)


def _secure(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """Return a header; a cookie of one goes over https only."""
    if name.lower() != b"set-cookie" or b"secure" in (part.strip().lower() for part in value.split(b";")[1:]):
        return name, value
    return name, value + b"; Secure"


class _Pace:
    """Hands on the body of a request as long as it comes in at a pace worth waiting for."""

    def __init__(self, receive):
        self._receive, self._began, self._bytes, self._whole = receive, time.monotonic(), 0, False

    async def receive(self):
        if self._whole:
            return await self._receive()  # waits for the browser to go away
        with anyio.move_on_after(IDLE_SECONDS):
            message = await self._receive()
            self._bytes += len(message.get("body", b""))
            self._whole = not message.get("more_body", False)
            late = time.monotonic() - self._began - IDLE_SECONDS
            if self._whole or late * LEAST_BYTES_PER_SECOND <= self._bytes:
                return message
        raise TooSlow
