"""Arrays on disk by key: pixels, features and activations live here, so memory stays flat whatever the dataset's size.

Every `add` writes one immutable shard (`<id>.npy` and, once that is complete, `<id>.json` with its keys), so several
writers may add at the same time and a killed one leaves nothing half-written. Readers gather rows from memory maps.
"""

import contextlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from engine.storage.workspace import disk_error, write_json


class ShardCache:
    """An append-only table of equally shaped arrays, keyed by text."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._maps: dict[str, np.ndarray] = {}
        self._rows: dict[str, tuple[str, int]] = {}
        self.refresh()

    def __contains__(self, key: str) -> bool:
        return key in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def refresh(self) -> None:
        """Take in the shards that others have written since."""
        for index in sorted(self.folder.glob("*.json")):
            if index.stem not in self._maps:
                self._open(index)

    def missing(self, keys: Sequence[str]) -> list[str]:
        """Return the keys that are not here yet, each once, in their order."""
        if any(key not in self._rows for key in keys):
            self.refresh()
        return [key for key in dict.fromkeys(keys) if key not in self._rows]

    def add(self, keys: Sequence[str], array: np.ndarray) -> None:
        """Store `array[i]` under `keys[i]`. Raises UserError when the disk is full."""
        if len(keys) != len(array):
            raise ValueError(f"{len(keys)} keys for {len(array)} rows")
        if not len(keys):
            return
        name = uuid.uuid4().hex
        self._write(self.folder / f"{name}.npy", array)
        write_json(self.folder / f"{name}.json", list(keys))
        self._open(self.folder / f"{name}.json")

    def read(self, keys: Sequence[str]) -> np.ndarray:
        """Return the arrays of `keys`, stacked in their order. Raises KeyError for a key that is not here."""
        by_shard: dict[str, list[int]] = {}
        for position, key in enumerate(keys):
            by_shard.setdefault(self._rows[key][0], []).append(position)
        if not by_shard:
            raise KeyError("no keys were asked for")
        shards = [self._maps[shard] for shard in by_shard]
        # Of the widest kind: a later version may have added rows in another precision.
        out = np.empty((len(keys), *shards[0].shape[1:]), np.result_type(*shards))
        for shard, positions in by_shard.items():
            out[positions] = self._maps[shard][[self._rows[keys[position]][1] for position in positions]]
        return out

    def iter_read(self, keys: Sequence[str], batch: int) -> Iterator[np.ndarray]:
        """Yield the arrays of `keys` in their order, `batch` at a time."""
        for start in range(0, len(keys), batch):
            yield self.read(keys[start : start + batch])

    def clear(self) -> None:
        """Delete every shard."""
        self._maps.clear()
        self._rows.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, path: Path, array: np.ndarray) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".part")
        try:
            with open(temporary, "wb") as file:
                np.save(file, array, allow_pickle=False)
            os.replace(temporary, path)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise disk_error(path, error) from error

    def _open(self, index: Path) -> None:
        # A shard that cannot be read counts as absent: what it held is computed again.
        with contextlib.suppress(OSError, ValueError):
            keys = json.loads(index.read_text(encoding="utf-8"))
            array = np.load(index.with_suffix(".npy"), mmap_mode="r", allow_pickle=False)
            if len(array) == len(keys):
                self._maps[index.stem] = array
                self._rows.update((key, (index.stem, row)) for row, key in enumerate(keys))
