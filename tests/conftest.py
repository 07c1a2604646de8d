"""Fixtures every test may use. No test touches the network or the developer's own workspace."""

import functools
import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner

from engine import graft as graft_module
from engine import settings
from engine.graft import Graft
from engine.storage.workspace import Workspace
from tests.support.pictures import draw_folder

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"
SETTINGS = [name for name in os.environ if name.startswith("GRAFT_")]


def use_workspace(folder: Path) -> Workspace:
    """Point the settings of this process and its children at `folder`."""
    os.environ["GRAFT_WORKSPACE"] = str(folder)
    settings.current.cache_clear()
    return Workspace(folder).create()


@pytest.fixture(scope="session", autouse=True)
def quiet_environment(tmp_path_factory) -> Iterator[None]:
    """Forget the developer's own settings."""
    for name in SETTINGS:
        os.environ.pop(name)
    use_workspace(tmp_path_factory.mktemp("unused"))
    yield
    graft_module.close_current()


@pytest.fixture(scope="module", autouse=True)
def cheap_collections() -> None:
    """Freeze what is alive, as app.py does: Streamlit collects after every rerun, seconds where Keras is loaded."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def known_components() -> Iterator[None]:
    """Look only once for components of installed packages, which every AppTest does anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            manifest_scanner, "scan_component_manifests", functools.cache(manifest_scanner.scan_component_manifests)
        )
        yield


@pytest.fixture
def workspace(tmp_path) -> Iterator[Workspace]:
    """An empty workspace of this test's own, which the settings point to; nothing is open in it."""
    graft_module.close_current()
    before = os.environ["GRAFT_WORKSPACE"]
    yield use_workspace(tmp_path / "workspace")
    graft_module.close_current()
    use_workspace(Path(before))


@pytest.fixture(scope="session")
def warm_graft(tmp_path_factory) -> Iterator[Graft]:
    """One open workspace with warm workers for the whole session, for tests that need real work done quickly."""
    before = os.environ["GRAFT_WORKSPACE"]
    use_workspace(tmp_path_factory.mktemp("warm"))
    with Graft.open(shared_worker=True) as graft:
        graft.warm_up()
        use_workspace(Path(before))
        yield graft


@pytest.fixture
def class_folder(tmp_path) -> Path:
    """Two classes of twelve drawn pictures each: class/file."""
    return draw_folder(tmp_path / "pictures", {"red": 12, "blue": 12})


@pytest.fixture
def shared_data() -> Path:
    """The folder of larger real data sets beside the repository; the test is skipped, and says so, without it."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no larger data sets in {SHARED_DATA}")
    return SHARED_DATA


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first: processes share the tests by file (`make test` uses two), and none ends alone."""
    longest = ("test_main_path", "test_command_line", "test_data_page")
    items.sort(key=lambda item: longest.index(item.path.stem) if item.path.stem in longest else len(longest))
