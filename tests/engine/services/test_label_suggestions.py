"""Assisted labelling: suggestions better than chance, the most useful first, confirmed by keys, and undone."""

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from engine import graft as graft_module
from engine.curation import label_suggestions as suggestions
from engine.services import label_suggestions
from engine.storage.registry import UNLABELLED, ItemRecord
from engine.storage.workspace import read_json, write_json
from pages.components import keystrokes
from pages.shared.dataset import class_edits
from tests.support.run_files import fill_project, idle_graft
from tests.support.tiny_runs import discs


def silent(*_progress):
    """Nobody looks at how far it is."""


def kinds(per_class: int = 30, num_classes: int = 3, size: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """Return features of a few kinds of pictures, and their kinds."""
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(num_classes), per_class)
    centres = rng.normal(0, 2.5, (num_classes, size))
    return (rng.normal(0, 1, (len(y), size)) + centres[y]).astype(np.float32), y


@pytest.fixture
def opened(workspace, monkeypatch):
    here = idle_graft(workspace)
    monkeypatch.setattr(graft_module, "_current", here)
    yield here
    here.registry.close()


@pytest.fixture
def project(opened):
    """60 labelled pictures of three classes and eight without a class."""
    project = fill_project(opened, per_class=20)
    bare = [ItemRecord(sha256=f"{number:064x}", name=f"new/{number}.jpg", label=None) for number in range(8)]
    opened.registry.add_import(project.dataset_id, "bare", "flat", bare, [])
    return project


def keep_suggestions(opened, project, shares=(0.5,) * 8, checked=(50, 49), sure=0.95, source="probe") -> list[int]:
    """Do what the worker would; return the ids of the unlabelled pictures in the order of their usefulness."""
    ids = [item.id for item in opened.registry.items(project.dataset_id, label=UNLABELLED)]
    rows = [[item, [1, 0], [share, 1 - share]] for item, share in zip(ids, shares, strict=True)]
    names = ["apple", "pear", "plum"]
    told = {"of": [60, len(ids)], "source": source, "class_names": names}
    answer = {**told, "items": rows, "sure": sure, "checked": checked}
    write_json(
        opened.background_jobs.folder(label_suggestions.KIND, project.dataset_id) / label_suggestions.ANSWER, answer
    )
    return ids


def open_page(project, asked: list[dict]) -> AppTest:
    app = AppTest.from_function(show_labelling, default_timeout=30)
    app.session_state[f"labelling-{project.dataset_id}"] = {"asked": asked}
    app.run()
    assert not app.exception
    return app


def label_of(opened, item: int):
    return opened.registry.items_by_id([item])[item].label


# the engine


def test_a_few_labels_are_enough_for_suggestions_far_better_than_chance():
    features, y = kinds()
    known = np.concatenate([np.flatnonzero(y == label)[:4] for label in range(3)])
    rest = np.setdiff1d(np.arange(len(y)), known)
    probabilities, trust = suggestions.learned(features[known], y[known], features[rest])
    assert (probabilities.argmax(axis=1) == y[rest]).mean() > 0.8
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert 0 <= trust.right <= trust.checked <= len(known)


def test_sure_is_what_was_right_often_enough_on_pictures_not_learned_from():
    truth = np.zeros(20, int)

    def answers(*sure: tuple[float, bool]) -> np.ndarray:
        best = np.array([[share, 1 - share] if right else [1 - share, share] for share, right in sure]).reshape(-1, 2)
        return np.concatenate([best, np.full((20 - len(best), 2), 0.5)])

    mixed = [(0.99, True)] * 12 + [(0.96, False)] * 3 + [(0.96, True)] * 2
    assert suggestions.trusted(answers(*mixed), truth) == (0.99, 12, 12), (
        "the bar is raised above those that were wrong"
    )
    assert suggestions.trusted(answers(*[(0.97, True)] * 17), truth) == (0.95, 17, 17)
    assert suggestions.trusted(answers(*[(0.97, True)] * 14, *[(0.99, False)] * 3), truth) == (None, 17, 14)
    assert suggestions.trusted(answers(*[(0.99, True)] * 9), truth) == (None, 9, 9), "too few to know"
    assert suggestions.trusted(answers(), truth) == (None, 0, 0)


def test_what_the_model_doubts_comes_first_and_not_one_kind_of_it_alone():
    features, y = kinds()
    probabilities = np.full((len(y), 3), 0.005, np.float32)
    probabilities[np.arange(len(y)), y] = 0.99
    doubtful = np.concatenate([np.flatnonzero(y == label)[:5] for label in range(3)])
    probabilities[doubtful] = 1 / 3
    order = suggestions.useful(probabilities, features)
    assert sorted(order) == list(range(len(y)))
    assert len(set(order[:6]) & set(doubtful)) >= 5
    assert set(y[order[:6]]) == {0, 1, 2}


