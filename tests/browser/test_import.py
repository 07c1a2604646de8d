"""Bringing pictures in with a real browser: a question first, pasted pictures, a webcam button that stands still."""

import base64
import re
import sqlite3

import pytest
from playwright.sync_api import expect

from tests.browser.steps import TRAINING_MS, bring_in, settled, widget
from tests.support.archives import zip_folder
from tests.support.drawn_sets import drawn, numbered, zipped, zipped_in
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


def test_a_code_page_and_the_values_of_a_split_are_asked_and_another_answer_shows_what_follows(server, page, tmp_path):
    parts = tmp_path / "parts.zip"
    parts.write_bytes(zipped_in("cp932", numbered("正常", "表面傷")))
    card = drop(server, page, parts)
    expect(card).to_contain_text("Read as cp932", timeout=TRAINING_MS)
    expect(card).to_contain_text("表面傷")
    choose(page, card, "encoding", -1)
    expect(card).not_to_contain_text("表面傷")
    card.get_by_role("button", name="Ask again").click()
    expect(card).to_contain_text("表面傷")
    card.get_by_role("button", name="Cancel").click()
    expect(page.locator("[class*='st-key-arrival-import-']")).to_have_count(0)

    names = [f"{number}.png" for number in range(12)]
    rows = "\n".join(f"{name},{'ab'[number % 2]},{number // 4}" for number, name in enumerate(names))
    table = tmp_path / "table.zip"
    table.write_bytes(zipped({"labels.csv": f"file,label,split\n{rows}\n".encode(), **drawn(*names)}))
    card = drop(server, page, table)
    expect(card).to_contain_text("The column split holds 0, 1, 2.", timeout=TRAINING_MS)
    choose(page, card, "split_values", 1)
    expect(card).to_contain_text("0 → training, 1 → test, 2 → validation")
    bring_in(page)
    settled(page)
    with sqlite3.connect(f"file:{server.workspace / 'registry.sqlite'}?mode=ro", uri=True) as registry:
        found = dict(registry.execute("select name, given_split from items where name in ('4.png', '8.png')"))
    assert found == {"4.png": "test", "8.png": "validation"}


def drop(server, page, archive):
    """Leave an archive on an empty Data page; return the card of what arrived."""
    page.goto(f"{server.url}/data")
    settled(page)
    widget(page, "drop-everything").locator("input[type=file]").first.set_input_files(str(archive))
    card = page.locator("[class*='st-key-arrival-import-']").first
    expect(card).to_be_visible(timeout=TRAINING_MS)
    settled(page)
    return card


def choose(page, card, option: str, answer: int) -> None:
    """Take another answer to a question, by its place in the list."""
    card.locator(f"[class*='st-key-arrival-{option}-']").get_by_role("combobox").click()
    page.get_by_role("option").nth(answer).click()
    settled(page)
