"""Time and memory at growing numbers of pictures: MNIST's digits through Graft's own path, instant, Sprout at 48 px.

python -m benchmarks.scale --source mnist.npz [--pictures 1000,10000,60000]

Every number of pictures gets a process of its own, which begins with an empty workspace. Memory is the most that the
process held privately while it trained (mapped cache files, which the system may take back, are not counted), less
what it held when its frameworks were loaded and the pictures listed.
"""

import subprocess
import sys
import tempfile
import threading
import time
from typing import Self

import psutil

from benchmarks import mnist
from benchmarks.common import Watch, arguments, row, train, verdict, workspace_in

LINEAR, FLAT_MB = 1.15, 600
EVERY = 0.05


def main() -> None:
    options = arguments(__doc__, source="mnist.npz", pictures="1000,10000,60000", one=0, size=48)
    if options.one:
        print(*one(options), sep=",")
        return
    row("pictures", "seconds", "of a processor", "ms of a processor a picture", "memory, MB", "test accuracy")
    row(*["---"] * 6)
    found = [_in_a_process(int(count), options) for count in options.pictures.split(",")]
    first, last = found[0], found[-1]
    growth = (last[2] / last[0]) / (first[2] / first[0])
    verdict("Processor time a picture, largest set against smallest", f"at most {LINEAR}", growth, growth <= LINEAR)
    more = last[3] - first[3]
    verdict("Memory, largest set less smallest, MB", f"at most {FLAT_MB}", more, more <= FLAT_MB)


def _in_a_process(count: int, options) -> tuple[float, ...]:
    command = [sys.executable, "-m", "benchmarks.scale", "--source", options.source, "--size", str(options.size)]
    answer = subprocess.run([*command, "--one", str(count)], capture_output=True, text=True, check=True)
    numbers = tuple(float(text) for text in answer.stdout.splitlines()[-1].split(","))
    pictures, seconds, processor, memory, accuracy = numbers
    row(int(pictures), f"{seconds:.1f}", f"{processor:.1f}", 1000 * processor / pictures, f"{memory:.0f}", accuracy)
    return numbers


def one(options) -> tuple[float, ...]:
    """Return (pictures, seconds, seconds of a processor, MB, test accuracy) of one training."""
    from engine.worker import training_run  # noqa: F401  brings in everything a run uses

    with tempfile.TemporaryDirectory() as folder:
        workspace = workspace_in(folder)
        items = mnist.bring_in(options.source, workspace, options.one)
        held_out = [item for item in items if item.split == "test"][: max(100, options.one // 6)]
        items = [item for item in items if item.split != "test"] + held_out
        memory, watch = Memory(), Watch()
        with memory:
            evaluation = train(workspace, items, name="instant", image_size=options.size, fit="stretch")
        return len(items), *watch.spent(), memory.most, evaluation["accuracy"]


class Memory:
    """The most private memory of this process while it is entered, MB above the beginning; `all_of_it` from nothing."""

    def __init__(self):
        self._process = psutil.Process()
        self._before = self._private()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.most = 0.0
        self.all_of_it = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.is_set():
            private = self._private()
            self.most, self.all_of_it = (
                max(self.most, (private - self._before) / 1e6),
                max(self.all_of_it, private / 1e6),
            )
            time.sleep(EVERY)

    def _private(self) -> int:
        memory = self._process.memory_info()
        return memory.rss - memory.shared


if __name__ == "__main__":
    main()
