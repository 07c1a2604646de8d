"""Networks of one's own through the front doors: the command line and the Model page."""

import json

import keras
import pytest
from streamlit.testing.v1 import AppTest

from engine import graft as graft_module
from engine.backbones import custom
from engine.cli import parser
from engine.errors import BackboneError
from engine.storage import runs
from engine.worker import door
from tests.support.app_pages import open_page, words
from tests.support.model_files import picture_network, saved
from tests.support.run_files import add_run, fill_project, finish_run, idle_graft


@pytest.fixture
def graft(workspace, monkeypatch):
    """An open workspace without workers; an uploaded network, and a finished run with a model, lie in it."""
    opened = idle_graft(workspace)
    monkeypatch.setattr(graft_module, "_current", opened)
    yield opened
    opened.close()
    monkeypatch.setattr(graft_module, "_current", None)


@pytest.fixture
def leaves(workspace, tmp_path) -> str:
    path = saved(picture_network(), tmp_path / "leaves.keras")
    return door.answer("keep_model_file", workspace, path, "Leaves *and* more", "")


@pytest.fixture
def base(graft) -> str:
    """The id of a finished run with a real model: a picture network whose head has the names of ours."""
    run_id = add_run(graft, fill_project(graft), "Base")
    finish_run(graft, run_id)
    network = picture_network()
    keras.Model(network.inputs[0], network.outputs[0]).save(graft.workspace.run_dir(run_id) / runs.MODEL)
    return run_id


def test_the_command_line_lists_uploaded_networks_and_those_of_runs(graft, leaves, base, capsys):
    assert parser.main(["backbones", "--json"]) == 0
    listed = {row["key"]: row for row in json.loads(capsys.readouterr().out.splitlines()[-1])["backbones"]}
    assert listed[leaves]["origin"] == "upload" and listed[leaves]["title"] == "Leaves *and* more"
    assert listed[custom.key_of_run(base)]["title"] == "Fruit: Base" and listed["sprout"]["origin"] == "catalogue"
    assert parser.main(["backbones"]) == 0
    assert "ImageNet  60.3%" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--backbone", "gone.keras"], "There is no file 'gone.keras'."),
        (["--backbone", "run:nothing"], "There is no run in "),
        (["--backbone", "sprout", "--pixels", "unit"], "--pixels is for a model file only."),
        (["--backbone", "run-20200101-000000-abcdef"], "The run 20200101-000000-abcdef, whose network this training"),
    ],
)
def test_a_network_that_is_not_there_is_one_sentence(workspace, capsys, arguments, sentence):
    assert parser.main(["train", "example:digits", *arguments]) == 2
    assert sentence in capsys.readouterr().err


def test_run_latest_names_the_newest_run(graft, base):
    from argparse import Namespace

    from engine.cli import backbones

    assert backbones.named(Namespace(backbone="run:latest", pixels="")) == custom.key_of_run(base)


def test_the_model_page_shows_them_as_cards_and_starts_from_the_chosen_one(graft, leaves, base):
    at = open_page("model_selection")
    assert "Your own models" in words(at) and r"Leaves \*and\* more" in words(at)
    assert "Learned apple, pear, plum in Fruit." in words(at)
    at.button(key=f"use-{custom.key_of_run(base)}").click().run()
    assert not at.exception and at.button(key=f"use-{custom.key_of_run(base)}").label == "Chosen"
    at.button(key="start-training").click().run()
    started = graft.registry.runs()[0]
    assert runs.read_recipe(graft.workspace.run_dir(started.id))["backbone"] == custom.key_of_run(base)


def test_a_damaged_model_of_a_run_is_no_network_to_start_from_and_the_page_stands(graft, leaves, base):
    picture_network().save(graft.workspace.run_dir(base) / runs.MODEL)  # nothing in it is where a run has it
    at = open_page("model_selection")
    assert custom.key_of_run(base) not in [info.key for _run, info in graft.custom_backbones.of_runs()]
    assert at.button(key=f"use-{leaves}").label == "Use this"


def test_a_network_that_is_removed_while_chosen_gives_way_to_the_recommended_one(graft, leaves, base):
    at = open_page("model_selection", backbone=leaves)
    assert at.button(key=f"use-{leaves}").label == "Chosen"
    at.button(key=f"remove-{leaves}").click().run()
    assert not at.exception and at.button(key="use-efficientnet_lite0").label == "Chosen"
    assert custom.find(leaves) is None


def test_a_file_that_is_refused_is_said_on_the_page_and_another_can_be_tried(graft, base, tmp_path):
    refused = BackboneError("There is no file '{file}'.", file="leaves.keras")
    graft.compute.answers["read_model_file"] = refused
    at: AppTest = open_page("model_selection", **{"model-file": str(tmp_path / "leaves.keras")})
    for _attempt in range(20):
        if at.error:
            break
        at.run()
    assert [box.value for box in at.error] == ["There is no file 'leaves.keras'."]
    at.button(key="model-file-again").click().run()
    assert not at.exception and not at.error


def test_a_good_file_is_described_and_kept_when_the_person_says_so(graft, base, leaves, tmp_path):
    facts = {
        "image_sizes": [32, 32, 32],
        "features": 12,
        "parameters": 1200,
        "preparation": "unit",
        "architecture": None,
    }
    graft.compute.answers |= {"read_model_file": facts, "keep_model_file": leaves}
    at = open_page("model_selection", **{"model-file": str(tmp_path / "leaves.keras")})
    for _attempt in range(20):
        if any(button.key == "model-file-keep" for button in at.button):
            break
        at.run()
    assert at.selectbox(key="model-file-pixels").value == "unit" and "12 features a picture" in words(at)
    at.button(key="model-file-keep").click().run()
    for _attempt in range(20):
        if at.button(key=f"use-{leaves}").label == "Chosen":
            break
        at.run()
    assert at.button(key=f"use-{leaves}").label == "Chosen"
    assert "keep_model_file" in [task for task, _args in graft.compute.asked]
