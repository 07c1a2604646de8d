"""Pause and resume: within one batch, and the end is the same as if nothing had happened."""

import json
import time

import keras
import numpy as np
import pytest

from engine.cli import parser
from engine.cli import train as train_command
from engine.errors import UserError
from engine.storage import runs
from engine.storage.registry import Item
from engine.storage.workspace import read_json
from engine.training.fine_tuning import fine_tune
from engine.training.progress import PAUSED
from tests.support import team as team_of_workers
from tests.support.run_files import idle_graft
from tests.support.tiny_runs import carry_out, discs, new_run, train

pytestmark = pytest.mark.slow

PART = {"name": "balanced", "epochs": 3, "batch_size": 8, "augmentation": ["flip"], "freeze_depth": 0.85}
WHOLE = {"name": "balanced", "epochs": 2, "batch_size": 8, "augmentation": ["flip", "crop"], "freeze_depth": 0.0}


def weights(run_dir) -> list[np.ndarray]:
    return keras.models.load_model(run_dir / runs.MODEL, compile=False).get_weights()


def pause_after(monkeypatch, run_dir, batches: int) -> list[int]:
    """Ask for a pause while batch number `batches` is trained; the list counts all that are trained."""
    original, trained = fine_tune.mixing.mix, []

    def mix(*arguments):
        trained.append(1)
        if len(trained) == batches:
            runs.request_pause(run_dir)
        return original(*arguments)

    monkeypatch.setattr(fine_tune.mixing, "mix", mix)
    return trained


@pytest.mark.parametrize(
    ("options", "batches"),
    [
        ({**PART, "dropout": 0.2}, 5),
        ({**PART, "optimizer": "sgd", "class_balancing": "oversample"}, 3),
        ({**WHOLE, "mixing": "cutmix", "dropout": 0.2}, 4),
    ],
)
def test_a_paused_run_goes_on_in_the_middle_of_an_epoch_and_ends_with_the_same_weights(
    workspace, monkeypatch, options, batches
):
    """Batch 5 of 3 an epoch is the second of epoch 2, batch 3 the last of epoch 1. Weights are equal to the bit."""
    items = discs(workspace)
    whole = train(workspace, items, **options)
    paused = new_run(workspace, items, **options)
    trained = pause_after(monkeypatch, paused, batches)
    carry_out(workspace, paused)
    status = runs.read_status(paused)
    assert status["state"] == "paused" and len(trained) == batches
    epochs = options["epochs"]
    at = {"epoch": (batches - 1) // 3 + 1, "epochs": epochs}
    assert (status["message"], status["values"]) == (PAUSED, at)
    runs.forget_requests(paused)
    carry_out(workspace, paused)
    assert runs.read_status(paused)["state"] == "finished"
    assert len(trained) == 3 * epochs
    for ours, theirs in zip(weights(paused), weights(whole), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    told = [[{**row, "seconds": 0} for row in runs.read_metrics(run)] for run in (paused, whole)]
    assert told[0] == told[1]
    bars = runs.read_evaluation(paused)["seconds"]["fine_tune"], read_json(paused / runs.STATUS)["spent"]["fine_tune"]
    assert bars[0] == pytest.approx(bars[1], abs=0.5)


def test_a_pause_frees_the_worker_for_the_next_in_line_and_the_command_line_goes_on(
    warm_graft, class_folder, monkeypatch, capsys
):
    graft = warm_graft
    team_of_workers.join(monkeypatch, graft)
    where = ["--workspace", str(graft.workspace.root), "--json"]
    project = graft.registry.create_project("Pause")
    graft.wait_for_import(graft.start_import(project.dataset_id, class_folder))
    long = {"name": "balanced", "epochs": 1000, "patience": 1000, "batch_size": 8, "augmentation": []}
    first, second = (graft.start_run(project.id, recipe) for recipe in (long, {"name": "instant"}))
    run_dir = graft.workspace.run_dir(first)
    while len(runs.read_metrics(run_dir)) < 3:
        time.sleep(0.05)
    assert parser.main(["pause", first, *where]) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    at = len(runs.read_metrics(run_dir))  # the probe and every whole epoch
    assert said["state"] == "paused" and said["message"] == PAUSED.format(epoch=at, epochs=1000)
    assert graft.wait_for_run(second)["state"] == "finished"
    assert runs.read_status(run_dir)["state"] == "paused"
    graft.resume_run(first)
    while len(runs.read_metrics(run_dir)) < at + 2:
        time.sleep(0.05)
    graft.stop_run(first)
    assert graft.wait_for_run(first)["state"] == "stopped"
    epochs = [row["epoch"] for row in runs.read_metrics(run_dir)]
    assert epochs == list(range(len(epochs))), "no epoch is trained twice, none is left out"


def test_what_cannot_be_paused_or_resumed_is_said(workspace, capsys):
    run_dir = new_run(workspace, [Item("aa", "cat/1.jpg", "cat", split="train", id=7)])
    runs.mark(run_dir, "finished")
    assert parser.main(["pause", "latest"]) == parser.main(["resume", "latest"]) == 2
    said = capsys.readouterr().err
    assert "cannot be paused: it is finished" in said and "cannot be resumed: it is finished" in said
    assert parser.main(["evaluate", "nothing"]) == 2
    assert "There is no single run 'nothing'" in capsys.readouterr().err


def test_whoever_watches_a_run_that_somebody_else_pauses_is_told_how_it_goes_on(workspace):
    run_dir = new_run(workspace, [Item("aa", "cat/1.jpg", "cat", split="train", id=7)])
    runs.mark(run_dir, "paused", PAUSED.format(epoch=3, epochs=9))
    graft = idle_graft(workspace)
    with pytest.raises(UserError) as told:
        train_command.watch(graft, run_dir.name)
    graft.close()
    assert f"{run_dir.name} was paused from elsewhere. Paused at round 3 of 9." in str(told.value)
    assert f"'python -m engine resume {run_dir.name} --workspace {workspace.root}' goes on." in str(told.value)
