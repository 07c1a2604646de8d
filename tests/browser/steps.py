"""What a person does on the pages, one function a step. Selectors are the keys of the widgets."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

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
    page.wait_for_url(re.compile("/data"))
    expect(page.get_by_text(pictures).first).to_be_visible(timeout=TRAINING_MS)
    settled(page)


def bring_in(page: Page) -> None:
    """Say yes to the card that tells what has arrived; it goes."""
    button = page.locator("[class*='st-key-arrival-use-'] button").first
    button.click(timeout=TRAINING_MS)
    expect(button).to_have_count(0, timeout=TRAINING_MS)


def begin_project(page: Page, url: str) -> None:
    """Start with pictures of one's own: an empty project, whatever else there is."""
    page.goto(url)
    press(page, "start")
    page.wait_for_url(re.compile("/data"))
    settled(page)


def upload_archive(page: Page, url: str, archive: Path, pictures: str) -> None:
    begin_project(page, url)
    widget(page, "drop-everything").locator("input[type=file]").first.set_input_files(str(archive))
    bring_in(page)
    expect(page.get_by_text(pictures).first).to_be_visible(timeout=TRAINING_MS)
    settled(page)


def start_training(page: Page, *, recipe: str | None = None) -> None:
    go_to(page, "Model")
    if recipe is not None:
        page.locator("[class*='st-key-recipe-']").get_by_text(recipe, exact=True).first.click()
        settled(page)
    button = widget(page, "start-training").locator("button")
    expect(button).to_be_enabled(timeout=TRAINING_MS)
    button.click()
    page.wait_for_url(re.compile("/train"))


def see_training(page: Page) -> None:
    expect(widget(page, "live-run")).to_contain_text("%", timeout=TRAINING_MS)


def see_honest_number(page: Page) -> None:
    expect(page.get_by_test_id("stMain")).to_contain_text("pictures it never saw", timeout=TRAINING_MS)


def open_results(page: Page) -> None:
    """Wait for the training on the Train page, then follow its invitation."""
    page.get_by_role("button", name="See the results").click(timeout=TRAINING_MS)
    page.wait_for_url(re.compile("/results"))
    settled(page)


def open_view(page: Page, tab: str, view: str = "") -> None:
    """Open a tab of the results, and one of the views that it offers."""
    page.get_by_role("tab", name=tab, exact=True).click()
    settled(page)
    if view:
        page.get_by_role("radio", name=view, exact=True).click()
        settled(page)


def ask_why(page: Page, gallery: str) -> None:
    """Ask about the first picture of a gallery; see its heat for another class, turn it down, see the check, leave."""
    first = widget(page, gallery).locator("figure").first
    first.hover()
    first.locator(".why").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".heat")).to_be_visible(timeout=TRAINING_MS)
    dialog.get_by_role("combobox").first.click()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")  # draws the dialog anew, and takes the focus with it
    settled(page)
    expect(dialog.locator(".heat")).to_be_visible(timeout=TRAINING_MS)
    dialog.locator("input[type=range]").fill("0")
    expect(dialog.locator(".heat")).to_have_css("opacity", "0")
    expect(dialog).to_contain_text("the same network without anything learned", timeout=TRAINING_MS)
    settled(page)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    settled(page)
    expect(first.locator(".picture")).to_be_focused()


def matrix_cell(page: Page, true: int, predicted: int) -> Locator:
    """Return the button of the confusion matrix in so many rows and columns from its corner."""
    return page.locator(f"[class*='st-key-confusion-'] td[data-at='{true},{predicted}'] button")


def click_cell(page: Page, true: int, predicted: int) -> None:
    matrix_cell(page, true, predicted).click()
