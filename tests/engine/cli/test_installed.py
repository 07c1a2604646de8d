"""Installed from a wheel, Graft runs from any folder; that it also trains there, test_command_line.py shows."""

import os
import signal
import socket
import subprocess
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from engine.version import version

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
DATA_FILES = {".json", ".npz", ".js", ".css", ".png", ".svg", ".toml", ".mako", ".html"}
GREEN = "#2a7048"  # of .streamlit/config.toml; Streamlit's own is red


def anywhere(**settings: str) -> dict[str, str]:
    """Return an environment that does not lead back to this checkout."""
    return {**{name: value for name, value in os.environ.items() if name != "PYTHONPATH"}, **settings}


def ask(command: Path, *arguments: str, folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run([command, *arguments], cwd=folder, env=anywhere(), capture_output=True, text=True, timeout=60)


def test_the_wheel_holds_every_file_of_the_app_and_nothing_else(graft_command):
    [wheel] = graft_command.parents[2].glob("graft-*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    files = [path for folder in ("engine", "pages") for path in (ROOT / folder).rglob("*") if path.is_file()]
    wanted = {str(path.relative_to(ROOT)) for path in files if path.suffix in DATA_FILES | {".py"}}
    assert packed >= wanted | {"app.py", ".streamlit/config.toml"}
    assert {name.split("/")[0] for name in packed} == {"engine", "pages", "app.py", ".streamlit"}


def test_help_and_version_from_an_empty_folder(graft_command, tmp_path):
    helped = ask(graft_command, "--help", folder=tmp_path)
    assert helped.returncode == 0 and helped.stdout.startswith("usage: graft ") and " serve " in helped.stdout
    assert ask(graft_command, "--version", folder=tmp_path).stdout == f"Graft {version()}\n"
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_word_and_a_taken_port_are_answered_in_a_sentence(graft_command, tmp_path):
    wrong = ask(graft_command, "tain", folder=tmp_path)
    assert wrong.returncode == 2 and "'graft --help' tells what can be given." in wrong.stderr
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = ask(graft_command, "serve", "--port", port, folder=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr == f"Port {port} cannot be used. Give another one with --port.\n"


@pytest.fixture
def served(graft_command, tmp_path) -> Iterator[int]:
    """The port of `graft serve`, begun in a folder that has a file and settings of its own."""
    (tmp_path / "json.py").write_text("raise SystemExit('a file of the caller came before a library')")
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "config.toml").write_text('[theme.light]\nprimaryColor = "#ff0000"\n')
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = anywhere(STREAMLIT_SERVER_HEADLESS="true", STREAMLIT_SERVER_ADDRESS="0.0.0.0", GRAFT_WORKSPACE="")
    command = [graft_command, "serve", "--port", str(port)]
    with open(tmp_path / "log.txt", "wb") as log:
        process = subprocess.Popen(command, cwd=tmp_path, env=settings, stdout=log, stderr=log)
    try:
        _wait_until_healthy(port, process, tmp_path / "log.txt")
        yield port
    finally:
        process.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)
        process.wait(30)


def _wait_until_healthy(port: int, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(log.read_text())


def test_serve_opens_the_app_with_its_own_colours_to_this_machine_alone(served, tmp_path):
    messages = first_messages(served)
    assert messages[0].new_session.custom_theme.light.primary_color == GREEN
    texts = [message.delta.new_element.markdown.body for message in messages if message.HasField("delta")]
    assert f"Graft {version()}" in texts, "the page does not say which version it is"
    assert (tmp_path / "workspace" / "registry.sqlite").exists()
    own = socket.gethostbyname(socket.gethostname())
    if not own.startswith("127."):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((own, served), timeout=5)


def first_messages(port: int) -> list[ForwardMsg]:
    """Open the first page as a browser does; return what the server sends for it."""
    messages = []
    with connect(f"ws://127.0.0.1:{port}/_stcore/stream", max_size=None) as page:
        page.send(BackMsg(rerun_script={"query_string": ""}).SerializeToString())
        while not messages or messages[-1].WhichOneof("type") != "script_finished":
            message = ForwardMsg.FromString(page.recv(timeout=60))
            if messages or message.WhichOneof("type") == "new_session":
                messages.append(message)
    return messages
