"""Sounds in the real app: brought in, learned from, and the ones that were confused played where they are shown."""

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from engine.data.examples import sounds
from tests.browser.steps import TRAINING_MS, click_cell, go_to, settled, start_training, upload_archive, widget

pytestmark = pytest.mark.browser
CHECKED = re.compile("Checked:|Careful:")


def archive_of_sounds(folder: Path) -> Path:
    """Return 40 sounds in two classes; among the test sounds, two noises lie with the tones."""
    made = [(Path(name).stem, content) for name, content in sounds.files() if name.endswith(".wav")]
    of = {kind: [content for name, content in made if name.startswith(kind)] for kind in ("tone", "noise")}
    path = folder / "calls.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for kind, contents in of.items():
            for number, content in enumerate(contents[:20]):
                part = "train" if number < 12 else "validation" if number < 16 else "test"
                archive.writestr(f"{part}/{kind}/{number:02}.wav", content)
        for number, content in enumerate(of["noise"][20:22]):
            archive.writestr(f"test/tone/mixed-up-{number}.wav", content)
    return path


def test_sounds_are_learned_from_a_mistake_is_played_and_one_is_recorded(shared_server, page: Page, tmp_path):
    page.context.grant_permissions(["microphone"])
    upload_archive(page, shared_server.url, archive_of_sounds(tmp_path), "42")
    expect(page.locator(".play").first).to_be_visible()
    start_training(page, recipe="Instant")
    expect(page.get_by_test_id("stMain")).to_contain_text("sounds it never heard", timeout=TRAINING_MS)
    go_to(page, "Results")
    page.goto(f"{page.url}&tab=confusions")
    settled(page)
    click_cell(page, 1, 0)
    mistake = widget(page, "cell-pictures").locator("figure").first
    mistake.hover()
    mistake.locator(".play").click()
    expect(mistake.locator(".play.on")).to_be_visible()
    mistake.locator(".why").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".heat")).to_be_visible(timeout=TRAINING_MS)
    expect(dialog).to_contain_text(CHECKED, timeout=TRAINING_MS)  # it draws the dialog anew
    dialog.locator("audio").evaluate("audio => { audio.loop = true; audio.play() }")  # it is short
    expect(dialog.locator(".cursor")).to_have_css("opacity", "1")  # runs along the heat while it plays
    page.keyboard.press("Escape")
    settled(page)
    go_to(page, "Try it")
    page.get_by_role("tab", name="Microphone").click()
    page.get_by_role("button", name="Record", exact=True).click()
    page.wait_for_timeout(1200)
    page.get_by_role("button", name="Stop recording").click()
    expect(widget(page, "trial-0")).to_contain_text("%", timeout=TRAINING_MS)
    expect(widget(page, "trial-0").locator("audio")).to_have_count(1)
