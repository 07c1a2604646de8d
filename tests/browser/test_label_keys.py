"""Labelling by keys in the real app: they are there at once, after a reload too, and mean the same class each time."""

import hashlib
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from engine.data.modalities.image_facts import ImageFacts
from engine.storage.registry import ItemRecord, Registry
from engine.storage.workspace import Workspace
from tests.browser.steps import settled, widget
from tests.support.pictures import COLOURS, draw_picture

pytestmark = pytest.mark.browser
ENLARGED = 2.5


def stored(workspace: Workspace, scratch: Path, label: str | None, seed: int) -> ItemRecord:
    """Return the record of a small picture, which lies in the workspace afterwards."""
    draw_picture(COLOURS[label or "red"], seed=seed).save(scratch)
    content = scratch.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    workspace.blob_path(sha256).parent.mkdir(parents=True, exist_ok=True)
    workspace.blob_path(sha256).write_bytes(content)
    return ItemRecord(sha256, f"{label}/{seed}.png", label, split=label and "train", facts=ImageFacts(64, 48).text())


def labelled(registry: Registry, page: Page, key: str) -> str | None:
    """Press a key and return the class which the picture in front has when the next one is there."""
    desk = page.locator(".desk")
    expect(desk).to_have_attribute("data-item", re.compile(r"\d+"))
    item = desk.get_attribute("data-item")
    page.keyboard.press(key)
    expect(desk).not_to_have_attribute("data-item", item)
    settled(page)
    return registry.items_by_id([int(item)])[int(item)].label


def test_number_keys_work_at_once_and_name_the_same_class_on_every_picture(shared_server, page, tmp_path):
    registry = Registry(f"sqlite:///{shared_server.workspace / 'registry.sqlite'}")
    workspace = Workspace(shared_server.workspace)
    project = registry.create_project("Keys")
    classes = [label for label in ("blue", "green", "red") for _ in range(4)] + [None] * 6
    records = [stored(workspace, tmp_path / "one.png", label, seed) for seed, label in enumerate(classes)]
    registry.add_import(project.dataset_id, "keys", "flat", records, [])

    page.goto(f"{shared_server.url}/data?project={project.id}&section=pictures")
    settled(page)
    widget(page, "data-section").get_by_text("Label", exact=True).click()
    assert labelled(registry, page, "2") == "green", "nothing was clicked inside"
    assert labelled(registry, page, "1") == "blue"
    page.reload()
    settled(page)
    assert labelled(registry, page, "2") == "green"
    picture = page.locator(".desk .stage img")
    expect(picture).to_be_visible()
    assert picture.bounding_box()["width"] <= ENLARGED * 64, "a small picture is not blown up"
    registry.close()
