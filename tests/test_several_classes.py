"""Pictures that show several classes or none, from a table to answers; and one unit for two classes."""

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest
from sklearn.metrics import accuracy_score, average_precision_score, f1_score
from sklearn.metrics import hamming_loss as reference_hamming

from engine import graft as graft_module
from engine import runs
from engine.evaluation.several import metrics, results, thresholds
from engine.training import model
from engine.training.several.scores import exact
from engine.workspace import Workspace
from tests import tiny_runs
from tests.conftest import use_workspace
from tests.run_files import idle_graft
from tests.several_sets import archive, picture
from tests.test_command_line import answer, engine
from tests.test_pages_runs import open_page, words


@pytest.mark.parametrize("seed", range(5))
def test_the_metrics_are_those_of_scikit_learn(seed):
    chance = np.random.default_rng(seed)
    truth = chance.random((80, 6)) < chance.uniform(0.1, 0.6, 6)
    truth[0] = True  # every class is shown by some picture
    scores = np.round(0.3 * truth + 0.7 * chance.random(truth.shape), 2)  # with ties
    said = scores > 0.5
    assert metrics.mean_average_precision(truth, scores) == pytest.approx(average_precision_score(truth, scores))
    assert metrics.macro_f1(truth, said) == pytest.approx(f1_score(truth, said, average="macro", zero_division=0))
    assert metrics.over_all_labels(truth, said)["f1"] == pytest.approx(f1_score(truth, said, average="micro"))
    assert metrics.hamming_loss(truth, said) == pytest.approx(reference_hamming(truth, said))
    assert exact(truth, said) == pytest.approx(accuracy_score(truth, said))


@pytest.fixture(scope="module", autouse=True)
def team(warm_graft) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAFT_SCHEDULER", warm_graft.compute.cluster.scheduler_address)
        yield


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("several")


@pytest.fixture(scope="module")
def run(place) -> dict:
    source = archive(place / "drawn.zip", 30)
    return answer("train", source, "--recipe", "instant", workspace=place / "workspace")


def test_a_table_of_several_classes_trains_and_says_how_good_it_is(run):
    assert run["task"] == "several" and run["class_names"] == ["disc", "square"]
    assert run["used"] == 120 and sum(run["splits"].values()) == 120
    expected = {"thresholds", "labels", "macro_f1", "micro_f1", "mean_average_precision", "hamming_loss"}
    assert expected | {"co_occurrence", "calibration_error", "per_class"} <= set(run)
    assert run["mean_average_precision"] > 0.9 and run["accuracy"] > run["baselines"]["majority"]


def test_a_picture_gets_several_answers_or_none(run, place):
    files = {"both.png": ("disc", "square"), "none.png": (), "disc.png": ("disc",)}
    for number, (name, kinds) in enumerate(files.items()):
        (place / name).write_bytes(picture(kinds, 9000 + number))
    found = answer("predict", run["run"], *(place / name for name in files), workspace=place / "workspace")
    labels = [set(each["labels"]) for each in found["predictions"]]
    assert labels == [set(kinds) for kinds in files.values()]
    assert all(set(each["probabilities"]) == {"disc", "square"} for each in found["predictions"])


@pytest.fixture
def pages(run, place, monkeypatch) -> Iterator[Path]:
    """The workspace of the run, open without workers."""
    graft_module.close_current()
    before = Path(graft_module.settings.current().workspace)
    opened = idle_graft(use_workspace(place / "workspace"))
    monkeypatch.setattr(graft_module, "_current", opened)
    yield opened.workspace.run_dir(run["run"])
    opened.close()
    monkeypatch.setattr(graft_module, "_current", None)
    use_workspace(before)


@pytest.mark.parametrize("page", ["evaluation", "try_it"])
def test_the_pages_of_such_a_run_open(pages, page):
    assert words(open_page(page, current_run=pages.name))


def test_thresholds_set_on_the_page_are_said_beside_the_numbers_that_do_not_count_them(pages):
    at = open_page("evaluation", current_run=pages.name)
    assert "used for nothing but this number" in words(at) and "With yours" not in words(at)
    thresholds.set_one(pages, "square", 0.99)
    truth, probabilities = results.scores(pages)
    own = np.array(thresholds.of_run(pages, runs.read_evaluation(pages)))
    share = 100 * ((probabilities >= own) == truth).all(axis=1).mean()
    said = words(at.run())
    assert "the model names **square** from 99 % on" in said and "chosen here while looking at them" in said
    assert f"With yours, it names exactly the right classes {share:.0f} times in 100" in said
    at.session_state["results-parts"] = "Compare"
    assert "With thresholds set on this page since" in words(at.run())
    at.button(key="thresholds-back").click().run()
    assert not thresholds.are_changed(pages) and "With yours" not in words(at)


def test_two_classes_may_be_handed_over_as_one_unit(workspace: Workspace):
    items = tiny_runs.discs(workspace, labels=("red", "blue"))
    run_dir = tiny_runs.train(workspace, items, output="sigmoid")
    made = keras.models.load_model(run_dir / runs.MODEL)
    assert made.output_shape == (None, 1) and made.layers[-1].activation is keras.activations.sigmoid
    pixels = np.random.default_rng(0).uniform(0, 255, (3, *made.input_shape[1:])).astype(np.float32)
    probabilities = model.predict(made, pixels)
    assert probabilities.shape == (3, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(probabilities[:, 1:], made.predict_on_batch(pixels), rtol=1e-6)
    assert runs.read_evaluation(run_dir)["accuracy"] >= 0.75


def test_one_unit_cannot_tell_three_classes_apart(place):
    done = engine("train", "example:digits", "--recipe", "instant", "--output", "sigmoid", workspace=place / "refused")
    assert done.returncode != 0 and "can only tell two classes apart" in done.stderr
