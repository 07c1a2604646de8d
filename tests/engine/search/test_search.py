"""A search tries networks and recipes, drops the weak early, ends when it should, and its best becomes a run."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from engine.backbones import catalogue
from engine.cli.parser import main
from engine.compute.run_queue import RunQueue
from engine.compute.workers import TRIAL
from engine.data import versions
from engine.errors import TrainingError
from engine.search import search_directory
from engine.search.halving import go_on
from engine.search.plan import STEPS, Plan, all_choices, choice, first_choices, recipe_of
from engine.search.scheduler import Closed, Scheduler
from engine.search.search_directory import SearchDirectory, Trial, best_of, new_search
from engine.search.searches import Searches
from engine.storage import runs
from engine.storage.registry import Registry
from engine.storage.run_writer import RunWriter
from engine.storage.workspace import read_json, write_json
from engine.training.recipe import RECIPES
from engine.worker import door
from tests.support import team as team_of_workers
from tests.support import tiny_runs
from tests.support.command_line import ROOT, answer
from tests.support.pictures import draw_folder
from tests.support.run_files import IdleWorkers
from tests.support.taught_workers import teach
from tests.support.tiny_runs import discs

pytestmark = pytest.mark.slow

THREE = ("sprout", "mobilenet_v2_035", "mobilenet_v2")


def plan(**more) -> Plan:
    return Plan(**{"project": "p", "dataset": "d", "networks": THREE, "recipes": ("instant", "balanced"), **more})


class Measured(IdleWorkers):
    """Workers that take no time: `table(recipe, step)` tells how right a trial is, or why it failed."""

    def __init__(self, table):
        super().__init__()
        self.table, self.steps = table, []

    def room(self, busy):
        return ["one", "two"]

    def submit(self, task, folder, root, step, share, epochs, target, *, queue, key, on_done, worker=None):
        assert (task, queue) == (TRIAL, "train")
        recipe = runs.read_recipe(Path(folder))
        self.steps.append((recipe["backbone"], step))
        right = self.table(recipe, step)
        if isinstance(right, Exception):
            return on_done(right)
        found = {"validation_accuracy": right, "epochs": epochs, "seconds": 1.0, "cut": False}
        write_json(Path(folder) / f"step-{step}.json", found)
        return on_done(None)


def carry_out(workspace, wanted: Plan, table, *, search: SearchDirectory | None = None, leave=None):
    """Carry a search out with workers that take no time; return (why it ended, its trials, the steps they took)."""
    search = search or new_search(workspace, wanted, [])
    workers = Measured(table)
    queue = RunQueue(workspace, lambda: workers)
    with RunWriter(search.path) as writer:
        scheduler = Scheduler(search, workspace, lambda: workers, queue, leave or threading.Event())
        return scheduler.carry_out(writer, 0.0), search.trials(), workers.steps


@pytest.fixture
def no_pictures(monkeypatch):
    """Searches whose workers do nothing need no pictures."""
    monkeypatch.setattr(runs, "write_snapshot", lambda *_: None)


def test_a_third_goes_on_and_of_equals_the_first():
    assert go_on({0: 0.5, 1: 0.9, 2: 0.7}) == [1]
    assert go_on({4: 0.5, 5: 0.9, 6: 0.7, 7: 0.9}) == [5, 7]
    assert go_on({2: 0.8, 0: 0.8, 1: 0.8}) == [0]
    assert go_on({3: 0.1}) == [3]
    assert go_on({}) == []


def test_what_saw_only_a_part_of_the_pictures_is_never_better_than_what_saw_all():
    part, whole = Trial(0, 0, {}, scores={0: 0.9}), Trial(1, 0, {}, scores={0: 0.5, 1: 0.6})
    assert best_of([part, whole]) is whole
    assert best_of([part, Trial(2, 0, {})]) is part
    assert best_of([Trial(2, 0, {})]) is None
    same = Trial(5, 0, {}, scores={0: 0.5, 1: 0.6})
    assert best_of([same, whole]) is whole


def test_the_better_network_is_fine_tuned_and_the_others_are_dropped_after_a_quarter_of_the_pictures(
    workspace, no_pictures
):
    right = {"sprout": 0.5, "mobilenet_v2_035": 0.6, "mobilenet_v2": 0.55}

    def table(recipe, step):
        return right[recipe["backbone"]] + 0.03 * step - 0.01 * (recipe.get("head") == "hidden")

    reason, trials, steps = carry_out(workspace, plan(target_accuracy=0.69), table)
    assert reason == "target"
    looks = [(network, 0) for network in THREE] * 2  # with both heads
    assert steps == [*looks, *(("mobilenet_v2_035", step) for step in (1, 1, 2, 3))]
    assert [trial.state for trial in trials] == [
        search_directory.DROPPED,
        search_directory.DONE,
        *4 * [search_directory.DROPPED],
    ]
    assert best_of(trials).number == 1 and best_of(trials).epochs == 8


def test_a_target_counts_from_all_pictures_on_and_ends_the_search(workspace, no_pictures):
    reason, trials, steps = carry_out(workspace, plan(target_accuracy=0.7), lambda recipe, step: 0.8)
    assert reason == "target" and best_of(trials).is_whole
    assert [step for _network, step in steps] == [*6 * [0], 1, 1] and best_of(trials).choice == choice(
        "sprout", "balanced"
    )


def test_a_search_without_a_limit_ends_when_everything_was_tried_and_measures_nothing_twice(workspace, no_pictures):
    wanted = plan(networks=("sprout",), time_limit=None)
    reason, trials, steps = carry_out(workspace, wanted, lambda recipe, step: 0.5)
    assert reason == "tried"
    assert sorted(map(str, (trial.choice for trial in trials))) == sorted(map(str, all_choices(wanted)))
    assert steps.count(("sprout", 0)) == 4  # two sizes, two heads: the learning rate changes nothing yet


def test_the_time_limit_ends_it_with_the_best_so_far(workspace, no_pictures):
    reason, trials, _steps = carry_out(workspace, plan(time_limit=1e-9), lambda recipe, step: 0.5)
    assert reason == "time" and best_of(trials) is None
    assert {trial.state for trial in trials} == {search_directory.LATE}


def test_nothing_is_better_than_every_validation_picture_but_there_is_something_to_compare_it_with(
    workspace, no_pictures
):
    wanted = plan(networks=("sprout",), time_limit=None)
    reason, trials, steps = carry_out(workspace, wanted, lambda recipe, step: 1.0)
    assert reason == "perfect" and [step for _network, step in steps] == [0, 0, 0, 0, 1, 1]
    assert [len(trial.scores) for trial in trials] == [2, 2, 1, 1]


def test_with_one_network_other_heads_and_sizes_are_looked_at_before_anything_is_fine_tuned(workspace, no_pictures):
    def table(recipe, step):
        return 0.5 + 0.1 * step + 0.01 * (recipe.get("head") == "hidden")

    reason, trials, steps = carry_out(workspace, plan(networks=("sprout",), target_accuracy=0.8), table)
    assert reason == "target" and [step for _network, step in steps] == [0, 0, 0, 0, 1, 1, 2, 3]
    assert best_of(trials).choice == choice("sprout", "balanced", head="hidden")


def test_the_first_round_favours_no_network():
    for networks, combinations in (
        (THREE[:1], 4),
        (THREE[:2], 6),
        (THREE, 6),
        (tuple(catalogue.CATALOGUE), len(catalogue.CATALOGUE)),
    ):
        tried = first_choices(plan(networks=networks), 6)
        assert len(tried) == combinations
        assert len({sum(one["network"] == network for one in tried) for network in networks}) == 1
        assert tried[: len(networks)] == [choice(network, "balanced") for network in networks]


def test_a_network_that_fails_is_told_with_its_reason_and_not_tried_again(workspace, no_pictures):
    def table(recipe, step):
        return TrainingError("Too large.") if recipe["backbone"] == "sprout" else 0.5 + 0.1 * step

    reason, trials, steps = carry_out(workspace, plan(target_accuracy=0.75), table)
    assert reason == "target" and trials[0].state == search_directory.FAILED
    assert trials[0].error["template"] == "Too large."
    assert steps.count(("sprout", 0)) == 1
    with pytest.raises(TrainingError, match="None of the networks could be tried.*Too large") as caught:
        carry_out(workspace, plan(), lambda recipe, step: TrainingError("Too large."))
    assert caught.value.to_dict()["values"]["reason"]["template"] == "Too large."  # translated on the page as well


def test_a_search_whose_process_died_goes_on_where_it_was(workspace, no_pictures):
    search, leave = new_search(workspace, plan(networks=("sprout",), time_limit=None), []), threading.Event()

    def dies(recipe, step):
        if len(list(search.path.glob("trials/*/step-0.json"))) == 3:
            leave.set()
        return 0.5

    with pytest.raises(Closed):
        carry_out(workspace, search.plan(), dies, search=search, leave=leave)
    before = search.trials()
    reason, trials, steps = carry_out(workspace, search.plan(), lambda recipe, step: 0.5, search=search)
    assert reason == "tried" and steps.count(("sprout", 0)) == 2  # two of four were known
    assert [trial.choice for trial in trials[: len(before)]] == [trial.choice for trial in before]


def test_every_choice_means_a_recipe_that_makes_sense():
    wanted = plan(networks=tuple(catalogue.CATALOGUE), recipes=tuple(RECIPES))
    for chosen in all_choices(wanted):
        recipe_of(wanted, chosen, tuned=True).validate()
        recipe_of(wanted, chosen, tuned=False).validate()
        assert recipe_of(wanted, chosen, tuned=True).size == recipe_of(wanted, chosen, tuned=False).size
    meant = [str(recipe_of(wanted, chosen, tuned=True)) for chosen in all_choices(wanted)]
    assert len(set(meant)) == len(meant)
    assert all_choices(plan(networks=("sprout",), recipes=("instant",))) == [
        choice("sprout", "instant", size, head) for size in ("own", "larger") for head in ("linear", "hidden")
    ]
    assert first_choices(plan(recipes=("instant",)), 6)[0] == choice("sprout", "instant")


class InThisProcess(IdleWorkers):
    """A worker that carries out everything at once, here."""

    def room(self, busy):
        return ["here"]

    def submit(self, task, *args, queue, key, on_done, worker=None):
        door.answer(task, *args)
        on_done(None)


def test_the_best_becomes_a_run_that_learns_nothing_twice_and_no_trial_sees_test_pictures(workspace, monkeypatch):
    items = discs(workspace)
    labels = [item.label for item in items]
    random.Random(5).shuffle(labels)  # nothing to learn, so that every step is taken
    items = [replace(item, label=label) for item, label in zip(items, labels, strict=True)]
    registry = Registry(f"sqlite:///{workspace.root / 'graft.db'}")
    project = registry.create_project("Discs")
    queue = RunQueue(workspace, lambda: InThisProcess())
    searches = Searches(workspace, registry, queue, lambda: InThisProcess())
    monkeypatch.setattr("engine.search.scheduler.ROUND_SIZE", 0)
    monkeypatch.setattr("engine.search.scheduler.STEPS", STEPS[:3])  # to a quarter of two epochs, which is one
    shutil.copytree(tiny_runs.converted(), workspace.caches / "litert", dirs_exist_ok=True)
    common = {"fit": "stretch", "task": "one", "seed": 0, "epochs": 2}
    wanted = plan(project=project.id, dataset=project.dataset_id, networks=("sprout",), common=common)
    search_id = searches.start(wanted, items)
    searches._own[search_id][0].join(600)
    view = searches.status(search_id)
    assert view.state == "finished", view.status
    [trial] = view.trials
    assert sorted(trial.scores) == [0, 1, 2] and trial.epochs == 1
    run_dir = workspace.run_dir(view.winner["run"])
    assert runs.read_evaluation(run_dir) is not None
    assert runs.read_status(run_dir)["values"] == {"rounds": 1, "epochs": 2}
    embedded = read_events(searches.trial_dir(search_id, 0), "embedded")
    test = sum(item.split == "test" for item in items)
    assert max(event["pictures"] for event in embedded) == len(items) - test
    trained = [row["seconds"] for row in runs.read_metrics(run_dir) if row["phase"] == "fine_tune"]
    in_trial = [row["seconds"] for row in runs.read_metrics(searches.trial_dir(search_id, 0)) if row["epoch"]]
    assert trained == in_trial and len(trained) == 1
    assert runs.search_facts(run_dir)["trials"] == 1
    assert versions.facts(run_dir) == versions.facts(workspace.searches / search_id)
    assert not list(workspace.searches.glob("*/trials/*/checkpoint"))
    registry.close()


def read_events(folder: Path, kind: str) -> list[dict]:
    return [event for event in runs.read_events(folder) if event["kind"] == kind]


# through the command line


@pytest.fixture(scope="module", autouse=True)
def team(warm_graft):
    """Commands use the warm worker of a team; loading Keras anew takes seconds each."""
    with pytest.MonkeyPatch.context() as patch:
        team_of_workers.join(patch, warm_graft)
        yield


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A workspace, and beside it pictures of which a third are in the wrong class: no model gets all of them right."""
    place = tmp_path_factory.mktemp("search")
    pictures = draw_folder(place / "pictures", {"red": 24, "blue": 24})
    dice = random.Random(1)
    for file in sorted(pictures.rglob("*.png")):
        if dice.random() < 0.35:
            file.rename(pictures / dice.choice(("red", "blue")) / f"{file.parent.name}-{file.name}")
    return place


