"""How fast the Results page opens and answers in a real Chromium, and what that costs server and browser.

python -m benchmarks.results_page --source clothing.zip

*opens* ends when the sentence with the honest number stands there, *pictures* when those of the weakest class are; of
the tab *Mistakes*, when a cell of the matrix can be clicked; of a click in it, when the words above the pictures change
and when all pictures in view are there. A new visitor has an empty cache; a returning one opens the address in another
tab. Processor time is that of the server's process and of all of Chromium; medians.
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
from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

from benchmarks.common import arguments, row, verdict
from tests.browser.conftest import ROOT, Server, launch
from tests.browser.steps import matrix_cell, settled

MATRIX = "[class*='st-key-confusion-'] td button"
SENTENCE, WEAKEST = "pictures it never saw", ".st-key-weakest figure img"
OPENS, ANSWERS = 1500, 200  # milliseconds
VIEW = {"width": 1280, "height": 900}
PATIENCE_MS = 180_000  # a busy machine is slow, not broken
# Times in seconds by the browser's own clock: what drives it from outside is slow to hear of anything.
FOLLOW = """([words, pictures]) => {
  const now = () => performance.now() / 1000
  // Components live in shadow roots.
  const all = (what, under = document) => [
    ...under.querySelectorAll(what),
    ...[...under.querySelectorAll('*')].filter(one => one.shadowRoot).flatMap(one => all(what, one.shadowRoot)),
  ]
  const visible = one => {
    const box = one.getBoundingClientRect()
    return box.height > 0 && box.top < innerHeight && box.bottom > 0
  }
  const text = () => all(words).filter(visible).map(one => one.innerText).join('')
  const shown = () => all(pictures).filter(visible).every(one => one.complete)
  const before = text()
  const seen = (window.seen = {})
  document.addEventListener('click', () => (seen.click = now()), { capture: true, once: true })
  const look = () => {
    if (seen.click && !seen.words && text() && text() !== before) seen.words = now()
    if (seen.words && shown()) seen.pictures = now()
    else requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}"""

Times = tuple[float, float, float]  # when something began, when the words were there, when the rest was


def main() -> None:
    options = arguments(__doc__, source="example:signs", rounds=5)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        run = trained(options.source, Path(folder) / "workspace")
        server = Server(Path(folder) / "workspace").start()
        browser = launch(playwright)
        try:
            row(
                "what", "opens, ms", "matrix or pictures, ms", "server, ms of a processor", "browser, ms of a processor"
            )
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
    """Print a row an act; only one page is open at a time, for each keeps browser and server at work."""
    watch, pages = Watch(server), []

    def alone(context: BrowserContext) -> Page:
        while pages:
            pages.pop().close()
        pages.append(context.new_page())
        return pages[0]

    opened(alone(context_of(browser)), address)  # what only the first visit after a start of the server costs
    new = [watch.of(opened, alone(context_of(browser)), address) for _round in range(rounds)]
    say("by address, new visitor", new, OPENS)
    context = context_of(browser)
    opened(alone(context), address)
    say("by address, returning visitor", [watch.of(opened, alone(context), address) for _ in range(rounds)], OPENS)
    [page] = pages
    say("from another page", [watch.of(follow, page, before=leave) for _round in range(rounds)], OPENS)
    say("the tab “Mistakes”", [watch.of(mistakes, page, before=overview) for _round in range(rounds)], ANSWERS)
    say("a cell of the matrix", [watch.of(cell, page, at % classes, before=see) for at in range(rounds)], ANSWERS)
    say("the part “Pictures”", [watch.of(part, page, before=back) for _round in range(rounds)], ANSWERS)


class Watch:
    """Milliseconds that something takes: by the clock, of the server's processor time, of the browser's."""

    def __init__(self, server: Server):
        self.server = psutil.Process(server.process.pid)

    def of(self, act: Callable[..., Times], page: Page, *more, before: Callable = settled) -> tuple[float, ...]:
        """Return (opens, chart, server, browser) of `act`."""
        if page.url != "about:blank":
            before(page)
        time.sleep(2)  # what the page before still does is not counted
        cost = self._spent()
        began, first, second = act(page, *more)
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


def opened(page: Page, address: str) -> Times:
    began = time.perf_counter()
    page.goto(address, wait_until="commit")
    return _both_there(page, began)


def follow(page: Page) -> Times:
    began = time.perf_counter()
    page.get_by_test_id("stTopNavLink").filter(has_text="Results").click()
    return _both_there(page, began)


def _both_there(page: Page, began: float) -> Times:
    page.get_by_role("heading").filter(has_text=SENTENCE).first.wait_for()  # the Train page says it in small
    sentence = time.perf_counter()
    page.locator(WEAKEST).first.wait_for(state="attached")
    return began, sentence, time.perf_counter()


def overview(page: Page) -> None:
    page.get_by_role("tab", name="Overview", exact=True).click()
    settled(page)


def mistakes(page: Page) -> Times:
    began = time.perf_counter()
    page.get_by_role("tab", name="Mistakes", exact=True).click()
    page.locator(MATRIX).first.wait_for(state="attached")
    there = time.perf_counter()
    return began, there, there


def leave(page: Page) -> None:
    page.get_by_test_id("stTopNavLink").filter(has_text="Train").click()
    settled(page)


def see(page: Page) -> None:
    """Bring the whole matrix into view, so that no click has to scroll."""
    page.locator(MATRIX).last.scroll_into_view_if_needed()
    settled(page)


def cell(page: Page, at: int) -> Times:
    """Click a cell of the diagonal; its pictures are there when the words above them are those of another class."""
    return _clicked(page, matrix_cell(page, at, at), ".st-key-cell-pictures strong", "figure img")


def part(page: Page) -> Times:
    return _clicked(page, page.get_by_role("radio", name="Pictures", exact=True), "figure", "figure img")


def _clicked(page: Page, what: Locator, words: str, pictures: str) -> Times:
    """Return when the browser took the click, showed other words than before, and had every picture in view."""
    page.evaluate(FOLLOW, [words, pictures])
    what.click()
    page.wait_for_function("() => window.seen && window.seen.pictures")
    return tuple(page.evaluate("() => [window.seen.click, window.seen.words, window.seen.pictures]"))


def back(page: Page) -> None:
    page.get_by_role("radio", name="Confusions", exact=True).click()
    settled(page)


def say(what: str, rounds: list[tuple[float, ...]], target: int) -> None:
    medians = [statistics.median(values) for values in zip(*rounds, strict=True)]
    row(what, *(f"{value:.0f}" for value in medians))
    reached = medians[0] if target == OPENS else medians[1]
    verdict(f"Results page, {what}, ms", f"under {target}", reached, reached < target)


if __name__ == "__main__":
    main()
