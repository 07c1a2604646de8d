"""A workspace that an older Graft made opens today: its results, its history, another training of it, its data.

The workspaces lie in tests/support/workspaces, with what that Graft itself answered about them.
"""

import hashlib
import json
import shutil
import zipfile
from concurrent.futures import Future
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine import graft as graft_module
from engine import settings
from engine.cli.parser import main
from engine.graft import Graft
from engine.services.uploads import Uploads
from engine.storage import runs
from engine.storage.registry import Registry
from tests.support.tiny_runs import converted
from tests.support.work_now import WorkNow

FOLDER = Path(__file__).parents[1] / "support" / "workspaces"
VERSIONS = sorted(path.stem for path in FOLDER.glob("*.zip"))
FRAME = str(Path(__file__).parents[2] / "pages" / "frame.py")
SENTENCES = {
    "one": "On 30 pictures it never saw, it is right 100 times in 100 (between 89 and 100).",
    "several": "On 8 pictures it never saw, it names exactly the right classes 100 times in 100 (between 68 and 100), "
    "and it finds 100 of 100 labels.",
}
PROJECTS = ("Digits", "Digits again", "Shapes")


@pytest.fixture(params=VERSIONS)
def version(request) -> str:
    return request.param


@pytest.fixture
def old(workspace, version):
    """The workspace as it was left, unpacked where the settings point to; nothing has opened it yet."""
    with zipfile.ZipFile(FOLDER / f"{version}.zip") as packed:
        packed.extractall(workspace.root)
    return workspace


@pytest.fixture
def answers(version) -> dict:
    return json.loads((FOLDER / f"{version}.json").read_text(encoding="utf-8"))


@pytest.fixture
def graft(old, monkeypatch):
    """The old workspace opened by today's Graft, which does its work at once; pages find it as the current one."""
    workers: Future = Future()
    workers.set_result(WorkNow())
    opened = Graft(old, Registry(settings.current().database_url), workers, Uploads(old, 10**7))
    monkeypatch.setattr(graft_module, "_current", opened)
    yield opened
    opened.close()
    monkeypatch.setattr(graft_module, "_current", None)


def test_it_is_small_and_says_nothing_of_the_machine_it_was_made_on(version):
    assert (FOLDER / f"{version}.zip").stat().st_size < 1_000_000
    with zipfile.ZipFile(FOLDER / f"{version}.zip") as packed:
        text = b"".join(packed.read(name) for name in packed.namelist() if not name.startswith("blobs/"))
    assert not [word for word in (b"/home/", b"/root", b"/tmp", b'"machine"', b'"pid"') if word in text]


def test_its_projects_pictures_and_runs_are_all_there(graft):
    projects = {project.name: project for project in graft.registry.projects()}
    assert set(projects) == set(PROJECTS)
    counts = {name: len(graft.registry.items(project.dataset_id)) for name, project in projects.items()}
    assert counts == {"Digits": 199, "Digits again": 200, "Shapes": 48}
    assert [len(graft.registry.runs(project.id)) for project in projects.values()] == [1, 1, 1]
    [account] = graft.registry.imports(projects["Digits"].dataset_id)
    assert [refusal["file"] for refusal in account["refused"]] == ["9/notes.txt"]
    assert graft.registry.dataset_options(projects["Shapes"].dataset_id)["multi_label"] is True


def test_what_was_done_by_hand_is_undone_and_done_again(graft):
    registry = graft.registry
    digits = next(project for project in registry.projects() if project.name == "Digits").dataset_id
    unclear, out, moved, came = registry.changes(digits)
    assert (unclear.undone, out.who, came.kind, came.pictures) == (True, "Ada", "import", 200)
    for change in (out, moved):
        registry.undo(change.id)
    assert len(registry.items(digits)) == 200
    assert registry.items_by_id(moved.sample)[moved.sample[0]].label == "3"
    registry.redo(unclear.id)
    assert registry.items_by_id(unclear.sample)[unclear.sample[0]].ambiguous


def test_the_command_line_says_the_same_numbers(old, answers, capsys):
    for run_id, expected in answers["runs"].items():
        assert main(["evaluate", run_id, "--json"]) == 0
        said = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert said.pop("run_dir") == str(old.run_dir(run_id))
        assert said == expected


def test_the_results_page_shows_every_run(graft, answers):
    for run_id, expected in answers["runs"].items():
        at = AppTest.from_file(FRAME, default_timeout=120)
        at.session_state["current_run"] = run_id
        at.session_state["current_project"] = graft.registry.run(run_id).project_id
        at.run()
        at.switch_page("evaluation.py").run()
        assert not at.exception, at.exception
        said = at.subheader[0].value.replace("\N{NO-BREAK SPACE}", " ")
        assert said == SENTENCES[expected["recipe"]["task"]]


def test_its_pictures_are_trained_again_and_compared_with_the_old_run(graft, answers):
    shutil.copytree(converted(), graft.workspace.caches / "litert", dirs_exist_ok=True)  # saves other tests' time
    for run_id, expected in answers["runs"].items():
        if expected["recipe"]["name"] == "instant":
            old_run = graft.registry.run(run_id)
            new = graft.start_run(old_run.project_id, runs.read_recipe(graft.workspace.run_dir(run_id)), after=run_id)
            assert graft.wait_for_run(new)["state"] == "finished"
            evaluation = runs.read_evaluation(graft.workspace.run_dir(new))
            assert evaluation["class_names"] == expected["class_names"]
            assert evaluation["accuracy"] >= expected["accuracy"] - 0.1


def test_its_data_goes_out_as_it_did(old, answers, tmp_path):
    for project, files in answers["exports"].items():
        target = tmp_path / "out.zip"
        assert main(["export-data", project, "-o", str(target)]) == 0
        with zipfile.ZipFile(target) as made:
            assert {name: hashlib.sha256(made.read(name)).hexdigest() for name in made.namelist()} == files
