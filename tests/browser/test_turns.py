"""A page that looks again many times a second and reruns itself: no press is lost in it, and no page ends up empty."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Server
from tests.browser.steps import press

pytestmark = pytest.mark.browser
PRESSES = 12
FILES = {
    "app.py": """
import streamlit as st
from pages.session import rerun_patch

rerun_patch.keep()
app = st.App("frame.py")
""",
    "frame.py": """
import streamlit as st

pages = [st.Page("busy.py", title="Busy", default=True), st.Page("quiet.py", title="Quiet", url_path="quiet")]
st.navigation(pages, position="top").run()
""",
    "busy.py": """
import time

import streamlit as st


@st.fragment(run_every=0.05)
def ticking():
    if st.button("Go", key="go"):
        st.switch_page("quiet.py")
    time.sleep(0.02)
    st.session_state.ticks = st.session_state.get("ticks", 0) + 1
    if st.session_state.ticks % 5 == 0:
        st.rerun()


ticking()
st.markdown("The busy page")
""",
    "quiet.py": """
import time

import streamlit as st

time.sleep(0.05)
st.markdown("The quiet page")
if st.button("Back", key="back"):
    st.switch_page("busy.py")
""",
}


@pytest.fixture
def ticking_app(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    server = Server(tmp_path / "unused", app=str(tmp_path / "app.py")).start()
    yield server
    server.end()


def test_presses_arrive_and_pages_stay_whole_while_a_timer_ticks(ticking_app, page):
    page.goto(ticking_app.url)
    for number in range(PRESSES):
        expect(page.get_by_text("The busy page")).to_be_visible()
        page.wait_for_timeout(40 + 17 * number)  # at another moment between two ticks each time
        if number % 2:
            page.get_by_test_id("stTopNavLink").filter(has_text="Quiet").click()
        else:
            press(page, "go")
        expect(page.get_by_text("The quiet page")).to_be_visible()
        page.wait_for_timeout(150)
        expect(page.get_by_text("The quiet page")).to_be_visible()
        press(page, "back")
