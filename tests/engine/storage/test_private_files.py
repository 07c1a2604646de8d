"""What Graft writes is for the user who runs it, and for nobody else on the machine."""

import os
import stat

import pytest

from engine.cli import parser
from engine.errors import ComputeError
from engine.storage.workspace import Workspace
from engine.worker import door


@pytest.fixture(autouse=True)
def ordinary_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_workspace_is_open_to_its_owner_alone(tmp_path):
    root = Workspace(tmp_path / "workspace").create().root
    assert mode(root) == 0o700
    root.chmod(0o755)  # one of an older Graft
    assert mode(Workspace(root).create().root) == 0o700


def test_a_folder_with_other_things_in_it_keeps_its_doors(tmp_path):
    (tmp_path / "shared").mkdir(mode=0o755)
    (tmp_path / "shared" / "other.txt").write_text("x")
    assert mode(Workspace(tmp_path / "shared").create().root) == 0o755


def test_what_the_command_line_and_the_workers_write_is_private(tmp_path, workspace, capsys):
    assert parser.main(["runs", "--workspace", str(workspace.root), "--json"]) == 0
    os.umask(0o022)
    with pytest.raises(ComputeError):
        door.answer("nothing")
    (tmp_path / "new.txt").write_text("x")
    assert mode(tmp_path / "new.txt") == 0o600
    files = [path for path in workspace.root.rglob("*") if path.is_file()]
    assert files and all(mode(path) & 0o077 == 0 for path in files)