def test_with_nothing_known_the_first_pictures_are_as_different_as_can_be():
    features, y = kinds(per_class=60)
    assert set(y[suggestions.useful(None, features)[:6]]) == {0, 1, 2}


def test_real_pictures_get_suggestions_in_a_file_and_the_test_split_is_left_alone(workspace, monkeypatch):
    items = discs(workspace, per_class=16)
    labelled = [item for number, item in enumerate(items) if number % 16 < 6]
    others = [item for number, item in enumerate(items) if number % 16 >= 6]
    learned_from = []
    learn = suggestions.learned
    monkeypatch.setattr(
        suggestions, "learned", lambda known, y, asked: learned_from.append(len(y)) or learn(known, y, asked)
    )
    job = {
        "of": [len(labelled), len(others)],
        "labelled": [[i.sha256, i.label, "test" if n % 6 == 5 else "train"] for n, i in enumerate(labelled)],
        "unlabelled": [[item.id, item.sha256] for item in others],
        "runs": [],
    }
    folder = workspace.caches / "suggestions"
    suggestions.suggest(workspace, folder, job, silent)
    answer = read_json(folder / suggestions.SUGGESTIONS)
    truth = {item.id: item.label for item in others}
    first = {item: answer["class_names"][codes[0]] for item, codes, _shares in answer["items"]}
    assert learned_from == [15], "18 are labelled, 3 of them belong to the test"
    assert answer["source"] == "probe" and set(first) == set(truth)
    assert sum(first[item] == truth[item] for item in truth) / len(truth) > 0.6, "chance is a third"


def test_with_one_class_nothing_is_suggested_but_the_order_is_there(workspace, monkeypatch):
    features, _y = kinds(per_class=4)
    monkeypatch.setattr(suggestions, "features_of", lambda _w, keys, _a: features[: len(keys)])
    job = {
        "of": [2, 3],
        "labelled": [["a", "cat", "train"]] * 2,
        "unlabelled": [[1, "x"], [2, "y"], [3, "z"]],
        "runs": [],
    }
    answer = suggestions.suggest(workspace, workspace.caches, job, silent)
    assert answer["source"] == "none" and sorted(row[0] for row in answer["items"]) == [1, 2, 3]
    assert all(row[1:] == [[], []] for row in answer["items"])


def test_the_model_of_a_run_answers_as_long_as_it_knows_the_classes_of_today(opened):
    from tests.support.run_files import add_run, finish_run

    project = fill_project(opened)
    run_dir = opened.workspace.run_dir(add_run(opened, project))
    assert suggestions.usable_run([str(run_dir)], ["apple", "pear", "plum"], 150) is None, "not finished"
    finish_run(opened, run_dir.name)
    assert suggestions.usable_run([str(run_dir)], ["apple", "pear", "plum"], 150) == run_dir
    assert suggestions.usable_run([str(run_dir)], ["apple", "pear"], 150) is None
    assert suggestions.usable_run([str(run_dir)], ["apple", "pear", "plum"], 500) is None, "much was labelled since"


# when suggestions are made anew


def test_suggestions_are_made_anew_after_some_labels_and_not_before(opened, project):
    ids = keep_suggestions(opened, project)
    _found, study = opened.label_suggestions.start(project)
    assert study["state"] == "none"
    assert not label_suggestions._due(opened.label_suggestions.start(project)[0], 69, 0)
    assert label_suggestions._due(opened.label_suggestions.start(project)[0], 70, 0)
    assert label_suggestions._due(opened.label_suggestions.start(project)[0], 60, len(ids) + 1), "new pictures came in"


# the page


def test_a_key_labels_the_picture_once_gives_it_a_split_and_can_be_undone(opened, project):
    first, second, third, *_rest = keep_suggestions(opened, project)
    asked = [
        {"n": 1, "do": "label", "label": "pear", "item": first},
        {"n": 2, "do": "label", "label": "a new one", "item": second},
        {"n": 3, "do": "exclude", "item": third},
    ]
    app = open_page(project, asked)
    app.run()
    assert (label_of(opened, first), label_of(opened, second)) == ("pear", "a new one")
    assert opened.registry.items_by_id([first])[first].split in ("train", "validation", "test")
    assert opened.registry.items_by_id([third])[third].removed
    assert len([change for change in opened.registry.changes(project.dataset_id) if change.kind == "items"]) == 3

    app.session_state[f"labelling-{project.dataset_id}"] = {"asked": [{"n": 4, "do": "undo", "of": 1, "item": first}]}
    app.run()
    assert not app.exception
    assert (label_of(opened, first), label_of(opened, second)) == (None, "a new one"), "that one, and no other"


