"""Pretrained networks: raw pixels in, features out, whatever a network was trained on."""

import keras
import numpy as np
import pytest
from keras.applications.imagenet_utils import preprocess_input

from engine import settings
from engine.backbones import cuts, device, fastest_runtime, forward, litert
from engine.backbones.build import architecture, build, weights_hash
from engine.backbones.catalogue import CATALOGUE, info
from engine.backbones.pretrained import weights_path
from engine.errors import BackboneError

# Every way of preparing pixels, residual and dense and plain and multi-branch; the others differ in size only.
SAMPLE = ("sprout", "mobilenet_v2_035", "mobilenet_v3_small", "resnet50", "densenet121", "inception_v3", "vgg16")
PREPROCESSING = {"symmetric": "tf", "caffe": "caffe", "torch": "torch"}


def smallest(key: str) -> int:
    return max(64, info(key).image_sizes[1])


def noise(count: int, image_size: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, image_size, image_size, 3)).astype(np.float32)


@pytest.fixture(scope="module", params=SAMPLE)
def network(request):
    keras.utils.set_random_seed(0)
    return request.param, architecture(request.param, smallest(request.param))


def test_facts_of_the_catalogue_are_those_of_the_network(network):
    key, model = network
    assert model.count_params() == info(key).parameters
    assert model.output_shape == (None, info(key).last_features)


def test_the_network_prepares_raw_pixels_itself(network):
    key, model = network
    mode = PREPROCESSING.get(info(key).preprocessing)
    pixels = noise(1, smallest(key))
    if mode is None:
        pytest.skip(f"{key} brings its own first layers; there is nothing of ours to compare")
    inputs = next(layer for layer in model.layers if layer.name == "preprocessing").output
    prepared = keras.Model(model.inputs[0], inputs).predict_on_batch(pixels)
    np.testing.assert_allclose(prepared, preprocess_input(pixels.copy(), mode=mode), rtol=1e-4, atol=1e-3)


def test_cut_points_separate_the_graph_and_reach_from_input_to_output(network):
    key, model = network
    points = cuts.cut_points(model)
    assert points[0].depth == 0 and points[-1].depth == 1
    assert [point.depth for point in points] == sorted(point.depth for point in points)
    pixels = noise(1, smallest(key))
    cut = cuts.choose(model, 0.75)
    assert 0.4 < cut.depth <= 0.75
    through = cuts.rest_of(model, cut, model.layers[-1].name)(cuts.base_of(model, cut)(pixels))
    np.testing.assert_allclose(np.asarray(through), model.predict_on_batch(pixels), rtol=1e-3, atol=1e-4)


def test_freeze_depth_reaches_from_the_whole_network_to_the_head():
    model = architecture("sprout", 48)
    assert cuts.choose(model, 0.0).name == "pixels"
    assert cuts.choose(model, 1.0).shape == (info("sprout").features,)
    depths = [cuts.choose(model, share).depth for share in (0.0, 0.3, 0.6, 0.75, 0.9, 1.0)]
    assert depths == sorted(depths) and all(d <= s for d, s in zip(depths, (0, 0.3, 0.6, 0.75, 0.9, 1), strict=True))


def test_sprout_has_its_weights_and_sees_colour():
    model = build("sprout", 48)
    pictures = np.zeros((2, 48, 48, 3), np.float32)
    pictures[0, ..., 0] = pictures[1, ..., 2] = 255
    red, blue = model.predict_on_batch(pictures)
    assert np.abs(red - blue).mean() > 0.05
    assert len(weights_hash("sprout")) == 16


def test_a_size_the_network_cannot_take_is_refused_in_words():
    with pytest.raises(BackboneError, match="Sprout takes pictures of 48 to 160 pixels a side, not 500"):
        architecture("sprout", 500)


def test_missing_weights_are_told_quickly_with_what_to_do(monkeypatch, tmp_path):
    def refuse(*_arguments, **_options):
        raise OSError("no route to host")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("urllib.request.urlopen", refuse)
    with pytest.raises(BackboneError) as error:
        build("vgg16", 64)
    assert "VGG16 are not on this machine" in str(error.value)
    assert "no route to host" in str(error.value)
    assert "GRAFT_WEIGHTS_DIR" in str(error.value)


def test_a_damaged_weights_file_is_named(tmp_path, monkeypatch):
    file = tmp_path / info("mobilenet_v2_035").weights_file
    file.write_bytes(b"half a download")
    with pytest.raises(BackboneError, match="does not hold the weights of MobileNetV2 0.35"):
        build("mobilenet_v2_035", 64, weights_dir=tmp_path)


