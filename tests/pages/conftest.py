"""What tests of several pages begin with."""

import pytest
from streamlit.testing.v1 import AppTest

from engine import graft as graft_module
from tests.support.app_pages import FRAME
from tests.support.run_files import add_run, finish_run
from tests.support.work_now import IMPORTS, LOOKS, WorkNow


@pytest.fixture
def finished(graft, project):
    run_id = add_run(graft, project)
    finish_run(graft, run_id)
    return run_id


@pytest.fixture
def opened(workspace, monkeypatch):
    monkeypatch.setattr(graft_module.Compute, "start", lambda *_arguments, **_options: WorkNow(LOOKS, IMPORTS))
    return graft_module.current()


@pytest.fixture
def app(opened):
    return AppTest.from_file(FRAME, default_timeout=120)
