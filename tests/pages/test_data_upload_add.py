"""The card of what has arrived, folders on the server, and how pictures are fitted, as a person meets them."""

import pytest
from streamlit.testing.v1 import AppTest

from engine import settings
from engine.data.boxes import geometry
from tests.support import box_sets
from tests.support.app_pages import FRAME, data_page, everything_written, project_of, send, zipped
from tests.support.drawn_sets import drawn, numbered, zipped_in
from tests.support.drawn_sets import zipped as zipped_files
from tests.support.odd_archives import zip_of
from tests.support.odd_files import encode, photo
from tests.support.pictures import draw_folder


def arrived(app, opened, path):
    data_page(app)
    send(app, opened, path, "drop-everything")
    [project] = opened.registry.projects()
    [entry] = opened.imports.waiting(project.dataset_id)
    return project, entry["id"]


@pytest.fixture
def languages(tmp_path):
    """A zip of two languages with two classes each, and a stray file."""
    for group in ("english", "german"):
        draw_folder(tmp_path / "signs" / group, {"exit": 3, "stop": 3})
    (tmp_path / "signs" / "read me.txt").write_text("hello")
    return zipped(tmp_path / "signs", tmp_path / "signs.zip")


def test_the_card_says_what_is_seen_and_brings_it_in(app, opened, languages):
    project, import_id = arrived(app, opened, languages)
    words = everything_written(app)
    assert "I see 2 groups × 2 classes. Use these pictures?" in words and "nothing is stored yet" in words
    assert "1 file is no picture and will be listed as refused:" in words
    chips = "".join(element.body for element in app.get("html") if "arrival" in element.body)
    assert "exit<b>6</b>" in chips and "german<b>6</b>" in chips
    assert opened.registry.counts(project.dataset_id) == {}
    app.button(key=f"arrival-use-{import_id}").click().run()
    assert not app.exception
    assert set(opened.registry.groups(project.dataset_id)) == {"english", "german"}
    assert "The first folder is the group (2 groups)" in everything_written(data_page(app))


def test_the_model_page_waits_for_pictures_that_are_on_their_way(app, opened, languages):
    _project, import_id = arrived(app, opened, languages)
    app.switch_page("model_selection.py").run()
    assert "Pictures are on their way" in everything_written(app) and not app.exception
    data_page(app).button(key=f"arrival-use-{import_id}").click().run()
    app.switch_page("model_selection.py").run()
    assert "on their way" not in everything_written(app) and app.button(key="start-training")


def test_another_reading_shows_at_once_what_it_would_give(app, opened, languages):
    project, import_id = arrived(app, opened, languages)
    app.selectbox(key=f"arrival-layout-{import_id}").set_value("class").run()
    assert "I see 2 classes. Use these pictures?" in everything_written(app)
    app.button(key=f"arrival-use-{import_id}").click().run()
    assert set(opened.registry.counts(project.dataset_id)) == {"english", "german"}
    assert opened.registry.groups(project.dataset_id) == {}


def test_only_readings_that_give_classes_are_offered_again_each_with_what_it_would_give(app, opened, languages):
    project, import_id = arrived(app, opened, languages)
    app.button(key=f"arrival-use-{import_id}").click().run()
    [again] = [radio for radio in data_page(app).radio if str(radio.key).startswith("reread-")]
    folders = ["group / class / picture", "class / picture", "class / group / picture"]
    assert again.options == [*folders, "the file name says the class"], "no folder is called like a part"
    assert again.proto.captions == ["2 groups × 2 classes", "2 classes", "2 groups × 2 classes", "2 classes"]
    again.set_value("name").run()
    app.button(key="read-again").click().run()
    assert not app.exception and opened.registry.groups(project.dataset_id) == {}
    counts = opened.registry.counts(project.dataset_id)
    assert {label: sum(parts.values()) for label, parts in counts.items()} == {"exit": 6, "stop": 6}


def test_loose_pictures_and_a_table_that_is_not_understood_are_on_the_card(app, opened, tmp_path):
    folder = draw_folder(tmp_path / "pets", {"cat": 3, "dog": 3})
    (folder / "loose.png").write_bytes(encode(photo(7), "PNG"))
    (folder / "list.csv").write_text("thing,class\n1,2\n")
    project, import_id = arrived(app, opened, zipped(folder, tmp_path / "pets.zip"))
    assert "none that names files" in app.warning[0].value
    [box] = [box for box in app.checkbox if str(box.key).startswith("arrival-loose")]
    assert box.value and "Bring in the 1 picture outside" in box.label
    app.button(key=f"arrival-use-{import_id}").click().run()
    assert opened.registry.unlabelled(project.dataset_id) == 1


