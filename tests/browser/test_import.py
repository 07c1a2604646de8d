"""Bringing pictures in with a real browser: a question first, pasted pictures, a webcam button that stands still."""

import base64
import re

import pytest
from playwright.sync_api import expect

from tests.browser.steps import TRAINING_MS, bring_in, settled, widget
from tests.support.archives import zip_folder
from tests.support.odd_files import encode, photo
from tests.support.pictures import draw_folder

pytestmark = pytest.mark.browser

PASTE = """async (base64) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
  const data = new DataTransfer()
  data.items.add(new File([bytes], 'image.png', { type: 'image/png' }))
  document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
}"""


def test_what_arrived_waits_for_an_answer_and_nothing_moves_under_a_finger(server, page, tmp_path):
    for group in ("english", "german"):
        draw_folder(tmp_path / "signs" / group, {"exit": 4, "stop": 4})
    archive = zip_folder(tmp_path / "signs", tmp_path / "signs.zip")
    page.goto(f"{server.url}/data")
    settled(page)
    widget(page, "drop-everything").locator("input[type=file]").first.set_input_files(str(archive))
    card = page.locator("[class*='st-key-arrival-import-']").first
    expect(card).to_contain_text("I see 2 groups × 2 classes. Use these pictures?", timeout=TRAINING_MS)
    page.reload()
    expect(card).to_contain_text("16 pictures", timeout=TRAINING_MS)
    card.get_by_role("button", name="Cancel").click()
    expect(page.locator("[class*='st-key-arrival-import-']")).to_have_count(0)
    assert list((server.workspace / "incoming").iterdir()) == []

    settled(page)
    page.evaluate(PASTE, base64.b64encode(encode(photo(1), "PNG")).decode())
    expect(page.get_by_text(re.compile("^1 picture")).first).to_be_visible(timeout=TRAINING_MS)
    settled(page)
    widget(page, "drop-everything").locator("input[type=file]").first.set_input_files(str(archive))
    bring_in(page)
    expect(page.get_by_text(re.compile("^17 pictures")).first).to_be_visible(timeout=TRAINING_MS)

    page.get_by_text("Add pictures").first.click()
    page.get_by_text("Class by class").click()
    settled(page)
    box = page.locator("[class*='st-key-zone-']").last
    box.get_by_role("button", name="Webcam").click()
    hold = box.locator(".hold")
    expect(hold).to_be_visible()
    settled(page)
    hold.scroll_into_view_if_needed()
    places = {place(hold)}
    for _burst in range(2):
        hold.hover()
        page.mouse.down()
        page.wait_for_timeout(500)
        places.add(place(hold))
        page.mouse.up()
        for _moment in range(5):
            page.wait_for_timeout(150)
            places.add(place(hold))
    assert len(places) == 1


def place(button) -> tuple[int, int]:
    box = button.bounding_box()
    return round(box["x"]), round(box["y"])
