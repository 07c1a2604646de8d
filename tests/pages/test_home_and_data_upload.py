"""Home and Data as a person meets them: through the frame, on real files."""

import zipfile
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine import graft
from tests.support.pictures import draw_folder
from tests.support.work_now import IMPORTS, LOOKS, WorkNow

FRAME = str(Path(__file__).parents[2] / "pages" / "frame.py")


@pytest.fixture
def opened(workspace, monkeypatch):
    monkeypatch.setattr(graft.Compute, "start", lambda *_arguments, **_options: WorkNow(LOOKS, IMPORTS))
    return graft.current()


@pytest.fixture
def app(opened):
    return AppTest.from_file(FRAME, default_timeout=120)


def project_of(opened, folder: Path, name: str = "Discs", **options):
    project = opened.registry.create_project(name)
    opened.wait_for_import(opened.start_import(project.dataset_id, folder, **options))
    return project


def data_page(app: AppTest) -> AppTest:
    app.run()
    app.switch_page("data_upload.py").run()
    assert not app.exception
    return app


def everything_written(app: AppTest) -> str:
    kinds = ("title", "subheader", "markdown", "caption", "text", "error", "warning", "info", "success")
    return "\n".join(element.value for kind in kinds for element in app.get(kind))


def send(app: AppTest, opened, path: Path, key: str) -> AppTest:
    """Do what the drop zone does: files into the ticket's folder, then one message to the page."""
    token = app.session_state[f"{key}-ticket"]
    ticket = opened.uploads.ticket(token)
    ticket.folder.mkdir(parents=True)
    (ticket.folder / path.name).write_bytes(path.read_bytes())
    ticket.names.append(path.name)
    app.session_state[key] = {"done": {"ticket": token, "sent": 1, "failed": []}}
    return app.run()


def use_what_arrived(app: AppTest, opened) -> AppTest:
    """Press "Bring them in" on every card."""
    project = opened.registry.projects()[0]
    for entry in opened.imports.waiting(project.dataset_id):
        app.button(key=f"arrival-use-{entry['id']}").click().run()
        assert not app.exception
    return app


def zipped(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder.parent))
    return target


def chosen_class(app: AppTest, project, label: str) -> AppTest:
    app.session_state[f"classes-{project.dataset_id}"] = {"chosen": label}
    return app.run()


@pytest.mark.parametrize("project", [None, "Mine"])
def test_the_empty_data_page_offers_every_way_in_and_nothing_that_needs_pictures(app, opened, project):
    if project:
        opened.registry.create_project(project)
    page = data_page(app)
    assert "No pictures yet" in everything_written(page)
    assert page.expander[0].proto.expanded, "the drop zone lies open"
    assert [option.content for option in page.get("button_group")[0].proto.options] == [
        "All at once",
        "Class by class",
        "Example",
    ]
    assert "next" not in {button.key for button in page.button}, "no network is chosen before there are pictures"
    for way in ("classes", "example", "all"):
        page.session_state["way"] = way
        page.run()
        assert not page.exception


def test_a_newcomer_sees_what_it_is_the_four_steps_and_two_examples(app):
    app.run()
    assert not app.exception
    assert "Teach a network" in app.title[0].value
    words = everything_written(app)
    for part in ("1. Pictures", "2. Network", "3. Training", "4. Results", "Handwritten digits", "three languages"):
        assert part in words


def test_one_click_on_an_example_makes_a_project_of_it_and_leads_to_its_pictures(app, opened):
    app.run()
    app.button(key="home-digits").click().run()
    (project,) = opened.registry.projects()
    counts = opened.registry.counts(project.dataset_id)
    assert project.name == "Handwritten digits"
    assert sorted(counts) == [str(digit) for digit in range(10)]
    assert sum(sum(splits.values()) for splits in counts.values()) == 1797


def test_recent_projects_show_their_numbers(app, opened, class_folder):
    project_of(opened, class_folder, "Discs")
    app.run()
    assert "Discs" in everything_written(app)
    assert "24 pictures · 2 classes" in everything_written(app)


def test_the_url_carries_the_project_to_every_page(app, opened, class_folder):
    first = project_of(opened, class_folder, "First")
    project_of(opened, class_folder, "Second")
    app.query_params["project"] = first.id
    data_page(app)
    assert first.id in app.query_params["project"]
    assert app.session_state["current_project"] == first.id


def test_an_unknown_project_in_the_url_falls_back_to_one_that_exists(app, opened, class_folder):
    project = project_of(opened, class_folder)
    app.query_params["project"] = "gone"
    data_page(app)
    assert project.id in app.query_params["project"]


def test_a_dropped_zip_without_a_project_makes_one_and_is_accounted_for(app, opened, tmp_path):
    folder = draw_folder(tmp_path / "fruit", {"red": 6, "blue": 6})
    (folder / "red" / "notes.txt").write_text("not a picture")
    (folder / "blue" / ".DS_Store").write_bytes(b"x")
    data_page(app)
    send(app, opened, zipped(folder, tmp_path / "fruit.zip"), "drop-everything")
    assert "I see 2 classes. Use them?" in everything_written(app)
    use_what_arrived(app, opened)
    data_page(app)
    (project,) = opened.registry.projects()
    assert project.name == "fruit"
    assert "14 received · 12 used · 2 refused" in everything_written(app)
    assert "notes.txt" in everything_written(app)
    assert ".DS_Store" in everything_written(app)
    assert not list(opened.workspace.incoming.glob("upload-*"))


