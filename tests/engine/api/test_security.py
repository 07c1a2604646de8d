"""Who may talk to the server: only pages that it served, under names that are its own, by http and websocket."""

import asyncio
import time
from weakref import WeakKeyDictionary

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from engine import settings
from engine.api import half_open, security
from engine.api.responses import refuse
from engine.api.security import SecurityMiddleware
from engine.errors import DataError


async def page(request):
    await request.body()
    answer = PlainTextResponse("a page")
    answer.set_cookie("_streamlit_xsrf", "1")
    return answer


async def stream(socket):
    await socket.accept()
    await socket.send_text("hello")
    await socket.close()


@pytest.fixture
def client():
    routes = [
        Route("/", page, methods=["GET", "PUT"]),
        Route("/_stcore/metrics", page),
        WebSocketRoute("/_stcore/stream", stream),
    ]
    with TestClient(SecurityMiddleware(Starlette(routes=routes)), base_url="http://localhost:8501") as client:
        yield client


def socket_says(client, **headers) -> str:
    """Return what the websocket says first, or that it was closed."""
    try:
        with client.websocket_connect("/_stcore/stream", headers=headers) as socket:
            return socket.receive_text()
    except WebSocketDisconnect:
        return "closed"


@pytest.mark.parametrize("host", ["localhost", "localhost:8501", "127.0.0.1:8501", "[::1]:8501", "LOCALHOST:80"])
def test_its_own_names_are_answered(client, host):
    assert client.get("/", headers={"host": host}).text == "a page"
    assert socket_says(client, host=host, origin=f"http://{host}") == "hello"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8501", "localhost.evil.example", "x@localhost", "localhost/x", "", "[::2]"]
)
def test_a_foreign_name_that_points_here_is_refused(client, host):
    answer = client.get("/", headers={"host": host})
    assert answer.status_code == 400 and "GRAFT_HOSTS" in answer.text and "evil" not in answer.text
    assert socket_says(client, host=host) == "closed"


def test_two_hosts_or_none_are_refused(client):
    twice = client.get("/", headers=[("host", "localhost"), ("host", "evil.example")])
    assert twice.status_code == 400


@pytest.mark.parametrize(
    "origin",
    ["http://localhost:9999", "https://evil.example", "null", "http://127.0.0.1:8501", "http://localhost:8501.x"],
)
def test_a_page_of_another_server_is_refused(client, origin):
    for method in ("GET", "PUT"):
        assert client.request(method, "/", headers={"origin": origin}).status_code == 403
    assert socket_says(client, host="localhost:8501", origin=origin) == "closed"


def test_its_own_pages_are_answered_also_behind_a_proxy(client, monkeypatch):
    monkeypatch.setenv("GRAFT_HOSTS", "graft.example.org, 192.0.2.7")
    settings.current.cache_clear()
    for host, origin in (
        ("localhost:8501", "http://localhost:8501"),
        ("graft.example.org", "https://graft.example.org"),
        ("graft.example.org:443", "https://graft.example.org"),
        ("192.0.2.7:8501", "http://192.0.2.7:8501"),
    ):
        assert client.get("/", headers={"host": host, "origin": origin}).status_code == 200
        assert socket_says(client, host=host, origin=origin) == "hello"
    settings.current.cache_clear()


def test_every_answer_carries_the_headers_a_refusal_too(client):
    for answer in (client.get("/"), client.get("/", headers={"origin": "null"}), client.get("/nothing")):
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "connect-src 'self' ws://localhost:8501 wss://localhost:8501 blob:;" in policy
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["x-frame-options"] == "DENY"
    strange = client.get("/", headers={"host": "evil.example; script-src *"})
    assert "evil" not in strange.headers["content-security-policy"]


def test_cookies_are_secure_behind_https(client):
    assert "Secure" not in client.get("/").headers["set-cookie"]
    assert client.get("/", headers={"x-forwarded-proto": "https"}).headers["set-cookie"].endswith("; Secure")


def test_the_figures_of_the_server_are_not_for_strangers(client):
    assert client.get("/_stcore/metrics").status_code == client.get("/_stcore/metrics/").status_code == 404


def test_no_folder_of_the_machine_stands_in_an_error():
    place = settings.current().workspace / "runs" / "7"
    answer = refuse(DataError("The model {file} is damaged.", file=str(place)), 404)
    assert str(settings.current().workspace).encode() not in answer.body and b"runs/7 is damaged" in answer.body


def slow_request(chunks: int, pause: float):
    """Return a receive function of a body that comes in so many small chunks."""
    left = chunks

    async def receive():
        nonlocal left
        left -= 1
        await asyncio.sleep(pause)
        return {"type": "http.request", "body": b"x", "more_body": left > 0}

    return receive


@pytest.mark.parametrize(("chunks", "pause", "ends"), [(2, 5, 0.05), (500, 0.001, 0.5), (3, 0.001, None)])
def test_a_request_that_comes_in_too_slowly_ends(monkeypatch, chunks, pause, ends):
    monkeypatch.setattr(security, "IDLE_SECONDS", 0.05)
    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "PUT", "path": "/", "raw_path": b"/", "query_string": b"", "scheme": "http"}
    scope |= {"headers": [(b"host", b"localhost")], "http_version": "1.1", "server": ("localhost", 80)}
    app = Starlette(routes=[Route("/", page, methods=["PUT"])], middleware=[Middleware(SecurityMiddleware)])
    started = time.monotonic()
    asyncio.run(app(scope, slow_request(chunks, pause), send))
    assert sent[0]["status"] == (408 if ends else 200)
    assert time.monotonic() - started < 3


def test_connections_that_say_nothing_end_and_the_server_has_no_name(monkeypatch):
    class Connection:
        def __init__(self, cycle):
            self.cycle, self.transport, self.closed = cycle, self, False

        def close(self):
            self.closed = True

    class Loop:
        def call_later(self, *again):
            self.again = again

    silent, busy, first_seen, loop = Connection(None), Connection("a request"), WeakKeyDictionary(), Loop()
    half_open.sweep(loop, {silent, busy}, first_seen)
    assert not silent.closed and loop.again[0] == half_open.EVERY_SECONDS
    first_seen[silent] -= half_open.PATIENCE_SECONDS + 1
    half_open.sweep(loop, {silent, busy}, first_seen)
    assert silent.closed and not busy.closed


def test_a_refusal_speaks_the_language_of_the_browser(client):
    german = client.get("/", headers={"origin": "null", "accept-language": "de-AT,de;q=0.9"})
    assert german.text.startswith("Eine andere Seite hat danach gefragt")