def test_the_page_says_how_far_it_is_whose_suggestions_these_are_and_how_often_they_are_right(opened, project):
    keep_suggestions(opened, project, shares=(0.99, 0.97, 0.96, 0.6, 0.5, 0.5, 0.5, 0.5))
    app = open_page(project, [])
    words = " ".join(element.value for kind in ("markdown", "caption") for element in app.get(kind))
    assert "quick model of 60 labelled pictures" in words
    assert "3 pictures: at least 95 % sure." in words
    assert "49 right out of 50" in words


def test_where_sure_answers_were_often_wrong_nothing_is_offered_and_the_page_says_why(opened, project):
    keep_suggestions(opened, project, shares=(0.99,) * 8, checked=(17, 14), sure=None)
    app = open_page(project, [])
    assert not app.toggle
    words = " ".join(element.value for element in app.caption)
    assert "it was right in only 14 of 17 such cases" in words


def test_a_raised_bar_offers_less(opened, project):
    keep_suggestions(opened, project, shares=(0.999, 0.997, 0.99, 0.96, 0.5, 0.5, 0.5, 0.5), sure=0.9968)
    words = " ".join(element.value for element in open_page(project, []).markdown)
    assert "2 pictures: at least 99.6 % sure." in words


def test_the_history_says_labelled_and_folds_the_answers_of_a_sitting(opened, project):
    first, second, third, *_rest = keep_suggestions(opened, project)
    open_page(project, [{"n": n, "do": "label", "label": "pear", "item": i} for n, i in enumerate((first, second), 1)])
    class_edits.move(project, [first, second], "plum")
    class_edits.move(project, [third], "plum")
    app = AppTest.from_function(show_history, default_timeout=30).run()
    written = " ".join(element.value for element in app.markdown)
    assert "Labelled 2 pictures one by one" in written and "Labelled 1 picture as pear" not in written
    assert "Moved 2 pictures to plum" in written and "Labelled 1 picture as plum" in written
    next(button for button in app.button if button.label == "Show each").click().run()
    assert not app.exception
    assert sum("Labelled 1 picture as pear" in element.value for element in app.markdown) == 2


def test_ten_classes_have_a_key_and_a_line_says_how_to_reach_the_others():
    names = [f"class {number:02}" for number in range(12)]
    assert keystrokes.keyed(names)[0] == ("1", "class 00")
    assert keystrokes.keyed(names)[9:] == [("0", "class 09")]
    assert keystrokes.keyed("0123456789")[0] == ("0", "0")
    app = AppTest.from_function(show_gallery, default_timeout=30).run()
    words = [json.loads(part.proto.json)[0]["words"]["others"] for part in app.get("bidi_component")]
    assert words == ["2 more classes: select a picture and type the class into the list above.", ""]


def show_gallery():
    from pages.components.gallery.gallery import gallery

    for count in (12, 10):
        gallery([], key=f"of-{count}", classes=[f"class {number:02}" for number in range(count)], on_keys=print)


def test_sure_suggestions_are_accepted_together_but_for_those_somebody_marked_as_wrong(opened, project):
    ids = keep_suggestions(opened, project, shares=(0.99, 0.97, 0.96, 0.6, 0.5, 0.5, 0.5, 0.5))
    app = open_page(project, [])
    app.toggle(key="labelling-review").set_value(True)
    app.session_state["labelling-review-gallery"] = {"selected": [ids[1]]}
    app.run()
    app.button(key="labelling-accept").click().run()
    assert not app.exception
    assert [label_of(opened, item) for item in ids[:4]] == ["pear", None, "pear", None]
    opened.registry.undo(opened.registry.changes(project.dataset_id)[0].id)
    assert [label_of(opened, item) for item in ids[:3]] == [None] * 3


def test_without_anything_to_label_the_page_says_how_to_bring_it_in(opened):
    project = fill_project(opened)
    app = open_page(project, [])
    assert any("Every picture has a class." in element.value for element in app.markdown)


def show_history():
    from engine import graft
    from pages.sections.data_upload.history import history

    history.view(graft.current().registry.projects()[0])


def show_labelling():
    from engine import graft
    from pages.sections.data_upload.pictures import labelling

    labelling.view(graft.current().registry.projects()[0])
