"""Trainings from pictures to a finished run directory, through the door a worker uses."""

import threading
import time
from dataclasses import replace

import keras
import numpy as np
import pyarrow.parquet
import pytest

from engine import settings
from engine.backbones import catalogue, forward
from engine.backbones.build import architecture
from engine.evaluation.predict import PREPARATION
from engine.storage import runs
from engine.storage.shards import ShardCache
from engine.storage.workspace import read_json
from engine.training.fine_tuning import checkpoint, classifier, fine_tune, speed
from engine.training.inputs.pixels import Pixels
from engine.training.recipe import Recipe
from engine.worker import door
from tests.support.tiny_runs import carry_out, discs, new_run, train

pytestmark = pytest.mark.slow

PHASES = {"features", "probe", "fine_tune", "evaluate"}
QUICK = {"name": "balanced", "epochs": 2, "batch_size": 8, "augmentation": ["flip"], "freeze_depth": 0.85}


def predictions(run_dir) -> dict[str, list]:
    return pyarrow.parquet.read_table(run_dir / runs.PREDICTIONS).to_pydict()


def epochs_of(run_dir) -> list[float]:
    return [row["epoch"] for row in runs.read_metrics(run_dir) if row["phase"] == "fine_tune"]


@pytest.fixture(scope="module")
def instant(tmp_path_factory):
    from engine.storage.workspace import Workspace

    workspace = Workspace(tmp_path_factory.mktemp("instant")).create()
    items = discs(workspace)
    return workspace, items, train(workspace, items)


def test_instant_writes_every_file_of_a_run(instant):
    _workspace, items, run_dir = instant
    status = runs.read_status(run_dir)
    assert (status["state"], status["phase"], status["progress"]) == ("finished", "done", 1.0)
    assert status["error"] is None and status["finished"]
    evaluation = runs.read_evaluation(run_dir)
    assert evaluation["class_names"] == ["blue", "green", "red"]
    assert evaluation["counts"] == {"train": 21, "validation": 3, "test": 6}
    assert evaluation["accuracy"] >= 5 / 6
    assert evaluation["accuracy_interval"][0] < evaluation["accuracy"] <= evaluation["accuracy_interval"][1]
    assert evaluation["baselines"]["majority"] == pytest.approx(1 / 3)
    assert {group["group"] for group in evaluation["groups"]} == {"even", "odd"}
    assert evaluation["seconds"].keys() == PHASES | {"ingest", "total"}
    assert evaluation["chosen"] == "probe" and "keras" in evaluation["versions"]
    assert {event["kind"] for event in runs.read_events(run_dir)} >= {"started", "embedded", "probe", "finished"}
    held_out = sorted(item.id for item in items if item.split != "train")
    assert sorted(predictions(run_dir)["item"]) == held_out
    assert pyarrow.parquet.read_table(run_dir / "before_fine_tuning.parquet").num_rows == len(held_out)


def test_the_saved_model_alone_reproduces_the_stored_predictions(instant):
    workspace, _items, run_dir = instant
    stored = predictions(run_dir)
    preparation = read_json(run_dir / PREPARATION)
    pixels = Pixels(workspace, preparation["image_size"], preparation["fit"]).read(stored["sha256"])
    saved = keras.models.load_model(run_dir / runs.MODEL)
    np.testing.assert_allclose(saved.predict(pixels, verbose=0), np.array(stored["probabilities"]), atol=2e-3)
    names = np.array(preparation["class_names"])
    assert names[np.array(stored["probabilities"]).argmax(axis=1)].tolist() == stored["predicted"]


def test_a_question_about_one_picture_is_answered_at_once_from_a_warm_model(instant):
    workspace, items, run_dir = instant
    pictures = [str(workspace.blob_path(items[0].sha256)), workspace.blob_path(items[15].sha256).read_bytes()]
    answers = door.answer("predict", run_dir, workspace, pictures)
    assert [
        max(answer["probabilities"]) == answer["probabilities"][k] for answer, k in zip(answers, (2, 1), strict=True)
    ]
    door.answer("predict", run_dir, workspace, pictures[:1])
    began = time.process_time()
    door.answer("predict", run_dir, workspace, pictures[:1])
    assert time.process_time() - began < 0.2


def test_a_second_run_embeds_only_what_is_new(instant, monkeypatch):
    workspace, items, _run_dir = instant
    seen = []
    original = forward.open_backbone
    monkeypatch.setattr(forward, "open_backbone", lambda *arguments: count(original(*arguments), seen))
    began = time.process_time()
    run_dir = train(workspace, [*items, *discs(workspace, 12)[10:12]])
    assert sum(seen) == 2
    assert time.process_time() - began < 3
    assert runs.read_status(run_dir)["state"] == "finished"


def count(run, seen: list):
    def counted(pixels):
        seen.append(len(pixels))
        return run(pixels)

    return counted


