"""Uploads: only with a ticket, only into their own folder, never larger than allowed."""

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

import app
from engine import graft as graft_module
from engine.services.uploads import Uploads, safe_name
from engine.storage.workspace import Workspace


@pytest.fixture
def uploads(tmp_path, monkeypatch):
    uploads = Uploads(Workspace(tmp_path).create(), max_bytes=1_000_000)
    monkeypatch.setattr(graft_module, "_current", type("Open", (), {"uploads": uploads, "close": lambda self: None})())
    return uploads


@pytest.fixture
def client():
    routes = [Route("/api/upload/{ticket}", app.upload, methods=["PUT"])]
    return TestClient(app.SecurityHeaders(Starlette(routes=routes)))


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
