"""See, fix, retrain, compare on the Results page: flags are stored at once, and what changed is said in words."""

import json

import numpy as np
import pytest

from engine.curation import projection
from engine.data import versions
from engine.evaluation import compare, results
from engine.evaluation.reliability import multi_label_thresholds, selective
from engine.services import maps
from engine.storage import runs
from engine.training.recipe import Recipe
from pages.shared.runs import chosen_model, run_table
from tests.support.app_pages import open_page, open_tab, words
from tests.support.run_files import add_run, fill_project, finish_run

SUMMARY = {"template": "x", "values": {}}


@pytest.fixture
def project(graft):
    return fill_project(graft)


@pytest.fixture
def finished(graft, project):
    return finish(graft, add_run(graft, project))


def finish(graft, run_id, **finished):
    """Give a run's folder what a worker leaves; return the folder."""
    finish_run(graft, run_id, **finished)
    return graft.workspace.run_dir(run_id)


def galleries(at) -> list[dict]:
    found = [json.loads(part.proto.json)[0] for part in at.get("bidi_component") if '"tiles"' in part.proto.json]
    return [one for one in found if one["tiles"]]


def leaderboards(at) -> list[list[dict]]:
    """Return the rows of every table of runs."""
    found = [json.loads(part.proto.json)[0] for part in at.get("bidi_component") if '"columns"' in part.proto.json]
    return [one["rows"] for one in found if any(column["title"] == "Likely between" for column in one["columns"])]


def mistakes(folder) -> list[int]:
    return [row.item for row in results.confident_mistakes(results.predictions(folder))]


def choose(at, key: str, items: list[int]):
    at.session_state[key] = {"selected": items, "asked": []}
    at.run()
    assert not at.exception, at.exception
    return at


def test_a_mistake_is_put_right_where_it_is_shown_and_stored_at_once(graft, project, finished):
    wrong = mistakes(finished)
    at = choose(open_tab("Pictures"), "results-mistakes", wrong[:2])
    assert "1 training was measured on this test part" in words(at)
    assert "corrects the measurement, not the model" in words(at) and "look at as many that it got right" in words(at)
    assert at.button(key="results-mistakes-training") and at.button(key="results-mistakes-right")
    at.button(key="results-mistakes-ambiguous").click().run()
    assert not at.exception
    items = graft.registry.items_by_id(wrong)
    assert [items[item].ambiguous for item in wrong[:3]] == [True, True, False]
    at = choose(open_tab("Pictures"), "results-mistakes", wrong[2:3])
    at.button(key="results-mistakes-exclude").click().run()
    assert graft.registry.items_by_id(wrong)[wrong[2]].removed
    notes = {tile["id"]: tile["note"] for tile in galleries(open_tab("Pictures"))[0]["tiles"]}
    assert [notes[item] for item in wrong[:3]] == ["→ marked as ambiguous"] * 2 + ["→ excluded since"]


def press(at, n: int, deed: str, items: list[int], **more) -> str:
    """Ask for something by a key of the gallery; return what the page says about it."""
    at.session_state["results-mistakes"] = {"selected": [], "asked": [{"n": n, "do": deed, "items": items, **more}]}
    at.run()
    assert not at.exception, at.exception
    return " ".join(toast.value for toast in at.toast)


def test_nobody_overwrites_unseen_what_another_did_and_z_undoes_ones_own(graft, project, finished):
    wrong, other = mistakes(finished)[:2]
    was = graft.registry.items_by_id([wrong, other])
    classes = ("apple", "pear", "plum")
    mine, theirs = (name for name in classes if name != was[wrong].label)
    at = open_tab("Pictures")
    graft.registry.change_items(project.dataset_id, [wrong], SUMMARY, label=theirs)  # in another browser
    said = press(at, 1, "label", [wrong], label=mine)
    assert f"changed {was[wrong].name.rpartition('/')[2]}"[:20] in said.replace("\\", "") and f"“{theirs}” now" in said
    assert graft.registry.items_by_id([wrong])[wrong].label == theirs
    assert "nothing of yours to undo" in press(at, 2, "undo", [])
    assert graft.registry.items_by_id([wrong])[wrong].label == theirs, "what another did stays"
    press(at, 3, "label", [wrong], label=mine)
    assert graft.registry.items_by_id([wrong])[wrong].label == mine, "who has seen it decides"
    graft.registry.change_items(project.dataset_id, [other], SUMMARY, removed=True)
    assert f"Undone: moved 1 picture to {mine}" in press(at, 4, "undo", [])
    now = graft.registry.items_by_id([wrong, other])
    assert now[wrong].label == theirs and now[other].removed


