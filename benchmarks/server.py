"""What the server costs: memory with four open sessions after a training, page reruns with 5,000 pictures.

python -m benchmarks.server
"""

import statistics
import tempfile
import time
import zipfile
from pathlib import Path
from urllib.parse import parse_qsl

import psutil
from playwright.sync_api import sync_playwright
from streamlit.testing.v1 import AppTest

from benchmarks.common import row
from engine import graft, settings
from engine.storage.workspace import Workspace
from tests.browser.conftest import ROOT, Server, launch
from tests.browser.steps import open_results, start_training, upload_archive
from tests.conftest import use_workspace
from tests.support.pictures import draw_folder
from tests.support.run_files import idle_graft

CLASSES, PER_CLASS, ROUNDS = 10, 500, 7
PAGES = ("home", "data_upload", "model_selection", "training", "evaluation", "try_it")


def main() -> None:
    """Upload, train, open four sessions on different pages, and measure."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        archive = draw_archive(Path(folder))
        server = Server(Path(folder) / "workspace").start()
        browser = launch(playwright)
        try:
            row("what", "value")
            row("---", "---")
            process = psutil.Process(server.process.pid)
            row("server memory at the start", megabytes(process))
            page = browser.new_context().new_page()
            upload_archive(page, server.url, archive, "5,000 pictures")
            start_training(page)
            open_results(page)
            row("server memory after a training, one session", megabytes(process))
            for name in ("data", "train", "results"):
                other = browser.new_context().new_page()
                other.goto(f"{server.url}/{name}?{page.url.partition('?')[2]}")
                other.wait_for_timeout(4000)
            row("server memory with four open sessions", megabytes(process))
            query = page.url.partition("?")[2]
        finally:
            browser.close()
            server.stop()
        use_workspace(server.workspace)
        for name in PAGES:
            row(f"{name}: rerun of the script, median of {ROUNDS}", rerun_ms(name, query))


def draw_archive(folder: Path) -> Path:
    pictures = draw_folder(folder / "pictures", {f"class {n}": PER_CLASS for n in range(CLASSES)}, suffix=".jpg")
    archive = folder / "pictures.zip"
    with zipfile.ZipFile(archive, "w") as pack:
        for path in pictures.rglob("*.jpg"):
            pack.write(path, path.relative_to(pictures))
    return archive


def rerun_ms(name: str, query: str) -> str:
    """Run a page with its frame over and over, as a click does."""
    graft._current = idle_graft(Workspace(settings.current().workspace))
    app = AppTest.from_file(str(ROOT / "pages" / "frame.py"), default_timeout=60)
    for key, value in parse_qsl(query):
        app.query_params[key] = value
    app.run().switch_page(f"{name}.py").run()
    times = []
    for _round in range(ROUNDS):
        began = time.perf_counter()
        app.run()
        times.append(1000 * (time.perf_counter() - began))
    return f"{statistics.median(times):.0f} ms"


def megabytes(process: psutil.Process) -> str:
    return f"{process.memory_info().rss / 1e6:.0f} MB"


if __name__ == "__main__":
    main()
