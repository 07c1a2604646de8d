"""Too little memory: half of the batch is tried, the run goes on from the last step, and its result is the same."""

import tracemalloc

import keras
import numpy as np
import pytest

from engine.backbones import forward, out_of_memory
from engine.storage import runs
from engine.training.fine_tuning import checkpoint
from tests.support.tiny_runs import carry_out, discs, new_run, train

pytestmark = pytest.mark.slow

QUICK = {"name": "balanced", "epochs": 2, "batch_size": 7, "augmentation": ["flip"], "freeze_depth": 0.85}


class XlaRuntimeError(RuntimeError):
    """As JAX calls it."""


class ResourceExhaustedError(Exception):
    """As TensorFlow calls it."""


SPELLINGS = [
    ResourceExhaustedError("Graph execution error: OOM when allocating tensor with shape[32,96,96,32]"),
    XlaRuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 7514161152 bytes."),
    MemoryError(),
]


def short_of_memory(monkeypatch, method: str, fits: int, error: Exception) -> list[int]:
    """Let the device hold `fits` pictures at once; the list has the sizes of all batches that were tried."""
    original, tried = getattr(keras.Model, method), []

    def run(self, x, *arguments, **options):
        tried.append(len(x))
        if len(x) > fits:
            raise error
        return original(self, x, *arguments, **options)

    monkeypatch.setattr(keras.Model, method, run)
    return tried


def memory_events(run_dir) -> list[tuple[int, int]]:
    events = [event for event in runs.read_events(run_dir) if event["kind"] == "memory"]
    return [(event["batch"], event["smaller"]) for event in events]


def final_weights(run_dir) -> np.ndarray:
    """Return all weights after the last epoch, one after the other, as the checkpoint of a stopped run holds them."""
    saved = checkpoint.load(run_dir / "checkpoint")
    return np.concatenate([value.ravel() for value in saved.variables])


def test_fine_tuning_goes_on_in_smaller_pieces_and_ends_the_same(workspace, monkeypatch):
    monkeypatch.setattr(checkpoint, "forget", lambda _folder: None)
    items = discs(workspace, labels=("red", "blue"))
    whole, run_dir = train(workspace, items, **QUICK), new_run(workspace, items, **QUICK)
    tried = short_of_memory(monkeypatch, "train_on_batch", 3, SPELLINGS[1])
    carry_out(workspace, run_dir)
    assert runs.read_status(run_dir)["state"] == "finished"
    assert memory_events(run_dir) == [(7, 4), (4, 2)]
    assert tried == [7, 4, *[2] * 16], "two epochs of two batches, each in four pieces"
    np.testing.assert_allclose(final_weights(run_dir), final_weights(whole), atol=1e-5)
    losses = [[row["loss"] for row in runs.read_metrics(run)] for run in (run_dir, whole)]
    np.testing.assert_allclose(*losses, rtol=1e-4)


def test_memory_that_ends_in_the_middle_costs_no_step_even_where_the_weights_of_the_failed_one_are_gone(
    workspace, monkeypatch
):
    """JAX gives the weights' own memory to a step; what is left of a failed one may be nothing."""
    items = discs(workspace, labels=("red", "blue"))
    run_dir = new_run(workspace, items, **{**QUICK, "epochs": 3})
    original, steps = keras.Model.train_on_batch, []
    take = checkpoint.take

    def fail_once(self, x, *arguments, **options):
        steps.append(len(x))
        if len(steps) == 6:  # the second batch of the third epoch
            monkeypatch.setattr(checkpoint, "take", gone)
            raise SPELLINGS[1]
        return original(self, x, *arguments, **options)

    def gone(*_arguments):
        monkeypatch.setattr(checkpoint, "take", take)
        raise RuntimeError("Array has been deleted with shape=float32[32].")

    monkeypatch.setattr(keras.Model, "train_on_batch", fail_once)
    carry_out(workspace, run_dir)
    assert runs.read_status(run_dir)["state"] == "finished"
    assert [row["epoch"] for row in runs.read_metrics(run_dir)] == [0, 1, 2, 3]
    assert steps == [7] * 6 + [4] * 4, "the third epoch begins again, from the checkpoint before it"


def test_looking_at_pictures_goes_on_with_half_the_batch(workspace, monkeypatch):
    monkeypatch.setattr(forward, "uses_litert", lambda: False)
    tried = short_of_memory(monkeypatch, "predict_on_batch", 8, SPELLINGS[0])
    run_dir = train(workspace, discs(workspace))
    assert runs.read_status(run_dir)["state"] == "finished"
    assert memory_events(run_dir)[:2] == [(32, 16), (16, 8)]
    assert tried[:6] == [32, 16, 8, 8, 8, 8]


def test_a_single_picture_that_does_not_fit_is_said_in_words(workspace, monkeypatch):
    short_of_memory(monkeypatch, "train_on_batch", 0, SPELLINGS[0])
    run_dir = train(workspace, discs(workspace, labels=("red", "blue")), **QUICK)
    status = runs.read_status(run_dir)
    assert (status["state"], status["message"]) == ("failed", out_of_memory.NO_MEMORY)
    assert memory_events(run_dir) == [(7, 4), (4, 2), (2, 1)]


@pytest.mark.parametrize("error", SPELLINGS, ids=lambda error: type(error).__name__)
def test_a_shortage_of_memory_is_known_in_every_spelling(error):
    assert out_of_memory.is_short(error) and out_of_memory.half(7, error) == 4


def test_what_is_no_shortage_of_memory_is_not_taken_for_one():
    assert not out_of_memory.is_short(ValueError("shapes do not match"))
    with pytest.raises(ZeroDivisionError):
        out_of_memory.half(8, ZeroDivisionError())


def test_1500_pictures_are_trained_on_with_only_a_part_of_them_in_memory(workspace):
    """All of them as the network takes them in would be 166 MB; they and their activations lie on disk."""
    items = discs(workspace, 500)
    tracemalloc.start()
    try:
        run_dir = train(
            workspace, items, **{**QUICK, "image_size": 96, "epochs": 1, "batch_size": 64, "augmentation": []}
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert runs.read_status(run_dir)["state"] == "finished"
    assert len(items) == 1500 and peak < 140e6
