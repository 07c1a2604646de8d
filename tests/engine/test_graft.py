"""An open workspace: what waits is never lost with what ran, names that begin alike stay apart."""

import os
import shutil
import time
from collections import defaultdict

import psutil
import pytest

from engine.graft import Graft
from engine.storage import runs
from engine.storage.workspace import read_json
from tests.support.pictures import draw_folder
from tests.support.taught_workers import process_of


@pytest.fixture
def graft(workspace):
    with Graft.open(shared_worker=True) as graft:
        yield graft


def project_of(graft: Graft, folder) -> str:
    project = graft.registry.create_project("Shapes")
    graft.wait_for_import(graft.start_import(project.dataset_id, folder))
    return project.id


@pytest.mark.slow
def test_a_run_that_waits_behind_a_killed_worker_is_done_by_the_next_one(graft, class_folder):
    project_id = project_of(graft, class_folder)
    first, second = (graft.start_run(project_id, {"name": "instant"}) for _ in range(2))
    beat = graft.workspace.run_dir(first) / runs.HEARTBEAT
    while not beat.exists():
        time.sleep(0.02)
    psutil.Process(read_json(beat)["pid"]).kill()
    assert graft.wait_for_run(second)["state"] == "finished"
    assert runs.read_status(graft.workspace.run_dir(first))["state"] == "interrupted"
    graft.resume_run(first)
    assert graft.wait_for_run(first)["state"] == "finished"


def test_long_class_names_that_begin_alike_stay_two_classes(graft, tmp_path):
    start = "Photographs of the north meadow taken from the old mill on a clear day in the year of "
    project_id = project_of(graft, draw_folder(tmp_path / "long", {f"{start} red": 5, f"{start} blue": 5}))
    dataset_id = graft.registry.project(project_id).dataset_id
    assert len(graft.registry.counts(dataset_id)) == 2


def test_the_same_folder_again_adds_nothing_and_is_no_mistake(graft, class_folder):
    project_id = project_of(graft, class_folder)
    dataset_id = graft.registry.project(project_id).dataset_id
    status = graft.wait_for_import(graft.start_import(dataset_id, class_folder))
    assert (status["received"], status["used"]) == (24, 0)
    assert graft.registry.counts(dataset_id).keys() == {"red", "blue"}


def test_nothing_usable_is_a_sentence_and_still_accounted_for(graft, tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "diary.jpg").write_text("no picture")
    dataset_id = graft.registry.create_project("Notes").dataset_id
    with pytest.raises(Exception, match="The only file in notes cannot be used. diary.jpg: This is text"):
        graft.wait_for_import(graft.start_import(dataset_id, tmp_path / "notes"))
    [account] = graft.registry.imports(dataset_id)
    assert (account["received"], account["used"], len(account["refused"])) == (1, 0, 1)


def test_copies_that_came_back_into_another_part_are_put_together_before_a_training(graft, class_folder, tmp_path):
    """Excluded copies keep their part; when they are restored, their originals may lie in another one."""
    shutil.copytree(class_folder, tmp_path / "twice")
    for picture in sorted((tmp_path / "twice" / "red").iterdir()):
        shutil.copy(picture, picture.with_name(f"copy of {picture.name}"))
    project_id = project_of(graft, tmp_path / "twice")
    dataset_id = graft.registry.project(project_id).dataset_id
    items = graft.registry.items(dataset_id)
    originals = [item for item in items if item.label == "red" and item.split == "test" and "copy" not in item.name]
    moved = {item.id: {"split": "train"} for item in originals}
    graft.registry.change_each(dataset_id, moved, {"template": "moved", "values": {}})
    run_id = graft.start_run(project_id, {"name": "instant"})
    rows = runs.read_snapshot(graft.workspace.run_dir(run_id)).to_pydict()
    parts = defaultdict(set)
    for sha256, part in zip(rows["sha256"], rows["split"], strict=True):
        parts[sha256].add(part)
    assert originals and all(len(own) == 1 for own in parts.values())
    assert graft.registry.changes(dataset_id)[0].summary["template"].endswith("to one part")


def test_closing_leaves_no_process_behind(workspace):
    graft = Graft.open(shared_worker=True)
    workers = {process_of(graft.compute)}
    graft.close()
    psutil.wait_procs([psutil.Process(pid) for pid in workers if psutil.pid_exists(pid)], timeout=10)
    assert not any(psutil.pid_exists(pid) and pid != os.getpid() for pid in workers)
