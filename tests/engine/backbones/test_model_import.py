"""A model file that somebody brings: it becomes a network to start from, or it is refused in words and runs nothing."""

import pickle
import zipfile

import keras
import numpy as np
import pytest
from keras import layers

from engine.backbones import catalogue, custom, cuts
from engine.backbones.build import architecture, build
from engine.backbones.model_import import import_model, known_layers, model_file
from engine.errors import BackboneError
from engine.training.fine_tuning import classifier as models
from engine.worker import door
from tests.support.model_files import changed, picture_network, saved, weights_member

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return saved(picture_network(), tmp_path_factory.mktemp("models") / "leaves.keras")


def refusal(path) -> str:
    """Return the sentence with which a worker refuses a file."""
    with pytest.raises(BackboneError) as error:
        door.answer("read_model_file", path)
    return str(error.value)


# what becomes of a good one


def test_the_network_of_a_file_gives_the_numbers_before_its_last_step(workspace, good):
    key = door.answer("keep_model_file", workspace, good, "Leaves", "unit")
    info = catalogue.info(key)
    assert (info.title, info.image_sizes, info.features, info.origin) == ("Leaves", (32, 32, 32), 12, "upload")
    theirs = keras.models.load_model(good)
    before = keras.Model(theirs.inputs[0], theirs.get_layer("logits").input)
    expected = before.predict_on_batch(PIXELS / 255)
    np.testing.assert_allclose(build(key, 32).predict_on_batch(PIXELS), expected, rtol=1e-4, atol=1e-5)
    assert info.parameters == theirs.count_params() - (12 * 3 + 3)
    assert door.answer("keep_model_file", workspace, good, "Leaves", "unit") == key, "the same file is kept once"


def test_a_network_inside_a_network_can_be_cut_anywhere_and_random_layers_are_gone(workspace, tmp_path):
    inner = keras.Model((part := picture_network()).inputs[0], part.get_layer("look_again").output, name="inner")
    inner.trainable = False
    pixels = keras.Input((32, 32, 3))
    x = layers.RandomFlip()(layers.Rescaling(1 / 255)(pixels))
    x = layers.GlobalAveragePooling2D()(inner(x, training=False))
    path = saved(keras.Model(pixels, layers.Dense(2, "softmax")(x)), tmp_path / "nested.keras")
    assert door.answer("read_model_file", path)["preparation"] == "inside", "it has a layer that prepares pixels"
    network = build(door.answer("keep_model_file", workspace, path, "Nested", ""), 32)
    assert {"look", "look_again"} <= {point.name for point in cuts.cut_points(network)}
    assert not {type(layer).__name__ for layer in network.layers} & known_layers.VARYING
    assert network.get_layer("look").trainable, "what their training kept frozen may learn in this one"
    same = network.predict_on_batch(PIXELS)
    np.testing.assert_allclose(same, inner.predict_on_batch(PIXELS / 255).mean(axis=(1, 2)), rtol=1e-4, atol=1e-5)


def test_grey_pictures_a_map_at_the_end_and_any_size_are_understood(tmp_path):
    grey = import_model.read(saved(picture_network(28, 1), tmp_path / "grey.keras"))
    assert grey.model.input_shape == (None, 28, 28, 3) and grey.image_sizes == (28, 28, 28)
    whole = picture_network(None)
    free = import_model.read(
        saved(keras.Model(whole.inputs[0], whole.get_layer("look_again").output), tmp_path / "map.keras")
    )
    assert free.model.output_shape == (None, 12) and free.image_sizes == import_model.ANY_SIZE


def test_a_network_for_any_size_is_built_for_the_size_that_is_asked_for(workspace, tmp_path):
    key = door.answer("keep_model_file", workspace, saved(picture_network(None), tmp_path / "any.keras"), "Any", "")
    np.testing.assert_allclose(build(key, 64).get_weights()[0], build(key, 224).get_weights()[0])
    assert build(key, 64).input_shape == (None, 64, 64, 3)


def test_layers_never_take_the_names_of_the_head_that_is_learned(workspace, good):
    network = build(door.answer("keep_model_file", workspace, good, "Leaves", ""), 32)
    assert not {layer.name for layer in network.layers} & set(custom.HEAD)
    ours = {models.STANDARDISE, models.DROPOUT, models.HIDDEN, models.LOGITS, models.PROBABILITIES}
    assert ours <= set(custom.HEAD)


@pytest.mark.parametrize(
    ("name", "likely"),
    [("MobileNetV2", "symmetric"), ("ResNet50", "caffe"), ("EfficientNetB0", "inside"), ("my", "unit")],
)
def test_the_likely_preparation_is_that_of_the_family(name, likely):
    from engine.backbones.model_import import preparation

    network = picture_network()
    named = keras.Model(
        network.inputs[0], network.outputs[0], name={"MobileNetV2": "mobilenetv2_1.00_224"}.get(name, name.lower())
    )
    assert preparation.likely(named) == likely