def test_the_same_seed_gives_the_same_model(workspace):
    items = discs(workspace, labels=("red", "blue"))
    first, second = (train(workspace, items, **QUICK, dropout=0.2) for _run in range(2))
    np.testing.assert_array_equal(predictions(first)["probabilities"], predictions(second)["probabilities"])
    assert [row["loss"] for row in runs.read_metrics(first)] == [row["loss"] for row in runs.read_metrics(second)]


def test_balanced_tells_every_epoch_and_its_file_reproduces_its_predictions(workspace):
    run_dir = train(workspace, discs(workspace), **QUICK)
    assert epochs_of(run_dir) == [1, 2]
    evaluation = runs.read_evaluation(run_dir)
    assert evaluation["validation_accuracy"] >= evaluation["probe"]["validation_accuracy"]
    assert not (run_dir / "checkpoint").exists()
    stored = predictions(run_dir)
    pixels = Pixels(workspace, 48, "stretch").read(stored["sha256"])
    probabilities = keras.models.load_model(run_dir / runs.MODEL).predict(pixels, verbose=0)
    np.testing.assert_allclose(probabilities, np.array(stored["probabilities"]), atol=2e-3)


def test_nothing_that_is_learned_or_chosen_depends_on_the_classes_of_the_test_pictures(workspace):
    items = discs(workspace)
    others = {"red": "green", "green": "blue", "blue": "red"}
    lied_to = [replace(item, label=others[item.label]) if item.split == "test" else item for item in items]
    honest, misled = (train(workspace, each, **QUICK) for each in (items, lied_to))
    told, untold = predictions(honest), predictions(misled)
    assert told["label"] != untold["label"] and told["sha256"] == untold["sha256"]
    assert told["probabilities"] == untold["probabilities"]
    first, second = runs.read_evaluation(honest), runs.read_evaluation(misled)
    assert first["chosen"] == second["chosen"] and first["accuracy"] > second["accuracy"]
    assert read_json(honest / "answering.json") == read_json(misled / "answering.json")


def test_a_hostile_learning_rate_never_ends_below_the_probe(workspace):
    run_dir = train(workspace, discs(workspace), **{**QUICK, "epochs": 1, "optimizer": "sgd", "learning_rate": 10.0})
    evaluation = runs.read_evaluation(run_dir)
    assert runs.read_status(run_dir)["state"] == "finished"
    assert evaluation["validation_accuracy"] >= evaluation["probe"]["validation_accuracy"]
    assert np.isfinite(np.array(predictions(run_dir)["probabilities"])).all()


def test_divergence_lowers_the_rate_and_starts_again(workspace, monkeypatch):
    original, losses = fine_tune._train, []

    def diverge_once(*arguments):
        losses.append(1)
        if len(losses) == 2:
            raise fine_tune.Diverged
        return original(*arguments)

    monkeypatch.setattr(fine_tune, "_train", diverge_once)
    run_dir = train(workspace, discs(workspace), **QUICK)
    diverged = [event for event in runs.read_events(run_dir) if event["kind"] == "diverged"]
    assert [event["learning_rate"] for event in diverged] == [pytest.approx(3e-5)]
    assert epochs_of(run_dir) == [1, 2]


def test_the_whole_network_adapts_and_keeps_no_pixels_but_the_decoded_ones(workspace):
    options = {**QUICK, "freeze_depth": 0.0, "mixing": "auto", "batch_size": 8, "seed": 1}
    run_dir = train(workspace, discs(workspace, 30), **options)
    asked = next(event for event in runs.read_events(run_dir) if event["kind"] == "augmentation")
    assert asked["costs"].keys() > {"flip", "erase", "mixup", "cutmix"} and asked["mixing"]
    evaluation = runs.read_evaluation(run_dir)
    assert evaluation["validation_accuracy"] >= evaluation["probe"]["validation_accuracy"]
    assert not list((workspace.caches / "cuts").glob("*/*"))
    assert read_json(workspace.caches / "speed.json", {})["sprout-48-train-0-8"][2] == 0


def test_a_training_without_a_better_epoch_ends_early_and_says_so(workspace, monkeypatch):
    worse = {"validation_loss": 0.9, "validation_accuracy": 0.0}
    monkeypatch.setattr(fine_tune, "_validate", lambda *_arguments: worse)
    run_dir = train(workspace, discs(workspace, labels=("red", "blue")), **{**QUICK, "epochs": 30, "patience": 2})
    assert epochs_of(run_dir) == [1, 2]
    assert [event["epoch"] for event in runs.read_events(run_dir) if event["kind"] == "patience"] == [2]


