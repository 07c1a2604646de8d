"""History, parts, versions and export as a person meets them on the Data page."""

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine import graft
from engine.data import versions
from engine.storage.registry import ItemRecord
from pages.sections.data_upload.splits import split_editor
from tests.support.app_pages import open_view
from tests.support.pictures import COLOURS, draw_picture
from tests.support.run_files import add_run, finish_run
from tests.support.work_now import EXPORTS, IMPORTS, LOOKS, WorkNow

FRAME = str(Path(__file__).parents[2] / "pages" / "frame.py")
GROUPS = ("north", "south", "east")


@pytest.fixture
def opened(workspace, monkeypatch):
    monkeypatch.setattr(graft.Compute, "start", lambda *_arguments, **_options: WorkNow(LOOKS, IMPORTS, EXPORTS))
    return graft.current()


@pytest.fixture
def project(opened, tmp_path):
    """Three groups of two classes with seven pictures each."""
    for seed, group in enumerate(GROUPS):
        for label in ("red", "blue"):
            folder = tmp_path / "discs" / group / label
            folder.mkdir(parents=True)
            for number in range(7):
                draw_picture(COLOURS[label], 100 * seed + 10 * len(label) + number).save(folder / f"{number}.png")
    project = opened.registry.create_project("Discs")
    opened.wait_for_import(opened.start_import(project.dataset_id, tmp_path / "discs", who="Lin"))
    return project


def section(name: str, **state) -> AppTest:
    app = AppTest.from_file(FRAME, default_timeout=120)
    app.query_params["section"] = name
    for key, value in state.items():
        app.session_state[key] = value
    app.run()
    app.switch_page("data_upload.py").run()
    assert not app.exception
    return app


def everything_written(app: AppTest) -> str:
    kinds = ("subheader", "markdown", "caption", "warning", "badge", "toast")
    html = [element.proto.body for element in app.get("html")]
    return "\n".join([*(element.value for kind in kinds for element in app.get(kind)), *html])


def ids(opened, project, label: str, count: int) -> list[int]:
    return [item.id for item in opened.registry.items(project.dataset_id, label=label, limit=count)]


def change(opened, project, item_ids, who: str = "", template: str = "moved {n} pictures to {label}", **values) -> int:
    summary = {"template": template, "values": {"n": len(item_ids), "label": values.get("label", "")}}
    return opened.registry.change_items(project.dataset_id, item_ids, summary, who=who, **values)


def trained(opened, project) -> str:
    run_id = add_run(opened, project)
    versions.note(opened.workspace.run_dir(run_id), opened.registry.items(project.dataset_id))
    finish_run(opened, run_id)
    return run_id


def parts(opened, project) -> dict[int, str]:
    return {item.id: item.split for item in opened.registry.items(project.dataset_id)}


def test_the_history_says_who_did_what_and_takes_any_of_it_back(opened, project):
    first = change(opened, project, ids(opened, project, "blue", 2), who="Ada", label="red")
    change(opened, project, ids(opened, project, "blue", 1), removed=True, template="excluded {n} picture")
    app = section("history")
    words = everything_written(app)
    assert "**Ada** moved 2 pictures to red" in words and "Excluded 1 picture" in words
    assert "**Lin** brought in 42 pictures from discs" in words and "just now" in words
    app.button(key=f"history-do-{first}").click().run()
    assert sum(opened.registry.counts(project.dataset_id)["red"].values()) == 21
    assert app.button(key=f"history-do-{first}").label == "Redo"
    app.button(key=f"history-do-{first}").click().run()
    assert sum(opened.registry.counts(project.dataset_id)["red"].values()) == 23


def test_what_stands_on_a_change_is_named_before_it_is_undone_with_it(opened, project):
    blue = ids(opened, project, "blue", 2)
    first = change(opened, project, blue, label="red")
    change(opened, project, blue[:1], label="green", template="moved {n} picture to {label}")
    app = section("history")
    app.button(key=f"history-do-{first}").click().run()
    assert "would be undone too:" in everything_written(app) and "moved 1 picture to green" in everything_written(app)
    assert "green" in opened.registry.counts(project.dataset_id)
    app.button(key="history-all").click().run()
    assert set(opened.registry.counts(project.dataset_id)) == {"red", "blue"}
    assert sum(opened.registry.counts(project.dataset_id)["blue"].values()) == 21


def test_an_import_is_taken_back_and_its_pictures_wait_among_the_excluded(opened, project):
    came = opened.registry.changes(project.dataset_id)[0].id
    opened.registry.add_import(project.dataset_id, "two", "more", [ItemRecord("0" * 64, "x.png", "red")], [])
    app = section("history")
    app.button(key=f"history-do-{came}").click().run()
    assert opened.registry.removed(project.dataset_id) == 42
    assert "42 pictures are kept aside." in everything_written(app)
    app.button(key="history-restore").click().run()
    assert opened.registry.removed(project.dataset_id) == 0


def test_the_name_a_person_gave_stands_beside_what_they_change(opened, project):
    app = section("history", **{"person-name": "Grace"})
    change(opened, project, ids(opened, project, "red", 1), removed=True, template="excluded {n} picture")
    app.run()
    app.button(key="history-restore").click().run()
    assert opened.registry.changes(project.dataset_id)[0].who == "Grace"


def test_the_parts_of_every_class_and_group_are_shown_and_explained(opened, project):
    words = everything_written(section("parts"))
    assert "they give the honest number" in words
    for name in ("red", "blue", *GROUPS, "Together"):
        assert f'<th scope="row">{name}' in words