def test_a_flag_survives_looking_at_another_class_and_can_be_taken_back(graft, project, finished):
    wrong = mistakes(finished)[0]
    at = choose(open_tab("Pictures"), "results-mistakes", [wrong])
    at.button(key="results-mistakes-ambiguous").click().run()
    at.session_state["results-gallery"] = "right"
    at.run()
    at.session_state["results-gallery"] = "mistakes"
    at.run()
    assert next(tile for tile in galleries(at)[0]["tiles"] if tile["id"] == wrong)["note"] == "→ marked as ambiguous"
    data = open_page("data_upload")
    classes = next(part.proto.json for part in data.get("bidi_component") if '"chosen"' in part.proto.json)
    assert {row["name"]: row["number"] for row in json.loads(classes)[0]["rows"]}["Ambiguous"] == "1"
    at = choose(at, "results-mistakes", [wrong])
    at.button(key="results-mistakes-ambiguous").click().run()
    assert graft.registry.items_by_id([wrong])[wrong].is_used


def test_more_like_this_leads_to_the_box_of_the_class(graft, project, finished):
    wrong = mistakes(finished)[0]
    label = graft.registry.items_by_id([wrong])[wrong].label
    at = choose(open_tab("Pictures"), "results-mistakes", [wrong])
    at.button(key="results-mistakes-more").click().run()
    assert not at.exception
    assert f"More pictures of **{label}** go into the first box." in words(at)


def test_changed_pictures_are_counted_and_retraining_repeats_the_run(graft, project, finished):
    assert "since this training" not in words(open_page("evaluation"))
    wrong = mistakes(finished)
    graft.registry.change_items(project.dataset_id, wrong[:2], SUMMARY, ambiguous=True)
    at = open_page("evaluation")
    at.run()
    assert "You changed 2 pictures since this training." in words(at)
    assert "Only the pictures both share are compared." in words(at)
    at.button(key="retrain").click().run()
    assert not at.exception
    new = graft.registry.runs(project.id)[0]
    folder = graft.workspace.run_dir(new.id)
    assert runs.earlier(folder) == finished.name
    assert runs.read_recipe(folder) == runs.read_recipe(finished)
    assert not {picture.item for picture in versions.of_run(folder)} & set(wrong[:2])


@pytest.mark.parametrize("at_work", [False, True])
def test_a_training_that_ends_opens_what_changed_but_takes_nobody_away_from_work(graft, project, finished, at_work):
    wrong = mistakes(finished)
    graft.registry.change_items(project.dataset_id, wrong[:2], SUMMARY, removed=True)
    at = open_tab("Pictures")
    at.button(key="retrain").click().run()
    new = finish(graft, graft.registry.runs(project.id)[0].id, accuracy=1.0)
    if at_work:
        choose(at, "results-mistakes", wrong[3:4])
        assert at.selectbox(key="run-picker").value != new.name
        assert "was made with what changed since this training: 2 pictures taken out." in words(at)
        at.button(key="learned-open").click()
    at.run()
    assert at.session_state["current_run"] == new.name
    assert "it is right 100 times in 100; before, it was" in words(at)


def test_only_what_no_training_has_learned_calls_for_another_one(graft, project, finished):
    wrong = mistakes(finished)
    graft.registry.change_items(project.dataset_id, wrong[:2], SUMMARY, ambiguous=True)
    new = graft.start_run(project.id, {"name": "instant", "seed": 7})
    assert "You changed 2 pictures since this training." in words(open_page("evaluation", current_run=finished.name))
    finish(graft, new)
    at = open_page("evaluation", current_run=finished.name)
    assert "was made with what changed since this training: 2 pictures taken out." in words(at)
    assert "retrain" not in {button.key for button in at.button}
    graft.registry.change_items(project.dataset_id, wrong[2:3], SUMMARY, removed=True)
    at.run()
    assert "You changed 1 picture that no training has learned yet." in words(at)
    assert "was made with earlier changes: 2 pictures taken out." in words(at)
    at.button(key="learned-open").click().run()
    assert at.session_state["current_run"] == new
    assert "You changed 1 picture since this training." in words(at)


def test_the_new_run_says_what_turned_right_and_wrong_and_whether_that_is_chance(graft, project):
    old = finish(graft, add_run(graft, project), accuracy=0.3, seed=1)
    new = finish(graft, graft.start_run(project.id, {"name": "instant"}, after=old.name), accuracy=1.0, seed=1)
    at = open_tab("What changed", current_run=new.name)
    found = compare.compare([old, new])
    right = len(found.turned_right())
    assert right >= 15 and not found.turned_wrong()
    said = words(at)
    assert f"{right} turned right, 0 turned wrong. **More than chance:**" in said
    assert "it is right 100 times in 100; before, it was" in said
    assert "3 classes went up" in said
    assert len(galleries(at)[0]["tiles"]) == min(24, right)


