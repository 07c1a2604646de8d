"""A training that starts from an earlier one, or from an uploaded model: found, kept while needed, missed in words."""

import shutil

import numpy as np
import pytest

from engine.backbones import catalogue, custom
from engine.backbones.build import build, weights_hash
from engine.data import versions
from engine.errors import BackboneError
from engine.evaluation import results
from engine.storage import runs
from engine.storage.status_file import StatusFile
from engine.storage.workspace import Workspace
from engine.training.fine_tuning import classifier as models
from engine.training.recipe import Recipe
from engine.worker import door
from tests.support.model_files import picture_network, saved
from tests.support.run_files import add_run, fill_project, idle_graft
from tests.support.tiny_runs import carry_out, discs, new_run, train


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A workspace with a fine-tuned run on red and green."""
    place = Workspace(tmp_path_factory.mktemp("trained")).create()
    train(place, discs(place, labels=("red", "green")), name="balanced", epochs=1, augmentation=())
    return place


@pytest.fixture
def earlier(workspace, trained, monkeypatch):
    """The directory of a copy of that run in this test's own workspace, the only one this process knows."""
    monkeypatch.setattr(custom, "_places", [])
    shutil.copytree(trained.root, workspace.root, dirs_exist_ok=True)
    return next(workspace.runs.iterdir())


def from_network(workspace, key: str, labels=("blue", "green", "red"), **recipe):
    run_dir = new_run(workspace, discs(workspace, 20, labels), backbone=key, image_size=None, **recipe)
    return carry_out(workspace, run_dir)


@pytest.mark.slow
def test_a_fine_tuned_model_is_fine_tuned_on_new_classes_and_does_all_a_run_does(workspace, earlier):
    key = custom.key_of_run(earlier.name)
    items = discs(workspace, 20, ("blue", "green", "red"))
    queued = new_run(workspace, items, backbone=key, image_size=None, name="balanced", epochs=1, augmentation=())
    known = [item.id for item in items if item.split == "test"][:2]
    versions.leave_out(queued, {"items": known, "unknown": False})
    later = carry_out(workspace, queued)
    assert runs.read_status(later)["state"] == "finished", runs.read_status(later)
    facts = runs.read_evaluation(later)
    assert facts["counts"] == {"train": 42, "validation": 6, "test": 10} and facts["base"]["left_out"] == 2
    assert not set(results.predictions(later).column("item")) & set(known), "what the base knows measures nothing"
    assert facts["class_names"] == ["blue", "green", "red"] and facts["image_size"] == 48
    picture = str(workspace.blob_path(discs(workspace)[0].sha256))
    [said] = door.answer("predict", later, workspace, [picture])
    assert len(said["probabilities"]) == 3 and len(said["nearest"]) == 4
    assert door.answer("explain", later, picture, "grad_cam", "red", StatusFile(None).advance)["png"]
    assert any(weights_hash(key) in folder.name for folder in (workspace.caches / "features").iterdir())
    again = from_network(workspace, custom.key_of_run(later.name), labels=("blue", "red"))  # the head alone
    assert runs.read_status(again)["state"] == "finished", "a base may have a base"


def test_the_features_of_an_earlier_run_are_what_its_head_reads(workspace, earlier):
    custom.look_in(workspace)
    network, whole = build(custom.key_of_run(earlier.name), 48), models.load(earlier / runs.MODEL)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 48, 48, 3)).astype(np.float32)
    logits = network.predict_on_batch(pixels) @ np.asarray(whole.get_layer("logits").kernel)
    logits += np.asarray(whole.get_layer("logits").bias)
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(models.predict(whole, pixels), expected, rtol=1e-3, atol=1e-5)
    info = catalogue.info(custom.key_of_run(earlier.name))
    assert (info.image_sizes, info.features) == ((48, 48, 48), network.output_shape[-1])
    with pytest.raises(BackboneError, match="takes pictures of 48 to 48 pixels a side, not 96"):
        build(info.key, 96)


@pytest.mark.slow
def test_a_run_trains_from_an_uploaded_model_and_answers_without_it(workspace, tmp_path):
    path = saved(picture_network(), tmp_path / "leaves.keras")
    key = door.answer("keep_model_file", workspace, path, "Leaves", "")
    later = from_network(workspace, key, labels=("blue", "red"))
    assert runs.read_status(later)["state"] == "finished", runs.read_status(later)
    shutil.rmtree(custom.folder(workspace, key))
    picture = str(workspace.blob_path(discs(workspace)[0].sha256))
    [said] = door.answer("predict", later, workspace, [picture])
    assert len(said["probabilities"]) == 2
    assert said["unknown"] is None and said["nearest"] == [], "what needs the network is left out, not made up"


def test_a_base_that_is_gone_is_said_at_the_start(workspace, earlier):
    custom.look_in(workspace)
    key = custom.key_of_run(earlier.name)
    queued = new_run(workspace, discs(workspace, 20), backbone=key, image_size=None)
    shutil.rmtree(earlier)
    with pytest.raises(BackboneError) as error:
        Recipe.from_dict({"backbone": key}).validate()
    assert str(error.value) == (
        f"The run {earlier.name}, whose network this training starts from, has no model in this workspace: it was "
        "deleted, or it never finished. Choose another network, or train it again."
    )
    door.answer("train", queued, workspace)
    status = runs.read_status(queued)
    assert status["state"] == "failed" and "whose network this training starts from" in status["message"]
    with pytest.raises(
        BackboneError, match="The uploaded network own-123 is no longer in this workspace. Add its file"
    ):
        catalogue.info("own-123")


def test_a_deleted_run_leaves_its_network_to_those_built_on_it_and_the_last_takes_it_along(workspace, earlier):
    graft = idle_graft(workspace)
    project = fill_project(graft)
    model = (earlier / runs.MODEL).read_bytes()
    base = add_run(graft, project, "Base")
    (workspace.run_dir(base) / runs.MODEL).write_bytes(model)
    key = custom.key_of_run(base)
    later = graft.start_run(project.id, {"backbone": key})
    assert graft.custom_backbones.title_of(key) == "Fruit: Base"
    graft.delete_run(base)
    assert not workspace.run_dir(base).exists()
    assert custom.path_of(key).read_bytes() == model and catalogue.info(key).title == "Fruit: Base"
    graft.delete_run(later)
    assert custom.find(key) is None and not custom.folder(workspace, key).exists()
    graft.close()


def test_an_uploaded_model_that_runs_need_only_leaves_the_list(workspace, tmp_path):
    graft = idle_graft(workspace)
    project = fill_project(graft)
    path = saved(picture_network(), tmp_path / "leaves.keras")
    key = door.answer("keep_model_file", workspace, path, "Leaves", "")
    assert [info.title for info in graft.custom_backbones.uploaded()] == ["Leaves"]
    later = graft.start_run(project.id, {"backbone": key})
    graft.custom_backbones.remove(key)
    assert graft.custom_backbones.uploaded() == [] and custom.find(key) is not None
    graft.delete_run(later)
    assert custom.find(key) is None
    graft.close()