def test_dividing_is_seen_before_it_is_done_and_can_be_undone(opened, project):
    before = parts(opened, project)
    app = section("parts")
    key = f"split_editor-{project.dataset_id}-0"
    app.slider(key=f"{key}-test").set_value(40).run()
    app = when_worked_out(app)
    assert "→" in everything_written(app) and parts(opened, project) == before
    app.button(key="split_editor-apply").click().run()
    after = opened.registry.counts(project.dataset_id)
    assert after["red"]["test"] == after["blue"]["test"] == 8
    assert opened.registry.dataset_options(project.dataset_id)["split_fractions"] == [0.45, 0.15, 0.4]
    opened.registry.undo(opened.registry.changes(project.dataset_id)[0].id)
    assert parts(opened, project) == before
    assert "split_fractions" not in opened.registry.dataset_options(project.dataset_id)


def when_worked_out(app: AppTest) -> AppTest:
    for _ in range(50):
        if "Working out" not in everything_written(app):
            break
        app.run()
    assert not app.exception
    return app


def test_groups_can_be_kept_apart(opened, project):
    app = section("parts")
    app.radio(key=f"split_editor-{project.dataset_id}-0-groups-apart").set_value("yes").run()
    when_worked_out(app).button(key="split_editor-apply").click().run()
    sides = {}
    for item in opened.registry.items(project.dataset_id):
        sides.setdefault(item.group, set()).add(item.split)
    assert all(len(found) == 1 for found in sides.values())


def test_shuffling_gives_another_division_and_a_class_with_few_test_pictures_is_named(opened, project):
    before = parts(opened, project)
    app = section("parts")
    app.button(key="split_editor-shuffle").click().run()
    when_worked_out(app)
    assert "**blue** would have 3 test pictures: too few" in everything_written(app)
    app.button(key="split_editor-apply").click().run()
    assert parts(opened, project) != before
    assert opened.registry.dataset_options(project.dataset_id)["split_seed"] == 1


def test_the_test_part_stays_as_it_is_once_a_training_was_measured_on_it(opened, project):
    trained(opened, project)
    tested = opened.registry.tested(project.dataset_id)
    app = section("parts")
    assert "Locked, because trainings were measured on them." in everything_written(app)
    app.slider(key=f"split_editor-{project.dataset_id}-0-validation").set_value(30).run()
    when_worked_out(app).button(key="split_editor-apply").click().run()
    assert opened.registry.tested(project.dataset_id) == tested
    app.toggle(key=f"split_editor-{project.dataset_id}-1-keep-test").set_value(False).run()
    assert "1 training was measured on this test part." in app.warning[0].value
    app.button(key="split_editor-shuffle").click().run()
    when_worked_out(app).button(key="split_editor-apply").click().run()
    assert opened.registry.tested(project.dataset_id) != tested


def test_before_a_test_picture_is_moved_or_excluded_it_says_what_was_measured_on_it(opened, project):
    trained(opened, project)
    tested = sorted(opened.registry.tested(project.dataset_id))
    chosen = opened.registry.items_by_id(tested)[tested[0]]
    app = section("pictures")
    app.session_state[f"classes-{project.dataset_id}"] = {"chosen": chosen.label}
    app.session_state[f"gallery-{project.dataset_id}"] = {"selected": [chosen.id]}
    app.run()
    assert "1 training was measured on this test part." in everything_written(app)


def test_the_split_that_came_with_the_data_is_kept_until_somebody_divides_anew(opened, tmp_path):
    for part, count in (("train", 8), ("val", 2), ("test", 6)):
        for label in ("red", "blue"):
            folder = tmp_path / "given" / part / label
            folder.mkdir(parents=True)
            for number in range(count):
                draw_picture(COLOURS[label], 1000 * len(part) + 50 * len(label) + number).save(folder / f"{number}.png")
    project = opened.registry.create_project("Given")
    opened.wait_for_import(opened.start_import(project.dataset_id, tmp_path / "given"))
    items = opened.registry.items(project.dataset_id)
    anew = split_editor.Choice(15, 15, "auto", 0, keep_given=False, keep_test=False)
    moved = split_editor.preview(items, anew)
    split_editor_change = opened.registry.change_each(
        project.dataset_id, moved.changes, {"template": "x", "values": {}}
    )
    assert opened.registry.counts(project.dataset_id)["red"] != {"train": 8, "validation": 2, "test": 6}
    kept = split_editor.preview(opened.registry.items(project.dataset_id), replace(anew, keep_given=True))
    assert kept.classes["red"] == {"train": 8, "validation": 2, "test": 6}
    opened.registry.undo(split_editor_change)
    app = section("parts")
    assert app.radio(key=f"split_editor-{project.dataset_id}-0-keep-given").value is True


def test_what_changed_since_a_training_is_told_with_its_pictures(opened, project):
    run_id = trained(opened, project)
    change(opened, project, ids(opened, project, "blue", 3), label="red")
    app = AppTest.from_file(FRAME, default_timeout=120)
    app.query_params["run"] = run_id
    app.run()
    app.switch_page("evaluation.py").run()
    for _ in range(3):  # the comparison is worked out beside the page
        open_view(app, "About this run")
        app.run()
    assert not app.exception
    assert "Since this training: 3 pictures relabelled." in everything_written(app)
    words = section("history").get("segmented_control") or []
    assert any("3 pictures relabelled" in str(control.proto) for control in words)


def test_the_dataset_is_packed_and_offered_as_a_link(opened, project):
    app = section("history")
    app.button(key="export-prepare").click().run()
    for thread in [thread for thread in graft.threading.enumerate() if thread.name == "pack"]:
        thread.join()
    app.run()
    version = opened.registry.version(project.dataset_id)
    assert f'href="api/export/{project.dataset_id}/{version}"' in everything_written(app)
