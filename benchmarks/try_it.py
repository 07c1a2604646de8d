"""What an answer on the Try it page costs: processor time of server and worker for one photo, warm, and the wait.

python -m benchmarks.try_it
"""

import io
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from benchmarks.common import row
from tests.browser.conftest import Server, launch
from tests.browser.steps import open_results, press, settled, start_training, use_example, widget

ROUNDS = 10
WARM_SECONDS = 15


def main() -> None:
    """Train on the digits, then drop one 12-megapixel photo after the other."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder) / "workspace").start()
        browser = launch(playwright)
        try:
            page = browser.new_page()
            use_example(page, server.url, "digits", "1,797 pictures")
            start_training(page, recipe="Instant")
            open_results(page)
            press(page, "to-try")
            settled(page)
            time.sleep(WARM_SECONDS)  # as long as a person takes to find a picture; the model is loaded meanwhile
            measure(page, psutil.Process(server.process.pid))
        finally:
            browser.close()
            server.stop()


def measure(page: Page, server: psutil.Process) -> None:
    first, *later = [answer(page, server, number) for number in range(ROUNDS + 1)]
    row("what", "first picture", f"later pictures, median of {ROUNDS}")
    row("---", "---", "---")
    for name, position in (("server, ms of a processor", 0), ("workers, ms of a processor", 1), ("wait, ms", 2)):
        row(name, f"{first[position]:.0f}", f"{statistics.median(times[position] for times in later):.0f}")


def answer(page: Page, server: psutil.Process, number: int) -> tuple[float, float, float]:
    """Drop a photo; return (processor time of the server, of its workers, wall time) in ms until its answer shows."""
    name = f"photo-{number}.jpg"
    content = photo(number)
    before, began = busy(server), time.perf_counter()
    page.locator("[data-testid=stFileUploader] input[type=file]").first.set_input_files(
        {"name": name, "mimeType": "image/jpeg", "buffer": content}
    )
    expect(widget(page, "trial-0")).to_contain_text(name)
    waited = time.perf_counter() - began
    settled(page)
    after = busy(server)
    return 1000 * (after[0] - before[0]), 1000 * (after[1] - before[1]), 1000 * waited


def busy(server: psutil.Process) -> tuple[float, float]:
    """Return the processor seconds so far of (the server, all its workers)."""

    def seconds(process: psutil.Process) -> float:
        times = process.cpu_times()
        return times.user + times.system

    return seconds(server), sum(seconds(child) for child in server.children(recursive=True))


def photo(seed: int) -> bytes:
    """Return a JPEG of 4000 x 3000 pixels."""
    coarse = np.random.default_rng(seed).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    sink = io.BytesIO()
    Image.fromarray(coarse).resize((4000, 3000)).save(sink, "JPEG")
    return sink.getvalue()


if __name__ == "__main__":
    main()