@pytest.mark.shared_data
def test_weights_from_the_weights_folder_give_keras_own_features(shared_data, monkeypatch):
    monkeypatch.setenv("GRAFT_WEIGHTS_DIR", str(shared_data))
    settings.current.cache_clear()
    try:
        path = weights_path("mobilenet_v2_035")
        ours = build("mobilenet_v2_035", 96)
        wide = info("mobilenet_v2_035").inner
    finally:
        monkeypatch.undo()
        settings.current.cache_clear()
    arguments = {"alpha": 0.35, "include_top": False, "pooling": "avg", "input_shape": (96, 96, 3)}
    theirs = keras.applications.MobileNetV2(weights=str(path), **arguments)
    pixels = noise(2, 96)
    expected = theirs.predict_on_batch(keras.applications.mobilenet_v2.preprocess_input(pixels.copy()))
    found = ours.predict_on_batch(pixels)
    np.testing.assert_allclose(found[:, -1280:], expected, rtol=1e-4, atol=1e-4)
    assert found.shape[1] == 1280 + 2 * sum(channels for _layer, channels in wide)


@pytest.mark.skipif(not forward.uses_litert(), reason="LiteRT is used on a processor with TensorFlow only")
def test_litert_gives_the_features_of_keras_and_is_converted_once(workspace, monkeypatch):
    pixels = noise(forward.batch_size() + 3, 48)
    features = forward.run(forward.open_backbone(workspace, "sprout", 48), pixels)
    np.testing.assert_allclose(features, build("sprout", 48).predict_on_batch(pixels), rtol=1e-3, atol=1e-4)
    monkeypatch.setattr(litert, "convert", lambda model: pytest.fail("converted again"))
    again = forward.run(forward.open_backbone(workspace, "sprout", 48), pixels)
    np.testing.assert_array_equal(again, features)


@pytest.mark.skipif(not forward.uses_litert(), reason="LiteRT is used on a processor with TensorFlow only")
def test_conversion_writes_nothing_to_the_outputs(workspace, capfd):
    forward.open_backbone(workspace, "sprout", 48)
    captured = capfd.readouterr()
    assert captured.out == "" and captured.err == ""


def test_the_device_is_described():
    facts = device.device()
    assert facts["kind"] in ("cpu", "gpu") and facts["cores"] >= 1 and facts["memory_gb"] > 0 and facts["name"]


def test_the_catalogue_names_its_sources():
    for entry in CATALOGUE.values():
        default, least, most = entry.image_sizes
        assert least <= default <= most
        assert entry.sentence.endswith(".") and entry.top1_source
        assert (entry.top1 is None) == (entry.key == "sprout")
        assert entry.weights_file is None or entry.weights_file.endswith(".h5")


@pytest.mark.skipif(not forward.uses_litert(), reason="LiteRT is used on a processor with TensorFlow only")
def test_keras_takes_over_where_it_is_faster_and_the_choice_holds_for_this_machine(workspace, monkeypatch):
    pixels = noise(5, 48)
    usual = forward.open_backbone(workspace, "sprout", 48)
    assert isinstance(usual, litert.LiteRTModel)
    (workspace.caches / "forward.json").unlink()
    monkeypatch.setattr(fastest_runtime, "LIGHT_SECONDS", 0.0)
    monkeypatch.setattr(fastest_runtime, "wins", lambda *_ways: True)
    other = forward.open_backbone(workspace, "sprout", 48)
    np.testing.assert_allclose(other(pixels), usual(pixels), rtol=1e-3, atol=1e-4)

    monkeypatch.setattr(fastest_runtime, "wins", lambda *_ways: pytest.fail("measured again"))
    assert not isinstance(forward.open_backbone(workspace, "sprout", 48), litert.LiteRTModel)
    assert isinstance(forward.open_backbone(workspace, "sprout", 48, batch=1), litert.LiteRTModel)

    monkeypatch.setattr(fastest_runtime, "_machine", lambda: "another processor")
    monkeypatch.setattr(fastest_runtime, "wins", lambda *_ways: False)
    assert isinstance(forward.open_backbone(workspace, "sprout", 48), litert.LiteRTModel)


@pytest.mark.parametrize(
    ("usual", "other", "wins"),
    [([0.4], [0.2], True), ([0.4, 4.0, 4.0], [0.39], False), ([4.0, 4.0, 0.1], [0.2], False)],
)
def test_the_faster_way_is_found_from_the_quickest_try_of_each(monkeypatch, usual, other, wins):
    """A way that only looks slow because the machine was busy once or twice does not lose for good."""
    tries = {"usual": [0.0, *usual], "other": [0.0, *other]}
    monkeypatch.setattr(fastest_runtime, "_spent", lambda way, _pixels: (_next(tries[way.name]),) * 2)
    assert fastest_runtime.wins(Way("usual"), Way("other"), np.zeros(1)) is wins


class Way:
    def __init__(self, name: str):
        self.name = name

    def __call__(self, pixels):
        return pixels


def _next(tries: list[float]) -> float:
    if len(tries) > 1:
        tries.pop(0)
    return tries[0]
