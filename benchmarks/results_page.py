"""How fast the Results page opens and answers in a real Chromium, and what that costs server and browser.

python -m benchmarks.results_page --source clothing.zip

*opens* ends when the sentence with the honest number stands there, *chart* when the confusion matrix can be clicked.
A new visitor has an empty cache; a returning one opens the address in another tab. Processor time is that of the
server's process and of all of Chromium; medians.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks.common import arguments, row
from tests.browser.conftest import ROOT, Server, launch
from tests.browser.steps import settled

MATRIX = "[class*='st-key-confusion-'] .nsewdrag"
SENTENCE = "pictures it never saw"
VIEW = {"width": 1280, "height": 900}
PATIENCE_MS = 180_000  # a busy machine is slow, not broken
CHANGED = """before => {
  const now = document.querySelector('.st-key-cell-pictures strong')?.innerText
  return now !== undefined && now !== before
}"""

Times = tuple[float, float, float]  # when something began, when the words were there, when the rest was


def main() -> None:
    options = arguments(__doc__, source="example:signs", rounds=5)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        run = trained(options.source, Path(folder) / "workspace")
        server = Server(Path(folder) / "workspace").start()
        browser = launch(playwright)
        try:
            row("what", "opens, ms", "chart or pictures, ms", "server, ms of a processor", "browser, ms of a processor")
            row(*["---"] * 5)
            measure(browser, server, f"{server.url}/results?run={run['run']}", len(run["class_names"]), options.rounds)
        finally:
            browser.close()
            server.stop()


def trained(source: str, workspace: Path) -> dict:
    """Return what the command line says of an instant training; it leaves the workspace for the server."""
    command = [sys.executable, "-m", "engine", "train", source, "--recipe", "instant", "--workspace", workspace]
    done = subprocess.run([*map(str, command), "--json"], cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def measure(browser: Browser, server: Server, address: str, classes: int, rounds: int) -> None:
    watch = Watch(server)
    newcomer(browser, address)  # what only the first visit after a start of the server costs
    say("by address, new visitor", [watch.of(lambda: newcomer(browser, address)) for _round in range(rounds)])
    context = context_of(browser)
    page = context.new_page()
    opened(page, address)
    say("by address, returning visitor", [watch.of(lambda: opened(context.new_page(), address)) for _ in range(rounds)])
    say("from another page", [watch.of(lambda: follow(page), lambda: leave(page)) for _round in range(rounds)])
    say("a cell of the matrix", [watch.of(lambda at=at: cell(page, at % classes, classes)) for at in range(rounds)])
    say("the part “Pictures”", [watch.of(lambda: part(page), lambda: back(page)) for _round in range(rounds)])


class Watch:
    """Milliseconds that something takes: by the clock, of the server's processor time, of the browser's."""

    def __init__(self, server: Server):
        self.server = psutil.Process(server.process.pid)

    def of(self, act: Callable[[], Times], before: Callable = lambda: None) -> tuple[float, ...]:
        """Return (opens, chart, server, browser) of `act`."""
        before()
        time.sleep(1)  # what the page before still does is not counted
        cost = self._spent()
        began, first, second = act()
        time.sleep(1)
        server, browser = (after - then for after, then in zip(self._spent(), cost, strict=True))
        return tuple(1000 * value for value in (first - began, second - began, server, browser))

    def _spent(self) -> tuple[float, float]:
        chromium = [each for each in psutil.Process().children(recursive=True) if "chrom" in each.name()]
        return _seconds(self.server), sum(map(_seconds, chromium))


def _seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return times.user + times.system


def context_of(browser: Browser) -> BrowserContext:
    context = browser.new_context(viewport=VIEW)
    context.set_default_timeout(PATIENCE_MS)
    return context


def newcomer(browser: Browser, address: str) -> Times:
    """Open the address with an empty cache; the context stays open, for closing it costs the browser time as well."""
    return opened(context_of(browser).new_page(), address)


def opened(page: Page, address: str) -> Times:
    began = time.perf_counter()
    page.goto(address, wait_until="commit")
    return _both_there(page, began)


def follow(page: Page) -> Times:
    began = time.perf_counter()
    page.get_by_test_id("stTopNavLink").filter(has_text="Results").click()
    return _both_there(page, began)


def _both_there(page: Page, began: float) -> Times:
    page.get_by_text(SENTENCE).first.wait_for()
    sentence = time.perf_counter()
    page.locator(MATRIX).first.wait_for(state="attached")
    return began, sentence, time.perf_counter()


def leave(page: Page) -> None:
    page.get_by_test_id("stTopNavLink").filter(has_text="Train").click()
    settled(page)


def cell(page: Page, at: int, classes: int) -> Times:
    """Click a cell of the diagonal; its pictures are there when the words above them are those of another class."""
    words = page.locator(".st-key-cell-pictures strong").first
    before = words.inner_text() if words.count() else ""
    box = page.locator(MATRIX).first.bounding_box()
    x, y = (box[start] + box[size] * (at + 0.5) / classes for start, size in (("x", "width"), ("y", "height")))
    page.mouse.move(x - 4, y - 4)
    page.mouse.move(x, y)
    page.wait_for_timeout(200)  # Plotly takes note of the cell under the mouse
    began = time.perf_counter()
    page.mouse.click(x, y)
    page.wait_for_function(CHANGED, arg=before, polling="raf")
    return began, time.perf_counter(), time.perf_counter()


def part(page: Page) -> Times:
    tab = page.get_by_role("tab", name="Pictures", exact=True)
    tab.scroll_into_view_if_needed()
    began = time.perf_counter()
    tab.click()
    page.locator(".gallery figure").first.wait_for()
    return began, time.perf_counter(), time.perf_counter()


def back(page: Page) -> None:
    page.get_by_role("tab", name="Confusions", exact=True).click()
    settled(page)


def say(what: str, rounds: list[tuple[float, ...]]) -> None:
    row(what, *(f"{statistics.median(values):.0f}" for values in zip(*rounds, strict=True)))


if __name__ == "__main__":
    main()