def test_without_a_picture_the_card_only_offers_to_cancel(app, opened, tmp_path):
    (tmp_path / "notes.zip").write_bytes(zip_of(("a.pdf", b"hello")))
    _project, import_id = arrived(app, opened, tmp_path / "notes.zip")
    assert app.button(key=f"arrival-use-{import_id}").disabled


def test_a_project_without_a_name_of_its_own_takes_that_of_what_it_begins_with(app, opened, languages):
    opened.registry.create_project("My pictures")
    project, import_id = arrived(app, opened, languages)
    assert project.name == "My pictures"  # cancelled, it would keep it
    app.button(key=f"arrival-use-{import_id}").click().run()
    data_page(app).run()
    assert [project.name for project in opened.registry.projects()] == ["signs"]


def test_cancel_deletes_the_upload_and_the_project_it_began(app, opened, languages):
    _project, import_id = arrived(app, opened, languages)
    app.button(key=f"arrival-cancel-{import_id}").click().run()
    assert not app.exception
    assert opened.registry.projects() == [] and list(opened.workspace.incoming.iterdir()) == []


def test_somebody_elses_browser_sees_the_card_and_may_answer_it(app, opened, languages):
    from streamlit.testing.v1 import AppTest

    project, import_id = arrived(app, opened, languages)
    other = data_page(AppTest.from_file(FRAME, default_timeout=30))
    assert "Use these pictures?" in everything_written(other)
    other.button(key=f"arrival-use-{import_id}").click().run()
    app.button(key=f"arrival-use-{import_id}").click().run()
    assert not app.exception and len(opened.registry.imports(project.dataset_id)) == 1


def test_a_table_is_said_to_have_given_the_classes(app, opened, tmp_path):
    rows = "".join(f"{n}.png,{'cat' if n % 2 else 'dog'}\n" for n in range(8))
    pictures = [(f"{n}.png", encode(photo(n), "PNG")) for n in range(8)]
    (tmp_path / "pets.zip").write_bytes(zip_of(("labels.csv", f"file,label\n{rows}".encode()), *pictures))
    _project, import_id = arrived(app, opened, tmp_path / "pets.zip")
    assert "gives 2 classes. Use these pictures?" in everything_written(app)
    app.button(key=f"arrival-use-{import_id}").click().run()
    assert "The table says which class each file has (2 classes)." in everything_written(data_page(app))


def test_one_picture_comes_in_without_a_question(app, opened, tmp_path):
    (tmp_path / "pasted.png").write_bytes(encode(photo(1), "PNG"))
    data_page(app)
    send(app, opened, tmp_path / "pasted.png", "drop-everything")
    [project] = opened.registry.projects()
    assert opened.registry.unlabelled(project.dataset_id) == 1


@pytest.fixture
def allowed(tmp_path, monkeypatch):
    draw_folder(tmp_path / "allowed" / "pets", {"cat": 4, "dog": 4})
    monkeypatch.setenv("GRAFT_SERVER_FOLDERS", str(tmp_path / "allowed"))
    settings.current.cache_clear()
    yield tmp_path / "allowed"
    monkeypatch.undo()
    settings.current.cache_clear()


def test_a_folder_on_the_server_is_looked_into_when_it_is_allowed(app, opened, allowed):
    data_page(app)
    app.text_input(key="server-folder-path").set_value("../../etc").run()
    app.button(key="server-folder-open").click().run()
    assert "does not lie in a folder that this server allows" in app.error[0].value
    app.text_input(key="server-folder-path").set_value("pets").run()
    app.button(key="server-folder-open").click().run()
    assert "I see 2 classes. Use these pictures?" in everything_written(app)
    [project] = opened.registry.projects()
    app.button(key=f"arrival-use-{opened.imports.waiting(project.dataset_id)[0]['id']}").click().run()
    assert set(opened.registry.counts(project.dataset_id)) == {"cat", "dog"}
    assert len(list(allowed.rglob("*.png"))) == 8


def test_without_the_setting_no_server_folder_is_offered(app, opened):
    data_page(app)
    assert [field.key for field in app.text_input if "server" in str(field.key)] == []


