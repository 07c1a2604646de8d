"""Model files made to do harm end as a sentence; whoever reads them has limits, and the next file is answered."""

import os
import re
import signal
import threading

import keras
import psutil
import pytest
from keras import layers

from engine.backbones.model_import import import_model, model_size, reading_process
from engine.errors import BackboneError
from tests.support.hostile_models import HOSTILE, make
from tests.support.measured import MOST_MB, MOST_SECONDS
from tests.support.model_files import picture_network, saved

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return saved(picture_network(), tmp_path_factory.mktemp("models") / "leaves.keras")


def process() -> psutil.Process:
    return psutil.Process(reading_process._ready().process.pid)


def peak_mb(reader: psutil.Process) -> float:
    """Return the most memory that the process ever had."""
    with open(f"/proc/{reader.pid}/status") as facts:
        return next(int(line.split()[1]) / 1024 for line in facts if line.startswith("VmHWM"))


@pytest.mark.parametrize("case", HOSTILE)
def test_it_ends_as_a_sentence_quickly_and_in_little_memory(case, good, tmp_path):
    path, reader = make(case, good, tmp_path), process()
    before = sum(reader.cpu_times()[:2])
    with pytest.raises(BackboneError) as refusal:
        import_model.look(path)
    assert re.search(HOSTILE[case][2], str(refusal.value)), str(refusal.value)
    assert process().pid == reader.pid, "no limit had to speak: it was seen before"
    assert sum(reader.cpu_times()[:2]) - before < MOST_SECONDS and peak_mb(reader) < MOST_MB


def test_a_process_that_dies_costs_one_sentence(good):
    pid = process().pid
    os.kill(pid, signal.SIGSTOP)
    threading.Timer(0.3, os.kill, (pid, signal.SIGKILL)).start()
    with pytest.raises(BackboneError, match="took more memory than a network of its size does"):
        import_model.look(good)


def test_a_file_that_passes_a_limit_is_stopped_and_the_next_one_is_answered(good, monkeypatch):
    pid = process().pid
    with monkeypatch.context() as patch:
        patch.setattr(reading_process, "SECONDS", 0)
        patch.setattr(reading_process, "SECONDS_PER_MB", 0)
        with pytest.raises(BackboneError, match=r"leaves\.keras took longer than 0 seconds, which no network"):
            import_model.look(good)
    assert not psutil.pid_exists(pid)
    assert import_model.look(good)["features"] == 12


def test_memory_is_what_a_file_of_its_size_needs_and_no_more(good, monkeypatch):
    limits = reading_process._Limits(psutil.Process(), good.stat().st_size)
    assert limits.passed(good) is None
    monkeypatch.setattr(reading_process, "MEMORY_BESIDE", -(2**30))
    assert "took more memory" in str(reading_process._Limits(psutil.Process(), 0).passed(good))


def test_the_largest_pictures_count_where_a_network_takes_any_size():
    pixels = keras.Input((None, None, 3))
    model = keras.Model(pixels, layers.Conv2D(8, 3, padding="same")(pixels))
    assert model_size._widest(model, 512) == 512 * 512 * 8
    nested = keras.Sequential([keras.Input((None, None, 3)), model, layers.GlobalAveragePooling2D()])
    assert model_size._widest(nested, 256) == 256 * 256 * 8


def test_attention_counts_by_its_tokens_squared():
    tokens = keras.Input((300, 8))
    model = keras.Model(tokens, layers.MultiHeadAttention(4, 2)(tokens, tokens))
    assert model_size._widest(model, 512) == 300 * 300 * 4
