"""From the click on Start to the evaluated model, in Chromium, with warm workers and right after the server's start.

python -m benchmarks.warm [--example digits]

Warm: the same pictures were trained on before, as they are when somebody changes a label and retrains. The click is
Chromium's; the end is the run's own file, so the page's next look at it is not counted. First step: fine-tuning has
seen its first batch. Cold: the server was started, and a new browser clicked as soon as it could.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from playwright.sync_api import Page, sync_playwright

from benchmarks.common import arguments, row, verdict
from engine.storage import runs
from engine.storage.workspace import Workspace
from engine.training.fine_tuning.fine_tune import EPOCH_MESSAGE
from tests.browser.conftest import Server, launch
from tests.browser.steps import TRAINING_MS, go_to, settled, use_example, widget

PICTURES = {"digits": "1,797 pictures", "signs": "pictures"}
PROBE, STEP, COLD = 1.0, 3.0, 6.0
EVERY, PATIENCE = 0.01, 180.0


def main() -> None:
    options = arguments(__doc__, example="digits", rounds=3)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = launch(playwright)
        server = Server(Path(folder) / "workspace").start()
        try:
            page = browser.new_context().new_page()
            use_example(page, server.url, options.example, PICTURES[options.example])
            _timed(server, page, "Instant", evaluated)  # embeds the pictures
            _timed(server, page, "Balanced", first_step)
            probes = [_timed(server, page, "Instant", evaluated) for _round in range(options.rounds)]
            steps = [_timed(server, page, "Balanced", first_step) for _round in range(options.rounds)]
            query = page.url.partition("?")[2]
            server.stop()
            since_click, since_start = _cold(server, browser, query)
        finally:
            browser.close()
            server.stop()
    row("what", "seconds, median", "of all processors, median")
    row(*["---"] * 3)
    probe, step = (tuple(map(statistics.median, zip(*taken, strict=True))) for taken in (probes, steps))
    row("click to evaluated probe", *probe)
    row("click to first fine-tuning step", *step)
    row("the same click as soon as the page is there after the server's start", *since_click)
    row("the server's start to that evaluated probe", since_start, "")
    verdict("Click to evaluated probe, warm, s", f"under {PROBE:g}", probe[0], probe[0] < PROBE)
    verdict("Click to first fine-tuning step, warm, s", f"under {STEP:g}", step[0], step[0] < STEP)
    more = since_click[0] - probe[0]
    verdict("With workers that have just been started more than that, s", f"under {COLD:g}", more, more < COLD)


def evaluated(run_dir: Path) -> float | None:
    """Return when the run had its evaluation, or None."""
    path = run_dir / runs.EVALUATION
    return path.stat().st_mtime if path.exists() else None


def first_step(run_dir: Path) -> float | None:
    """Return when fine-tuning had told of its first batch, or None."""
    return time.time() if runs.read_status(run_dir)["message"] == EPOCH_MESSAGE else None


def _timed(server: Server, page: Page, recipe: str, reached: Callable) -> tuple[float, float]:
    """Start a training and return the seconds until `reached`, by the clock and of the server and its workers."""
    go_to(page, "Model")
    _choose(page, recipe)
    page.wait_for_timeout(3000)  # the estimate is there, nothing else is at work
    return _click(server, page, reached)


def _choose(page: Page, recipe: str) -> None:
    option = page.locator("[class*='st-key-recipe-'] label").filter(has=page.get_by_text(recipe, exact=True))
    option.wait_for(timeout=TRAINING_MS)
    while not option.locator("input").is_checked():  # what is above may still move it away from under the mouse
        option.click()
        settled(page)
    settled(page)


def _click(server: Server, page: Page, reached: Callable) -> tuple[float, float]:
    folder = Workspace(server.workspace).runs
    before = set(folder.iterdir()) if folder.exists() else set()
    button = widget(page, "start-training").locator("button")
    button.wait_for(timeout=TRAINING_MS)
    began, spent = time.time(), _processor(server)
    button.click()
    seconds = _wait(folder, before, reached) - began
    spent = _processor(server) - spent
    for run_dir in set(folder.iterdir()) - before:
        runs.request_stop(run_dir)  # a fine-tuning has shown what it was to show
    _wait(folder, before, _ended)
    return seconds, spent


def _wait(folder: Path, before: set[Path], reached: Callable) -> float:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for run_dir in set(folder.iterdir()) - before:
            if (when := reached(run_dir)) is not None:
                return when
        time.sleep(EVERY)
    raise SystemExit(f"{reached.__name__} did not come true within {PATIENCE:g} s")


def _ended(run_dir: Path) -> float | None:
    return None if runs.read_status(run_dir)["state"] in runs.ACTIVE else time.time()


def _cold(server: Server, browser, query: str) -> tuple[tuple[float, float], float]:
    """Return what `_click` does for the first click after the server's start, and the seconds since that start."""
    began = time.time()
    server.start()
    page = browser.new_context().new_page()
    page.goto(f"{server.url}/model?{query}")
    _choose(page, "Instant")
    waited = time.time() - began
    clicked = _click(server, page, evaluated)
    return clicked, waited + clicked[0]


def _processor(server: Server) -> float:
    process = psutil.Process(server.process.pid)
    everyone = [process, *process.children(recursive=True)]
    return sum(sum(one.cpu_times()[:2]) for one in everyone)


if __name__ == "__main__":
    main()
