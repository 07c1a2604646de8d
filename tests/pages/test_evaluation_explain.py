"""Why this answer, on the pages: asked from a gallery or after a trial, for either class, and honest when it fails."""

import json
import re
import time

import pytest

from engine.errors import TrainingError
from engine.evaluation import results
from engine.services import run_measurements
from engine.storage import runs
from pages.sections.evaluation.explain import explanation
from tests.support.app_pages import open_page, open_tab, picture, words
from tests.support.run_files import add_run, fill_project, finish_run

HEAT = {"png": b"heat", "hottest": (0.1, 0.9), "probability": 0.9, "cut": False}


@pytest.fixture
def finished(graft):
    run_id = add_run(graft, fill_project(graft))
    finish_run(graft, run_id)
    graft.compute.answers |= {"explain": HEAT, "check_explanation": 0.05}
    return graft.workspace.run_dir(run_id)


def mistake(folder) -> results.Prediction:
    return results.confident_mistakes(results.predictions(folder))[0]


def asked_of(graft, task: str) -> list[tuple]:
    return [arguments for name, arguments in graft.compute.asked if name == task]


def until_there(at):
    """Let the page look again until nothing is asked any more, as a browser does by its timers."""
    for _again in range(40):
        if any(end in words(at) for end in ("Checked", "Careful", "could not be checked")):
            break
        at.run()
        assert not at.exception, at.exception
    return at


def heat_shown(at) -> dict:
    parts = [json.loads(part.proto.json)[0] for part in at.get("bidi_component") if '"two_sided"' in part.proto.json]
    return parts[0]


@pytest.mark.parametrize("page", ["evaluation", "try_it"])
def test_the_model_is_made_ready_to_explain_as_soon_as_the_page_opens(graft, finished, page):
    open_page(page)
    for _again in range(100):
        if asked := asked_of(graft, "warm_explanations"):
            break
        time.sleep(0.02)
    assert asked[0][0] == finished


def test_a_picture_of_the_results_says_why_for_what_it_was_taken_for_and_for_what_it_is(graft, finished):
    row = mistake(finished)
    at = until_there(open_page("evaluation", **{explanation.ASKED: (row.item, None)}))
    said = words(at)
    assert f"It says **{row.predicted}**" in said and f"It is labelled {row.label}." in said
    assert "Hottest: lower left" in said
    assert "Checked: the same network without anything learned shows something else (likeness 0.05" in said
    assert heat_shown(at)["heat"].startswith("data:image/png;base64,")
    choice = next(box for box in at.selectbox if box.label == "What speaks for")
    assert [option.split(" (")[0] for option in choice.options[:2]] == [row.predicted, row.label]
    choice.set_value(row.label).run()
    until_there(at)
    assert {arguments[3] for arguments in asked_of(graft, "explain")} == {row.predicted, row.label}


@pytest.mark.parametrize(
    ("likeness", "said"), [(0.4, "partly alike"), (0.9, "Careful"), (float("nan"), "could not be checked")]
)
def test_an_explanation_that_an_untrained_network_gives_too_is_not_praised(graft, finished, likeness, said):
    graft.compute.answers["check_explanation"] = likeness
    assert said in words(until_there(open_page("evaluation", **{explanation.ASKED: (mistake(finished).item, None)})))


def test_what_a_worker_refuses_is_said_in_words(graft, finished):
    graft.compute.answers["explain"] = TrainingError("This run has no model yet.")
    at = open_page("evaluation", **{explanation.ASKED: (mistake(finished).item, None)})
    for _again in range(20):
        at.run()
    assert not at.exception
    assert any("This run has no model yet." in box.value for box in at.error)


def test_a_picture_that_was_tried_is_explained_without_being_stored(graft, finished):
    near = [{"sha256": "a1", "label": "pear"}, {"sha256": "b2", "label": "<plum>"}]
    answer = {"probabilities": [0.9, 0.1, 0.0], "unknown": None, "nearest": near}
    graft.compute.answers["predict"] = lambda _run, _root, files: [answer for _ in files]
    at = open_page("try_it")
    at.file_uploader(key="try-files-0").upload("mine.png", picture(), "image/png").run()
    at.button(key="trial-0-why").click().run()
    until_there(at)
    assert "It says **apple**" in words(at)
    source = asked_of(graft, "explain")[0][1]
    assert isinstance(source, bytes) and source == picture()
    assert not any(button.key and button.key.startswith("put-right") for button in at.button), "it has no label"
    assert any("outline:1px solid" in each.proto.body for each in at.get("html")), "white on white has an edge"
    assert nearest_shown(at) == [[("a1", "pear"), ("b2", "&lt;plum&gt;")]] * 2, "beside the answer and in the dialog"


def nearest_shown(at) -> list[list[tuple[str, str]]]:
    """Return (content hash, label under it) of the training pictures, everywhere an answer reminds of some."""
    bodies = [each.proto.body for each in at.get("html") if "<figcaption" in each.proto.body]
    return [re.findall(r'api/thumbnail/(\w+)".*?<figcaption[^>]*>(.*?)</figcaption>', body) for body in bodies]


def test_a_picture_of_another_run_is_not_asked_about(graft, finished):
    at = open_page("evaluation", **{explanation.ASKED: (987654, None)})
    assert not at.exception
    assert not asked_of(graft, "explain")


def test_galleries_of_results_let_one_ask(finished):
    at = open_tab("Pictures")
    shown = [json.loads(part.proto.json)[0] for part in at.get("bidi_component") if '"tiles"' in part.proto.json]
    assert shown[0]["explained"]


def test_where_it_looks_is_offered_and_asks_about_the_edge(graft, finished):
    at = open_tab("Where it looks")
    assert at.button(key="looks-start-button").label == "Look now"
    row = {"class": "apple", "pictures": 12, "edge": 0.81, "asks": True, "image": ""}
    rows = [row, {**row, "class": "pear", "edge": 0.5, "asks": False}]
    runs.write_json(finished / run_measurements.FILES[run_measurements.LOOKS], {"classes": rows, "pictures": 24})
    said = words(open_tab("Where it looks"))
    assert "For 1 class it looks mostly at the edge of the pictures." in said
    assert "**apple**: 81 of 100 parts of the heat lie at the edge. Does something in the background" in said


@pytest.mark.parametrize(
    ("shares", "pictures", "said"),
    [
        ((0.61, 0.52, 0.5), 4, "There are too few test pictures to tell: 5 of a class are needed."),
        ((0.61, 0.52, 0.5), 5, "For no class does it look mostly at the edge: 61 of 100 parts of the heat at most."),
        ((0.70, 0.64, 0.5), 5, "No class stands out: at most 70 of 100 parts of the heat lie at the edge, usually 64."),
        ((0.85, 0.85, 0.84), 5, "It looks mostly at the edge for the classes in general (85 of 100 parts)"),
    ],
)
def test_what_is_said_of_the_edge_agrees_with_the_shares_that_are_shown(finished, shares, pictures, said):
    rows = [
        {"class": name, "pictures": pictures, "edge": share, "asks": False, "image": ""}
        for name, share in zip(("apple", "pear", "plum"), shares, strict=True)
    ]
    runs.write_json(
        finished / run_measurements.FILES[run_measurements.LOOKS], {"classes": rows, "pictures": 3 * pictures}
    )
    shown = words(open_tab("Where it looks"))
    assert said in shown and "Does something in the background" not in shown
    assert "asked about from 66 on" in shown and "with 5 test pictures or more" in shown