def test_mistakes_that_left_the_test_part_are_not_passed_off_as_progress(graft, project, finished):
    wrong = mistakes(finished)
    graft.registry.change_items(project.dataset_id, wrong[:3], SUMMARY, removed=True)
    new = finish(graft, graft.start_run(project.id, {"name": "instant"}, after=finished.name), accuracy=1.0)
    at = open_page("evaluation", current_run=new.name)
    said = "3 test pictures that earlier trainings got wrong have been taken out since."
    assert said in words(at)
    # A training from scratch has the same easier test; the old one's test was as hard as it was.
    assert said in words(open_page("evaluation", current_run=finish(graft, add_run(graft, project)).name))
    assert "taken out since" not in words(open_page("evaluation", current_run=finished.name))
    assert "1 other training was measured on them" in words(at)
    assert compare.compare([finished, new]).mistakes_gone == (3, 0)


def test_runs_on_other_test_pictures_are_never_compared_silently(graft, project, finished):
    wrong = mistakes(finished)
    graft.registry.change_items(project.dataset_id, wrong[:1], SUMMARY, ambiguous=True)
    other = finish(graft, graft.start_run(project.id, {"name": "instant", "seed": 7}), seed=3)
    at = open_tab("Compare", current_run=finished.name)
    said = words(at)
    assert "Their test pictures, or the classes of some, are not the same." in said
    assert "1 test picture of First" in said
    [board] = leaderboards(at)
    assert [row["group"] for row in board] == [
        "Measured on the same 27 test pictures",
        "Measured on other 26 test pictures, 26 of them as at the top: do not compare with those above",
    ]
    assert other.name in {run.id for run in graft.registry.runs(project.id)}


def test_settings_that_a_recipe_does_not_use_are_a_dash_beside_those_of_one_that_does():
    recipes = [Recipe.from_dict({"name": name}).to_dict() for name in ("instant", "balanced")]
    said = [
        [run_table.setting_words(recipe, option) for recipe in recipes] for option in ("epochs", "patience", "seed")
    ]
    assert [instant for instant, _balanced in said] == ["–", "–", "0"]
    assert "–" not in [balanced for _instant, balanced in said]
    assert run_table.setting_words({}, "epochs") == "–"


def test_lists_of_runs_keep_tests_apart_on_train_and_home_too(graft, project, finished):
    finish(graft, finished.name, accuracy=1.0)
    wrong = [item.id for item in graft.registry.items(project.dataset_id) if item.split == "test"]
    graft.registry.change_items(project.dataset_id, wrong[:1], SUMMARY, label="plum")
    finish(graft, graft.start_run(project.id, {"name": "instant", "seed": 7}), accuracy=0.5, seed=3)
    [table] = leaderboards(open_page("training", current_run=finished.name))
    assert [row["group"] for row in table] == [
        "Measured on the same 27 test pictures",
        "Measured on the same test pictures, 1 of them in another class: side by side, Compare goes by the newer class",
    ]
    said = words(open_page("home"))
    assert "best accuracy 100" not in said and " % on the newest test pictures" in said


def test_what_changed_names_every_setting_that_differs_too(graft, project, finished):
    wrong = mistakes(finished)
    graft.registry.change_items(project.dataset_id, wrong[:2], SUMMARY, removed=True)
    same = finish(graft, graft.start_run(project.id, runs.read_recipe(finished), after=finished.name))
    assert "The settings are not the same" not in words(open_tab("What changed", current_run=same.name))
    other = {**runs.read_recipe(finished), "name": "balanced"}
    changed = finish(graft, graft.start_run(project.id, other, after=finished.name))
    said = words(open_tab("What changed", current_run=changed.name))
    assert "The settings are not the same: Recipe: Instant → Balanced" in said