def test_search_on_the_command_line_reaches_a_target_and_hands_over_an_evaluated_run(place):
    pictures, workspace = place / "pictures", place / "workspace"
    asked = ("search", pictures, "--backbones", "sprout", "--target-accuracy", "0.3", "--seed", 1)
    found = answer(*asked, workspace=workspace)
    assert found["ended"] == "target" and found["state"] == "finished"
    trial = next(trial for trial in found["trials"] if trial["best"])
    assert len(found["trials"]) == 4 and all(one["scores"] for one in found["trials"])
    assert trial["recipe"] == "instant" and trial["validation_accuracy"] >= 0.3
    assert set(trial["scores"]) == {"quarter_of_pictures", "all_pictures"}
    assert found["received"] == found["used"] == 48 and sum(found["splits"].values()) == 48
    assert 0 <= found["accuracy_interval"][0] <= found["accuracy"] and found["baselines"]["majority"]
    facts = read_json(Path(found["run_dir"]) / "search.json")
    assert facts["search"] == found["search"]
    assert answer("runs", workspace=workspace)["runs"][0]["run"] == found["run"]


def test_a_search_that_makes_no_sense_is_refused_in_words_before_anything_is_brought_in(place, workspace, capsys):
    for source, arguments, words in (
        ("pictures", ("--backbones", "nonsense"), "There is no network 'nonsense'"),
        ("pictures", ("--recipes", "magic"), "'magic' is no choice for recipe"),
        ("pictures", ("--target-accuracy", "95"), "A share between 0 and 1"),
        ("pictures", ("--resume",), "--resume goes on with the last search of a project"),
        ("latest", ("--groups-apart", "yes"), "latest is a project that is there already"),
    ):
        source = str(place / source) if source == "pictures" else source
        assert main(["search", source, *arguments, "--workspace", str(workspace.root)]) == 2
        assert words in capsys.readouterr().err
    assert not list(workspace.searches.glob("*"))


