"""Each run knows exactly which pictures it saw; two versions of a dataset can be held against each other."""

from dataclasses import fields

import pytest

from engine.data import versions
from engine.storage.registry import Item, ItemRecord
from tests.support.run_files import add_run, fill_project, finish_run, idle_graft


@pytest.fixture
def graft(workspace):
    return idle_graft(workspace)


@pytest.fixture
def project(graft):
    return fill_project(graft, classes=("apple", "pear"), per_class=20)


def now(graft, project):
    return versions.of_items(graft.registry.items(project.dataset_id))


def ids(graft, project, label: str, count: int) -> list[int]:
    return [item.id for item in graft.registry.items(project.dataset_id, label=label, limit=count)]


def change(graft, project, item_ids, **values) -> int:
    return graft.registry.change_items(project.dataset_id, item_ids, {"template": "x", "values": {}}, **values)


def test_a_run_and_the_dataset_it_saw_do_not_differ(graft, project):
    run_dir = graft.workspace.run_dir(add_run(graft, project))
    assert not versions.compare(versions.of_run(run_dir), now(graft, project))


def test_added_removed_relabelled_and_moved_pictures_are_told_apart(graft, project):
    run_dir = graft.workspace.run_dir(add_run(graft, project))
    apples, pears = ids(graft, project, "apple", 7), ids(graft, project, "pear", 2)
    change(graft, project, apples[:3], label="pear")
    change(graft, project, apples[3:5], removed=True)
    change(graft, project, apples[5:6], split="test")
    change(graft, project, pears, group="dusk")
    other = fill_project(graft, "More", classes=("plum",), per_class=4)
    records = graft.registry.items(other.dataset_id)
    graft.registry.add_import(project.dataset_id, "more", "more.zip", [_record(item) for item in records], [])
    found = versions.compare(versions.of_run(run_dir), now(graft, project))
    assert [(old.label, new.label) for old, new in found.relabelled] == [("apple", "pear")] * 3
    assert [picture.item for picture in found.removed] == apples[3:5]
    assert [(old.split, new.split) for old, new in found.moved] == [("train", "test")]
    assert [new.item for _, new in found.regrouped] == pears
    assert [picture.label for picture in found.added] == ["plum"] * 4


def test_a_picture_that_went_and_came_in_again_is_the_same_picture(graft, project):
    run_dir = graft.workspace.run_dir(add_run(graft, project))
    items = graft.registry.items(project.dataset_id)
    graft.registry.undo(graft.registry.changes(project.dataset_id)[0].id)
    graft.registry.add_import(project.dataset_id, "again", "drawn", [_record(item) for item in items], [])
    assert not versions.compare(versions.of_run(run_dir), now(graft, project))


def test_runs_on_the_same_test_pictures_share_a_fingerprint_until_one_of_them_changes(graft, project):
    first, second = (graft.workspace.run_dir(add_run(graft, project)) for _ in range(2))
    versions.note(second, graft.registry.items(project.dataset_id))
    assert versions.test_fingerprint(first) == versions.test_fingerprint(second)
    trained = next(i for i in graft.registry.items(project.dataset_id) if i.split == "train")
    change(graft, project, [trained.id], label="plum")
    third = graft.workspace.run_dir(add_run(graft, project))
    assert versions.test_fingerprint(third) == versions.test_fingerprint(first)
    assert versions.facts(third)["fingerprint"] != versions.facts(first)["fingerprint"]
    change(graft, project, [min(versions.test_items(first))], label="plum")
    fourth = graft.workspace.run_dir(add_run(graft, project))
    assert versions.test_fingerprint(fourth) != versions.test_fingerprint(first)


def test_a_started_run_writes_down_what_it_will_be_measured_on(graft, project):
    run_id = graft.start_run(project.id, {"name": "instant", "backbone": "sprout"})
    run_dir = graft.workspace.run_dir(run_id)
    written = versions.read_json(run_dir / versions.FACTS)
    assert written["pictures"] == 40 and written == versions._facts_of_older_run(run_dir)


def test_a_run_whose_snapshot_is_gone_saw_nothing_that_could_be_compared(graft, project):
    run_id = add_run(graft, project)
    finish_run(graft, run_id)
    run_dir = graft.workspace.run_dir(run_id)
    (run_dir / "snapshot.parquet").unlink()
    assert versions.of_run(run_dir) == ()


def _record(item: Item) -> ItemRecord:
    return ItemRecord(**{field.name: getattr(item, field.name) for field in fields(ItemRecord)})