@pytest.mark.parametrize(
    "options",
    [
        {"freeze_depth": 0.0, "image_size": 48, "class_balancing": "focal"},
        {"freeze_depth": 1.0, "head": "hidden", "hidden_units": 16, "dropout": 0.3},
        {"optimizer": "sgd", "class_balancing": "weights", "l1": 1e-4, "l2": 1e-3},
        {"optimizer": "adam", "class_balancing": "oversample", "augmentation": []},
    ],
)
def test_expert_options_train_to_the_end(workspace, options):
    run_dir = train(workspace, discs(workspace, labels=("red", "blue")), **{**QUICK, "epochs": 1, **options})
    assert runs.read_status(run_dir)["state"] == "finished", runs.read_status(run_dir)["error"]
    saved = keras.models.load_model(run_dir / runs.MODEL)
    names = [layer.name for layer in saved.layers]
    assert ("hidden" in names) == (options.get("head") == "hidden")
    assert ("dropout" in names) == ("dropout" in options)


def test_only_the_part_after_the_cut_trains_and_batch_norm_stays(workspace):
    from engine.backbones.build import build

    run_dir = train(workspace, discs(workspace), **{**QUICK, "learning_rate": 1e-3})
    if runs.read_evaluation(run_dir)["chosen"] == "probe":
        pytest.fail("fine-tuning should win here; otherwise this test shows nothing")
    trained, pretrained = keras.models.load_model(run_dir / runs.MODEL), build("sprout", 48)
    changed = {
        layer.name
        for layer in pretrained.layers
        for old, new in zip(layer.get_weights(), trained.get_layer(layer.name).get_weights(), strict=True)
        if not np.array_equal(old, new)
    }
    assert changed == {"stage4_block1_conv1", "stage4_block1_conv2", "stage4_block1_proj"}


def test_stop_keeps_the_best_so_far_and_still_evaluates_it(workspace, monkeypatch):
    run_dir = new_run(workspace, discs(workspace), **{**QUICK, "epochs": 50})
    original = checkpoint.save

    def save_and_stop(*arguments):
        original(*arguments)
        runs.request_stop(run_dir)

    monkeypatch.setattr(checkpoint, "save", save_and_stop)
    carry_out(workspace, run_dir)
    status = runs.read_status(run_dir)
    assert status["state"] == "stopped" and "kept and tested" in status["message"]
    assert epochs_of(run_dir) == [1]
    assert runs.read_evaluation(run_dir)["accuracy"] > 0.3
    assert (run_dir / "checkpoint").exists()


def test_stop_before_there_is_a_model_says_so(workspace):
    run_dir = new_run(workspace, discs(workspace))
    runs.request_stop(run_dir)
    carry_out(workspace, run_dir)
    assert runs.read_status(run_dir)["state"] == "stopped"
    assert runs.read_status(run_dir)["message"] == "Stopped before there was a model."
    assert runs.read_evaluation(run_dir) is None


def test_an_interrupted_run_goes_on_and_ends_with_the_same_weights(workspace, monkeypatch):
    items = discs(workspace)
    options = {**QUICK, "epochs": 3}
    whole = train(workspace, items, **options)
    interrupted = new_run(workspace, items, **options)
    original = checkpoint.save

    def save_and_die(folder, part, optimizer, state):
        original(folder, part, optimizer, state)
        if state.epoch == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint, "save", save_and_die)
    with pytest.raises(KeyboardInterrupt):
        carry_out(workspace, interrupted)
    monkeypatch.setattr(checkpoint, "save", original)
    before = runs.read_status(interrupted)["spent"]
    carry_out(workspace, interrupted)
    assert runs.read_evaluation(interrupted)["seconds"]["fine_tune"] > before["fine_tune"] > 0
    assert epochs_of(interrupted) == [1, 2, 3]
    assert [row["phase"] for row in runs.read_metrics(interrupted)] == ["probe", *["fine_tune"] * 3]
    np.testing.assert_array_equal(predictions(interrupted)["probabilities"], predictions(whole)["probabilities"])


def test_progress_only_grows_and_ends_at_one(workspace):
    run_dir, seen, ended = new_run(workspace, discs(workspace), **QUICK), [], threading.Event()

    def watch():
        while not ended.is_set():
            seen.append(runs.read_status(run_dir))
            time.sleep(0.01)

    watcher = threading.Thread(target=watch)
    watcher.start()
    carry_out(workspace, run_dir)
    ended.set()
    watcher.join()
    shares = [status["progress"] for status in seen]
    assert shares == sorted(shares) and len(set(shares)) > 3
    phases = list(dict.fromkeys(status["phase"] for status in seen))
    assert [phase for phase in phases if phase in PHASES][-1] in ("fine_tune", "evaluate")
    assert all(status["seconds_left"] >= 0 for status in seen if status["seconds_left"] is not None)


