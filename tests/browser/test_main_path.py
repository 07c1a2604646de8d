"""The main job, in the real app with a real browser: pictures in, an honest confusion matrix out."""

import contextlib
import json
import math
import re
import signal
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import expect

from tests.browser.steps import (
    TRAINING_MS,
    begin_project,
    click_cell,
    open_results,
    open_view,
    press,
    see_honest_number,
    see_training,
    settled,
    start_training,
    upload_archive,
    use_example,
    widget,
)
from tests.support.archives import zip_folder
from tests.support.pictures import draw_folder, draw_picture

pytestmark = pytest.mark.browser
CLASSES = ("red", "green", "blue", "yellow", "coat", "hat", "shoe", "skirt", "shirt", "dress")


def clothes(place: Path, per_class: int) -> Path:
    pictures = draw_folder(place / "clothes", dict.fromkeys(CLASSES, per_class), suffix=".jpg")
    return zip_folder(pictures, place / "clothes.zip")


@pytest.fixture
def large_archive(tmp_path) -> Path:
    """2,500 photo-sized pictures in ten classes."""
    return zip_folder(
        draw_folder(tmp_path / "large", dict.fromkeys(CLASSES, 250), suffix=".jpg"), tmp_path / "clothes.zip"
    )


@pytest.fixture
def archive(tmp_path) -> Path:
    """1,000 of them: enough for a training that lasts."""
    return zip_folder(
        draw_folder(tmp_path / "many", dict.fromkeys(CLASSES, 100), suffix=".jpg"), tmp_path / "clothes.zip"
    )


@pytest.fixture
def small_archive(tmp_path) -> Path:
    return zip_folder(draw_folder(tmp_path / "small", {"red": 15, "blue": 15}), tmp_path / "small.zip")


def training_worker(server, page) -> psutil.Process:
    """Wait for the process that trains, known by the heartbeat of the run."""
    while not (beat := _living(server)):
        page.wait_for_timeout(100)
    return beat


def _living(server) -> psutil.Process | None:
    """A heartbeat of a process that was killed stays where it is until the next one beats."""
    for beat in server.workspace.glob("runs/*/heartbeat"):
        with contextlib.suppress(psutil.NoSuchProcess, ValueError):
            process = psutil.Process(json.loads(beat.read_text())["pid"])
            if process.status() != psutil.STATUS_ZOMBIE:
                return process
    return None


def test_from_an_example_to_a_confusion_matrix_to_a_new_picture(shared_server, page, tmp_path):
    use_example(page, shared_server.url, "digits", "1,797 pictures")
    start_training(page)
    open_results(page)
    see_honest_number(page)
    open_view(page, "Mistakes")
    click_cell(page, true=3, predicted=3)
    pictures = widget(page, "cell-pictures")
    expect(pictures).to_be_visible()
    expect(pictures.locator("img").nth(9)).to_be_visible()
    expect(pictures.locator("img").first).to_be_in_viewport()

    page.get_by_role("radio", name="Classes", exact=True).click()
    page.wait_for_url(re.compile("tab=classes"))
    settled(page)
    page.go_back()
    expect(page.get_by_role("radio", name="Confusions", exact=True)).to_have_attribute("aria-checked", "true")
    expect(pictures).to_be_visible()
    page.go_back()
    expect(pictures).to_have_count(0)

    page.set_viewport_size({"width": 390, "height": 844})
    press(page, "to-try")
    page.wait_for_url(re.compile("/try"))
    draw_picture((20, 20, 20), seed=1).save(tmp_path / "new.png")
    page.locator("[data-testid=stFileUploader] input[type=file]").first.set_input_files(str(tmp_path / "new.png"))
    expect(widget(page, "trial-0")).to_contain_text("%", timeout=TRAINING_MS)
    expect(widget(page, "trial-0")).to_be_in_viewport(ratio=0.9)


def swipes(page, locator) -> int:
    """Return how often somebody with this screen swipes until the place is in sight, three quarters of it a time."""
    height = page.viewport_size["height"]
    below = locator.bounding_box()["y"] + locator.bounding_box()["height"] - height
    return max(0, math.ceil(below / (0.75 * height)))