def test_a_training_follows_the_fit_of_the_dataset_unless_its_own_is_chosen(opened, class_folder):
    from engine.storage import runs

    project = project_of(opened, class_folder)
    opened.registry.set_dataset_options(project.dataset_id, fit="letterbox")
    fits = []
    for recipe in ({"name": "instant"}, {"name": "instant", "fit": "crop"}):
        run_id = opened.start_run(project.id, recipe)
        fits.append(runs.read_recipe(opened.workspace.run_dir(run_id))["fit"])
    assert fits == ["letterbox", "crop"]


def test_both_ways_of_fitting_are_shown_on_their_longest_picture(opened, class_folder):
    from engine.worker import door

    project = project_of(opened, class_folder)
    hashes = [item.sha256 for item in opened.registry.items(project.dataset_id)]
    found = door.answer("fit_preview", opened.workspace, hashes, hashes[0])
    assert found["automatic"] in found["pictures"] and found["pictures"].keys() == {"letterbox", "crop"}
    assert all(picture[:2] == b"\xff\xd8" for picture in found["pictures"].values())


def use_what_arrived(app: AppTest, opened) -> AppTest:
    """Press "Bring them in" on every card."""
    project = opened.registry.projects()[0]
    for entry in opened.imports.waiting(project.dataset_id):
        app.button(key=f"arrival-use-{entry['id']}").click().run()
        assert not app.exception
    return app


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


def test_a_dropped_zip_without_a_project_makes_one_and_is_accounted_for(app, opened, tmp_path):
    folder = draw_folder(tmp_path / "fruit", {"red": 6, "blue": 6})
    (folder / "red" / "notes.txt").write_text("not a picture")
    (folder / "blue" / ".DS_Store").write_bytes(b"x")
    data_page(app)
    send(app, opened, zipped(folder, tmp_path / "fruit.zip"), "drop-everything")
    assert "I see 2 classes. Use these pictures?" in everything_written(app)
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


def test_texts_written_into_a_class_box_become_its_items_one_a_line(app, opened):
    data_page(app)
    app.segmented_control(key="way").set_value("classes").run()
    app.text_input(key="name-new-0").set_value("Greetings").run()
    app.text_area(key="text-new-0").set_value("Good morning\n\n<b>Guten</b> Abend")
    app.button(key="add-texts-new-0").click().run()
    assert not app.exception
    (project,) = opened.registry.projects()
    found = [(item.name, item.label, item.modality) for item in opened.registry.items(project.dataset_id)]
    assert found == [("Good morning", "Greetings", "text"), ("<b>Guten<∕b> Abend", "Greetings", "text")]
    app.run()
    counted = [caption.value for caption in app.caption if caption.value.startswith("2 ")]
    assert counted and all(words.startswith("2 texts") for words in counted)


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


def test_a_code_page_is_asked_about_and_another_one_shows_at_once_what_follows(app, opened, tmp_path):
    path = tmp_path / "parts.zip"
    path.write_bytes(zipped_in("cp932", numbered("正常", "表面傷")))
    project, import_id = arrived(app, opened, path)
    assert "Read as cp932, it holds" in everything_written(app)
    chips = "".join(element.body for element in app.get("html") if "arrival" in element.body)
    assert "正常<b>4</b>" in chips
    box = app.selectbox(key=f"arrival-encoding-{import_id}")
    box.set_value(box.options[-1]).run()
    chips = "".join(element.body for element in app.get("html") if "arrival" in element.body)
    assert "正常" not in chips and not app.exception
    app.button(key=f"arrival-again-encoding-{import_id}").click().run()
    app.button(key=f"arrival-use-{import_id}").click().run()
    assert set(opened.registry.counts(project.dataset_id)) == {"正常", "表面傷"}


def test_the_values_of_a_split_are_asked_about_with_a_preview_of_what_follows(app, opened, tmp_path):
    names = [f"{n}.png" for n in range(12)]
    rows = "\n".join(f"{name},{'ab'[n % 2]},{min(2, n // 4)}" for n, name in enumerate(names))
    path = tmp_path / "set.zip"
    path.write_bytes(zipped_files({"labels.csv": f"file,label,split\n{rows}\n".encode(), **drawn(*names)}))
    project, import_id = arrived(app, opened, path)
    assert "The column split holds 0, 1, 2." in everything_written(app)
    box = app.selectbox(key=f"arrival-split_values-{import_id}")
    assert box.options[0] == "0 → training, 1 → validation, 2 → test"
    box.select_index(1).run()
    assert "0 → training, 1 → test, 2 → validation" in everything_written(app)
    app.button(key=f"arrival-use-{import_id}").click().run()
    items = {item.name: item.given_split for item in opened.registry.items(project.dataset_id)}
    assert items["4.png"] == "test" and items["8.png"] == "validation" and not app.exception