def test_what_a_person_can_fix_ends_in_the_status_in_words(workspace):
    items = [item for item in discs(workspace) if item.split != "test"]
    run_dir = train(workspace, items)
    status = runs.read_status(run_dir)
    assert status["state"] == "failed"
    assert status["error"]["template"].startswith("There are no pictures in the {split} split.")
    assert status["error"]["values"] == {"split": "test"}


def test_a_bug_leaves_its_traceback_in_the_log(workspace, monkeypatch):
    monkeypatch.setattr(ShardCache, "read", lambda *_arguments: 1 / 0)
    run_dir = new_run(workspace, discs(workspace))
    with pytest.raises(ZeroDivisionError):
        carry_out(workspace, run_dir)
    status = runs.read_status(run_dir)
    assert status["state"] == "failed" and "log.txt" in status["values"]["log"]
    assert "ZeroDivisionError" in (run_dir / "log.txt").read_text()


def test_asking_a_run_without_a_model_is_answered_in_words(workspace):
    from engine.errors import TrainingError

    run_dir = new_run(workspace, discs(workspace, 3))
    with pytest.raises(TrainingError, match="has no model yet"):
        door.answer("predict", run_dir, workspace, [b""])


def test_the_estimate_counts_what_is_left_to_embed(workspace):
    items = discs(workspace, labels=("red", "blue"))
    recipe, hashes = {"name": "instant", "image_size": 48}, [item.sha256 for item in items]
    counts = {"train": 14, "validation": 2, "test": 4}
    before = door.answer("estimate", workspace, Recipe.from_dict(recipe), counts, hashes)
    assert before["images_to_embed"] == 20 and before["seconds"] > 0
    train(workspace, items, fit="auto")
    assert door.answer("estimate", workspace, Recipe.from_dict(recipe), counts, hashes)["images_to_embed"] == 0
    fine = door.answer("estimate", workspace, Recipe.from_dict({**recipe, "name": "balanced"}), counts, hashes)
    assert fine["phases"]["fine_tune"] > 1 and fine["memory_mb"] > before["memory_mb"] and fine["disk_mb"] > 0


def test_the_speed_of_a_network_is_measured_once(workspace, monkeypatch):
    first = door.answer("measure_speed", workspace, "sprout")
    monkeypatch.setattr(forward, "open_backbone", lambda *_arguments: pytest.fail("measured again"))
    assert door.answer("measure_speed", workspace, "sprout") == first
    assert first > 10


def test_a_run_corrects_the_remembered_pace_but_decoding_never_makes_a_network_look_slow(workspace):
    recipe = Recipe(backbone="sprout", image_size=96)
    for pictures, seconds, decoded, pace in (
        (speed.ENOUGH - 1, 1.0, False, None),
        (300, 1.0, True, 300),
        (300, 2.0, True, 300),
        (400, 1.0, True, 400),
        (300, 2.0, False, 150),
    ):
        speed.remember(workspace, recipe, pictures, seconds, decoded=decoded)
        assert speed.known(workspace, "sprout", 96) == pace


def test_stop_while_fine_tuning_prepares_keeps_the_probe(workspace, monkeypatch):
    run_dir = new_run(workspace, discs(workspace), **QUICK)
    original = classifier.learning

    def learn_and_stop(*arguments, **options):
        runs.request_stop(run_dir)
        return original(*arguments, **options)

    monkeypatch.setattr(classifier, "learning", learn_and_stop)
    carry_out(workspace, run_dir)
    assert runs.read_status(run_dir)["state"] == "stopped"
    assert runs.read_evaluation(run_dir)["chosen"] == "probe"
    assert (run_dir / runs.MODEL).exists()


def test_vgg16_from_the_folder_of_weights_runs_the_same_path(workspace, tmp_path, monkeypatch):
    """From the file that Keras offers (here with random weights) to a model that fine-tuned VGG16's own layers."""
    import h5py
    from keras.src.legacy.saving import legacy_h5_format

    keras.utils.set_random_seed(0)
    with h5py.File(tmp_path / catalogue.info("vgg16").weights_file, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, architecture("vgg16", 32))
    monkeypatch.setenv("GRAFT_WEIGHTS_DIR", str(tmp_path))
    settings.current.cache_clear()
    try:
        items = discs(workspace, labels=("red", "blue"))
        run_dir = train(workspace, items, **{**QUICK, "epochs": 1}, backbone="vgg16", image_size=32)
        answers = door.answer("predict", run_dir, workspace, [str(workspace.blob_path(items[0].sha256))])
    finally:
        monkeypatch.undo()
        settings.current.cache_clear()
    assert runs.read_status(run_dir)["state"] == "finished" and epochs_of(run_dir) == [1]
    assert sum(answers[0]["probabilities"]) == pytest.approx(1, abs=1e-5)
    saved = keras.models.load_model(run_dir / runs.MODEL)
    assert saved.input_shape == (None, 32, 32, 3) and saved.get_layer("block5_conv3").filters == 512
