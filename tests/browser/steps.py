"""What a person does on the pages, one function a step. Selectors are the keys of the widgets."""

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page, TimeoutError, expect

TRAINING_MS = 120_000


def settled(page: Page) -> None:
    """Wait until the script of the page has run to its end."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.wait_for_timeout(300)


def widget(page: Page, key: str) -> Locator:
    return page.locator(f".st-key-{key}")


def press(page: Page, key: str) -> None:
    widget(page, key).locator("button").first.click()


def go_to(page: Page, name: str) -> None:
    """Follow the navigation at the top."""
    page.get_by_test_id("stTopNavLink").filter(has_text=re.compile(f"{name}$")).click()
    settled(page)


def use_example(page: Page, url: str, name: str, pictures: str) -> None:
    page.goto(url)
    press(page, f"home-{name}")
    expect(page.get_by_text(pictures).first).to_be_visible(timeout=TRAINING_MS)
    settled(page)


def upload_archive(page: Page, url: str, archive: Path, pictures: str) -> None:
    page.goto(f"{url}/data")
    settled(page)
    widget(page, "drop-everything").locator("input[type=file]").first.set_input_files(str(archive))
    expect(page.get_by_text(pictures).first).to_be_visible(timeout=TRAINING_MS)
    settled(page)


def start_training(page: Page, *, recipe: str | None = None) -> None:
    go_to(page, "Model")
    if recipe is not None:
        page.get_by_text(recipe, exact=True).first.click()
        settled(page)
    button = widget(page, "start-training").locator("button")
    expect(button).to_be_enabled(timeout=TRAINING_MS)
    button.click()
    page.wait_for_url(re.compile("/train"))


def see(page: Page, find: Callable[[], Locator], words: str | re.Pattern) -> None:
    """Wait for words on the page; once, look again after a refresh, which may never lose anything."""
    try:
        expect(find()).to_contain_text(words, timeout=25_000)
    except AssertionError:
        page.reload()
        expect(find()).to_contain_text(words, timeout=TRAINING_MS)


def see_training(page: Page) -> None:
    see(page, lambda: widget(page, "live-run"), "%")


def see_honest_number(page: Page) -> None:
    see(page, lambda: page.get_by_test_id("stMain"), "pictures it never saw")


def open_results(page: Page) -> None:
    """Wait for the training on the Train page, then follow its invitation."""
    button = page.get_by_role("button", name="See the results")
    button.click(timeout=TRAINING_MS)
    try:
        page.wait_for_url(re.compile("/results"), timeout=15_000)
    except TimeoutError:  # pressed in the very moment in which the page was drawn anew
        button.click(timeout=TRAINING_MS)
        page.wait_for_url(re.compile("/results"))
    settled(page)


def click_cell(page: Page, true: int, predicted: int, classes: int) -> None:
    """Click the confusion matrix at (row, column)."""
    area = page.locator("[class*='st-key-confusion-'] .nsewdrag").first
    area.wait_for(state="attached")
    page.wait_for_timeout(800)
    box = area.bounding_box()
    x = box["x"] + box["width"] * (predicted + 0.5) / classes
    y = box["y"] + box["height"] * (true + 0.5) / classes
    page.mouse.move(x - 4, y - 4)
    page.mouse.move(x, y)
    page.wait_for_timeout(200)
    page.mouse.click(x, y)
