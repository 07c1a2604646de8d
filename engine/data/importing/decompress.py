"""A compressed stream as a file that is read forwards only, a little at a time; every byte made is counted first.

Python's own readers ask a decompressor for everything that a block of input gives: ten kilobytes of bzip2 are gigabytes
of zeros, in memory at once. Here it is asked for at most `BLOCK_OUT`.
"""

import bz2
import io
import lzma
import zlib
from collections.abc import Callable

from engine.data.importing.budget import Budget

BLOCK_IN = 16 * 2**10
BLOCK_OUT = 256 * 2**10
MAX_DICTIONARY = 128 * 2**20  # bytes of memory that an LZMA stream may ask for; the best preset of xz asks for 64 MiB
XZ_MEMORY = MAX_DICTIONARY + 2**24
MOST_EMPTY = 1000  # streams in a row that hold nothing
GZIP, BZIP2, XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0"
GZIP_WINDOW, RAW_WINDOW = 31, -15  # zlib's wbits


class _Inflate:
    """zlib's decompressor with the interface that those of bz2 and lzma have."""

    def __init__(self, window: int):
        self._stream = zlib.decompressobj(window)

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._stream.unconsumed_tail and not self._stream.eof

    def decompress(self, content: bytes, max_length: int) -> bytes:
        return self._stream.decompress(self._stream.unconsumed_tail + content, max_length)


class _Stored:
    """What was never compressed."""

    eof, unused_data, needs_input = False, b"", True

    def decompress(self, content: bytes, _max_length: int) -> bytes:
        return content


class Forwards:
    """Reads `raw` through a decompressor, forwards only. EOFError where it ends too early."""

    def __init__(self, raw, engine: Callable, budget: Budget, *, magic: bytes = b""):
        """engine: makes a decompressor. magic: with which another stream may follow the first; none when empty."""
        self._raw, self._make, self._budget, self._magic = raw, engine, budget, magic
        self._engine = engine()
        self._input, self._empty = b"", 0
        self._ready = memoryview(b"")

    def read(self, size: int) -> bytes:
        """Return `size` bytes, fewer only at the end."""
        made = io.BytesIO()
        for part in self._parts(size):
            made.write(part)
        return made.getvalue()

    def skip(self, size: int) -> int:
        """Read over `size` bytes; return how many there were."""
        return sum(len(part) for part in self._parts(size))

    def _parts(self, size: int):
        while size > 0:
            if not self._ready:
                self._ready = memoryview(self._more())
            if not self._ready:
                return
            part, self._ready = self._ready[:size], self._ready[size:]
            size -= len(part)
            yield part

    def _more(self) -> bytes:
        while not self._engine.eof or self._next_stream():
            given = b""
            if self._engine.needs_input:
                given, self._input = self._input or self._raw.read(BLOCK_IN), b""
            made = self._engine.decompress(given, BLOCK_OUT)
            self._budget.spend(len(made))
            if made:
                self._empty = 0
                return made
            if not given and self._engine.needs_input:
                return self._ended()
        return b""

    def _ended(self) -> bytes:
        if isinstance(self._engine, _Stored):
            return b""
        raise EOFError("the compressed stream ends too early")

    def _next_stream(self) -> bool:
        """Go on with a stream that follows this one, as `cat a.gz b.gz` makes them; zeros between them are padding."""
        if not self._magic:
            return False
        rest = self._engine.unused_data.lstrip(b"\0")
        while len(rest) < len(self._magic) and (block := self._raw.read(BLOCK_IN)):
            self._budget.spend()
            rest = (rest + block).lstrip(b"\0")
        if not rest.startswith(self._magic):
            return False
        self._empty += 1
        if self._empty > MOST_EMPTY:
            raise EOFError("one empty stream after another")
        self._engine, self._input = self._make(), rest
        return True


def stream(raw, budget: Budget) -> Forwards:
    """Return a file as what it holds, by its first bytes: gzip, bzip2, xz, or as it is."""
    head = raw.read(6)
    raw.seek(0)
    if head.startswith(GZIP):
        return Forwards(raw, lambda: _Inflate(GZIP_WINDOW), budget, magic=GZIP)
    if head.startswith(BZIP2):
        return Forwards(raw, bz2.BZ2Decompressor, budget, magic=BZIP2)
    if head.startswith(XZ):
        return Forwards(raw, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, XZ_MEMORY), budget, magic=XZ)
    return Forwards(raw, _Stored, budget)


def stored(raw, budget: Budget) -> Forwards:
    return Forwards(raw, _Stored, budget)


def deflated(raw, budget: Budget) -> Forwards:
    return Forwards(raw, lambda: _Inflate(RAW_WINDOW), budget)


def bzip2(raw, budget: Budget) -> Forwards:
    return Forwards(raw, bz2.BZ2Decompressor, budget)


def zip_lzma(raw, budget: Budget) -> Forwards:
    """Return an LZMA stream as a zip holds it: version, properties (lc, lp, pb, dictionary), then the raw stream."""
    head = raw.read(9)
    if len(head) < 9 or head[2:4] != b"\x05\0" or head[4] >= 9 * 5 * 5:
        raise lzma.LZMAError("its properties are not understood")
    dictionary, packed = int.from_bytes(head[5:9], "little"), head[4]
    if dictionary > MAX_DICTIONARY:
        raise lzma.LZMAError("its dictionary is too large")
    chain = [
        {
            "id": lzma.FILTER_LZMA1,
            "dict_size": dictionary,
            "lc": packed % 9,
            "lp": packed // 9 % 5,
            "pb": packed // 45,
        }
    ]
    return Forwards(raw, lambda: lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain), budget)
