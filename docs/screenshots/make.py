"""Take the screenshots of this folder: every page, light and dark, two at phone width, and some of their parts.

The parts: whether more pictures would help, networks of one's own with a goal, why a picture got its answer, the
results of pictures that show several classes, and a matrix of 100 classes.

Run `make screenshots`.
"""

import os
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from engine.storage.workspace import Workspace
from tests.browser.conftest import Server, launch
from tests.browser.steps import (
    TRAINING_MS,
    click_cell,
    go_to,
    open_results,
    open_view,
    press,
    settled,
    start_training,
    upload_archive,
    use_example,
    widget,
)
from tests.support.multi_label_sets import archive
from tests.support.run_files import add_run, fill_project, finish_run, idle_graft

HERE = Path(__file__).parent
DESKTOP, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
LOOK_MS = 25_000  # the report and the map take their time
PAGES = {"data": "Data", "model": "Model", "train": "Train", "results": "Results", "try": "Try it"}


def main() -> None:
    """Train on the example of signs, then visit every page in both themes."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder) / "workspace").start()
        browser = launch(playwright)
        try:
            address = prepare(browser, server.url)
            for theme in ("light", "dark"):
                desktop(browser, server.url, address, theme)
            phone(browser, server.url, address)
            parts(browser, server.url, address)
            multi_label(browser, server.url, Path(folder))
            hundred_classes(browser, server)
        finally:
            browser.close()
            server.stop()


def prepare(browser: Browser, url: str) -> str:
    """Train twice and return the query that leads to the better run."""
    page = visit(browser, "light", DESKTOP)
    use_example(page, url, "signs", "900 pictures")
    start_training(page, recipe="Instant")
    open_results(page)
    start_training(page, recipe="Balanced")
    open_results(page)
    query = page.url.partition("?")[2]
    page.context.close()
    return query


def desktop(browser: Browser, url: str, query: str, theme: str) -> None:
    page = visit(browser, theme, DESKTOP)
    page.goto(f"{url}/?{query}")
    shoot(page, f"home-{theme}")
    for path, name in PAGES.items():
        go_to(page, name)
        if path == "try":
            page.locator(".gallery button.picture").first.click(timeout=60_000)
        page.wait_for_timeout(2500)
        shoot(page, f"{path}-{theme}")
        if path == "results":
            open_view(page, "Mistakes")
            click_cell(page, true=0, predicted=0)
            page.wait_for_timeout(2500)
            shoot(page, f"cell-{theme}")
    for section in ("check", "map"):
        page.goto(f"{url}/data?{query}&section={section}")
        settled(page)
        page.wait_for_timeout(LOOK_MS)
        shoot(page, f"{section}-{theme}")
    page.context.close()


def phone(browser: Browser, url: str, query: str) -> None:
    """Two pages that are shown around, on a telephone."""
    page = visit(browser, "light", PHONE)
    for path in ("data", "results"):
        page.goto(f"{url}/{path}?{query}")
        settled(page)
        page.wait_for_timeout(1500)
        shoot(page, f"{path}-phone")
    page.context.close()


def parts(browser: Browser, url: str, query: str) -> None:
    """What lies behind tabs, folds and questions of the Results and the Model page."""
    page = visit(browser, "light", DESKTOP)
    page.goto(f"{url}/results?{query}&tab=more")
    press(page, "learning-curve-start-button")
    page.locator("[data-testid=stPlotlyChart]").first.wait_for(timeout=TRAINING_MS)
    shoot(page, "more-light", at=".st-key-trust-opened")
    page.goto(f"{url}/model?{query}")
    widget(page, "goal").locator("summary").click()
    shoot(page, "own-light", at=".st-key-own-networks")
    page.goto(f"{url}/results?{query}&tab=pictures")
    picture = page.locator(".gallery figure").first
    picture.hover()
    picture.locator(".why").click()
    page.get_by_role("dialog").locator(".heat").wait_for(timeout=TRAINING_MS)
    page.wait_for_timeout(LOOK_MS // 5)  # the check follows
    shoot(page, "why-light")
    page.context.close()


def multi_label(browser: Browser, url: str, folder: Path) -> None:
    """A project whose pictures may show a disc, a square, both or neither."""
    page = visit(browser, "light", DESKTOP)
    upload_archive(page, url, archive(folder / "Shapes.zip", 60), "240 pictures")
    start_training(page, recipe="Instant")
    open_results(page)
    shoot(page, "several-light")
    page.context.close()


def hundred_classes(browser: Browser, server: Server) -> None:
    """A confusion matrix of 100 classes that nobody trained: a run written by hand, confused between equal shapes."""
    colours = ("amber", "azure", "black", "brown", "coral", "gold", "green", "lilac", "red", "white")
    shapes = ("arrow", "circle", "cross", "diamond", "heart", "moon", "ring", "square", "star", "triangle")
    os.environ["GRAFT_WORKSPACE"] = str(server.workspace)
    graft = idle_graft(Workspace(server.workspace))
    names = [f"{colour} {shape}" for colour in colours for shape in shapes]
    project = fill_project(graft, "Coloured shapes", classes=names, per_class=140)
    run_id = add_run(graft, project)
    finish_run(graft, run_id, accuracy=0.72, families=len(shapes))
    graft.close()
    page = visit(browser, "light", {"width": 1280, "height": 1300})
    page.goto(f"{server.url}/results?project={project.id}&run={run_id}&tab=confusions")
    settled(page)
    shoot(page, "confusion-100-classes")
    page.context.close()


def visit(browser: Browser, theme: str, size: dict) -> Page:
    return browser.new_context(viewport=size, color_scheme=theme, device_scale_factor=1).new_page()


def shoot(page: Page, name: str, *, at: str = "") -> None:
    """Take the picture once the page stands still; `at` is what is brought into its view first."""
    settled(page)
    if at:
        page.locator(at).first.evaluate("element => element.scrollIntoView({ block: 'center' })")
    page.wait_for_timeout(1200)
    page.screenshot(path=HERE / f"{name}.png")


if __name__ == "__main__":
    main()
