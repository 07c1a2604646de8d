"""The registry: what a person did is stored whole, can be undone, and survives another version's database."""

import sqlite3
import threading

import pytest

from engine.errors import UserError
from engine.registry import ItemRecord, Registry, Run


@pytest.fixture
def registry(tmp_path):
    registry = Registry(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    yield registry
    registry.close()


def records(label: str, count: int, **more) -> list[ItemRecord]:
    return [ItemRecord(f"{label}{number}", f"{label}/{number}.jpg", label, **more) for number in range(count)]


def filled(registry) -> str:
    dataset_id = registry.create_project("Pets").dataset_id
    registry.add_import(dataset_id, "one", "pets.zip", records("cat", 3) + records("dog", 2, split="test"), [])
    return dataset_id


def test_an_import_is_stored_with_its_account(registry):
    dataset_id = registry.create_project("Pets").dataset_id
    refused = [{"file": "notes.txt", "reason": "not a picture", "values": {}}]
    registry.add_import(dataset_id, "one", "pets.zip", records("cat", 2), refused, seconds=1.5)
    [account] = registry.imports(dataset_id)
    assert (account["received"], account["used"], account["refused"]) == (3, 2, refused)


def test_the_same_import_twice_adds_nothing(registry):
    dataset_id = filled(registry)
    registry.add_import(dataset_id, "one", "pets.zip", records("cat", 3), [])
    assert registry.counts(dataset_id) == {"cat": {"": 3}, "dog": {"test": 2}}


def test_an_import_that_fails_in_the_middle_leaves_nothing(registry):
    dataset_id = registry.create_project("Pets").dataset_id
    broken = [*records("cat", 2), ItemRecord("x", None, "cat")]
    with pytest.raises(Exception, match="NOT NULL"):
        registry.add_import(dataset_id, "one", "pets.zip", broken, [])
    assert registry.counts(dataset_id) == {} and registry.imports(dataset_id) == []


def test_every_change_to_items_can_be_undone(registry):
    dataset_id = filled(registry)
    cats = [item.id for item in registry.items(dataset_id, label="cat")]
    moved = registry.change_items(dataset_id, cats, {"template": "Moved", "values": {}}, label="dog")
    removed = registry.change_items(dataset_id, cats[:1], {"template": "Removed", "values": {}}, removed=True)
    assert registry.counts(dataset_id) == {"dog": {"": 2, "test": 2}}
    registry.undo(removed)
    registry.undo(moved)
    assert registry.counts(dataset_id) == {"cat": {"": 3}, "dog": {"test": 2}}
    assert [change.undone for change in registry.changes(dataset_id)] == [True, True]


def test_items_can_only_be_changed_in_what_a_person_decides(registry):
    dataset_id = filled(registry)
    with pytest.raises(ValueError, match="sha256"):
        registry.change_items(dataset_id, [1], {}, sha256="other")


def test_a_deleted_project_leaves_no_trace_and_names_its_runs(registry):
    project = registry.create_project("Pets")
    registry.add_import(project.dataset_id, "one", "pets.zip", records("cat", 3), [])
    registry.add_run(Run("run-1", project.id, project.dataset_id, "Instant", "2026", "ada"))
    assert registry.delete_project(project.id) == ["run-1"]
    assert (registry.projects(), registry.runs(), registry.items(project.dataset_id)) == ([], [], [])


def test_a_name_is_needed_and_control_characters_are_not_part_of_it(registry):
    assert registry.create_project("  My\x00 pets\n").name == "My pets"
    with pytest.raises(UserError, match="The name is empty"):
        registry.create_project(" \x07 ")


def test_a_database_of_an_older_version_gets_the_columns_it_lacks(tmp_path):
    with sqlite3.connect(tmp_path / "old.sqlite") as connection:
        connection.execute("CREATE TABLE projects (id VARCHAR(32) PRIMARY KEY, name VARCHAR(200), created VARCHAR(32))")
        connection.execute("CREATE TABLE imports (id VARCHAR(32) PRIMARY KEY, dataset_id VARCHAR(32))")
        connection.execute("INSERT INTO projects VALUES ('p', 'Old', '2025')")
    registry = Registry(f"sqlite:///{tmp_path / 'old.sqlite'}")
    dataset_id = registry.create_project("New").dataset_id
    registry.add_import(dataset_id, "one", "pets.zip", records("cat", 1), [])
    assert registry.imports(dataset_id)[0]["used"] == 1
    registry.close()


def test_a_database_that_cannot_be_opened_is_a_sentence(tmp_path):
    with pytest.raises(UserError, match="cannot be opened"):
        Registry(f"sqlite:///{tmp_path / 'missing' / 'registry.sqlite'}")


def test_several_threads_can_write_at_once(registry):
    dataset_id = registry.create_project("Pets").dataset_id
    threads = [
        threading.Thread(target=registry.add_import, args=(dataset_id, f"i{n}", "a.zip", records(f"c{n}", 20), []))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(registry.counts(dataset_id)) == 8


def test_asking_for_thousands_of_items_by_id_works(registry):
    dataset_id = registry.create_project("Pets").dataset_id
    registry.add_import(dataset_id, "one", "pets.zip", records("cat", 3000), [])
    ids = [item.id for item in registry.items(dataset_id)]
    assert len(registry.items_by_id(ids)) == 3000
    registry.change_items(dataset_id, ids, {}, label="dog")
    assert registry.counts(dataset_id) == {"dog": {"": 3000}}
    assert [item.name for item in registry.items(dataset_id, offset=10, limit=2)] == ["cat/10.jpg", "cat/11.jpg"]
