"""The cache of arrays on disk that features, pixels and activations live in."""

import threading

import numpy as np
import pytest

from engine.errors import UserError
from engine.storage.shards import ShardCache


def rows(*numbers: int) -> np.ndarray:
    return np.array([[number, number + 0.5] for number in numbers], np.float32)


def test_arrays_come_back_in_the_order_asked_for(tmp_path):
    cache = ShardCache(tmp_path)
    cache.add(["a", "b"], rows(1, 2))
    cache.add(["c"], rows(3))
    assert cache.read(["c", "a", "c"]).tolist() == rows(3, 1, 3).tolist()
    assert [batch.tolist() for batch in cache.iter_read(["a", "b", "c"], 2)] == [rows(1, 2).tolist(), rows(3).tolist()]


def test_missing_names_each_absent_key_once(tmp_path):
    cache = ShardCache(tmp_path)
    cache.add(["a"], rows(1))
    assert cache.missing(["b", "a", "b", "c"]) == ["b", "c"]
    with pytest.raises(KeyError):
        cache.read(["b"])


def test_what_another_process_adds_is_found(tmp_path):
    reader, writer = ShardCache(tmp_path), ShardCache(tmp_path)
    writer.add(["a"], rows(7))
    assert reader.missing(["a"]) == []
    assert reader.read(["a"]).tolist() == rows(7).tolist()


def test_many_writers_at_once_lose_nothing(tmp_path):
    def write(number: int) -> None:
        ShardCache(tmp_path).add([f"key-{number}"], rows(number))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cache = ShardCache(tmp_path)
    assert cache.read([f"key-{number}" for number in range(20)])[:, 0].tolist() == list(range(20))


def test_a_damaged_shard_counts_as_absent(tmp_path):
    cache = ShardCache(tmp_path)
    cache.add(["a"], rows(1))
    next(tmp_path.glob("*.npy")).write_bytes(b"not an array")
    assert ShardCache(tmp_path).missing(["a"]) == ["a"]


def test_a_full_disk_leaves_nothing_half_written(tmp_path, monkeypatch):
    def fail(*_arguments, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", fail)
    with pytest.raises(UserError, match="No space left"):
        ShardCache(tmp_path).add(["a"], rows(1))
    assert list(tmp_path.iterdir()) == []