def test_folders_that_are_no_classes_say_so_and_offer_the_labels_in_file_names(app, opened, tmp_path):
    path = tmp_path / "animals.zip"
    path.write_bytes(
        zipped_files(drawn(*(f"{part}/{c}.{n}.png" for part in ("train", "test1") for c in "ab" for n in range(4))))
    )
    project, import_id = arrived(app, opened, path)
    written = everything_written(app)
    assert "There are no class folders" in written and "would come in without a class" in written
    app.selectbox(key=f"arrival-layout-{import_id}").set_value("split/name").run()
    assert "I see 2 classes, and a division into" in everything_written(app)
    app.button(key=f"arrival-use-{import_id}").click().run()
    assert set(opened.registry.counts(project.dataset_id)) == {"a", "b"} and not app.exception


def coco_files():
    images = [{"id": n, "file_name": f"{n}.jpg", "width": 60, "height": 40} for n in range(3)]
    boxes = [{"id": n, "image_id": n % 2, "category_id": 1 + n % 2, "bbox": [5, 4, 20, 16]} for n in range(5)]
    kinds = [{"id": 1, "name": box_sets.RED}, {"id": 2, "name": box_sets.BLUE}]
    return {"train/_annotations.coco.json": box_sets.coco(images, boxes, kinds)} | {
        f"train/{n}.jpg": box_sets.picture(n) for n in range(3)
    }


def voc_files():
    own = {n: [(box_sets.RED, 6, 5, 25, 20)] * 2 + [(box_sets.BLUE, 6, 5, 25, 20)] * (n == 0) for n in range(2)}
    notes = {f"Annotations/{n}.xml": box_sets.voc(f"{n}.jpg", objects) for n, objects in own.items()}
    lists = {"ImageSets/Main/train.txt": "0\n", "ImageSets/Main/test.txt": "1\n"}
    return notes | lists | {f"JPEGImages/{n}.jpg": box_sets.picture(n) for n in range(2)}


def yolo_files():
    line = {n: "0 0.25 0.3 0.3 0.4\n0 0.5 0.5 0.2 0.2\n" + "1 0.6 0.6 0.2 0.3\n" * (n == 0) for n in range(2)}
    notes = {f"train/labels/{n}.txt": text for n, text in line.items()}
    names = {"data.yaml": f"names: [{box_sets.RED}, {box_sets.BLUE}]\n"}
    return notes | names | {f"train/images/{n}.jpg": box_sets.picture(n) for n in range(2)}


@pytest.mark.parametrize(("files", "tool"), [(coco_files, "COCO"), (voc_files, "Pascal VOC"), (yolo_files, "YOLO")])
def test_boxes_are_seen_on_the_card_and_come_in_with_their_pictures(app, opened, tmp_path, files, tool):
    project, import_id = arrived(app, opened, box_sets.zipped(tmp_path / "cells.zip", files()))
    assert f"I see 5 objects of 2 classes in boxes ({tool}). Use these pictures?" in everything_written(app)
    chips = "".join(element.body for element in app.get("html") if "arrival" in element.body)
    assert "blue cell" in chips and not app.exception
    assert "no class folders" not in everything_written(app)
    assert f"arrival-layout-{import_id}" not in [box.key for box in app.selectbox], "folders would lose the boxes"
    app.button(key=f"arrival-use-{import_id}").click().run()
    items = opened.registry.items(project.dataset_id)
    assert sum(len(geometry.from_text(item.boxes)) for item in items) == 5 and not app.exception


def test_pictures_that_no_annotation_names_are_said_on_the_card(app, opened, tmp_path):
    files = voc_files() | {"JPEGImages/alone.jpg": box_sets.picture(9)}
    arrived(app, opened, box_sets.zipped(tmp_path / "cells.zip", files))
    assert "1 picture is named by no annotation and will be listed as refused." in everything_written(app)