def test_an_archive_without_pictures_is_refused_in_words(app, opened, tmp_path):
    bad = tmp_path / "broken.zip"
    bad.write_bytes(b"PK\x03\x04 this is no archive")
    data_page(app)
    send(app, opened, bad, "drop-everything")
    assert not app.exception
    assert len(app.error) == 1
    assert "broken.zip" in app.error[0].value


def test_pictures_dropped_into_a_class_box_get_its_name(app, opened, tmp_path):
    folder = draw_folder(tmp_path / "p", {"red": 1})
    data_page(app)
    app.segmented_control(key="way").set_value("classes").run()
    app.text_input(key="name-new-0").set_value("Ripe").run()
    send(app, opened, next((folder / "red").iterdir()), "zone-new-0")
    assert not app.exception
    (project,) = opened.registry.projects()
    assert opened.registry.counts(project.dataset_id).keys() == {"Ripe"}


def test_several_archives_are_imported_one_by_one(app, opened, tmp_path):
    data_page(app)
    token = app.session_state["drop-everything-ticket"]
    ticket = opened.uploads.ticket(token)
    ticket.folder.mkdir(parents=True)
    for label in ("red", "blue"):
        folder = draw_folder(tmp_path / label, {label: 4, "green": 4})
        zipped(folder, ticket.folder / f"{label}.zip")
        ticket.names.append(f"{label}.zip")
    app.session_state["drop-everything"] = {"done": {"ticket": token, "sent": 2, "failed": []}}
    use_what_arrived(app.run(), opened)
    (project,) = opened.registry.projects()
    assert {entry["source"] for entry in opened.registry.imports(project.dataset_id)} == {"red.zip", "blue.zip"}
    assert set(opened.registry.counts(project.dataset_id)) == {"red", "blue", "green"}


def test_files_that_could_not_be_sent_are_named(app, opened, tmp_path):
    folder = draw_folder(tmp_path / "p", {"red": 1})
    path = next((folder / "red").iterdir())
    data_page(app)
    token = app.session_state["drop-everything-ticket"]
    ticket = opened.uploads.ticket(token)
    ticket.folder.mkdir(parents=True)
    (ticket.folder / path.name).write_bytes(path.read_bytes())
    ticket.names.append(path.name)
    app.session_state["drop-everything"] = {"done": {"ticket": token, "sent": 1, "failed": ["lost.jpg"]}}
    app.run()
    assert "lost.jpg" in app.warning[0].value


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


def test_folders_that_were_misread_are_read_again_and_this_can_be_undone(app, opened, tmp_path):
    for group in ("left", "right"):
        draw_folder(tmp_path / "p" / group, {"red": 5, "blue": 5})
    project = project_of(opened, tmp_path / "p")
    assert set(opened.registry.counts(project.dataset_id)) == {"red", "blue"}
    assert set(opened.registry.groups(project.dataset_id)) == {"left", "right"}
    data_page(app)
    (entry,) = opened.registry.imports(project.dataset_id)
    app.radio(key=f"reread-{entry['id']}-group/class").set_value("class").run()
    app.button(key="read-again").click().run()
    assert set(opened.registry.counts(project.dataset_id)) == {"left", "right"}
    app.button(key="undo").click().run()
    assert set(opened.registry.counts(project.dataset_id)) == {"red", "blue"}


HOSTILE = "![x](http://evil.test/a.png) <script>alert(1)</script> :red[a]"


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


def _delete_dialog():
    from engine import graft
    from pages.shared.project_picker import confirm_delete

    confirm_delete(graft.current().registry.projects()[0])


def test_the_language_of_the_url_is_kept(app):
    app.query_params["lang"] = "fr"
    app.run()
    assert app.session_state["lang"] == "fr"
    assert not app.exception


def test_a_new_project_is_created_from_the_menu_and_opened(app, opened, class_folder):
    project_of(opened, class_folder)
    data_page(app)
    app.text_input(key="new-project-name").set_value("Leaves")
    app.button(key="create-project-button").click().run()
    newest = opened.registry.projects()[0]
    assert newest.name == "Leaves"
    assert newest.id in app.query_params["project"]
    assert app.session_state["current_project"] == newest.id


def test_two_projects_of_one_name_are_told_apart(app, opened, class_folder):
    first, second = opened.registry.create_project("Twins"), opened.registry.create_project("Twins")
    data_page(app)
    assert app.session_state["current_project"] == second.id
    assert app.selectbox(key=f"choose-project-{second.id}").options == ["Twins (2)", "Twins"]
    app.selectbox(key=f"choose-project-{second.id}").set_value(first.id).run()
    assert app.session_state["current_project"] == first.id
