"""How fast the Results page opens and reacts, in a real Chromium, on pictures that were really trained on.

python -m benchmarks.results_page --source clothing.zip [--rounds 7] [--classes 100]

"Open" is from the navigation to the drawn confusion matrix: by its address in a new tab (the browser has the app's own
files already), and by a press on "Results" on another page. "React" is from the press to the changed page. Processor
time is the server's. `--classes` adds the same for a run written by hand with so many classes (0: none).
"""

import os
import statistics
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page, expect, sync_playwright

from benchmarks.common import arguments, row
from engine.workspace import Workspace
from tests.browser.conftest import Server, launch
from tests.browser.steps import go_to, open_results, settled, start_training, upload_archive, use_example
from tests.run_files import add_run, fill_project, finish_run, idle_graft

MATRIX = ".js-plotly-plot .heatmaplayer image"
PATIENCE_MS = 120_000
EXAMPLES = {"example:signs": "900 pictures", "example:digits": "1,797 pictures"}
# Resolves with the milliseconds from the first press (or from the page's own beginning) until what `selector` finds
# says something else than before.
WATCH = """([selector, fromTheBeginning]) => {
  const words = () => { const it = document.querySelector(selector); return it && (it.textContent || it.tagName) }
  const before = fromTheBeginning ? null : words()
  let began = fromTheBeginning ? 0 : null
  const begin = () => { began = began ?? performance.now() }
  for (const kind of ['pointerdown', 'keydown']) addEventListener(kind, begin, {capture: true, once: true})
  window.watched = new Promise(done => {
    const look = () => {
      const now = words()
      if (began !== null && now && now !== before) requestAnimationFrame(() => done(performance.now() - began))
      else requestAnimationFrame(look)
    }
    look()
  })
}"""


def main() -> None:
    """Train once, then open and press."""
    options = arguments(__doc__, source="example:signs", rounds=7, classes=100)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder) / "workspace").start()
        browser = launch(playwright)
        expect.set_options(timeout=PATIENCE_MS)
        try:
            row("what", "ms, median", "ms, slowest", "server, ms of a processor")
            row(*["---"] * 4)
            queries = {options.source: trained(browser, server, options.source)}
            if options.classes:
                queries[f"{options.classes} classes"] = written(server, options.classes)
            for name, query in queries.items():
                Visit(visit(browser), server, query, name, options.rounds).measure()
        finally:
            browser.close()
            server.stop()


def trained(browser: Browser, server: Server, source: str) -> str:
    """Bring the source in, train with Instant, and return the query of its results."""
    page = visit(browser)
    if source.startswith("example:"):
        use_example(page, server.url, source.removeprefix("example:"), EXAMPLES[source])
    else:
        with zipfile.ZipFile(source) as archive:
            count = sum(not name.endswith("/") for name in archive.namelist())
        upload_archive(page, server.url, Path(source), f"{count:,} pictures")
    settled(page)
    start_training(page, recipe="Instant")
    open_results(page)
    query = page.url.partition("?")[2]
    page.context.close()
    return query


def written(server: Server, classes: int) -> str:
    """Write a run of many classes by hand; return the query of its results."""
    os.environ["GRAFT_WORKSPACE"] = str(server.workspace)
    graft = idle_graft(Workspace(server.workspace))
    project = fill_project(graft, "Many", classes=[f"class {n:03}" for n in range(classes)], per_class=140)
    run_id = add_run(graft, project)
    finish_run(graft, run_id, accuracy=0.72, families=10)
    graft.close()
    return f"project={project.id}&run={run_id}"


def visit(browser: Browser) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 1400})
    context.set_default_timeout(PATIENCE_MS)
    return context.new_page()


@dataclass
class Visit:
    """One browser tab at one run's results, and what is pressed there."""

    page: Page
    server: Server
    query: str
    name: str
    rounds: int

    def measure(self) -> None:
        """Print a row for each thing a person does."""
        self.page.goto(f"{self.server.url}/results?{self.query}")
        self._say("open by its address", self._by_address)
        self._say("open from the page Data", self._from_data)
        self._say("another tab of the page", self._tab)
        self._open_tab("Confusions")
        self._say("a cell of the matrix, or a group", self._cell)
        self._open_tab("Classes")
        self._say("the slider of a class's threshold", self._slide)
        self.page.context.close()

    def _say(self, what: str, act: Callable[[int], float]) -> None:
        process, times, spent = psutil.Process(self.server.process.pid), [], []
        for number in range(self.rounds):
            self._rest()
            before = sum(process.cpu_times()[:2])
            times.append(act(number))
            self._rest()
            spent.append(1000 * (sum(process.cpu_times()[:2]) - before))
        median, slowest, processor = statistics.median(times), max(times), statistics.median(spent)
        row(f"{self.name}: {what}", f"{median:.0f}", f"{slowest:.0f}", f"{processor:.0f}")

    def _rest(self) -> None:
        settled(self.page)
        self.page.wait_for_timeout(700)

    def _by_address(self, _number: int) -> float:
        self.page.goto(f"{self.server.url}/results?{self.query}", wait_until="commit")
        return self._watched(MATRIX, lambda: None, from_the_beginning=True)

    def _from_data(self, _number: int) -> float:
        go_to(self.page, "Data")
        self._rest()
        link = self.page.get_by_test_id("stTopNavLink").filter(has_text="Results")
        return self._watched(MATRIX, link.click)

    def _tab(self, number: int) -> float:
        name, shows = (("How sure", ".st-key-calibration-cards"), ("Classes", "[class*=st-key-threshold-cost]"))[
            number % 2
        ]
        return self._watched(shows, self.page.get_by_role("tab", name=name, exact=True).click)

    def _cell(self, number: int) -> float:
        """Press a cell of the diagonal; where the classes are seen in groups, step into one (and out, untimed)."""
        if (back := self.page.get_by_role("button", name="Back to all")).count():
            back.click()
            self._rest()
        in_groups = self.page.locator("[class*=st-key-confusion-overview]").count() > 0
        area = self.page.locator("[class*='st-key-confusion-'] .nsewdrag").first
        area.wait_for(state="attached")
        ticks = self.page.locator("[class*='st-key-confusion-'] .xtick").count()
        place, box = (number % ticks + 0.5) / ticks, area.bounding_box()
        x, y = box["x"] + box["width"] * place, box["y"] + box["height"] * place
        self.page.mouse.move(x - 4, y - 4)
        self.page.mouse.move(x, y)
        self.page.wait_for_timeout(200)
        shows = "[class*=st-key-confusion-] .ytick" if in_groups else ".st-key-cell-pictures"
        return self._watched(shows, lambda: self.page.mouse.click(x, y))

    def _slide(self, number: int) -> float:
        thumb = self.page.locator("[class*='st-key-threshold-cost'] [role=slider]")
        key = "ArrowRight" if number % 2 else "ArrowLeft"
        return self._watched(".st-key-threshold-effect", lambda: thumb.press(key))

    def _open_tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name, exact=True).click()
        self._rest()

    def _watched(self, selector: str, act: Callable[[], object], *, from_the_beginning: bool = False) -> float:
        self.page.evaluate(WATCH, [selector, from_the_beginning])
        act()
        return self.page.evaluate("window.watched")


if __name__ == "__main__":
    main()
