"""The registry: what a person did is stored whole, can be undone, and survives another version's database."""

import json
import sqlite3
import threading

import pytest

from engine.errors import UserError
from engine.storage.registry import ItemRecord, Registry, Run


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
    assert [change.undone for change in registry.changes(dataset_id)] == [True, True, False]


def ids_of(registry, dataset_id, label: str) -> list[int]:
    return [item.id for item in registry.items(dataset_id, label=label)]


def told(template: str) -> dict:
    return {"template": template, "values": {}}


def test_the_history_tells_who_did_what_to_which_pictures(registry):
    dataset_id = filled(registry)
    cats = ids_of(registry, dataset_id, "cat")
    registry.change_items(dataset_id, cats, told("Moved"), who="Ada", label="dog")
    moved, came = registry.changes(dataset_id)
    assert (moved.who, moved.summary["template"], moved.pictures, moved.sample) == ("Ada", "Moved", 3, tuple(cats))
    assert (came.kind, came.import_id, came.pictures) == ("import", "one", 5)
    assert came.summary["values"] == {"n": 5, "source": "pets.zip"}


def test_any_change_can_be_undone_and_done_again_as_long_as_nothing_stands_on_it(registry):
    dataset_id = filled(registry)
    cats, dogs = (ids_of(registry, dataset_id, label) for label in ("cat", "dog"))
    first = registry.change_items(dataset_id, cats, told("cats"), label="lion", group="zoo")
    registry.change_items(dataset_id, dogs, told("dogs"), label="wolf")
    registry.undo(first)
    assert registry.counts(dataset_id) == {"cat": {"": 3}, "wolf": {"test": 2}}
    assert registry.groups(dataset_id) == {}
    registry.redo(first)
    assert registry.counts(dataset_id) == {"lion": {"": 3}, "wolf": {"test": 2}}
    assert registry.groups(dataset_id) == {"zoo": 3}


def test_a_change_under_a_later_one_is_not_undone_by_itself_but_together_with_it(registry):
    dataset_id = filled(registry)
    cats = ids_of(registry, dataset_id, "cat")
    first = registry.change_items(dataset_id, cats, told("to lion"), label="lion")
    other = registry.change_items(dataset_id, ids_of(registry, dataset_id, "dog"), told("to wolf"), label="wolf")
    registry.change_items(dataset_id, cats[:1], told("to tiger"), label="tiger")
    registry.change_items(dataset_id, cats[:1], told("to puma"), label="puma")
    with pytest.raises(UserError, match="A later change concerns the same pictures: to puma"):
        registry.undo(first)
    assert [blocker["template"] for blocker in registry.blockers(first)] == ["to puma", "to tiger"]
    registry.undo(first, with_later=True)
    assert registry.counts(dataset_id) == {"cat": {"": 3}, "wolf": {"test": 2}}
    assert [change.id for change in registry.changes(dataset_id) if not change.undone and change.kind == "items"] == [
        other
    ]


def test_an_undone_change_is_only_done_again_to_what_it_found(registry):
    dataset_id = filled(registry)
    cats = ids_of(registry, dataset_id, "cat")
    first = registry.change_items(dataset_id, cats, told("to lion"), label="lion")
    second = registry.change_items(dataset_id, cats, told("to tiger"), label="tiger")
    registry.undo(first, with_later=True)
    with pytest.raises(UserError, match="Redo the earlier change first"):
        registry.redo(second)
    registry.redo(first)
    registry.redo(second)
    assert registry.counts(dataset_id) == {"dog": {"test": 2}, "tiger": {"": 3}}


def test_an_import_can_be_undone_and_done_again_but_never_brings_its_pictures_twice(registry):
    dataset_id = filled(registry)
    came = registry.changes(dataset_id)[0].id
    registry.undo(came)
    assert registry.counts(dataset_id) == {} and registry.removed(dataset_id) == 5
    registry.redo(came)
    assert registry.counts(dataset_id) == {"cat": {"": 3}, "dog": {"test": 2}}
    registry.undo(came)
    registry.add_import(dataset_id, "two", "pets.zip", records("cat", 3), [])
    with pytest.raises(UserError, match="have come in again since"):
        registry.redo(came)


