"""Fixtures every test may use. No test touches the network or the developer's own workspace."""

import functools
import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from xdist.scheduler import LoadScopeScheduling

from engine import graft as graft_module
from engine import settings
from engine.graft import Graft
from engine.storage.registry import Project
from engine.storage.workspace import Workspace
from tests.support.pictures import draw_folder
from tests.support.run_files import fill_project, idle_graft

ROOT = Path(__file__).parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"
# What takes longest begins first.
ORDER = (
    "browser",
    "warm",
    "tests/engine/compute/test_cluster.py",
    "tests/engine/backbones/test_distillation.py",
)
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
def graft(workspace, monkeypatch):
    """An open workspace without workers; pages find it as the current one."""
    opened = idle_graft(workspace)
    monkeypatch.setattr(graft_module, "_current", opened)
    monkeypatch.setattr(
        "pages.sections.try_it.tried_pictures.PATIENCE_SECONDS", 60
    )  # a busy machine is slow, not broken
    yield opened
    opened.close()
    monkeypatch.setattr(graft_module, "_current", None)


@pytest.fixture
def project(graft) -> Project:
    """A project of three classes of fruit, rows only."""
    return fill_project(graft)


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
    """Let what takes longest begin first."""
    items.sort(key=lambda item: ORDER.index(group) if (group := group_of(item.nodeid)) in ORDER else len(ORDER))


@functools.cache
def group_of(path: str) -> str:
    """Return which tests stay in one process, so that nothing dear is started twice.

    All that drives the browser, with one server; all files that use the warm workers; else each file for itself.
    """
    path = path.partition("::")[0]
    if path.startswith("tests/browser/"):
        return "browser"
    return "warm" if "warm_graft" in (ROOT / path).read_text(encoding="utf-8") else path


class ByGroup(LoadScopeScheduling):
    """Shares tests out by `group_of`; xdist's own groups are not kept with this pytest."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log) -> LoadScopeScheduling:
    return ByGroup(config, log)
