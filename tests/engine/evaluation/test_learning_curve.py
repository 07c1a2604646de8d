"""More pictures or more training? The curve is measured on validation pictures and told as far as it can be known."""

import json
import time
from argparse import Namespace

import numpy as np
import pytest

from engine.cli import learning_curve as cli_learning_curve
from engine.errors import ComputeError, Stopped
from engine.evaluation import learning_curve
from engine.evaluation.learning_curve import Answers
from engine.evaluation.metrics import intervals
from engine.services import run_measurements
from engine.storage import runs
from engine.storage.status_file import StatusFile
from engine.storage.workspace import Workspace, write_json
from engine.training.inputs.subsample import rows_of_fraction
from engine.worker import door
from pages.session import worker_answers
from tests.support.app_pages import open_tab, words
from tests.support.run_files import add_run, finish_run
from tests.support.tiny_runs import discs, train

pytestmark = pytest.mark.slow


def answers_of(errors: list[float], validation: int, pictures: int = 1000) -> list[Answers]:
    """Return answers with exactly these shares of wrong ones, the wrong pictures chosen at random."""
    rng = np.random.default_rng(1)
    found = []
    for (share, repetitions), error in zip(learning_curve.REPETITIONS.items(), errors, strict=True):
        right = np.ones((repetitions, validation), bool)
        for row in right:
            row[rng.permutation(validation)[: round(error * validation)]] = False
        found.append(Answers(share, round(share * pictures), right))
    return found


def test_a_curve_that_climbs_says_that_more_pictures_help_and_how_much():
    found = learning_curve.read_off(answers_of([0.4 * share**-0.5 / 10**0.5 for share in (0.1, 0.25, 0.5, 1)], 2000))
    # error = c / sqrt(pictures): twice as many take away the share 1 - 1 / sqrt(2) of the errors that are left
    left = 1 - found["points"][-1]["accuracy"]
    assert found["verdict"] == "more"
    assert found["gain"] == pytest.approx(left * (1 - 2**-0.5), abs=0.003)
    assert found["gain_low"] < found["gain"] < found["gain_high"]
    assert found["twice"]["pictures"] == 2000


def test_a_curve_that_is_flat_says_so():
    assert learning_curve.read_off(answers_of([0.3, 0.201, 0.2, 0.2], 3000))["verdict"] == "flat"


def test_a_curve_of_one_point_is_not_called_flat(graft, project):
    found = learning_curve.read_off(answers_of([0.4, 0.3, 0.2, 0.1], 200, pictures=30)[-1:])
    assert found["verdict"] == "unmeasured" and found["twice"] is None and found["gain"] is None
    folder = finished(graft, project)
    for verdict in ("unmeasured", "flat"):  # as it was called once
        write_json(folder / learning_curve.FILE, {**found, "verdict": verdict})
        said = words(open_tab("More pictures?"))
        assert "How the curve runs could not be measured." in said and "You have 30 training pictures" in said
        assert "flat" not in said


def test_with_few_validation_pictures_nothing_is_claimed():
    assert learning_curve.read_off(answers_of([0.5, 0.4, 0.35, 0.3], 12))["verdict"] == "unclear"


def test_when_every_validation_picture_is_right_no_gain_is_promised():
    found = learning_curve.read_off(answers_of([0.3, 0.1, 0.0, 0.0], 40))
    assert found["verdict"] == "perfect" and found["gain"] == 0


def test_a_share_has_some_of_every_class_and_a_larger_one_holds_it():
    y = np.repeat([0, 1, 2], [90, 30, 3])
    small, large = rows_of_fraction(y, 0.1, seed=5), rows_of_fraction(y, 0.5, seed=5)
    assert np.bincount(y[small]).tolist() == [9, 3, 1]
    assert set(small) < set(large)
    assert rows_of_fraction(y, 1.0, seed=5).tolist() == list(range(len(y)))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    workspace = Workspace(tmp_path_factory.mktemp("curve")).create()
    return workspace, train(workspace, discs(workspace, per_class=20))


def test_the_curve_of_a_run_is_measured_without_its_test_pictures(trained, monkeypatch, capsys):
    workspace, run_dir = trained
    rows = runs.read_snapshot(run_dir).to_pylist()
    for row in rows:  # whoever looks at a test picture fails
        if row["split"] == "test":
            workspace.blob_path(row["sha256"]).unlink()
    for cache in (workspace.caches / "features", workspace.caches / "pixels"):
        for file in cache.rglob("*.npy"):
            file.unlink()
    found = door.answer("learning_curve", run_dir, workspace, StatusFile(run_dir / "progress.json").advance)
    assert [point["pictures"] for point in found["points"]] == [12, 21, 42]  # a tenth would be two of a class: too few
    assert found["validation"] == 6
    assert json.loads((run_dir / learning_curve.FILE).read_text()) == found


