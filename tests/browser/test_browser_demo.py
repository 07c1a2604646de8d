"""The browser demo, opened from a file in a real Chromium: it answers as Graft does and fetches nothing."""

import base64
import hashlib
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from engine.evaluation import predict
from engine.sharing import browser_demo, export_job
from engine.storage.workspace import Workspace
from tests.support import tiny_runs
from tests.support.pictures import COLOURS, draw_picture

pytestmark = pytest.mark.browser

SIZES = ((200, 140), (90, 160), (48, 48), (31, 40))
ALONE = "bytes => graft.probabilities(new Blob([Uint8Array.from(atob(bytes), letter => letter.charCodeAt(0))]))"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, Path, list[Path]]:
    """A run, its demo in German, and a hundred of its pictures in several sizes."""
    workspace = Workspace(tmp_path_factory.mktemp("demo")).create()
    items = [
        tiny_runs.add_picture(
            workspace,
            draw_picture(COLOURS[label], seed=100 * place + number).resize(SIZES[number % len(SIZES)]),
            label,
            number,
        )
        for place, label in enumerate(("red", "green", "blue"))
        for number in range(34)
    ]
    run_dir = tiny_runs.train(workspace, items, fit="letterbox")
    export_job.make(run_dir, workspace, ["onnx"], lambda *_told, **_values: None)
    page = workspace.root / "demo.html"
    browser_demo.write(run_dir, page, title="<b>Fruit</b>", language="de")
    return run_dir, page, [workspace.blob_path(item.sha256) for item in items][:100]


def test_from_a_file_it_answers_as_graft_on_a_hundred_pictures_and_fetches_nothing(made, browser):
    run_dir, path, pictures = made
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark", offline=True)
    page, asked, wrong = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(path.as_uri())
    expect(page.locator("#zone.ready")).to_be_visible()
    found = np.array([page.evaluate(ALONE, base64.b64encode(one.read_bytes()).decode()) for one in pictures])
    expected = predict.predict(run_dir, pictures)
    assert (found.argmax(axis=1) == expected.argmax(axis=1)).sum() >= 98
    assert np.abs(found - expected).max() < 0.05
    page.set_input_files("#file", {"name": "a.png", "mimeType": "image/png", "buffer": pictures[0].read_bytes()})
    expect(page.locator("#answer")).to_have_text("red")
    expect(page.locator("#bars li")).to_have_count(3)
    expect(page.locator("h1")).to_have_text("<b>Fruit</b>")
    assert page.evaluate("graft.answersOf([0.4, 0.3, 0.3])") == ["blue"]
    page.evaluate("graft.about.answer_from = 0.9")
    assert page.evaluate("graft.answersOf([0.4, 0.3, 0.3])") == []
    page.set_input_files("#file", {"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"})
    expect(page.locator("#state")).to_contain_text("nicht als Bild lesen")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not wrong and not [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]
    context.close()


def test_the_demo_can_be_mailed_and_its_runtime_is_the_one_that_was_published(made):
    _run, path, _pictures = made
    assert path.stat().st_size < 25_000_000
    folder = files("engine.sharing").joinpath("browser")
    hashes = {name: hashlib.sha256(folder.joinpath(name).read_bytes()).hexdigest() for name in RUNTIME}
    assert hashes == RUNTIME


RUNTIME = {
    "onnxruntime.mjs": "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    "onnxruntime.wasm.gz": "bf933930bc90cf4f613f36cdc41616b54cfd2e9930478b574aed6ed4ef9ff8ca",
}
