"""The confusion matrix under a finger and with many classes, in the real app: one tap opens what it points at."""

import pytest
from playwright.sync_api import Page, expect

from engine import settings
from tests.browser.steps import matrix_cell, settled, widget
from tests.conftest import use_workspace
from tests.support.run_files import add_run, fill_project, finish_run, idle_graft

pytestmark = pytest.mark.browser


@pytest.fixture
def phone(browser):
    """A page on a telephone, where nothing hovers."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    yield context.new_page()
    context.close()


def address(server, classes: int, families: int = 0) -> str:
    """Write a run of so many classes by hand into the server's workspace."""
    before = settings.current().workspace
    graft = idle_graft(use_workspace(server.workspace))
    project = fill_project(graft, f"{classes}", classes=[f"class {n:02}" for n in range(classes)], per_class=40)
    run_id = add_run(graft, project)
    finish_run(graft, run_id, accuracy=0.7, families=families)
    graft.close()
    use_workspace(before)
    return f"{server.url}/results?project={project.id}&run={run_id}&tab=confusions"


def point(page: Page, key: str, row: float, column: float) -> tuple[float, float]:
    """Return where a share of the height and width of a figure lies on the screen."""
    area = page.locator(f"[class*='st-key-{key}'] .nsewdrag").first
    area.scroll_into_view_if_needed()
    page.wait_for_timeout(800)
    box = area.bounding_box()
    return box["x"] + box["width"] * column, box["y"] + box["height"] * row


def test_one_tap_on_a_telephone_opens_the_pictures_of_a_cell(shared_server, phone):
    phone.goto(address(shared_server, 4))
    settled(phone)
    matrix_cell(phone, 1, 1).tap()
    expect(widget(phone, "cell-pictures")).to_contain_text("class 01, recognised")
    matrix_cell(phone, 2, 2).tap()
    expect(widget(phone, "cell-pictures")).to_contain_text("class 02, recognised")
    expect(widget(phone, "cell-pictures").locator(".picture").first).to_be_in_viewport()
    matrix_cell(phone, 2, 2).tap()
    expect(widget(phone, "cell-pictures")).to_have_count(0)


def test_in_the_dark_on_a_telephone_every_part_is_in_sight_and_an_open_menu_keeps_its_name(shared_server, phone):
    phone.emulate_media(color_scheme="dark")
    phone.goto(address(shared_server, 4))
    settled(phone)
    tabs = phone.locator("[role=tab]").evaluate_all("all => all.map(one => one.getBoundingClientRect().right)")
    assert len(tabs) == 4 and max(tabs) <= 390
    assert phone.locator("[data-testid^=stTabsScroll]:visible").count() == 0
    button = widget(phone, "project-picker").locator("button").first
    button.tap()
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(button.locator("p")).to_have_css("color", "rgb(111, 207, 151)")


def test_arrow_keys_walk_the_matrix_and_a_pair_from_the_list_marks_its_cell(shared_server, page):
    page.goto(address(shared_server, 3))
    settled(page)
    matrix_cell(page, 0, 0).focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowUp", "ArrowLeft"):
        page.keyboard.press(key)
    page.keyboard.press("End")
    expect(matrix_cell(page, 0, 2)).to_be_focused()
    page.keyboard.press("Home")
    expect(matrix_cell(page, 0, 0)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(matrix_cell(page, 0, 1)).to_be_focused()
    expect(page.locator("[class*='st-key-confusion-'] .said")).to_contain_text("class 00, taken for class 01: ")
    page.keyboard.press("Enter")
    expect(widget(page, "cell-pictures")).to_contain_text("class 00, taken for class 01")
    expect(matrix_cell(page, 0, 1)).to_be_focused()
    page.locator("[class*='st-key-confused-pairs-'] label").filter(has_text="class 02 taken for class 00").click()
    expect(widget(page, "cell-pictures")).to_contain_text("class 02, taken for class 00")
    expect(matrix_cell(page, 2, 0)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[class*='st-key-confusion-'] [aria-pressed=true]")).to_have_count(1)
    matrix_cell(page, 0, 1).click()
    expect(page.locator("[class*='st-key-confused-pairs-'] input:checked")).to_have_count(1)
    expect(page.locator("[class*='st-key-confused-pairs-'] label:has(input:checked)")).to_contain_text(
        "class 00 taken for"
    )


def test_only_the_tab_that_has_the_focus_has_a_ring(shared_server, page):
    page.goto(address(shared_server, 3))
    settled(page)
    tabs = page.get_by_role("tab")
    tabs.first.focus()
    page.keyboard.press("ArrowRight")
    expect(tabs.nth(1)).to_have_css("outline-style", "solid")
    tabs.evaluate_all("all => all.forEach(tab => tab.setAttribute('data-focus-visible', 'true'))")
    for number in (0, 2):  # as it is left behind when the focus goes into a component
        expect(tabs.nth(number)).to_have_css("outline-style", "none")
        expect(tabs.nth(number)).to_have_css("box-shadow", "none")


def test_with_many_classes_a_tap_steps_into_a_group_and_the_next_opens_a_cell(shared_server, phone):
    phone.goto(address(shared_server, 40, families=4))
    settled(phone)
    phone.touchscreen.tap(*point(phone, "confusion-overview", 0.05, 0.05))
    expect(phone.get_by_role("button", name="Back to all 40")).to_be_visible()
    settled(phone)
    names = phone.locator("[class*='st-key-confusion-'] tbody th")
    inside = names.count()
    assert 1 < inside < 40
    matrix_cell(phone, 0, 0).tap()
    expect(widget(phone, "cell-pictures")).to_contain_text(f"{names.first.text_content()}, recognised")
    phone.get_by_role("button", name="Back to all 40").tap()
    expect(phone.locator("[class*='st-key-confusion-overview']")).to_be_visible()
