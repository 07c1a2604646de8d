"""How fast pictures come in, and the memory that takes: photos of 12 megapixels against full-size decoding; and many.

python -m benchmarks.importing [--photos 24] [--rounds 3] [--many 100000]
"""

import contextlib
import functools
import io
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

import numpy as np
import psutil
from PIL import Image, ImageOps

from benchmarks.common import arguments, row, workspace_in
from engine import graft
from engine.data.importing.ingest import ingest
from engine.data.modalities import image as image_files
from engine.data.modalities.picture import LONGEST_SIDE
from tests.conftest import use_workspace

WIDTH, HEIGHT = 4000, 3000
CLASSES = 10


def main() -> None:
    """Print one table: seconds both ways and their ratio, then seconds and peak memory of a large import."""
    chosen = arguments(__doc__.splitlines()[0], photos=24, rounds=3, many=100_000)
    row("what", "value")
    row("---", "---")
    if chosen.photos:
        with tempfile.TemporaryDirectory() as folder:
            photos(Path(folder), chosen.photos, chosen.rounds)
    if chosen.many:
        with tempfile.TemporaryDirectory() as folder:
            many(Path(folder), chosen.many)


def photos(folder: Path, number: int, rounds: int) -> None:
    """Bring the same photos in as Graft does, and as is usual: each decoded at its full size, then made smaller.

    All else is the same: reading, content hash, original stored, thumbnail, fingerprints, threads. The third way only
    decodes, in as many threads.
    """
    for place in range(number):
        path = folder / "photos" / f"class {place % 2}" / f"{place}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photo(place))
    files = sorted((folder / "photos").rglob("*.jpg"))
    size = sum(path.stat().st_size for path in files) / number / 1e6
    seconds: dict[str, list[float]] = {"graft": [], "usual": [], "decoding": []}
    for turn in range(rounds):
        seconds["graft"].append(bring_in(folder / "photos", folder / f"graft-{turn}"))
        with usual_way():
            seconds["usual"].append(bring_in(folder / "photos", folder / f"usual-{turn}"))
        seconds["decoding"].append(decode_all(files))
    row(f"{number} photos of 12 megapixels ({size:.1f} MB each) come in with Graft", f"{middle(seconds['graft'])} s")
    row("the same with every photo decoded at full size and then made smaller", f"{middle(seconds['usual'])} s")
    row("full-size decoding alone, nothing kept", f"{middle(seconds['decoding'])} s")
    for way, words in (("usual", "times as fast as the usual way"), ("decoding", "times as fast as decoding alone")):
        ratios = [other / own for own, other in zip(seconds["graft"], seconds[way], strict=True)]
        row(f"{words} (median, smallest of {rounds} rounds)", f"{middle(ratios)}, {min(ratios):.1f}")


def middle(values: list[float]) -> str:
    return f"{statistics.median(values):.1f}"


@contextlib.contextmanager
def usual_way():
    """Decode as one does without thinking about it: the whole picture, and a plain resize."""
    graft_open, graft_shrink = image_files.open_with_size, image_files.shrink

    def open_with_size(content: bytes, **_options):
        image = ImageOps.exif_transpose(Image.open(io.BytesIO(content)).convert("RGB"))
        return image, image.size

    def shrink(image: Image.Image) -> Image.Image:
        scale = LONGEST_SIDE / max(image.size)
        return image.resize([round(side * scale) for side in image.size], Image.Resampling.BILINEAR)

    image_files.open_with_size, image_files.shrink = open_with_size, shrink
    try:
        yield
    finally:
        image_files.open_with_size, image_files.shrink = graft_open, graft_shrink


def decode_all(files: list[Path]) -> float:
    began = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        list(threads.map(lambda path: Image.open(path).convert("RGB").size, files))
    return time.perf_counter() - began


@functools.cache
def scenes() -> list[Image.Image]:
    from sklearn.datasets import load_sample_images

    return [Image.fromarray(image) for image in load_sample_images().images]


def photo(seed: int) -> bytes:
    """Return a JPEG of 12 megapixels: a part of a real photo, enlarged, with the grain of a sensor.

    A sensor sees one colour at each point, so its grain is about two pixels wide.
    """
    rng = np.random.default_rng(seed)
    scene = scenes()[seed % 2]
    left, top = int(rng.integers(0, 60)), int(rng.integers(0, 40))
    part = scene.crop((left, top, left + 560, top + 380)).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    grain = Image.fromarray(rng.normal(0, 6, (HEIGHT // 2, WIDTH // 2)).astype(np.float32))
    grain = np.asarray(grain.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))[..., None]
    pixels = np.clip(np.asarray(part, np.float32) + grain, 0, 255).astype(np.uint8)
    sink = io.BytesIO()
    Image.fromarray(pixels).save(sink, "JPEG", quality=90)
    return sink.getvalue()


def bring_in(source: Path, workspace: Path) -> float:
    began = time.perf_counter()
    account = ingest(source, workspace_in(workspace))
    seconds = time.perf_counter() - began
    assert not account.refused
    return seconds


def many(folder: Path, number: int) -> None:
    """Import many small pictures through the front door, while the memory of every process is watched."""
    archive = folder / "many.zip"
    subprocess.run(
        [sys.executable, "-c", f"from benchmarks.importing import draw; draw({str(archive)!r}, {number})"], check=True
    )
    use_workspace(folder / "workspace")
    with graft.Graft.open() as here:
        here.compute.client.submit(os.getpid, resources={"ingest": 1}, pure=False).result()
        dataset_id = here.registry.create_project("Many").dataset_id
        with Watch() as watch:
            began = time.perf_counter()
            status = here.wait_for_import(here.imports.start(dataset_id, archive))
            seconds = time.perf_counter() - began
        assert status["used"] == number == len(here.registry.items(dataset_id))
    row(f"{number:,} pictures of 32 pixels, from the zip to the registry", f"{seconds:.0f} s")
    row("of which a worker reads, decodes and stores", f"{status['seconds']:.0f} s")
    row("most memory of any worker", f"{watch.workers / 1e6:.0f} MB")
    row("most memory of the process that keeps the registry", f"{watch.own / 1e6:.0f} MB")


def draw(archive: str, number: int) -> None:
    """Write a zip of class folders with small pictures, no two alike."""
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(archive, "w") as pack:
        for place in range(number):
            coarse = Image.fromarray(rng.integers(0, 256, (5, 5, 3), dtype=np.uint8))
            sink = io.BytesIO()
            coarse.resize((32, 32), Image.Resampling.BICUBIC).save(sink, "JPEG", quality=90)
            pack.writestr(f"many/class {place % CLASSES}/{place:06}.jpg", sink.getvalue())


class Watch:
    """The largest resident memory of this process and of any of its children, looked at ten times a second."""

    def __init__(self):
        self.own = self.workers = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        process = psutil.Process()
        while not self._ended.wait(0.1):
            self.own = max(self.own, process.memory_info().rss)
            for child in process.children(recursive=True):
                try:
                    self.workers = max(self.workers, child.memory_info().rss)
                except psutil.Error:
                    continue


if __name__ == "__main__":
    main()
