"""Pictures that show several classes or none, from a table to answers; and one unit for two classes."""

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from sklearn.metrics import accuracy_score, average_precision_score, f1_score
from sklearn.metrics import hamming_loss as reference_hamming

from engine import graft as graft_module
from engine.data.label_kinds import multi_label
from engine.evaluation import compare, multi_label_results
from engine.evaluation.metrics import multi_label as multi_label_metrics
from engine.evaluation.reliability import multi_label_thresholds
from engine.storage import runs
from engine.storage.workspace import Workspace
from engine.training.fine_tuning import classifier
from engine.training.objectives.scores import exact_match
from tests.conftest import use_workspace
from tests.support import team as team_of_workers
from tests.support import tiny_runs
from tests.support.app_pages import open_page, open_tab, open_view, words
from tests.support.command_line import answer, engine
from tests.support.multi_label_sets import archive, picture
from tests.support.run_files import idle_graft

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seed", range(5))
def test_the_metrics_are_those_of_scikit_learn(seed):
    chance = np.random.default_rng(seed)
    truth = chance.random((80, 6)) < chance.uniform(0.1, 0.6, 6)
    truth[0] = True  # every class is shown by some picture
    scores = np.round(0.3 * truth + 0.7 * chance.random(truth.shape), 2)  # with ties
    said = scores > 0.5
    assert multi_label_metrics.mean_average_precision(truth, scores) == pytest.approx(
        average_precision_score(truth, scores)
    )
    assert multi_label_metrics.macro_f1(truth, said) == pytest.approx(
        f1_score(truth, said, average="macro", zero_division=0)
    )
    assert multi_label_metrics.over_all_labels(truth, said)["f1"] == pytest.approx(
        f1_score(truth, said, average="micro")
    )
    assert multi_label_metrics.hamming_loss(truth, said) == pytest.approx(reference_hamming(truth, said))
    assert exact_match(truth, said) == pytest.approx(accuracy_score(truth, said))


@pytest.fixture(scope="module", autouse=True)
def team(warm_graft) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        team_of_workers.join(patch, warm_graft)
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


def test_the_results_say_how_often_all_classes_are_right_and_how_good_each_is(pages):
    facts, at = runs.read_evaluation(pages), open_page("evaluation", current_run=pages.name)
    said = words(at)
    assert f"On {facts['counts']['test']} pictures it never saw, it names exactly the right classes" in said
    shown = {metric.label: metric.value for metric in at.metric}
    assert shown["Exactly right"] == f"{100 * facts['accuracy']:.1f} %"
    assert {"Labels found", "Rightly named", "Mean average precision"} <= set(shown)
    at = open_tab("Mistakes", current_run=pages.name)
    tables = [part.proto.json for part in at.get("bidi_component") if '"columns"' in part.proto.json]
    assert '"disc"' in tables[0] and '"square"' in tables[0]
    assert at.session_state["results-view-mistakes"] == "classes", "there is no matrix of one class a picture"
    said = words(open_tab("Trust", current_run=pages.name))
    assert "Not offered where pictures show several classes: How sure, “I don’t know”" in said


def test_try_it_names_all_classes_of_a_picture_or_none(pages):
    graft = graft_module.current()
    both = {"probabilities": [0.9, 0.8]}
    graft.compute.answers["predict"] = lambda _run, _root, files: [both for _ in files]
    at = open_page("try_it", current_run=pages.name)
    at.file_uploader(key="try-files-0").upload("mine.png", picture(("disc", "square"), 1), "image/png").run()
    said = words(at)
    assert not at.exception and "**disc** + **square**" in said
    assert "I don’t know" not in said and "From which probability on a class is named" in said


