"""The Model page: a network and a recipe are chosen, with their time and cost, and a training starts."""

import time
from concurrent.futures import Future

from engine.errors import DataError
from engine.storage import runs
from tests.support.app_pages import open_page, words
from tests.support.run_files import add_run, finish_run


def wait_for_answers() -> None:
    """Give the threads that ask the idle workers a moment."""
    time.sleep(0.2)


def test_pictures_that_cannot_be_trained_on_lead_back_to_data_in_words(graft):
    graft.registry.create_project("Empty")
    at = open_page("model_selection")
    assert at.button(key="empty-button").label == "Go to Data"


def test_a_network_that_comes_with_graft_is_recommended_with_what_the_quick_one_needs(project):
    at = open_page("model_selection")
    assert "EfficientNet-Lite0 is the most accurate one here for your pictures" in words(at)
    assert "Sprout gives a first number in about" in words(at)
    assert at.button(key="use-efficientnet_lite0").disabled and not at.button(key="use-sprout").disabled
    assert at.radio(key=f"recipe-{project.id}").value == "instant"


def test_after_a_first_result_the_balanced_recipe_is_recommended(graft, project):
    finish_run(graft, add_run(graft, project))
    assert open_page("model_selection").radio(key=f"recipe-{project.id}").value == "balanced"


def test_the_time_is_told_before_the_start(graft, project):
    graft.compute.answers["estimate"] = {"seconds": 75.0, "memory_mb": 640, "disk_mb": 12, "images_to_embed": 180}
    at = open_page("model_selection")
    wait_for_answers()
    at.run()
    assert "about 1 min 15 s" in words(at)
    assert "640 MB of memory" in words(at)


def test_start_training_queues_a_run_with_every_choice_and_opens_it(graft, project):
    at = open_page("model_selection")
    at.radio(key=f"recipe-{project.id}").set_value("balanced").run()
    at.slider(key="expert-epochs").set_value(3).run()
    at.select_slider(key="expert-batch_size").set_value(16).run()
    at.button(key="start-training").click().run()
    assert not at.exception
    (run,) = graft.registry.runs(project.id)
    recipe = runs.read_recipe(graft.workspace.run_dir(run.id))
    assert (recipe["name"], recipe["epochs"], recipe["batch_size"]) == ("balanced", 3, 16)
    assert at.session_state["current_run"] == run.id
    assert graft.compute.submitted[0][0] == "train"


def test_best_comes_with_its_own_choices_and_says_what_size_the_pictures_will_have(graft, project):
    graft.compute.answers["estimate"] = {"seconds": 900.0, "memory_mb": 2000, "disk_mb": 12, "image_size": 128}
    at = open_page("model_selection")
    at.radio(key=f"recipe-{project.id}").set_value("best").run()
    at.slider(key="expert-epochs-16").set_value(12).run()
    wait_for_answers()
    at.run()
    assert "about 15 min 0 s" in words(at) and "pictures of 128 pixels" in words(at)
    at.button(key="start-training").click().run()
    assert not at.exception
    (run,) = graft.registry.runs(project.id)
    recipe = runs.read_recipe(graft.workspace.run_dir(run.id))
    chosen = ("name", "epochs", "learning_rate", "early_rate", "freeze_depth", "mixing", "image_size")
    assert [recipe[option] for option in chosen] == ["best", 12, None, 0.2, 0.0, "auto", None]


def test_settings_that_the_instant_recipe_ignores_are_not_offered(project):
    at = open_page("model_selection")
    assert "expert-epochs" not in [slider.key for slider in at.slider]
    at.selectbox(key="expert-head").set_value("hidden").run()
    assert [slider.key for slider in at.slider] == ["expert-dropout"]


def test_a_run_belongs_to_whoever_gave_a_name_and_to_nobody_else(graft, project):
    at = open_page("model_selection")
    at.button(key="start-training").click().run()
    at = open_page("model_selection")
    at.text_input(key="your-name").set_value("Mia").run()
    at.button(key="start-training").click().run()
    latest, first = graft.registry.runs(project.id)
    assert (latest.owner, first.owner) == ("Mia", "")
    assert (latest.name, first.name) == ("Instant 2", "Instant")


def test_expert_settings_stay_when_the_page_is_left(project):
    at = open_page("model_selection")
    at.number_input(key="expert-seed").set_value(7).run()
    at.switch_page("training.py").run()
    at.switch_page("model_selection.py").run()
    assert at.number_input(key="expert-seed").value == 7
    at.button(key="reset-expert").click().run()
    assert at.number_input(key="expert-seed-again1").value == 0


def test_missing_weights_that_cannot_be_fetched_are_told_before_a_run_is_wasted(project, monkeypatch, tmp_path):
    from engine.backbones import local_weights

    def refuse(info):
        raise local_weights.unreachable(info, "no route to host")

    monkeypatch.setattr(local_weights, "check_reachable", refuse)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    at = open_page("model_selection", backbone="resnet50")
    wait_for_answers()
    at.run()
    assert "could not be downloaded" in words(at)
    assert at.button(key="start-training").disabled


def test_a_speed_known_from_earlier_work_is_shown_at_once(graft, project):
    runs.write_json(graft.workspace.caches / "speed.json", {"sprout-96": 812.4})
    assert "812 pictures a second here" in words(open_page("model_selection"))


def test_a_speed_is_measured_on_request(graft, project):
    graft.compute.answers["measure_speed"] = 1234.0
    at = open_page("model_selection")
    at.button(key="ask-measure-sprout").click().run()
    wait_for_answers()
    at.run()
    assert "1,234 pictures a second here" in words(at)


def test_an_unready_dataset_is_told_in_the_words_of_the_check(graft, project, monkeypatch):
    from engine.data import readiness

    def refuse(_items, **_options):
        raise DataError("Class {label} has only {count} pictures.", label="pear", count=1)

    monkeypatch.setattr(readiness, "check", refuse)
    assert "Class pear has only 1 picture." in words(open_page("model_selection"))


def test_waiting_for_an_answer_never_blocks_the_page(graft, project):
    never = Future()
    graft.compute.answers["estimate"] = lambda *_arguments: never.result(timeout=20)
    assert "Working out how long it takes" in words(open_page("model_selection"))
    never.set_result({"seconds": 1.0})
