"""See, fix, retrain, compare, in the real app: a cell, its pictures, another class, one button, and what changed."""

import shutil
import zipfile

import pytest
from playwright.sync_api import expect

from tests.browser.steps import (
    TRAINING_MS,
    ask_why,
    click_cell,
    open_results,
    open_view,
    press,
    settled,
    start_training,
    upload_archive,
    widget,
)
from tests.support.pictures import draw_folder

pytestmark = pytest.mark.browser


@pytest.fixture
def mixed_up(tmp_path):
    """Red and blue, 40 each, and four more reds that somebody filed under blue; all of them for the test."""
    folder = draw_folder(tmp_path / "train", {"red": 40, "blue": 40}).rename(tmp_path / "all")
    spare = draw_folder(tmp_path / "spare", {"red": 60})
    archive = tmp_path / "mixed.zip"
    with zipfile.ZipFile(archive, "w") as target:
        for label in ("red", "blue"):
            for number, path in enumerate(sorted((folder / label).iterdir())):
                part = ("train", "train", "validation", "test")[number % 4]
                target.write(path, f"{part}/{label}/{path.name}")
        for path in sorted((spare / "red").iterdir())[-4:]:
            target.write(path, f"test/blue/wrong-{path.name}")
    shutil.rmtree(spare)
    return archive


def test_from_a_cell_to_its_pictures_to_another_class_to_what_changed(shared_server, page, mixed_up):
    upload_archive(page, shared_server.url, mixed_up, "84 pictures")
    start_training(page)
    open_results(page)
    page.set_viewport_size({"width": 1280, "height": 1400})
    settled(page)
    open_view(page, "Mistakes")
    click_cell(page, true=0, predicted=1)
    pictures = widget(page, "cell-gallery").locator(".gallery .picture")
    expect(pictures).to_have_count(4)
    ask_why(page, "cell-gallery")
    for number in range(4):
        pictures.nth(number).click()
    bar = widget(page, "cell-gallery-bar")
    expect(bar).to_contain_text("4 selected")
    expect(bar).to_contain_text("1 training was measured on this test part")
    bar.get_by_role("combobox").click()
    page.get_by_role("option", name="red", exact=True).click()
    expect(widget(page, "retrain-bar")).to_contain_text("You changed 4 pictures since this training.")
    expect(widget(page, "cell-gallery")).to_contain_text("now red")
    press(page, "retrain")
    main = page.get_by_test_id("stMain")
    expect(main).to_contain_text("it is right 100 times in 100; before, it was 100.", timeout=TRAINING_MS)
    expect(main).to_contain_text("Compared on the 24 test pictures")
    expect(main).to_contain_text("4 of them have another class now")
    expect(main).to_contain_text("4 pictures relabelled")
