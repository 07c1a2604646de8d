"""One dataset embedded by several workers: those that have no run do pieces of another one's pictures.

Each writes shards of its own into the shared cache of features. A piece whose worker dies, fails or is never heard of
again goes back to the pile, so the worst that another worker can do is nothing.
"""

import contextlib
import functools
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from distributed import Future

from engine.backbones import forward
from engine.compute.peers import Peers
from engine.errors import Stopped
from engine.storage import runs
from engine.storage.shards import ShardCache
from engine.storage.workspace import Workspace
from engine.training.features import embed as embedding
from engine.training.inputs.pixels import Pixels
from engine.training.inputs.work_pile import WorkPile

# With fewer pictures the others would hardly have opened the network before all is done.
WORTH_SHARING = 256
# One piece that a worker is at, and one that waits for it.
PIECES_EACH = 2
TICK_SECONDS = 0.05
ASK_SECONDS = 1.0
# A piece that did not come back for so long is done again when nothing else is left to do.
LATE_SECONDS = 60.0

log = logging.getLogger("graft")


def embed(
    workspace: Workspace, key: str, pixels: Pixels, keys: Sequence[str], advance: embedding.Advance, run_dir: Path
) -> tuple[ShardCache, dict[str, int]]:
    """Make sure that every picture has features, as `features.embed` does, with the help of workers that have no run.

    Returns the cache, and how many pictures each of the others did, by its address.
    """
    cache, peers = embedding.features_cache(workspace, key, pixels), Peers.here()
    missing = cache.missing(keys)
    if peers is None or len(missing) < WORTH_SHARING:
        return embedding.embed(workspace, key, pixels, keys, advance), {}
    pixels.check_space(missing)
    open_network = forward.opener(workspace, key, pixels.image_size)
    args = (workspace, key, pixels.image_size, pixels.fit, run_dir)
    with Spread(WorkPile(missing), cache.folder, peers, args) as spread:
        told = functools.partial(_tell, advance, len(keys) - len(missing), spread.pile, len(keys))
        while spread.has_work(told):
            embedding.work_off(cache, spread.pile, open_network, pixels.read, told, pixels.chunks_ahead)
    # What a slow network disk does not show yet is done once more.
    return embedding.embed(workspace, key, pixels, keys, advance), spread.elsewhere


def embed_piece(keys: list[str], workspace: Workspace, key: str, image_size: int, fit: str, run_dir: Path) -> None:
    """Embed a few pictures for the run of another worker; ends early when that run is to end."""
    pixels, cache, run = _bench(workspace, key, image_size, fit)

    def check(_done: int) -> None:
        if runs.must_end(run_dir):
            raise Stopped

    with contextlib.suppress(Stopped):
        embedding.work_off(cache, WorkPile(cache.missing(keys)), lambda: run, pixels.read, check)


@functools.lru_cache(1)
def _bench(workspace: Workspace, key: str, image_size: int, fit: str) -> tuple:
    """Return what every piece of the same work needs, opened once."""
    pixels = Pixels(workspace, image_size, fit)
    run = forward.open_backbone(workspace, key, image_size)
    return pixels, embedding.features_cache(workspace, key, pixels), run


def _tell(advance: embedding.Advance, before: int, pile: WorkPile, total: int, here: int = 0) -> None:
    advance(min(total, before + pile.done + here), total)


@dataclass
class _Piece:
    keys: list[str]
    address: str
    future: Future
    given: float


class Spread:
    """Gives pieces of a pile to the peers while its owner works on it. Use as a context manager.

    `elsewhere` counts the pictures that each of the others has done.
    """

    def __init__(self, pile: WorkPile, folder: Path, peers: Peers, args: tuple):
        self.pile = pile
        self.elsewhere: dict[str, int] = {}
        self._cache = ShardCache(folder)  # one of this thread's own
        self._peers, self._args = peers, args
        self._pieces: list[_Piece] = []
        self._failed: set[str] = set()
        self._free: list[str] = []
        self._asked = -ASK_SECONDS
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._hand_out, name="spread", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception) -> None:
        self._ended.set()
        self._thread.join()
        for piece in self._pieces:
            piece.future.cancel()

    def has_work(self, told: Callable[[], None]) -> bool:
        """Wait while others are at the last of it; True when there is something to do here, False when all is done.

        `told()` is called meanwhile and may raise to stop.
        """
        while not self.pile and self._pieces:
            told()
            time.sleep(TICK_SECONDS)
        return bool(self.pile)

    def _hand_out(self) -> None:
        try:
            while not self._ended.wait(TICK_SECONDS):
                self._collect()
                if time.monotonic() - self._asked >= ASK_SECONDS:
                    self._ask()
                for address in self._free:
                    while self._out(address) < PIECES_EACH and self._give(address):
                        pass
        except Exception:  # without the scheduler, everything is done here
            if not self._ended.is_set():
                log.exception("pieces for other workers")
            for piece in list(self._pieces):
                self._take_back(piece)

    def _out(self, address: str) -> int:
        return sum(piece.address == address for piece in self._pieces)

    def _ask(self) -> None:
        """Learn who has room now, and take back what is with the dead and the lost."""
        self._asked = time.monotonic()
        self._free = [address for address in self._peers.free() if address not in self._failed]
        self.pile.sharers = 1 + len(self._free)
        alive = self._peers.alive()
        for piece in list(self._pieces):
            gone = alive is not None and piece.address not in alive
            late = not self.pile and time.monotonic() - piece.given > LATE_SECONDS
            if (gone or late) and not piece.future.done():
                piece.future.cancel()
                self._take_back(piece)

    def _give(self, address: str) -> bool:
        keys = self.pile.take_from_end()
        if keys:
            future = self._peers.give(address, "embed_piece", keys, *self._args)
            self._pieces.append(_Piece(keys, address, future, time.monotonic()))
        return bool(keys)

    def _collect(self) -> None:
        """Count what is done; what is not, although its worker says so or fails, is done here."""
        for piece in [piece for piece in self._pieces if piece.future.done()]:
            if piece.future.status == "finished" and not self._cache.missing(piece.keys):
                self.elsewhere[piece.address] = self.elsewhere.get(piece.address, 0) + len(piece.keys)
                self.pile.finish(len(piece.keys))
                self._pieces.remove(piece)
            else:
                self._take_back(piece)

    def _take_back(self, piece: _Piece) -> None:
        self._failed.add(piece.address)
        self._free = [address for address in self._free if address != piece.address]
        self.pile.put_back(piece.keys)
        self._pieces.remove(piece)
