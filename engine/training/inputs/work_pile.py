"""Keys that are still to be done, taken in chunks: from the front by the owner of the work, from the end by others."""

import threading
from collections import deque
from collections.abc import Iterable

CHUNK = 256
LEAST = 32


class WorkPile:
    """A pile of keys. Several threads may take from it and put back.

    `sharers` is how many take from it: the more there are, the smaller the last chunks, so that all end together.
    `done` counts the keys that are finished.
    """

    def __init__(self, keys: Iterable[str]):
        self.sharers = 1
        self.done = 0
        self._keys = deque(keys)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._keys)

    def take(self) -> list[str]:
        """Return the next keys, none when the pile is empty."""
        with self._lock:
            return [self._keys.popleft() for _ in range(min(self._size(), len(self._keys)))]

    def take_from_end(self) -> list[str]:
        """Return the last keys in their order; none when so few are left that giving them away takes longer."""
        with self._lock:
            if len(self._keys) < 2 * LEAST:
                return []
            return [self._keys.pop() for _ in range(min(self._size(), len(self._keys)))][::-1]

    def put_back(self, keys: list[str]) -> None:
        """Let keys that were taken be done by somebody else."""
        with self._lock:
            self._keys.extendleft(reversed(keys))

    def finish(self, count: int) -> None:
        with self._lock:
            self.done += count

    def _size(self) -> int:
        if self.sharers == 1:
            return CHUNK
        return min(CHUNK, max(LEAST, len(self._keys) // (4 * self.sharers)))
