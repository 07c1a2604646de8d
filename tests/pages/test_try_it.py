"""The Try it page: new pictures are answered, refused in words, or said to be known."""

import hashlib
import time
from concurrent.futures import Future

import pyarrow
import pyarrow.parquet
import pytest
from streamlit.testing.v1 import AppTest

from engine.errors import DataError
from engine.storage import runs
from tests.support.app_pages import component_with, open_page, picture, words


def wait_for_answers() -> None:
    """Give the threads that ask the idle workers a moment."""
    time.sleep(0.2)


def bars_on(at: AppTest) -> str:
    return " ".join(element.proto.body for element in at.get("html"))


def test_a_dropped_picture_is_answered_and_the_upload_is_freed(graft, finished):
    graft.compute.answers["predict"] = lambda _run, _root, files: [{"probabilities": [0.1, 0.7, 0.2]} for _ in files]
    at = open_page("try_it")
    at.file_uploader(key="try-files-0").upload("mine.png", picture(), "image/png").run()
    assert not at.exception
    shown = bars_on(at)
    assert "pear" in shown and "70\N{NO-BREAK SPACE}%" in shown
    assert at.file_uploader(key="try-files-1").value in (None, [])


def test_a_picture_is_shown_as_being_looked_at_until_a_slow_worker_has_answered(graft, finished, monkeypatch):
    coming = Future()
    monkeypatch.setattr("pages.sections.try_it.tried_pictures.PATIENCE_SECONDS", 0.05)
    graft.compute.answers["predict"] = lambda *_asked: coming.result(timeout=20)
    at = open_page("try_it")
    at.file_uploader(key="try-files-0").upload("mine.png", picture(), "image/png").run()
    assert "Looking at it…" in words(at) and ">pear<" not in bars_on(at)
    asked = component_with(at, '"target"')
    assert asked == {"target": "trial-0", "asked": 1}, "it comes into view"
    coming.set_result([{"probabilities": [0.1, 0.7, 0.2]}])
    wait_for_answers()
    assert "Looking at it…" not in words(at.run()) and ">pear<" in bars_on(at)
    at.switch_page("evaluation.py").run()
    at.switch_page("try_it.py").run()
    assert ">pear<" in bars_on(at), "what was tried survives a visit to another page"
    assert component_with(at, '"target"') == asked, "and nothing scrolls when the page is opened again"


@pytest.mark.parametrize(
    ("part", "said"),
    [("train", "It learned from this very picture, as apple."), ("test", "one of its test pictures (apple)")],
)
def test_a_picture_that_the_model_knows_already_is_said_to_be_known(graft, finished, part, said):
    graft.compute.answers["predict"] = lambda _run, _root, files: [{"probabilities": [0.1, 0.7, 0.2]} for _ in files]
    folder = graft.workspace.run_dir(finished)
    rows = runs.read_snapshot(folder).to_pylist()
    rows[0] |= {"sha256": hashlib.sha256(picture()).hexdigest(), "split": part}
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), folder / runs.SNAPSHOT)
    at = open_page("try_it")
    at.file_uploader(key="try-files-0").upload("mine.png", picture(), "image/png").run()
    assert said in words(at)


def test_a_file_that_is_no_picture_is_refused_in_words(graft, finished):
    graft.compute.answers["predict"] = lambda _run, _root, files: []
    at = open_page("try_it")
    at.file_uploader(key="try-files-0").upload("notes.txt", b"hello", "text/plain").run()
    assert "notes.txt" in at.error[0].value


def test_the_model_is_warmed_when_the_page_opens(graft, finished):
    open_page("try_it")
    wait_for_answers()
    asked = (graft.workspace.run_dir(finished), graft.workspace)
    assert ("warm_model", asked) in graft.compute.asked


def test_a_worker_that_cannot_answer_is_said_beside_the_picture(graft, finished):
    def die(*_arguments):
        raise DataError("The worker process died.")

    graft.compute.answers["predict"] = die
    at = open_page("try_it")
    at.file_uploader(key="try-files-0").upload("mine.png", picture(), "image/png").run()
    assert not at.exception
    assert "mine" in at.error[0].value and "The worker process died." in at.error[0].value
