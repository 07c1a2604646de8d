"""Data, pictures by class: classes renamed, pictures moved and removed, a project deleted."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.support.app_pages import data_page, everything_written, project_of
from tests.support.pictures import draw_folder


def chosen_class(app: AppTest, project, label: str) -> AppTest:
    app.session_state[f"classes-{project.dataset_id}"] = {"chosen": label}
    return app.run()


HOSTILE = "![x](http://evil.test/a.png) <script>alert(1)</script> :red[a]"


def _delete_dialog():
    from engine import graft
    from pages.shared.project_picker import confirm_delete

    confirm_delete(graft.current().registry.projects()[0])


def test_renaming_a_class_to_a_name_that_exists_says_it_merges_and_can_be_undone(app, opened, class_folder):
    project = project_of(opened, class_folder)
    data_page(app)
    chosen_class(app, project, "blue")
    app.text_input(key="edit-class-0-blue").set_value("red").run()
    assert "become one class" in everything_written(app)
    assert app.button(key="rename-class").label == "Merge"
    app.button(key="rename-class").click().run()
    assert {label: sum(n.values()) for label, n in opened.registry.counts(project.dataset_id).items()} == {"red": 24}
    assert app.button(key="undo").label == "Undo: merged blue into red"
    app.button(key="undo").click().run()
    assert set(opened.registry.counts(project.dataset_id)) == {"blue", "red"}


def test_selected_pictures_move_to_another_class(app, opened, class_folder):
    project = project_of(opened, class_folder)
    data_page(app)
    chosen_class(app, project, "blue")
    ids = [item.id for item in opened.registry.items(project.dataset_id, label="blue", limit=3)]
    app.session_state[f"gallery-{project.dataset_id}"] = {"selected": ids}
    app.run()
    assert "3 selected" in everything_written(app)
    app.selectbox(key="selection-to-0").set_value("red").run()
    assert not app.exception
    assert len(opened.registry.items(project.dataset_id, label="red")) == 15
    assert "moved 3 pictures to red" in app.button(key="undo").label


def test_removed_pictures_are_gone_until_that_is_undone(app, opened, class_folder):
    project = project_of(opened, class_folder)
    data_page(app)
    chosen_class(app, project, "blue")
    ids = [item.id for item in opened.registry.items(project.dataset_id, label="blue", limit=2)]
    app.session_state[f"gallery-{project.dataset_id}"] = {"selected": ids}
    app.run()
    app.button(key="selection-exclude").click().run()
    assert "22 pictures" in everything_written(app)
    app.button(key="undo").click().run()
    assert "24 pictures" in everything_written(app)


def test_what_is_wrong_with_the_pictures_is_said_and_goes_when_it_is_put_right(app, opened, tmp_path):
    folder = draw_folder(tmp_path / "p", {"red": 4, "blue": 4})
    (folder / "red" / "same.png").write_bytes((folder / "blue" / "blue-000.png").read_bytes())
    project = project_of(opened, folder)
    data_page(app)
    assert "1 thing to decide" in everything_written(app)
    app.button(key="to-check").click().run()
    assert app.query_params["section"] == "check"
    assert "The same picture lies in blue, red." in everything_written(app)
    with pytest.MonkeyPatch.context() as patch:  # Back and Forward of the browser
        patch.setattr("pages.shared.address.came_back", lambda: True)
        for section in ("pictures", "check"):
            app.query_params["section"] = section
            assert app.run().session_state["data-section"] == section
    wrong = [item.id for item in opened.registry.items(project.dataset_id) if item.name.endswith("same.png")]
    opened.registry.change_items(project.dataset_id, wrong, {"template": "removed", "values": {}}, removed=True)
    data_page(app)
    assert "to decide" not in everything_written(app).replace("Nothing to decide", "")


def test_what_keeps_a_training_from_starting_stands_on_the_data_page(app, opened, tmp_path):
    project_of(opened, draw_folder(tmp_path / "p", {"red": 4, "blue": 2}))
    data_page(app)
    assert "Class blue has 2 different pictures. At least 3 are needed" in app.error[0].value


def test_a_hostile_name_is_shown_and_never_parsed(app, opened, class_folder):
    project = project_of(opened, class_folder, HOSTILE)
    ids = [item.id for item in opened.registry.items(project.dataset_id, label="red")]
    opened.registry.change_items(project.dataset_id, ids, {"template": "x", "values": {}}, label=HOSTILE)
    app.run()
    pages = [everything_written(app)]
    data_page(app)
    pages.append(everything_written(app))
    for words in pages:
        assert "![x](" not in words
        assert ":red[a]" not in words


def test_a_project_is_deleted_with_its_pictures_only_when_that_is_confirmed(app, opened, class_folder):
    from pages.shared import project_picker

    project = project_of(opened, class_folder)
    script = AppTest.from_function(_delete_dialog)
    script.run()
    assert "24 pictures" in script.markdown[0].value
    assert opened.registry.projects() == [project]
    assert callable(project_picker.confirm_delete)