def test_workers_do_not_hear_of_ctrl_c_since_the_best_is_still_to_be_evaluated(warm_graft):
    assert signal.SIGINT in teach(warm_graft.compute).ask("blocked_signals", signal.SIG_BLOCK, [])


def begin(place: Path, *arguments) -> subprocess.Popen:
    """Start a search, and return when it has told of its first trial: there is enough left to do."""
    command = [sys.executable, "-m", "engine", "search", *map(str, arguments), "--json"]
    command += ["--workspace", str(place / "workspace")]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    # A shell lets what runs in its background ignore Ctrl-C, and so would all that it starts, this search too.
    hears = {"start_new_session": True, "preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ, **hears, **pipes)
    lines = []
    for line in process.stderr:
        if "a quarter of the training pictures" in line:
            return process
        lines.append(line)
    raise AssertionError("it ended too early:\n" + "".join(lines))


def test_ctrl_c_keeps_the_best_and_a_killed_search_goes_on(place):
    """A search is killed, goes on without measuring again what was measured, and is then stopped by the keyboard."""
    killed = begin(place, "latest", "--backbones", "sprout")
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    again = begin(place, "latest", "--resume")
    os.killpg(again.pid, signal.SIGINT)
    out, err = again.communicate(timeout=120)
    assert again.returncode == 0, err
    found = json.loads(out.splitlines()[-1])
    assert found["ended"] == "stopped" and "the best so far is kept" in err
    assert found["accuracy"] is not None and found["trials"][0]["best"]
    searched = sorted((place / "workspace" / "searches").glob("2*"))
    assert len(searched) == 2 and found["search"] == searched[-1].name