def test_two_runs_side_by_side_show_settings_cost_and_disagreements(graft, project, finished):
    other = finish(graft, graft.start_run(project.id, {"name": "instant", "seed": 7}), accuracy=0.6, seed=3)
    at = open_tab("Compare", current_run=finished.name)
    said, found = words(at), compare.compare([finished, other])
    assert "Measured on the same test pictures" in said
    assert [row["group"] for row in leaderboards(at)[0]] == ["", ""], "one test, one list"
    assert f"Right only with First: {len(found.turned_right(1, 0))}." in said
    tables = [json.loads(part.proto.json)[0] for part in at.get("bidi_component") if '"columns"' in part.proto.json]
    settings = {row["cells"][0]["text"]: [cell["text"] for cell in row["cells"][1:]] for row in tables[1]["rows"]}
    assert settings["Seed"][1] == "7"
    assert settings["Pictures per second"] == ["900", "900"]
    assert {tile["id"] for tile in galleries(at)[0]["tiles"]} <= {one.item for one in found.disagreements()}
    rights = {one.right for one in found.disagreements()}
    sides = {"0": (True, False), "1": (False, True), "none": (False, False)}
    offered = ["all", *(side for side, right in sides.items() if right in rights)]
    at.session_state[f"compare-who-{'-'.join(offered)}"] = "0"
    at.run()
    assert all(tile["tone"] == "good" for tile in galleries(at)[0]["tiles"])


def test_the_chosen_model_has_a_star_and_try_it_opens_with_it(graft, project, finished):
    finish(graft, graft.start_run(project.id, {"name": "instant"}), seed=3)
    before = graft.registry.version(project.dataset_id)
    at = open_tab("Compare", current_run=finished.name)
    at.button(key="star").click().run()
    assert not at.exception
    assert chosen_model.of_project(graft.registry.run(finished.name)) == finished.name
    assert graft.registry.version(project.dataset_id) == before
    [board] = leaderboards(at)
    stars = {row["id"]: row["cells"][0] for row in board}
    assert stars[finished.name] == {"text": "★ First", "label": "First, the model of this project"}
    assert all(not cell["text"].startswith("★") and cell["text"] for run, cell in stars.items() if run != finished.name)
    assert at.button(key="star").label == "Remove the star"
    at.button(key="star").click().run()
    assert chosen_model.of_project(graft.registry.run(finished.name)) is None
    at.button(key="star").click().run()
    at = open_page("try_it")
    assert at.selectbox(key="run-picker").value == finished.name
    assert "This is the chosen model of this project." in words(at)
    newest = graft.registry.runs(project.id)[0].id
    assert "The chosen model of this project is another one: First." in words(open_page("try_it", current_run=newest))
    graft.registry.delete_run(finished.name)
    assert "chosen model" not in words(open_page("try_it"))


def test_test_pictures_chosen_on_the_map_are_listed_and_put_right_there(graft, project, finished):
    wrong = mistakes(finished)
    items = graft.registry.items(project.dataset_id)
    keys = sorted(item.sha256 for item in items if item.id != wrong[-1])
    folder = graft.background_jobs.folder(maps.KIND, project.dataset_id)
    projection.write(
        folder, projection.Map(np.array(keys), np.random.default_rng(0).normal(size=(len(keys), 2)), "tsne")
    )
    on_map = {f"prediction_map-{finished.name}": {"selected": f"{wrong[0]},{wrong[1]}"}}
    at = open_tab("Map", **on_map)
    assert "1 test picture has no place on the map" in words(at)
    assert "2 pictures chosen" in words(at) and "2 mistakes" in words(at)
    sent = [json.loads(part.proto.json)[0] for part in at.get("bidi_component") if "run-map" in part.proto.json]
    assert sent[0]["url"].startswith(f"api/run-map/{finished.name}?v=") and sent[0]["words"]["names"]["outcome"]
    assert [tile["id"] for tile in galleries(at)[0]["tiles"]] == wrong[:2]
    choose(at, "prediction_map-gallery", wrong[:1])
    at.button(key="prediction_map-gallery-exclude").click().run()
    assert not at.exception
    assert graft.registry.items_by_id(wrong)[wrong[0]].removed
    assert galleries(at)[0]["tiles"][0]["note"] == "→ excluded since", "still listed, with what became of it"


def test_a_repeated_training_answers_as_the_one_before_it_was_told_to(graft, project, finished):
    told = selective.Answering(cost=5, miss_costs={"red": 9})
    selective.write(finished, told)
    multi_label_thresholds.set_one(finished, "red", 0.2)
    new = finish(graft, graft.start_run(project.id, {"name": "instant"}, after=finished.name), seed=1)
    assert selective.read(new) == told
    assert multi_label_thresholds.of_run(new, {"class_names": ["red"], "thresholds": [0.5]}) == [0.2]
    assert "what mistakes cost was taken over" in words(open_tab("What changed"))
    selective.write(new, selective.Answering(cost=2))
    assert "was taken over" not in words(open_tab("What changed")) and selective.read(finished) == told
    alone = finish(graft, graft.start_run(project.id, {"name": "instant"}), seed=1)
    assert selective.read(alone) == selective.Answering()