def test_an_h5_file_gives_its_weights_to_the_network_they_fit(tmp_path):
    keras.utils.set_random_seed(3)
    base = architecture("mobilenet_v2_035", 64)
    full = keras.Sequential([keras.Input((64, 64, 3)), base, layers.Dense(5, activation="softmax")])
    path = saved(full, tmp_path / "birds.h5")
    found = import_model.read(path)
    assert found.architecture == "mobilenet_v2_035" and found.image_sizes == (224, 32, 320)
    for ours, theirs in zip(found.model.get_weights(), base.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


# what is refused, and how


def test_a_lambda_layer_is_refused_before_anything_of_it_runs(tmp_path):
    network = keras.Sequential(
        [keras.Input((32, 32, 3)), layers.Lambda(lambda x: x / 255, name="scale"), layers.Flatten()]
    )
    said = refusal(saved(network, tmp_path / "scaled.keras"))
    assert said.startswith("scaled.keras holds a Lambda layer (scale): code of its own, which Graft does not run.")
    assert said.endswith("Replace it by a built-in layer such as Rescaling, and save the model again.")


def test_a_plan_that_names_a_module_of_its_own_is_refused_and_the_module_is_not_imported(good, tmp_path, monkeypatch):
    (tmp_path / "evil_module.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)

    def change(plan):
        plan["config"]["layers"][1].update(module="evil_module", class_name="Conv2D", registered_name=None)

    said = refusal(changed(good, tmp_path / "module.keras", change))
    assert "module.keras holds evil_module.Conv2D in the layer 'look', which is none of Keras' built-in layers" in said
    assert "Graft runs no code of model files." in said


@pytest.mark.parametrize(
    ("module", "kind"),
    [
        ("keras.layers", "TFSMLayer"),
        ("keras.layers", "TorchModuleWrapper"),
        ("keras.layers", "StringLookup"),
        ("keras.utils", "get_file"),
        ("keras.src.ops.core", "Map"),
        (None, "Attack"),
    ],
)
def test_layers_that_read_files_or_call_functions_are_refused_by_name(good, tmp_path, module, kind):
    def change(plan):
        plan["config"]["layers"][1].update(
            module=module, class_name=kind, registered_name=None if module else "my>Attack"
        )

    said = refusal(changed(good, tmp_path / "odd.keras", change))
    assert f"odd.keras holds {f'{module}.{kind}' if module else 'my>Attack'} in the layer 'look'" in said


def test_a_function_of_ones_own_is_refused(good, tmp_path):
    def change(plan):
        evil = {"module": "builtins", "class_name": "function", "config": "eval", "registered_name": "eval"}
        plan["config"]["layers"][1]["config"]["activation"] = evil

    assert "holds builtins.function in the layer 'look'" in refusal(changed(good, tmp_path / "eval.keras", change))


def test_pickles_are_not_opened(tmp_path):
    class Evil:
        def __reduce__(self):
            return exec, ("raise SystemExit('ran')",)

    content = pickle.dumps(Evil())
    (tmp_path / "model.keras").write_bytes(content)
    assert refusal(tmp_path / "model.keras").startswith("model.keras holds pickled Python objects, which run code when")
    with zipfile.ZipFile(tmp_path / "torch.keras", "w") as file:
        file.writestr("archive/data.pkl", content)
    assert "models of PyTorch have to be built in Keras first." in refusal(tmp_path / "torch.keras")


def test_what_is_no_model_is_said_with_what_was_expected(tmp_path):
    (tmp_path / "photo.keras").write_bytes(b"\xff\xd8\xff\xe0 a photo")
    said = refusal(tmp_path / "photo.keras")
    assert said.startswith(
        "photo.keras is not a model of Keras. A .keras file, or an .h5 file with weights, was expected."
    )
    with zipfile.ZipFile(tmp_path / "pictures.keras", "w") as file:
        file.writestr("cat.jpg", b"no")
    said = refusal(tmp_path / "pictures.keras")
    assert said.startswith(
        "pictures.keras is a zip, but it holds no Keras model: config.json, model.weights.h5 is missing."
    )


def test_half_a_file_is_said_to_be_incomplete(good, tmp_path):
    half = tmp_path / "half.keras"
    half.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    assert refusal(half).startswith("half.keras is damaged or incomplete (")
    (tmp_path / "half.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + b"\x00" * 100)
    assert refusal(tmp_path / "half.h5").startswith("half.h5 is damaged or incomplete (")


def test_any_changed_byte_of_a_plan_or_of_weights_is_read_or_ends_as_a_sentence(good, tmp_path):
    dice, path = np.random.default_rng(0), tmp_path / "changed.keras"
    with zipfile.ZipFile(good) as file:
        contents = {name: bytearray(file.read(name)) for name in ("config.json", "model.weights.h5")}
    refused = 0
    for name, content in contents.items():
        for _try in range(150):
            one = bytearray(content)
            one[int(dice.integers(len(one)))] = int(dice.integers(256))
            changed(good, path, **{name: bytes(one)})
            try:
                model_file.read_plan(path)
            except BackboneError:
                refused += 1
    header = bytearray(contents["model.weights.h5"])
    header[header.index(b"SNOD") - 8 :] = bytes(len(header) - header.index(b"SNOD") + 8)
    changed(good, path, **{"model.weights.h5": bytes(header)})
    assert refused > 20 and refusal(path).startswith("changed.keras is damaged or incomplete (")


def test_a_file_with_the_wrong_ending_is_taken_for_what_it_is(good, tmp_path):
    (tmp_path / "leaves.h5").write_bytes(good.read_bytes())
    assert door.answer("read_model_file", tmp_path / "leaves.h5")["features"] == 12


def test_a_zip_bomb_is_refused_unread(good, tmp_path):
    bomb = changed(good, tmp_path / "bomb.keras", padding=b"\0" * 60_000_000)
    assert bomb.stat().st_size < 200_000
    said = refusal(bomb)
    assert said.startswith("bomb.keras would take 60 MB once it is unpacked, and 4096 MB are allowed.")


def test_a_plan_that_asks_for_all_memory_is_refused_before_any_of_it_is_taken(good, tmp_path):
    def change(plan):
        plan["config"]["layers"][-1]["config"]["units"] = 10**11

    assert refusal(changed(good, tmp_path / "wide.keras", change)).startswith("wide.keras would take 5200000 MB")


def test_weights_that_are_huge_on_paper_or_lie_elsewhere_are_refused(good, tmp_path):
    import h5py

    paper = weights_member(lambda file: file.create_dataset("w", (10**6, 10**6), "f4", chunks=(64, 64)))
    said = refusal(changed(good, tmp_path / "paper.keras", **{"model.weights.h5": paper}))
    assert said.startswith("paper.keras would take 4000000 MB once it is unpacked")
    link = weights_member(lambda file: file.__setitem__("w", h5py.ExternalLink("other.h5", "x")))
    said = refusal(changed(good, tmp_path / "link.keras", **{"model.weights.h5": link}))
    assert said.startswith("The weights in link.keras point to another file (w).")


def test_a_network_that_is_not_for_pictures_is_refused_with_what_was_expected(tmp_path):
    words = keras.Sequential([keras.Input((40,)), layers.Dense(8), layers.Dense(2)])
    said = refusal(saved(words, tmp_path / "table.keras"))
    assert said.startswith("table.keras is no network for pictures that Graft can start from: it takes (40).")
    assert "One input of square pictures was expected, (side, side, 3) in colour or (side, side, 1) in grey" in said
    wide = keras.Sequential([keras.Input((32, 64, 3)), layers.Conv2D(8, 3), layers.GlobalAveragePooling2D()])
    assert "it takes (32, 64, 3)" in refusal(saved(wide, tmp_path / "wide.keras"))


def test_an_h5_file_of_another_network_names_those_that_fit(tmp_path):
    said = refusal(saved(picture_network(), tmp_path / "leaves.h5"))
    assert said.startswith(
        "leaves.h5 holds 0.0 million numbers in 4 layers, which are the weights of none of the networks"
    )
    assert "MobileNetV2 0.35" in said and said.endswith("save it with model.save('name.keras').")


def test_a_layer_with_weights_at_two_places_is_refused(tmp_path):
    shared, pixels = layers.Conv2D(3, 3, padding="same", name="twice"), keras.Input((32, 32, 3))
    x = layers.GlobalAveragePooling2D()(shared(shared(pixels)))
    said = refusal(saved(keras.Model(pixels, layers.Dense(4)(x)), tmp_path / "shared.keras"))
    assert said.startswith("shared.keras uses the layer 'twice' at several places")


def test_a_network_that_gives_no_numbers_is_refused(tmp_path):
    broken = picture_network()
    broken.get_layer("look").set_weights([np.full(w.shape, np.nan) for w in broken.get_layer("look").get_weights()])
    said = refusal(saved(broken, tmp_path / "broken.keras"))
    assert said.startswith("The network in broken.keras gives no proper numbers")


def test_a_preparation_that_does_not_exist_is_refused(good):
    with pytest.raises(BackboneError, match="'zero' is no way to prepare pixels. Choose one of: inside, unit"):
        import_model.read(good, "zero")
