"""The real server and a real Chromium."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

ROOT = Path(__file__).parents[2]
START_SECONDS = 60
PATIENCE_MS = 40_000  # a busy machine of two cores is slow, not broken
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]


@dataclass
class Server:
    """`streamlit run app.py` on a free port with a workspace of its own."""

    workspace: Path
    app: str = "app.py"
    port: int = 0
    process: subprocess.Popen | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "Server":
        self.port = self.port or _free_port()
        arguments = ["--server.port", str(self.port), "--server.headless", "true"]
        with open(self.workspace.parent / "server.log", "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", self.app, *arguments],
                cwd=ROOT,
                env={**os.environ, "GRAFT_WORKSPACE": str(self.workspace), "PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait_until_healthy()
        return self

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def end(self) -> None:
        """Kill the server and its workers at once: nobody waits for a workspace that nobody will open again."""
        if self.process is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            server = psutil.Process(self.process.pid)
            for process in [server, *server.children(recursive=True)]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        self.process.wait()

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2):
                    return
            except OSError:
                time.sleep(0.1)
        log = (self.workspace.parent / "server.log").read_text()
        pytest.fail(f"the server did not come up within {START_SECONDS} s:\n{log[-3000:]}")


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory) -> Iterator[Server]:
    """One server for tests that begin a project of their own in it; its workers stay warm."""
    server = Server(tmp_path_factory.mktemp("shared") / "workspace").start()
    yield server
    server.end()


@pytest.fixture
def server(tmp_path) -> Iterator[Server]:
    """A server of this test's own, with an empty workspace: to be killed."""
    server = Server(tmp_path / "workspace").start()
    yield server
    server.end()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium for all tests of the session."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


def launch(playwright: Playwright) -> Browser:
    """Start the system's Chromium, or the one that Playwright downloaded."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    path = path or playwright.chromium.executable_path
    if not os.path.exists(path):
        pytest.fail("No Chromium on this machine. `make browser` installs one (Debian: apt-get install chromium).")
    return playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)


@pytest.fixture
def page(browser) -> Iterator[Page]:
    """A page of a visitor whom the server does not know yet."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, permissions=["camera"])
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
