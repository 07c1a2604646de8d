"""The whole way of a dataset in the real app: in, checked, mended, sorted on the map, undone, out, and in again."""

import re
import zipfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from engine.storage.registry import Registry
from tests.browser.steps import TRAINING_MS, press, settled, upload_archive, widget
from tests.support.pictures import draw_picture

pytestmark = pytest.mark.browser
COLOURS = {"red": (200, 40, 40), "blue": (40, 70, 200)}
SPEAKERS, TAKES = 6, 4


def faulty_archive(target: Path) -> Path:
    """Two classes with pictures of six speakers each, and one red picture that lies among the blue ones as well."""
    scratch = target.with_suffix(".png")
    with zipfile.ZipFile(target, "w") as archive:
        for label, colour in COLOURS.items():
            for number in range(SPEAKERS * TAKES):
                draw_picture(colour, seed=len(label) * 1000 + number).save(scratch)
                name = f"speaker_{number % SPEAKERS:02}_take{number // SPEAKERS}.png"
                archive.write(scratch, f"{label}/{name}")
        draw_picture(COLOURS["red"], seed=3000).save(scratch)
        archive.write(scratch, "blue/speaker_00_take9.png")
    return target


def open_section(page: Page, name: str) -> None:
    widget(page, "data-section").get_by_text(name, exact=True).click()
    settled(page)


def choose_on_the_map(page: Page) -> None:
    """Draw a lasso around the left half of the map."""
    canvas = page.locator("[class*='st-key-section-map'] canvas").first
    expect(canvas).to_be_visible(timeout=TRAINING_MS)
    expect(page.get_by_text("Each point is a picture")).to_be_visible(timeout=TRAINING_MS)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    x, y, width, height = box["x"], box["y"], box["width"], box["height"]
    page.mouse.move(x + 3, y + 3)
    page.mouse.down()
    for right, down in ((0.5, 0.01), (0.5, 0.99), (0.01, 0.99), (0.01, 0.02)):
        page.mouse.move(x + width * right, y + height * down, steps=4)
    page.mouse.up()
    expect(page.get_by_text(re.compile(r"\d+ pictures? chosen"))).to_be_visible()


def contents(workspace: Path, address: str) -> set[tuple]:
    """Return what makes up the dataset of the project in the address: each picture with its class, group and part."""
    (project_id,) = parse_qs(urlsplit(address).query)["project"]
    registry = Registry(f"sqlite:///{workspace / 'registry.sqlite'}")
    try:
        items = registry.items(registry.project(project_id).dataset_id)
        return {(item.sha256, item.label, item.group, item.split) for item in items}
    finally:
        registry.close()


def test_in_checked_mended_sorted_on_the_map_undone_out_and_in_again(shared_server, page, tmp_path):
    upload_archive(page, shared_server.url, faulty_archive(tmp_path / "voices.zip"), "49 pictures")

    press(page, "to-check")
    conflict = widget(page, "finding-conflict-error")
    expect(conflict).to_contain_text("The same picture lies in blue, red.")
    expect(conflict.locator("img")).to_have_count(2)
    conflict.get_by_role("button", name="Keep it in red").click()
    expect(conflict).to_have_count(0)
    expect(page.get_by_text("48 pictures ·").first).to_be_visible()
    groups = widget(page, "finding-name_groups-question")
    groups.get_by_role("button", name="Use these groups").click()
    expect(groups).to_have_count(0)

    open_section(page, "Map")
    choose_on_the_map(page)
    target = page.locator("[class*='st-key-embedding_map-to-'] input")
    target.fill("green")
    target.press("Enter")
    expect(widget(page, "undo")).to_contain_text(re.compile(r"moved \d+ pictures? to green"))
    assert "green" in {label for _sha, label, _group, _split in contents(shared_server.workspace, page.url)}
    press(page, "undo")
    expect(widget(page, "undo")).to_contain_text("used 6 groups")
    before = contents(shared_server.workspace, page.url)
    assert {label for _sha, label, _group, _split in before} == {"red", "blue"}

    open_section(page, "History")
    press(page, "export-prepare")
    link = page.locator("a.graft-download")
    expect(link).to_be_visible(timeout=TRAINING_MS)
    with page.expect_download(timeout=TRAINING_MS) as download:
        link.click()
    exported = tmp_path / "again.zip"
    download.value.save_as(exported)
    upload_archive(page, shared_server.url, exported, "48 pictures")
    after = contents(shared_server.workspace, page.url)
    assert len(before) == 48
    assert {group for _sha, _label, group, _split in before} == {f"speaker {n:02}" for n in range(SPEAKERS)}
    assert after == before
