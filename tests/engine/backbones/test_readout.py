"""Inner layers read out beside the last one: the network stays one that can be cut, converted and kept in caches."""

import numpy as np
import pytest

from engine.backbones import cuts, forward, pretrained
from engine.backbones.build import build
from engine.backbones.catalogue import CATALOGUE, info, last_only, width
from engine.evaluation.reliability import nearest_examples
from engine.storage import runs
from engine.storage.workspace import read_json, write_json
from engine.training.features import embed
from engine.training.features.feature_cache import FeatureCache
from engine.training.fine_tuning import classifier
from engine.training.inputs.pixels import Pixels
from tests.support.tiny_runs import discs, train

pytestmark = pytest.mark.slow

KEY, SIDE = "efficientnet_lite0", 64
PIXELS = np.random.default_rng(0).integers(0, 256, (2, SIDE, SIDE, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def network():
    return build(KEY, SIDE)


@pytest.mark.parametrize("frozen", [0.0, 0.3, 0.5, 0.75, 0.9])
def test_cut_in_two_it_says_the_same_with_what_inner_layers_say_carried_past_the_cut(network, frozen):
    cut = cuts.choose(network, frozen)
    assert frozen - 0.2 < cut.depth <= frozen
    whole = np.asarray(network(PIXELS, training=False))
    through = np.asarray(cuts.rest_of(network, cut, network.layers[-1].name)(cuts.base_of(network, cut)(PIXELS)))
    np.testing.assert_allclose(through, whole, rtol=1e-4, atol=1e-4)
    assert bool(cut.carried) == (frozen >= 0.5)
    assert cuts.base_of(network, cut).output_shape[1:] == cut.shape


def test_the_upper_part_shares_its_weights_with_the_whole(network):
    cut = cuts.choose(network, 0.75)
    part = cuts.rest_of(network, cut, network.layers[-1].name)
    shared = {id(weight) for weight in network.weights}
    assert part.trainable_weights and all(id(weight) in shared for weight in part.weights)


def test_every_inner_layer_named_in_the_catalogue_is_there_with_its_channels(network):
    assert sum(2 * channels for _name, channels in info(KEY).inner) + 1280 == info(KEY).features
    for name, channels in info(KEY).inner:
        assert network.get_layer(name).output.shape[-1] == channels
    assert width(KEY, 224) == 2128 and width(KEY + "+flatten", 224) == 7 * 7 * 1280


@pytest.mark.skipif(not forward.uses_litert(), reason="LiteRT is used on a processor with TensorFlow only")
def test_litert_says_the_same(workspace, network):
    found = forward.open_backbone(workspace, KEY, SIDE)(PIXELS)
    np.testing.assert_allclose(found, network.predict_on_batch(PIXELS), rtol=1e-3, atol=1e-3)


def test_features_with_and_without_inner_layers_lie_in_different_caches(workspace):
    pixels = Pixels(workspace, SIDE, "crop")
    now, before = (embed.features_cache(workspace, key, pixels).folder for key in (KEY, last_only(KEY)))
    assert now != before
    assert before.name == f"{KEY}-{pretrained.weights_hash(last_only(KEY))}-{SIDE}-crop"
    assert build(last_only(KEY), SIDE).output_shape == (None, 1280)


def test_features_are_kept_in_half_precision_and_rows_of_earlier_versions_are_read_as_they_are(tmp_path):
    rows = np.array([[1.0001, 70_000.0, 1e-3]], np.float32)
    FeatureCache(tmp_path, halves=False).add(["old"], rows)
    cache = FeatureCache(tmp_path, halves=True)
    cache.add(["new"], rows)
    found = cache.read(["old", "new"])
    assert found.dtype == np.float32
    assert found[0].tolist() == rows[0].tolist()
    np.testing.assert_allclose(found[1], [1.0, 65_504.0, 1e-3], rtol=1e-3)
    assert sorted(np.load(path).dtype.itemsize for path in tmp_path.glob("*.npy")) == [2, 4]


def test_a_run_learns_from_them_is_fine_tuned_and_answers_as_it_did_in_its_test(workspace):
    items = discs(workspace, per_class=10)
    run_dir = train(workspace, items, name="balanced", backbone=KEY, epochs=1, augmentation=[])
    assert runs.read_evaluation(run_dir)["accuracy"] >= 0.8
    model = classifier.load(run_dir / runs.MODEL)
    assert model.get_layer("features").output.shape[-1] == info(KEY).features


def test_a_run_of_an_earlier_version_keeps_its_memory(workspace, monkeypatch):
    """It was made from the last map alone, and its features lie in a cache of that."""
    items = discs(workspace, per_class=40)
    with monkeypatch.context() as before:
        before.setitem(CATALOGUE, KEY, info(last_only(KEY)))
        run_dir = train(workspace, items, name="instant", backbone=KEY)
        then = nearest_examples.look(run_dir, workspace, [workspace.blob_path(items[3].sha256)])
    nearest_examples._warm.clear()
    recipe = read_json(run_dir / runs.RECIPE)
    write_json(run_dir / runs.RECIPE, {**recipe, "backbone": KEY})
    now = nearest_examples.look(run_dir, workspace, [workspace.blob_path(items[3].sha256)])
    assert now[0]["nearest"] == then[0]["nearest"] and now[0]["nearest"][0]["sha256"] == items[3].sha256
    assert now[0]["unknown"] == pytest.approx(then[0]["unknown"])
