"""Model files are read in a process of their own, with limits on memory, time and files; it is killed when one passes.

A file of a few kilobytes can keep the libraries that read it busy for hours, or ask them for all memory. In a process
beside the worker that costs one sentence. It stays warm for the next file, since Keras takes seconds to begin.
"""

import atexit
import functools
import json
import os
import queue
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

import psutil

from engine.errors import BackboneError

# A network is held several times while it is read: as bytes of the file, as arrays, and in Keras as it was and will be.
MEMORY_PER_BYTE, MEMORY_BESIDE = 8, 500 * 2**20
SECONDS, SECONDS_PER_MB = 60, 1.0  # of a processor
WALL_FACTOR = 5  # a busy machine gives it less than a processor
START_SECONDS = 300
LOOK_EVERY = 0.05  # seconds
WORN_BYTES = 3 * 2**29  # of memory that are left behind by earlier files: a new process begins
WRITTEN_PER_BYTE, WRITTEN_BESIDE = 4, 2**24
ENVIRONMENT = {"CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_WAIT_POLICY": "PASSIVE"}


@dataclass
class _Reader:
    """A process that reads files, one after another."""

    process: subprocess.Popen
    answers: queue.SimpleQueue = field(default_factory=queue.SimpleQueue)

    @classmethod
    def start(cls) -> "_Reader":
        reader = cls(
            subprocess.Popen(
                [sys.executable, "-m", __package__],
                env={**os.environ, **ENVIRONMENT, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        )
        threading.Thread(target=reader._listen, daemon=True).start()
        return reader

    def _listen(self) -> None:
        for line in self.process.stdout or ():
            self.answers.put(json.loads(line))
        self.answers.put(None)  # it died

    def ask(self, question: dict) -> None:
        pipe = cast(IO[str], self.process.stdin)  # it was asked for above
        pipe.write(json.dumps(question) + "\n")
        pipe.flush()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


_reader: _Reader | None = None
_one_at_a_time = threading.Lock()


def read(path: Path, preparation: str = "", *, target: Path | None = None) -> dict:
    """Return the facts of a model file (see import_model.look); write its network to `target`, where one is given.

    Raises BackboneError, in words, for a file that is no network, or that passes a limit.
    """
    if not path.is_file():
        raise BackboneError("There is no file '{file}'.", file=str(path))
    size = path.stat().st_size
    question = {
        "task": "save" if target else "look",
        "path": str(path),
        "preparation": preparation,
        "target": str(target or ""),
        "most_written": WRITTEN_PER_BYTE * size + WRITTEN_BESIDE,
    }
    with _one_at_a_time:
        answer = _asked(question, path, size)
    if "facts" not in answer:
        raise BackboneError(answer["template"], **answer["values"])
    return answer["facts"]


def _asked(question: dict, path: Path, size: int) -> dict:
    reader = _ready()
    seen = psutil.Process(reader.process.pid)
    limits = _Limits(seen, size)
    reader.ask(question)
    while True:
        try:
            answer = reader.answers.get(timeout=LOOK_EVERY)
        except queue.Empty:
            if passed := limits.passed(path):
                end()
                raise passed from None
            continue
        if answer is None:
            end()
            raise _too_much_memory(path)  # the system ended it: it kills what takes too much
        if seen.memory_info().rss > WORN_BYTES:
            end()
        return answer


class _Limits:
    """What a process may take for one file, beyond what it has taken before."""

    def __init__(self, process: psutil.Process, size: int):
        self._process = process
        self._memory = process.memory_info().rss + MEMORY_PER_BYTE * size + MEMORY_BESIDE
        self._seconds = SECONDS + SECONDS_PER_MB * size / 2**20
        self._began, self._spent = time.monotonic(), self._processor()

    def _processor(self) -> float:
        times = self._process.cpu_times()
        return times.user + times.system

    def passed(self, path: Path) -> BackboneError | None:
        """Return the sentence for the limit that was passed, if one was."""
        try:
            memory, spent = self._process.memory_info().rss, self._processor() - self._spent
        except psutil.Error:  # it has just died: there will be an answer that says so
            return None
        if memory > self._memory:
            return _too_much_memory(path)
        if spent > self._seconds or time.monotonic() - self._began > WALL_FACTOR * self._seconds:
            return BackboneError(
                "Reading {file} took longer than {seconds} seconds, which no network of its size does. It was stopped. "
                "Save the model again, with fewer layers, and add that file.",
                file=path.name,
                seconds=round(self._seconds),
            )
        return None


def _too_much_memory(path: Path) -> BackboneError:
    return BackboneError(
        "Reading {file} took more memory than a network of its size does. It was stopped. Choose a smaller network.",
        file=path.name,
    )


def _ready() -> _Reader:
    """Return the process, begun anew where there is none."""
    global _reader
    if _reader is None or _reader.process.poll() is not None:
        _reader = _Reader.start()
        _at_exit()
        try:
            started = _reader.answers.get(timeout=START_SECONDS)
        except queue.Empty:
            started = None
        if started is None:
            end()
            raise BackboneError("The process that reads model files did not start. Try again in a moment.")
    return _reader


@functools.cache
def _at_exit() -> None:
    atexit.register(end)


def end() -> None:
    """End the process, if there is one."""
    global _reader
    reader, _reader = _reader, None
    if reader is not None:
        reader.end()
