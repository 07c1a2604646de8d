"""Trainings that begin with random weights: the whole network learns, BatchNorm and the scale of the features too."""

import itertools

import keras
import numpy as np
import pyarrow.parquet
import pytest

from engine.backbones.build import build, weights_hash
from engine.errors import TrainingError
from engine.evaluation.reliability import out_of_distribution
from engine.storage import runs
from engine.training.fine_tuning import fine_tune
from engine.training.inputs.pixels import Pixels
from engine.training.recipe import Recipe
from tests.support.app_pages import open_page
from tests.support.tiny_runs import discs, train

pytestmark = pytest.mark.slow

KEY = "scratch-sprout"


def keep_every_epoch(part, state, epoch, _scores, _objective) -> None:
    state.best, state.best_epoch = fine_tune._weights(part), epoch


def test_everything_learns_from_random_weights_and_the_file_reproduces_its_answers(workspace, monkeypatch):
    monkeypatch.setattr(fine_tune, "_try_mixtures", lambda *_arguments: None)
    monkeypatch.setattr(fine_tune, "_keep_best", keep_every_epoch)
    options = {"name": "balanced", "backbone": KEY, "epochs": 2, "batch_size": 16, "augmentation": []}
    run_dir = train(workspace, discs(workspace, 20, ("red", "blue")), **options)
    assert runs.read_status(run_dir)["state"] == "finished"
    assert runs.read_evaluation(run_dir)["chosen"] == "epoch 2"
    trained, random = keras.models.load_model(run_dir / runs.MODEL), build(KEY, 48)
    for layer in random.layers:
        for old, new in zip(layer.get_weights(), trained.get_layer(layer.name).get_weights(), strict=True):
            assert not np.array_equal(old, new), layer.name
    stored = pyarrow.parquet.read_table(run_dir / runs.PREDICTIONS).to_pydict()
    answers = trained.predict(Pixels(workspace, 48, "stretch").read(stored["sha256"]), verbose=0)
    np.testing.assert_allclose(answers, np.array(stored["probabilities"]), atol=2e-3)
    assert not (run_dir / out_of_distribution.FILE).exists()  # random weights cannot tell what is strange


@pytest.mark.parametrize(("last", "restarts"), [(10.0, 0), (40.0, 3)])
def test_only_a_loss_that_grows_went_astray_however_much_harder_mixed_pictures_are_than_the_probes(
    workspace, monkeypatch, last, restarts
):
    losses = itertools.cycle((10.0, 10.0, last, last))  # two batches a round, two rounds; guessing: 0.7

    def learn(*_arguments):
        loss = next(losses)
        return {"loss": loss, "entropy": loss, "accuracy": 0.5}

    monkeypatch.setattr(fine_tune.gradient_accumulation, "learn", learn)
    options = {"name": "balanced", "backbone": KEY, "epochs": 2, "batch_size": 16, "augmentation": []}
    run_dir = train(workspace, discs(workspace, 20, ("red", "blue")), **options)
    events = runs.read_events(run_dir)
    rates = [event["learning_rate"] for event in events if event["kind"] == "diverged"]
    assert len(rates) == restarts
    ends = [(event["tries"], event["learning_rate"]) for event in events if event["kind"] == "gave_up"]
    assert ends == ([(4, rates[-1])] if restarts else [])
    rounds = [row for row in runs.read_metrics(run_dir) if row["phase"] == "fine_tune"]
    assert len(rounds) == (0 if restarts else 2)


def test_random_weights_are_the_same_everywhere_and_are_not_sprouts():
    first, again, sprout = build(KEY, 48), build(KEY, 48), build("sprout", 48)
    for one, other in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(
        first.get_layer("stem_conv").get_weights()[0], sprout.get_layer("stem_conv").get_weights()[0]
    )
    assert weights_hash(KEY) != weights_hash("sprout")


def test_what_makes_no_sense_from_nothing_is_refused_in_words():
    with pytest.raises(TrainingError, match="Choose the recipe Balanced or Best"):
        Recipe.from_dict({"name": "instant", "backbone": KEY}).validate()
    with pytest.raises(TrainingError, match="every layer has to learn alike"):
        Recipe.from_dict({"name": "balanced", "backbone": KEY, "freeze_depth": 0.5}).validate()
    plan = Recipe.from_dict({"name": "best", "backbone": KEY, "epochs": 5})
    plan.validate()
    assert (plan.streams, plan.epochs, plan.freeze_depth, plan.early_rate) == (True, 5, 0.0, 1.0)


def test_the_model_page_offers_it_where_the_whole_network_can_learn_and_says_what_it_costs(graft, project):
    at = open_page("model_selection")
    at.button(key="use-sprout").click().run()
    assert "expert-from_nothing" not in [toggle.key for toggle in at.toggle]
    at.radio(key=f"recipe-{project.id}").set_value("balanced").run()
    at.toggle(key="expert-from_nothing").set_value(True).run()
    assert any("usually ends far below one that has" in caption.value for caption in at.caption)
    assert "expert-freeze_depth" not in [slider.key for slider in at.slider]
    at.button(key="start-training").click().run()
    assert not at.exception
    (run,) = graft.registry.runs(project.id)
    recipe = runs.read_recipe(graft.workspace.run_dir(run.id))
    assert (recipe["backbone"], recipe["freeze_depth"], recipe["epochs"]) == (KEY, 0.0, 30)
    assert any("Sprout from nothing" in caption.value for caption in at.caption)