def test_how_the_pictures_are_divided_is_part_of_the_history(registry):
    dataset_id = filled(registry)
    cats = ids_of(registry, dataset_id, "cat")
    changes = {item_id: {"split": "train"} for item_id in cats}
    change = registry.change_each(dataset_id, changes, told("divided"), options={"groups_apart": "yes"})
    assert registry.dataset_options(dataset_id) == {"groups_apart": "yes"}
    registry.undo(change)
    assert registry.dataset_options(dataset_id) == {} and registry.counts(dataset_id)["cat"] == {"": 3}
    registry.redo(change)
    assert registry.dataset_options(dataset_id) == {"groups_apart": "yes"}


def test_every_write_makes_another_version(registry):
    dataset_id = filled(registry)
    seen = [registry.version(dataset_id)]
    first, second = (
        registry.change_items(dataset_id, [item], told("x"), label="lion")
        for item in ids_of(registry, dataset_id, "cat")[:2]
    )
    for write in (
        lambda: registry.undo(first),
        lambda: registry.redo(first),
        lambda: registry.undo(second),
        lambda: registry.set_dataset_options(dataset_id, groups_apart="no"),
        lambda: registry.add_import(dataset_id, "two", "more.zip", records("cow", 1), []),
    ):
        seen.append(registry.version(dataset_id))
        write()
    seen.append(registry.version(dataset_id))
    assert len(set(seen)) == len(seen)


def test_thousands_of_pictures_take_little_room_in_the_history(registry, tmp_path):
    dataset_id = registry.create_project("Pets").dataset_id
    registry.add_import(dataset_id, "one", "pets.zip", records("cat", 3000) + records("dog", 3000), [])
    ids = [item.id for item in registry.items(dataset_id)]
    change = registry.change_items(dataset_id, ids, told("all"), label="pet")
    registry.undo(change)
    assert {label: sum(n.values()) for label, n in registry.counts(dataset_id).items()} == {"cat": 3000, "dog": 3000}
    with sqlite3.connect(tmp_path / "registry.sqlite") as connection:
        assert connection.execute("SELECT max(length(before) + length(after)) FROM changes").fetchone()[0] < 80_000


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
        connection.execute(
            "CREATE TABLE changes (id INTEGER PRIMARY KEY, dataset_id VARCHAR(32), created VARCHAR(32), "
            "summary TEXT, before TEXT, undone BOOLEAN)"
        )
    registry = Registry(f"sqlite:///{tmp_path / 'old.sqlite'}")
    dataset_id = registry.create_project("New").dataset_id
    registry.add_import(dataset_id, "one", "pets.zip", records("cat", 1), [])
    assert registry.imports(dataset_id)[0]["used"] == 1
    registry.close()


def test_a_change_entered_by_an_older_version_is_undone_and_done_again(tmp_path):
    registry = Registry(f"sqlite:///{tmp_path / 'old.sqlite'}")
    dataset_id = filled(registry)
    cat = ids_of(registry, dataset_id, "cat")[0]
    with sqlite3.connect(tmp_path / "old.sqlite") as connection:
        old = json.dumps({cat: {"label": "lion"}})
        connection.execute(
            "INSERT INTO changes (dataset_id, created, summary, before, undone) VALUES (?, '2025', ?, ?, 0)",
            (dataset_id, '{"template": "moved", "values": {}}', old),
        )
    change = registry.changes(dataset_id)[0]
    assert (change.who, change.pictures) == ("", 0)
    registry.undo(change.id)
    assert registry.counts(dataset_id)["lion"] == {"": 1}
    registry.redo(change.id)
    assert registry.counts(dataset_id)["cat"] == {"": 3}
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