def test_the_command_prints_the_curve_and_its_meaning(trained, monkeypatch, capsys):
    workspace, run_dir = trained

    class Here:
        def __enter__(self):
            return self

        def __exit__(self, *_exception):
            pass

        def warm_up(self):
            pass

        def ask(self, task, *arguments, timeout):
            return door.answer(task, *arguments)

    Here.workspace = workspace
    Here.compute = Here()
    monkeypatch.setattr(cli_learning_curve.Graft, "open", lambda **_options: Here())
    cli_learning_curve.learning_curve(Namespace(run=str(run_dir), json=True))
    said = capsys.readouterr()
    assert json.loads(said.out.splitlines()[-1])["run"] == run_dir.name
    assert "42 training pictures (100%)" in said.err


def finished(graft, project):
    run_id = add_run(graft, project)
    finish_run(graft, run_id)
    return graft.workspace.run_dir(run_id)


def begin(graft):
    """Press the button; return the page, and whom to tell how the measurement ended."""
    at = open_tab("More pictures?")
    at.button(key="learning-curve-start-button").click().run()
    deadline = time.monotonic() + 10
    while not graft.compute.given and time.monotonic() < deadline:
        time.sleep(0.01)
    [(queue, on_done)] = graft.compute.given.values()
    assert queue == "study", "questions that somebody waits for stay quick meanwhile"
    return at, on_done


def offered(at) -> bool:
    return any(button.key == "learning-curve-start-button" for button in at.button)


def test_what_is_measured_is_known_to_every_browser_and_shown_when_it_ends(graft, project):
    folder = finished(graft, project)
    at, on_done = begin(graft)
    status = graft.background_jobs.folder("learning_curve", folder.name) / "status.json"
    write_json(status, {"progress": 0.25, "seconds_left": 90.0})
    other = open_tab("More pictures?")
    for page in (other, at.run()):
        assert not offered(page)
        progress = json.dumps([str(element.proto) for element in page.get("progress")])
        assert "value: 25" in progress and "about 1 min 30 s left" in progress
    found = learning_curve.read_off(answers_of([0.4, 0.25, 0.18, 0.126], 2000))
    write_json(folder / learning_curve.FILE, found)
    on_done(None)
    said = words(other.run())
    assert "More pictures help: twice as many would probably bring about" in said
    assert len(graft.compute.given) == 1
    told = {name: f"{100 * found['twice'][name]:.1f}" for name in ("accuracy", "low", "high")}
    assert f"With 2,000 training pictures instead of 1,000 it would be right on about {told['accuracy']} %" in said
    assert f"likely between {told['low']} and {told['high']} %." in said
    assert ("the same pictures measure both" in said) == (found["twice"]["low"] <= found["points"][-1]["accuracy"])
    drawn = json.loads(other.get("plotly_chart")[0].proto.spec)
    bar = drawn["data"][2]["error_y"]
    assert bar["array"][1] == pytest.approx(found["twice"]["high"] - found["twice"]["accuracy"])
    assert bar["arrayminus"][1] == pytest.approx(found["twice"]["accuracy"] - found["twice"]["low"])
    low, high = intervals.wilson_interval(round(2000 * found["points"][-1]["accuracy"]), 2000)
    assert found["twice"]["high"] - found["twice"]["low"] > 0.8 * (high - low), "as rough as the pictures are few"
    assert drawn["layout"]["xaxis"]["ticktext"][-1] == "2,000", "as the text writes it"


def test_a_measurement_is_stopped_where_it_waits_and_where_it_runs_and_says_why_it_failed(graft, project):
    folder = finished(graft, project)
    at, _on_done = begin(graft)
    at.button(key="learning-curve-stop").click().run()
    assert offered(at.run()) and not graft.compute.submitted, "nobody was at it yet: it is out of the line"

    graft.compute.given.clear()
    at, on_done = begin(graft)
    place = graft.background_jobs.folder("learning_curve", folder.name)
    write_json(place / "status.json", {"progress": 0.5})
    at.button(key="learning-curve-stop").click().run()
    assert (place / "stop").exists() and not offered(at)
    on_done(Stopped("It was stopped."))
    assert offered(at.run()) and not at.error

    graft.compute.given.clear()
    at, on_done = begin(graft)
    on_done(ComputeError("The worker process died."))
    assert offered(at.run())
    assert "The worker process died." in at.error[0].value


def test_measurements_leave_every_thread_to_those_who_wait_for_an_answer(graft, project):
    folders = [finished(graft, project) for _run in range(worker_answers.THREADS + 2)]
    for folder in folders:
        graft.run_measurements.start(run_measurements.LEARNING_CURVE, folder)
    assert worker_answers.ask("at once", lambda: "an answer").result(timeout=10) == "an answer"
    states = {graft.run_measurements.status(run_measurements.LEARNING_CURVE, folder).state for folder in folders}
    assert states == {"waiting"}
