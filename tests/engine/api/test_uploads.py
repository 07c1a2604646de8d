"""Uploads: only with a ticket, only into their own folder, never larger than allowed."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from engine import graft as graft_module
from engine import settings
from engine.api import uploads as uploads_route
from engine.api.security import SecurityMiddleware
from engine.errors import DiskError
from engine.services.uploads import GONE_SECONDS, TICKETS, Uploads, safe_name
from engine.storage.workspace import Workspace


@pytest.fixture
def uploads(tmp_path, monkeypatch):
    uploads = Uploads(Workspace(tmp_path).create(), max_bytes=1_000_000)
    monkeypatch.setattr(graft_module, "_current", type("Open", (), {"uploads": uploads, "close": lambda self: None})())
    return uploads


@pytest.fixture
def client():
    routes = [Route("/api/upload/{ticket}", uploads_route.upload, methods=["PUT"])]
    return TestClient(SecurityMiddleware(Starlette(routes=routes)), base_url="http://localhost:8501")


def test_one_file_arrives_as_it_was_sent(uploads, client):
    ticket = uploads.new_ticket()
    answer = client.put(f"/api/upload/{ticket.token}?name=pets.zip", content=b"PK" * 1000)
    assert answer.json() == {"size": 2000}
    assert uploads.take(ticket.token).read_bytes() == b"PK" * 1000


def test_a_folder_keeps_its_shape(uploads, client):
    ticket = uploads.new_ticket()
    for name in ("pets/cat/1.jpg", "pets/dog/1.jpg"):
        client.put(f"/api/upload/{ticket.token}", params={"name": name}, content=b"x")
    folder = uploads.take(ticket.token)
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*.jpg")) == [
        "pets/cat/1.jpg",
        "pets/dog/1.jpg",
    ]


def test_without_a_ticket_nothing_is_accepted(uploads, client):
    answer = client.put("/api/upload/guessed?name=a.zip", content=b"x")
    assert answer.status_code == 403 and "out of date" in answer.json()["error"]


def test_a_ticket_is_used_once(uploads, client):
    ticket = uploads.new_ticket()
    client.put(f"/api/upload/{ticket.token}?name=a.zip", content=b"x")
    assert uploads.take(ticket.token) is not None
    assert uploads.take(ticket.token) is None
    assert client.put(f"/api/upload/{ticket.token}?name=b.zip", content=b"x").status_code == 403


def test_what_is_too_large_is_refused_and_leaves_nothing(uploads, client, tmp_path):
    ticket = uploads.new_ticket()

    def endless():
        for _ in range(30):
            yield b"x" * 100_000

    for content in (b"x" * 1_000_001, endless()):
        answer = client.put(f"/api/upload/{ticket.token}?name=a.zip", content=content)
        assert answer.status_code == 413 and "larger than 1 MB" in answer.json()["error"]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("C:\\Users\\me\\cat.jpg", "Users/me/cat.jpg"),
        ("a/./b/../c.jpg", "a/b/c.jpg"),
        ("a\x00b\n.jpg", "ab.jpg"),
        ("", "unnamed"),
        ("..", "unnamed"),
    ],
)
def test_a_name_can_never_leave_its_folder(name, expected):
    assert str(safe_name(name)) == expected


def test_every_answer_carries_the_security_headers(uploads, client):
    headers = client.put("/api/upload/none?name=a", content=b"x").headers
    assert headers["x-frame-options"] == "DENY" and "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_parallel_requests_cannot_put_more_on_a_ticket_than_it_holds(uploads, tmp_path):
    """Twenty at once, each of which would fit alone; the bytes are promised before any is written."""
    ticket = uploads.new_ticket()
    started = threading.Barrier(20)

    def send(number: int) -> int:
        routes = [Route("/api/upload/{ticket}", uploads_route.upload, methods=["PUT"])]
        with TestClient(Starlette(routes=routes)) as client:
            started.wait()
            return client.put(f"/api/upload/{ticket.token}?name={number}.zip", content=b"x" * 270_000).status_code

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(send, range(20)))
    assert answers.count(200) == 3 and answers.count(413) == 17
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.zip")) == 810_000 == ticket.held


def test_what_did_not_arrive_is_given_back(uploads, client):
    ticket = uploads.new_ticket()
    for _attempt in range(5):
        assert client.put(f"/api/upload/{ticket.token}?name=a", content=b"x" * 1_000_001).status_code == 413
    assert ticket.held == 0

    def chunks():
        yield from [b"x" * 300_000] * 3

    assert client.put(f"/api/upload/{ticket.token}?name=a", content=chunks()).json() == {"size": 900_000}
    assert ticket.held == 900_000


def test_a_session_and_a_server_have_their_share(uploads, client, monkeypatch):
    tickets = [uploads.new_ticket("ann") for _ticket in range(3)]
    answers = [client.put(f"/api/upload/{each.token}?name=a", content=b"x" * 900_000) for each in tickets]
    assert [answer.status_code for answer in answers] == [200, 200, 413]
    assert "Earlier files of yours" in answers[2].json()["error"]
    bob = uploads.new_ticket("bob")
    assert client.put(f"/api/upload/{bob.token}?name=a", content=b"x" * 900_000).status_code == 200
    monkeypatch.setenv("GRAFT_MAX_UPLOADS_MB", "3")
    settings.current.cache_clear()
    eve = uploads.new_ticket("eve")
    answer = client.put(f"/api/upload/{eve.token}?name=a", content=b"x" * 900_000)
    assert answer.status_code == 413 and "Many files are being brought in" in answer.json()["error"]
    for ticket in (*tickets, bob):  # what was handed over counts until its import is done with it
        folder = uploads.take(ticket.token)
        if folder:
            shutil.rmtree(folder.parent)
    assert client.put(f"/api/upload/{eve.token}?name=a", content=b"x" * 900_000).status_code == 200
    monkeypatch.undo()
    settings.current.cache_clear()


def test_a_ticket_has_so_many_files_and_a_session_so_many_tickets(uploads, client):
    ticket = uploads.new_ticket("ann")
    ticket.max_files = 2
    answers = [client.put(f"/api/upload/{ticket.token}?name=a.png", content=b"x") for _file in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 413] and "more than 2 files" in answers[2].text
    later = [uploads.new_ticket("ann") for _ticket in range(TICKETS)]
    assert uploads.ticket(ticket.token) is None and not ticket.folder.exists()
    assert all(uploads.ticket(each.token) for each in later)


def test_a_ticket_ends_with_its_session(uploads, client):
    ticket = uploads.new_ticket("ann")
    client.put(f"/api/upload/{ticket.token}?name=a.zip", content=b"x")
    uploads.is_there = lambda session: session != "ann"
    assert client.put(f"/api/upload/{ticket.token}?name=b.zip", content=b"x").status_code == 200, "she may come back"
    ticket.used -= GONE_SECONDS + 1
    assert client.put(f"/api/upload/{ticket.token}?name=c.zip", content=b"x").status_code == 403
    assert not ticket.folder.exists()


@pytest.mark.parametrize("name", ["\N{CAT}" * 120, "a/" + "虫" * 140 + ".png", "\udcff" * 200])
def test_a_name_too_long_for_the_disk_is_a_sentence(uploads, client, name):
    ticket = uploads.new_ticket()
    query = urlencode({"name": name}, errors="surrogatepass")
    answer = client.put(f"/api/upload/{ticket.token}?{query}", content=b"x")
    assert answer.status_code == 413 and "too long for the disk of this server" in answer.json()["error"]
    assert ticket.held == 0


def test_a_folder_of_the_name_of_a_file_is_a_sentence(uploads, client):
    ticket = uploads.new_ticket()
    assert client.put(f"/api/upload/{ticket.token}?name=a", content=b"x").status_code == 200
    answer = client.put(f"/api/upload/{ticket.token}?name=a/b", content=b"x")
    assert answer.status_code == 507 and str(uploads.ticket(ticket.token).folder.parent.parent) not in answer.text


def test_the_room_on_the_disk_is_looked_at_while_writing(uploads, client, monkeypatch):
    monkeypatch.setattr(uploads_route, "ROOM_EVERY", 100_000)
    looks = iter([None] * 2)  # before the first byte, and when its size was known

    def check_room(*_):
        if next(looks, "full") == "full":
            raise DiskError("The disk is nearly full.")

    monkeypatch.setattr(uploads_route.uploads, "check_room", check_room)
    ticket = uploads.new_ticket()

    def chunks():
        yield from [b"x" * 100_001] * 8

    answer = client.put(f"/api/upload/{ticket.token}?name=a.zip", content=chunks())
    assert answer.status_code == 413 and "nearly full" in answer.text and ticket.held == 0
    assert not [path for path in ticket.folder.rglob("*") if path.is_file()]