@pytest.mark.parametrize(("width", "height", "most"), [(1280, 720, 0), (390, 844, 2)])
def test_from_ones_own_zip_to_the_matrix_in_five_clicks(shared_server, page, small_archive, width, height, most):
    page.set_viewport_size({"width": width, "height": height})
    page.goto(shared_server.url)
    swiped = 0

    def click(place) -> None:
        nonlocal swiped
        place.wait_for(timeout=TRAINING_MS)
        settled(page)
        swiped += swipes(page, place)
        place.click()

    click(widget(page, "start").locator("button:visible").first)
    page.wait_for_url(re.compile("/data"))
    settled(page)
    widget(page, "drop-everything").locator("input[type=file]").first.set_input_files(str(small_archive))  # dropped
    click(page.locator("[class*='st-key-arrival-use-'] button").first)
    click(widget(page, "train-now").locator("button:visible").first)
    click(page.get_by_role("button", name="See the results"))
    page.wait_for_url(re.compile("/results"))
    click(page.get_by_role("tab", name="Mistakes", exact=True))
    matrix = page.locator("[class*='st-key-confusion-'] td").first
    expect(matrix).to_be_visible()
    assert swiped + swipes(page, matrix) <= most


def test_an_archive_of_thousands_survives_a_refresh_and_a_second_browser_and_stops_when_told(
    shared_server, page, browser, large_archive
):
    upload_archive(page, shared_server.url, large_archive, "2,500 pictures")
    start_training(page, recipe="Balanced")
    see_training(page)

    page.reload()
    see_training(page)
    other = browser.new_context()
    second = other.new_page()
    second.goto(page.url)
    expect(widget(second, "live-run")).to_be_visible(timeout=TRAINING_MS)
    expect(widget(second, "stop-run").locator("button").first).to_be_visible()

    press(second, "stop-run")
    expect(widget(page, "stop-run")).to_have_count(0, timeout=TRAINING_MS)
    other.close()


def test_two_browsers_work_on_two_projects_at_once(shared_server, page, browser, small_archive):
    other = browser.new_context()
    second = other.new_page()
    upload_archive(page, shared_server.url, small_archive, "30 pictures")
    use_example(second, shared_server.url, "digits", "1,797 pictures")
    start_training(page)
    start_training(second)
    for visitor in (page, second):
        open_results(visitor)
        see_honest_number(visitor)
    other.close()


def test_a_killed_worker_or_server_shows_the_run_as_interrupted_and_it_resumes(server, page, archive):
    upload_archive(page, server.url, archive, "1,000 pictures")
    start_training(page, recipe="Balanced")
    see_training(page)
    training_worker(server, page).kill()
    see_it_interrupted_and_resume(page)
    worker = training_worker(server, page)
    server.stop(signal.SIGKILL)
    psutil.wait_procs([worker], timeout=20)
    server.start()
    page.goto(page.url)
    see_it_interrupted_and_resume(page)
    press(page, "stop-run")
    expect(widget(page, "stop-run")).to_have_count(0, timeout=TRAINING_MS)


def see_it_interrupted_and_resume(page) -> None:
    expect(widget(page, "live-run")).to_contain_text(re.compile("interrupted|died", re.IGNORECASE), timeout=TRAINING_MS)
    press(page, "resume-run")
    expect(widget(page, "stop-run").locator("button").first).to_be_visible(timeout=TRAINING_MS)


def test_bad_archives_are_refused_in_words_and_the_app_goes_on(shared_server, page, tmp_path, small_archive):
    broken = tmp_path / "broken.zip"
    broken.write_bytes(small_archive.read_bytes()[:500])
    begin_project(page, shared_server.url)
    files = widget(page, "drop-everything").locator("input[type=file]").first
    files.set_input_files(str(broken))
    expect(page.get_by_test_id("stAlert").first).to_contain_text("broken.zip", timeout=TRAINING_MS)
    upload_archive(page, shared_server.url, small_archive, "30 pictures")
    assert list((shared_server.workspace / "incoming").glob("upload-*/*.zip")) == []


def test_names_that_are_markup_stay_names(shared_server, page, tmp_path):
    foreign = []
    page.on("request", lambda request: foreign.append(request.url) if shared_server.url not in request.url else None)
    classes = {"![x](http:__evil.example_x.png)": 12, "<script>alert(1)": 12}
    upload_archive(
        page, shared_server.url, zip_folder(draw_folder(tmp_path / "p", classes), tmp_path / "p.zip"), "24 pictures"
    )
    expect(page.get_by_text("<script>alert(1)").locator("visible=true").first).to_be_visible()
    start_training(page)
    open_results(page)
    for tab in ("pictures", "classes", "sure", "about"):
        page.goto(f"{page.url.partition('&tab=')[0]}&tab={tab}")
        settled(page)
    assert page.locator("img[src*='evil']").count() == 0
    assert [
        url for url in foreign if not url.startswith(("data:", "blob:", shared_server.url.replace("http", "ws")))
    ] == []


def test_a_class_is_filled_from_the_webcam(shared_server, page):
    begin_project(page, shared_server.url)
    page.get_by_text("Class by class").click()
    settled(page)
    expect(page.get_by_role("textbox").first).to_be_visible()
