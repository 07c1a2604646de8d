"""The recipe Best and its parts: rates by layer, averaged weights, a rate found by itself, BatchNorm by size."""

import keras
import numpy as np
import pytest

from engine.storage import runs
from engine.training import estimate, objectives
from engine.training.fine_tuning import batch_norm, fine_tune, optimizer, range_test
from engine.training.fine_tuning.checkpoint import State
from engine.training.recipe import Recipe
from tests.support.tiny_runs import carry_out, discs, new_run, train

pytestmark = pytest.mark.slow

SMALL_BEST = {"name": "best", "epochs": 1, "batch_size": 8, "seed": 1}


def tiny_network(seed: int = 0) -> keras.Model:
    keras.utils.set_random_seed(seed)
    inner = [keras.layers.Dense(8, "relu"), keras.layers.BatchNormalization(), keras.layers.Dropout(0.3)]
    return keras.Sequential([keras.Input((4,)), *inner, keras.layers.Dense(8, "relu"), keras.layers.Dense(2)])


def points(count: int = 64) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    y = generator.integers(0, 2, count)
    return generator.normal(0, 1, (count, 4)) + 2 * y[:, None], np.eye(2)[y]


def weights_of(network) -> list[np.ndarray]:
    return [np.array(variable) for variable in network.variables]


def test_best_adapts_everything_with_a_rate_of_its_own_and_tells_how_it_found_it(workspace):
    run_dir = train(workspace, discs(workspace, 10, ("red", "blue")), **{**SMALL_BEST, "epochs": 2})
    evaluation = runs.read_evaluation(run_dir)
    assert evaluation["validation_accuracy"] >= evaluation["probe"]["validation_accuracy"]
    found = runs.read_range_test(run_dir)
    assert len(found["rates"]) == len(found["losses"]) > 20
    told = [event for event in runs.read_events(run_dir) if event["kind"] == "range_test"]
    assert [event["learning_rate"] for event in told] == [found["chosen"]]
    highest = max(row["learning_rate"] for row in runs.read_metrics(run_dir) if row["phase"] == "fine_tune")
    assert 0 < highest <= found["chosen"]


def test_best_with_a_hostile_rate_never_ends_below_the_probe(workspace):
    options = {**SMALL_BEST, "optimizer": "sgd", "learning_rate": 10.0}
    run_dir = train(workspace, discs(workspace, 10, ("red", "blue")), **options)
    evaluation = runs.read_evaluation(run_dir)
    assert runs.read_status(run_dir)["state"] == "finished"
    assert evaluation["validation_accuracy"] >= evaluation["probe"]["validation_accuracy"]
    assert not (run_dir / runs.RANGE_TEST).exists()  # somebody chose the rate


def test_batch_norm_learns_only_where_there_is_enough_to_learn_from():
    whole = Recipe.from_dict({"name": "best"})
    assert not batch_norm.learns(whole, 3_068)
    assert batch_norm.learns(whole, 60_000)
    assert not batch_norm.learns(Recipe.from_dict({"name": "best", "batch_size": 8}), 60_000)
    assert not batch_norm.learns(Recipe.from_dict({"name": "balanced"}), 60_000)
    for enough in (True, False):
        network = tiny_network()
        batch_norm.set_up(network, learns=enough)
        network.compile("sgd", "mse", run_eagerly=True)
        before = np.array(network.layers[1].moving_mean)
        network.train_on_batch(*points())
        assert np.array_equal(before, network.layers[1].moving_mean) != enough


@pytest.mark.parametrize("name", ["adamw", "adam", "sgd"])
def test_earlier_layers_take_smaller_steps_whatever_the_optimizer(name):
    """SGD's step also hangs on the size of the gradient, so two networks are compared: with and without."""
    moved = []
    for early_rate in (1.0, 0.1):
        network = tiny_network()
        network.layers[2].rate = 0.0
        before = network.get_weights()
        recipe = Recipe.from_dict({"name": "balanced", "optimizer": name, "early_rate": early_rate})
        network.compile(optimizer.at_rate(recipe, 1e-3), "mse", run_eagerly=True)
        network.train_on_batch(*points())
        kernels = [(new - old) for old, new in zip(before, network.get_weights(), strict=True) if new.ndim == 2]
        moved.append(kernels)
    for whole, smaller, share in zip(*moved, (0.1, 0.1**0.5, 1.0), strict=True):
        np.testing.assert_allclose(smaller, share * whole, rtol=1e-2, atol=1e-6)


