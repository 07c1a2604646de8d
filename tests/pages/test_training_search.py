"""Find the best network, on the pages: begun on the Model page, watched and stopped on the Train page by anybody."""

import threading

import pytest

from engine.backbones import local_weights
from engine.backbones.catalogue import CATALOGUE
from engine.errors import BackboneError
from engine.search import scheduler, search_directory
from engine.search.plan import Plan, choice
from engine.search.search_directory import SearchDirectory, Trial, new_search
from engine.search.searches import not_here
from engine.storage import run_writer, runs
from engine.storage.workspace import write_json
from tests.support.app_pages import open_page, table_on, words
from tests.support.run_files import add_run, finish_run


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(scheduler, "PATIENCE_SECONDS", 0.2)


def laid_out(graft, project, state: str, trials: list[Trial], **status) -> SearchDirectory:
    """Write what a search holds, in a state, as if another process had conducted it."""
    plan = Plan(project.id, project.dataset_id, ("sprout",), left_out=not_here(), created=runs.now(), time_limit=120.0)
    search = new_search(graft.workspace, plan, graft.registry.items(project.dataset_id))
    search.write_trials(trials)
    told = {"values": {}, "seconds": 60.0, **status}
    write_json(search.path / runs.STATUS, {**runs.read_json(search.path / runs.STATUS), "state": state, **told})
    return search


def test_a_search_is_begun_on_the_model_page_seen_from_any_browser_and_stopped(graft, project, monkeypatch):
    where = local_weights.local_path
    monkeypatch.setattr(local_weights, "local_path", lambda key: where(key) if key == "sprout" else None)
    at = open_page("model_selection")
    assert "Only Sprout is on this machine" in words(at)
    at.number_input(key="search-accuracy").set_value(95.0).run()
    at.button(key="start-search").click().run()
    [search_id] = graft.searches.of_project(project.id)
    view = graft.searches.status(search_id)
    assert (view.plan.networks, view.plan.target_accuracy, view.plan.time_limit) == (("sprout",), 0.95, 600)
    assert len(view.plan.left_out) == len(CATALOGUE) - 1
    other = open_page("training")
    assert "Search for the best network" in words(other) and "stops at 95 % right or after 10 min 0 s" in words(other)
    wait_for(lambda: graft.searches.status(search_id).trials)
    titles, rows = table_on(open_page("training"))
    assert titles[:3] == ["Network", "Right", "Where it stands"] and rows[0][0] == "Sprout"
    assert "A search for these pictures is at work." in words(open_page("model_selection"))
    other.button(key="stop-search").click().run()
    wait_for(lambda: not graft.searches.is_active(search_id))
    assert "Stopped before anything could be measured." in words(open_page("training"))


def wait_for(condition) -> None:
    for _try in range(100):
        if condition():
            return
        threading.Event().wait(0.05)
    raise AssertionError("it did not come about")


def test_a_search_that_ended_says_what_it_tried_what_it_left_out_and_leads_to_its_best(graft, project):
    best = Trial(
        0, 0, choice("sprout", "balanced"), search_directory.DONE, 2, {0: 0.8, 1: 0.85, 2: 0.9}, 2, seconds=12.0
    )
    weak = Trial(
        1, 0, choice("sprout", "balanced", "larger", "hidden"), search_directory.DROPPED, 0, {0: 0.7}, seconds=3.0
    )
    broken = Trial(
        2, 0, choice("sprout", "balanced", "larger"), search_directory.FAILED, error=BackboneError("Broken.").to_dict()
    )
    late = Trial(3, 1, choice("sprout", "balanced", rate="bolder"), search_directory.LATE)
    told = {"message": "The time limit of {time} was reached.", "values": {"time": "2 min"}, "reason": "time"}
    search = laid_out(graft, project, "finished", [best, weak, broken, late], **told)
    run_id = add_run(graft, project, "Balanced", recipe={"name": "balanced"})
    finish_run(graft, run_id)
    newer = add_run(graft, project, "Later")
    finish_run(graft, newer)
    write_json(search.path / "winner.json", {"trial": 0, "epochs": 2, "run": run_id})
    at = open_page("training", current_run=newer)
    shown = words(at)
    assert "The time limit of 2 min was reached." in shown and "**Sprout** with 90.0 %" in shown
    assert "2 combinations were tried." in shown and "There was no time for 1 more." in shown
    assert "stops after" not in shown  # it has ended
    assert "MobileNetV2 0.35, MobileNetV2," in shown.replace("\\", "")
    _titles, rows = table_on(at)
    assert rows[0][:5] == ["Sprout", "90.0 %", "The best", "all pictures, 2 of 8 rounds", "Balanced"]
    assert rows[1][1:6] == [
        "70.0 %",
        "Dropped: others are as good or better",
        "a quarter of the pictures",
        "Instant",
        "144 pixels · A hidden layer before it",
    ]
    assert rows[2][2] == "Broken." and len(rows) == 3
    at.button(key="see-winner").click().run()
    assert at.query_params["run"] in (run_id, [run_id])
    at.button(key="delete-search").click().run()
    assert not search.path.exists() and graft.registry.run(run_id) is not None


def test_a_trial_at_work_tells_its_round_once_and_a_lone_one_that_it_was_compared_with_nothing(graft, project):
    trial = Trial(0, 0, choice("sprout", "balanced"), search_directory.AT_WORK, 3, {0: 0.8, 1: 0.85, 2: 0.9}, 2)
    search = laid_out(graft, project, "running", [trial])
    search.trial_dir(0).mkdir(parents=True)
    with run_writer.RunWriter(search.path), run_writer.RunWriter(search.trial_dir(0)) as worker:
        worker.status(state="running", message="Round 7 of 8.", values={})
        _titles, rows = table_on(open_page("training"))
    assert rows[0][2:4] == ["Round 7 of 8.", "all pictures"]
    trial.state = search_directory.DONE
    search.write_trials([trial])
    write_json(search.path / "winner.json", {"trial": 0, "epochs": 2, "run": "gone"})
    told = {"state": "stopped", "message": "Stopped. The best so far was kept.", "values": {}, "reason": "stopped"}
    write_json(search.path / runs.STATUS, {**runs.read_json(search.path / runs.STATUS), **told})
    assert "One combination was tried, so there is nothing to compare it with" in words(open_page("training"))


def test_an_interrupted_search_says_so_and_goes_on(graft, project):
    search = laid_out(graft, project, "running", [Trial(0, 0, choice("sprout", "balanced"), scores={0: 0.8})])
    at = open_page("training")
    assert "The search was interrupted: its process is gone." in words(at)
    at.button(key="resume-search").click().run()
    wait_for(lambda: graft.searches.status(search.id).state == "running")
    assert graft.searches.status(search.id).plan.limit == 120.0  # it had half of its time left, and keeps that
    assert graft.searches.status(search.id).trials[0].scores == {0: 0.8}


def test_a_search_that_cannot_begin_is_refused_in_words(graft, project):
    at = open_page("model_selection")
    at.multiselect(key="search-networks").set_value([]).run()
    at.button(key="start-search").click().run()
    assert "A search needs at least one network to try." in words(at)
    assert not graft.searches.of_project(project.id)