def test_thresholds_set_on_the_page_are_said_beside_the_numbers_that_do_not_count_them(pages):
    at = open_page("evaluation", current_run=pages.name)
    assert "used for nothing but this number" in words(at) and "With these" not in words(at)
    multi_label_thresholds.set_one(pages, "square", 0.99)
    truth, probabilities = multi_label_results.scores(pages)
    own = np.array(multi_label_thresholds.of_run(pages, runs.read_evaluation(pages)))
    share = 100 * ((probabilities >= own) == truth).all(axis=1).mean()
    said = words(at.run())
    assert "the model names **square** from 99 % on" in said and "chosen here while looking at them" in said
    assert f"With these, it names exactly the right classes {share:.0f} times in 100" in said
    facts = runs.read_evaluation(pages)
    untested = [
        {**row, **({"support": 0, "f1": 0.0} if row["class"] == "disc" else {"f1": 0.1})} for row in facts["per_class"]
    ]
    runs.write_json(pages / runs.EVALUATION, {**facts, "per_class": untested})
    assert "#### **square**" in words(open_tab("Mistakes", current_run=pages.name)), (
        "what was never tested is not the weakest"
    )
    runs.write_json(pages / runs.EVALUATION, facts)
    open_view(at, "Compare")
    assert "With thresholds set on this page since" in words(at.run())
    at.button(key="thresholds-back").click().run()
    assert not multi_label_thresholds.are_changed(pages) and "With these" not in words(at)


def test_two_classes_may_be_handed_over_as_one_unit(workspace: Workspace):
    items = tiny_runs.discs(workspace, labels=("red", "blue"))
    run_dir = tiny_runs.train(workspace, items, output="sigmoid")
    made = keras.models.load_model(run_dir / runs.MODEL)
    assert made.output_shape == (None, 1) and made.layers[-1].activation is keras.activations.sigmoid
    pixels = np.random.default_rng(0).uniform(0, 255, (3, *made.input_shape[1:])).astype(np.float32)
    probabilities = classifier.predict(made, pixels)
    assert probabilities.shape == (3, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(probabilities[:, 1:], made.predict_on_batch(pixels), rtol=1e-6)
    assert runs.read_evaluation(run_dir)["accuracy"] >= 0.75


def test_one_unit_cannot_tell_three_classes_apart(place):
    done = engine("train", "example:digits", "--recipe", "instant", "--output", "sigmoid", workspace=place / "refused")
    assert done.returncode != 0 and "can only tell two classes apart" in done.stderr


def test_a_training_on_corrected_pictures_says_what_it_changed_class_by_class(pages):
    old = learned_again(pages, after="")
    table = pyarrow.parquet.read_table(old / runs.PREDICTIONS)
    rows = table.to_pylist()
    for row in rows:  # before, no disc was found anywhere
        row["predicted"] = multi_label.joined(set(multi_label.names_of(row["predicted"])) - {"disc"})
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, table.schema), old / runs.PREDICTIONS)
    new = learned_again(pages, after=old.name)
    found, shown = compare.compare([old, new]), [row for row in rows if row["split"] == "test"]
    discs = [row for row in shown if "disc" in row["label"]]
    assert {row["class"]: (row["support"], row["recall"][0]) for row in found.per_class()}["disc"] == (len(discs), 0.0)
    right = np.mean([row["predicted"] == row["label"] for row in shown])
    assert found.accuracies() == pytest.approx([right, runs.read_evaluation(pages)["accuracy"]])
    said = words(open_tab("What changed", current_run=new.name))
    count = len(found.turned_right())
    assert count >= 6 and f"{count} turned right, 0 turned wrong. **More than chance:**" in said
    assert "1 class went up" in said
    at = open_page("evaluation", current_run=new.name)
    open_view(at, "Compare")
    at.session_state[f"compare-with-{new.name}"] = [old.name]
    assert f": {count}. Right only with" in words(at.run()) and not at.exception


def learned_again(run_dir: Path, after: str) -> Path:
    """Return the folder of a run that has learned what another one has, on the same pictures."""
    graft = graft_module.current()
    project_id = graft.registry.run(run_dir.name).project_id
    again = graft.workspace.run_dir(graft.start_run(project_id, runs.read_recipe(run_dir), after=after))
    for name in (runs.PREDICTIONS, runs.BEFORE, runs.EVALUATION, runs.STATUS, runs.METRICS):
        (again / name).write_bytes((run_dir / name).read_bytes())
    return again
