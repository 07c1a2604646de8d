"""The door of a worker: what stands on its list is there and belongs to its feature; nothing else is answered."""

import ast
import importlib.util
import re
from pathlib import Path

import pytest

from engine.backbones import custom
from engine.errors import ComputeError
from engine.storage.workspace import Workspace
from engine.worker import door
from engine.worker.tasks import TASKS

ROOT = Path(door.__file__).parents[2]


@pytest.mark.parametrize("task", TASKS)
def test_what_a_worker_may_be_asked_is_a_function_with_a_docstring(task):
    """Read from the source: importing all of them would bring every framework."""
    module, name = TASKS[task].split(":")
    source = Path(importlib.util.find_spec(module).origin).read_text(encoding="utf-8")
    [function] = [n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef) and n.name == name]
    assert ast.get_docstring(function) and not name.startswith("_")


def test_every_task_is_asked_for_by_somebody_and_nobody_asks_for_another():
    texts = {
        word
        for top in ("engine", "pages")
        for path in (ROOT / top).rglob("*.py")
        if path.name != "tasks.py"
        for word in re.findall(r'"([a-z_]+)"', path.read_text(encoding="utf-8"))
    }
    assert not TASKS.keys() - texts, "nobody asks for these"
    calls = re.compile(r'(?:\.ask|\.submit|_ask)\(\s*"([\w.:]+)"')
    asked = {
        task
        for top in ("engine", "pages")
        for path in (ROOT / top).rglob("*.py")
        for task in calls.findall(path.read_text(encoding="utf-8"))
    }
    assert asked and not asked - TASKS.keys(), "no worker answers these"


def test_a_name_that_is_not_on_the_list_is_refused_whatever_it_names(monkeypatch):
    monkeypatch.setattr(door.importlib, "import_module", lambda name: pytest.fail(f"{name} was imported"))
    for task in ("os:getpid", "engine.worker.training_run:carry_out", "", "Train"):
        with pytest.raises(ComputeError, match="which it does not do"):
            door.answer(task)


def test_backbones_of_ones_own_are_found_in_the_workspace_of_a_task(tmp_path, monkeypatch):
    workspace = Workspace(tmp_path).create()
    monkeypatch.setitem(TASKS, "list_folder", "os:listdir")
    monkeypatch.setattr(custom, "_places", [])
    with pytest.raises(TypeError):
        door.answer("list_folder", workspace)
    assert custom._places == [workspace]
