"""Precision and devices: a processor does here what a graphics card would, and the model comes out the same."""

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pyarrow.parquet
import pytest

from engine.storage import runs
from engine.training.fine_tuning import fine_tune, hardware, replicas
from engine.training.inputs.pixels import Pixels
from pages.sections.evaluation import run_details
from tests.support.tiny_runs import carry_out, discs, new_run, train

pytestmark = pytest.mark.slow

QUICK = {"name": "balanced", "epochs": 1, "batch_size": 8, "augmentation": [], "freeze_depth": 0.85}


def test_a_processor_computes_in_single_precision(workspace):
    run_dir = train(workspace, discs(workspace, labels=("red", "blue")))
    told = runs.read_evaluation(run_dir)["hardware"]
    assert (told["kind"], told["precision"], told["devices"]) == ("cpu", "float32", 1) and told["name"]


def test_what_a_run_was_computed_on_is_said_as_it_was():
    words = run_details._hardware_words
    card = {"kind": "gpu", "name": "H200", "precision": "mixed_bfloat16", "devices": 2}
    assert words(card) == "2 × H200, in mixed precision (bfloat16; weights, last step and loss in float32)"
    assert words({**card, "devices": 1, "precision": "float32"}) == "H200, in single precision (float32)"


def test_bfloat16_is_for_the_network_alone_and_the_model_handed_over_is_in_single_precision(workspace, monkeypatch):
    monkeypatch.setattr(hardware, "here", lambda: hardware.Hardware(hardware.MIXED))
    original, seen = replicas.train_on_batch, {}

    def look(part, *batch):
        seen.update({layer.name: layer.compute_dtype for layer in part._flatten_layers(include_self=False)})
        return original(part, *batch)

    monkeypatch.setattr(replicas, "train_on_batch", look)
    run_dir = train(workspace, discs(workspace), **QUICK)
    assert runs.read_status(run_dir)["state"] == "finished", runs.read_status(run_dir)
    assert {name for name, dtype in seen.items() if dtype == "float32"} <= {*hardware.EXACT, "input_layer"}
    assert seen["logits"] == "float32" and "bfloat16" in seen.values()
    assert runs.read_evaluation(run_dir)["hardware"]["precision"] == "mixed_bfloat16"
    saved = keras.models.load_model(run_dir / runs.MODEL)
    assert {layer.dtype_policy.name for layer in saved._flatten_layers()} == {"float32"}
    stored = pyarrow.parquet.read_table(run_dir / runs.PREDICTIONS).to_pydict()
    pixels = Pixels(workspace, 48, "stretch").read(stored["sha256"])
    np.testing.assert_allclose(saved.predict(pixels, verbose=0), np.array(stored["probabilities"]), atol=2e-3)


def test_a_network_that_xla_cannot_compile_trains_without_it_and_says_so(workspace, monkeypatch):
    monkeypatch.setattr(fine_tune, "_jit", lambda: True)
    original, tried = keras.Model.train_on_batch, []

    def refuse(self, *arguments, **options):
        tried.append(self.jit_compile)
        if self.jit_compile:
            raise RuntimeError("Detected unsupported operations when trying to compile graph on XLA_GPU_JIT")
        return original(self, *arguments, **options)

    monkeypatch.setattr(keras.Model, "train_on_batch", refuse)
    run_dir = carry_out(workspace, new_run(workspace, discs(workspace, labels=("red", "blue")), **QUICK))
    assert runs.read_status(run_dir)["state"] == "finished" and tried == [True, False, False]
    assert [event["kind"] for event in runs.read_events(run_dir)].count("uncompiled") == 1


def test_two_devices_share_every_batch_and_learn_what_one_would():
    command = [sys.executable, "-m", "tests.support.two_devices"]
    done = subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    moved, apart = map(float, done.stdout.split())
    assert moved > 1e-3 and apart < 1e-6
