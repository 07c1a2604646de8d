"""A training that ends by itself: good enough, or late enough. The worker sees to it, and says why."""

import json

import pytest

from engine.errors import TrainingError
from engine.storage import runs
from engine.storage.workspace import Workspace
from engine.training.limits import TIME, Limits, duration, percent
from engine.training.recipe import Recipe
from engine.worker import door
from tests.support.app_pages import open_page, words
from tests.support.run_files import add_run, finish_run, set_status
from tests.support.tiny_runs import discs, train


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    workspace = Workspace(tmp_path_factory.mktemp("limits")).create()
    return workspace, discs(workspace)


def test_a_training_that_is_good_enough_ends_before_its_last_epoch_and_says_so(pictures):
    run_dir = train(*pictures, name="balanced", epochs=60, target_accuracy=0.3)
    status = runs.read_status(run_dir)
    assert status["state"] == "finished"
    assert status["message"].startswith("Ended early because it was good enough")
    assert status["values"]["target"] == 30 and status["values"]["share"] >= 30
    assert not [row for row in runs.read_metrics(run_dir) if row["phase"] == "fine_tune"]  # the probe was enough
    assert not (run_dir / "checkpoint").exists() and runs.read_evaluation(run_dir)["accuracy"] > 0.3


@pytest.mark.slow
def test_a_time_limit_never_ends_it_before_there_is_a_model_and_it_can_go_on(pictures):
    workspace, _items = pictures
    run_dir = train(*pictures, name="balanced", epochs=2, time_limit=0.001)
    status = runs.read_status(run_dir)
    assert status["state"] == "stopped" and "time limit" in status["message"]
    assert runs.read_evaluation(run_dir)["chosen"] == "probe"
    recipe = json.loads((run_dir / runs.RECIPE).read_text())
    runs.write_json(run_dir / runs.RECIPE, {**recipe, "time_limit": 600})
    door.answer("train", run_dir, workspace)
    assert runs.read_status(run_dir)["state"] == "finished"
    assert [row["epoch"] for row in runs.read_metrics(run_dir) if row["phase"] == "fine_tune"] == [1, 2]


def test_an_aim_that_was_missed_is_told_with_what_was_reached():
    limits = Limits(target_accuracy=0.9)
    assert limits.reached() is None
    limits.scored(0.85)
    assert limits.reached() is None and limits.best == 0.85
    limits.scored(0.7)
    assert limits.best == 0.85
    late = Limits(time_limit=1e-9)
    assert late.reached() is None  # there is nothing to keep yet
    late.scored(0.1)
    assert late.reached() == TIME


def test_limits_read_well():
    assert [duration(seconds) for seconds in (45, 60, 200, 7500)] == ["45 s", "1 min", "3 min 20 s", "2 h 5 min"]
    assert [percent(share) for share in (0.9, 0.925, 1.0)] == [90, "92.5", 100]


@pytest.mark.parametrize(("option", "value"), [("target_accuracy", 95), ("target_accuracy", 0), ("time_limit", -1)])
def test_limits_that_make_no_sense_are_refused(option, value):
    with pytest.raises(TrainingError, match="expected"):
        Recipe.from_dict({option: value}).validate()


def test_the_model_page_offers_to_stop_when_good_enough_only_where_a_training_lasts(graft, project):
    at = open_page("model_selection")
    assert "goal-accuracy" not in {field.key for field in at.number_input}
    at.radio(key=f"recipe-{project.id}").set_value("balanced").run()
    at.number_input(key="goal-accuracy").set_value(92.0).run()
    at.number_input(key="goal-minutes").set_value(10.0).run()
    assert "stops at 92 % right or after 10 min 0 s" in words(at)
    at.button(key="start-training").click().run()
    [run] = graft.registry.runs(project.id)
    recipe = runs.read_recipe(graft.workspace.run_dir(run.id))
    assert (recipe["target_accuracy"], recipe["time_limit"]) == (0.92, 600)


def test_the_train_page_says_that_a_run_ended_because_it_was_good_enough(graft, project):
    run_id = add_run(graft, project, recipe={"name": "balanced", "target_accuracy": 0.9})
    finish_run(graft, run_id)
    template = "Ended early because it was good enough: {share} % on the validation pictures, {target} % were wanted."
    set_status(graft, run_id, state="finished", message=template, values={"share": 91, "target": 90})
    assert "it was good enough: 91 % on the validation pictures" in words(open_page("training"))