def test_an_average_of_the_weights_is_a_candidate_and_training_goes_on_as_if_nothing_had_been(monkeypatch):
    network = tiny_network()
    recipe = Recipe.from_dict({"name": "best", "epochs": 2})
    network.compile(optimizer.make_optimizer(recipe, 1e-2, 20), "mse", run_eagerly=True)
    seen = []
    for _step in range(10):
        network.train_on_batch(*points())
        seen.append(network.get_weights()[-1])
    last, state = weights_of(network), State(1e-2, 1.0, 0.5, 1.0)
    monkeypatch.setattr(fine_tune, "_validate", lambda *_arguments: {"validation_accuracy": 1, "validation_loss": 0.1})
    data = type("Data", (), {"objective": objectives.of("one")(2)})
    fine_tune._try_average(network, data, state, 1)
    for old, new in zip(last, weights_of(network), strict=True):
        np.testing.assert_array_equal(old, new)
    mean = seen[0]
    for bias in seen[1:]:
        mean = 0.9 * mean + 0.1 * bias
    np.testing.assert_allclose(state.best[-1], mean, rtol=1e-4, atol=1e-6)


def find(network) -> range_test.Found:
    x, y = points()

    def ready(made) -> None:
        network.compile(made, "mse", jit_compile=False)

    recipe = Recipe.from_dict({"name": "best"})
    return range_test.find(network, recipe, ready, lambda step: float(network.train_on_batch(x, y)[0]), lambda: None)


def test_the_range_test_leaves_the_network_exactly_as_it_was_and_finds_the_same_again():
    network = tiny_network()
    network.compile(keras.optimizers.SGD(0.1), "mse", metrics=["mae"], jit_compile=False)
    before = weights_of(network)
    first = find(network)
    for old, new in zip(before, weights_of(network), strict=True):
        np.testing.assert_array_equal(old, new)
    assert find(network) == first
    assert range_test.SMALLEST_CHOICE <= first.chosen <= range_test.LARGEST_CHOICE


def test_the_rate_is_taken_well_below_the_one_where_learning_falls_apart():
    rates = [10.0**power for power in range(-6, 1)]
    losses = [1.0, 1.0, 0.9, 0.6, 0.4, 2.0, 9.0]
    assert range_test.choose(rates, losses) == pytest.approx(1e-3)
    assert range_test.choose([], []) == range_test.SMALLEST_CHOICE
    assert range_test.fallen_apart([1.0, 1.0, 20.0]) and not range_test.fallen_apart([1.0, 0.9, 0.8])


def test_pictures_are_enlarged_only_as_far_as_the_machine_goes_and_a_run_keeps_to_it(workspace, monkeypatch):
    counts = {"train": 700, "validation": 150, "test": 150}
    best = Recipe.from_dict({"name": "best"})
    assert estimate.affordable(workspace, best, counts).image_size == 128
    assert estimate.affordable(workspace, Recipe.from_dict({"name": "balanced"}), counts).image_size is None
    in_a_hurry = Recipe.from_dict({"name": "best", "time_limit": 1.0})
    assert estimate.affordable(workspace, in_a_hurry, counts).image_size == 96
    chosen = Recipe.from_dict({"name": "best", "image_size": 160, "time_limit": 1.0})
    assert estimate.affordable(workspace, chosen, counts) == chosen

    run_dir = new_run(workspace, discs(workspace, 10, ("red", "blue")), name="best", image_size=None, time_limit=0.001)
    carry_out(workspace, run_dir)
    assert runs.read_recipe(run_dir)["image_size"] == 96
    assert [event["wanted"] for event in runs.read_events(run_dir) if event["kind"] == "smaller"] == [128]
