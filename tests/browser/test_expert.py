"""The expert settings in a real browser, which remembers what was chosen by the keys of the controls."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.steps import go_to, press, settled, use_example, widget

pytestmark = pytest.mark.browser


def test_back_to_the_defaults_takes_back_what_the_browser_remembers(shared_server, page):
    use_example(page, shared_server.url, "digits", "1,797 pictures")
    go_to(page, "Model")
    settled(page)
    for width, height in ((390, 844), (1280, 900)):
        page.set_viewport_size({"width": width, "height": height})
        expect(widget(page, "start-training").locator("button")).to_be_in_viewport(ratio=1)
    page.locator("[class*='st-key-recipe-']").get_by_text("Balanced", exact=True).first.click()
    settled(page)
    widget(page, "expert").locator("summary").click()
    widget(page, "expert-from_nothing").get_by_role("switch").or_(
        widget(page, "expert-from_nothing").locator("label")
    ).first.click()
    settled(page)
    choose(page, "expert-pooling", 1)
    settled(page)
    bar = widget(page, "start-bar")
    expect(bar).to_contain_text(re.compile("from nothing.*flatten"))
    press(page, "reset-expert")
    settled(page)
    expect(bar).not_to_contain_text(re.compile("from nothing|flatten"))
    seen = page.locator("[class*='st-key-expert-pooling']")
    expect(seen).not_to_contain_text("Every place")
    press(page, "start-training")
    page.wait_for_url(re.compile("/train"))
    expect(widget(page, "live-run")).not_to_contain_text(re.compile("from nothing|flatten"))
    press(page, "stop-run")


def choose(page, key: str, place: int) -> None:
    """Choose from a select box; a page that is drawn anew at that moment closes its list, so it is opened again."""
    options = page.get_by_role("option")
    for _try in range(5):
        widget(page, key).get_by_role("combobox").click()
        page.wait_for_timeout(1000)
        if options.count():
            break
    options.nth(place).click()
