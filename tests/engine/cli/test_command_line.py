"""The command line, as a script uses it: one JSON object, one sentence for a mistake, exit codes."""

import json
import os
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.data.examples import catalogue
from engine.data.modalities.image import IMAGE
from engine.data.modalities.sound import SOUND
from engine.storage.workspace import read_json
from tests.support import team as team_of_workers
from tests.support.command_line import ROOT, answer, engine
from tests.support.odd_files import encode, photo
from tests.support.pictures import draw_folder, draw_picture
from tests.support.sound_files import tone, written

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def team(warm_graft) -> Iterator[None]:
    """Commands use the warm worker of a team, as GRAFT_SCHEDULER lets them; loading Keras anew takes seconds each."""
    with pytest.MonkeyPatch.context() as patch:
        team_of_workers.join(patch, warm_graft)
        yield


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("command-line")


@pytest.fixture(scope="module")
def digits(place, graft_command) -> dict:
    """A finished run on the example of handwritten digits: by the installed `graft`, with workers of its own.

    It begins in a folder where nothing of Graft lies; everything is kept in ./workspace.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GRAFT_", "PYTHONPATH"))}
    command = [graft_command, "train", "example:digits", "--recipe", "instant", "--seed", "1", "--json"]
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_training_on_digits_reaches_95_percent_and_tells_everything_it_should(digits):
    assert digits["accuracy"] >= 0.95
    low, high = digits["accuracy_interval"]
    assert low < digits["accuracy"] < high
    assert digits["received"] == digits["used"] == 1797 and digits["refused"] == []
    assert sum(digits["splits"].values()) == 1797
    assert digits["baselines"]["majority"] < digits["baselines"]["before_fine_tuning"] < digits["accuracy"]
    assert [row["class"] for row in digits["per_class"]] == digits["class_names"] == list("0123456789")
    assert sum(map(sum, digits["confusion_matrix"])) == digits["splits"]["test"]
    assert {"ingest", "features", "probe", "fine_tune", "evaluate", "total"} <= set(digits["seconds"])
    assert {"macro_f1", "calibration_error", "groups"} <= set(digits)


def test_a_run_is_a_directory_a_person_can_open(digits):
    names = {path.name for path in Path(digits["run_dir"]).iterdir()}
    assert {"model.keras", "evaluation.json", "predictions.parquet", "metrics.csv", "recipe.json"} <= names
    assert read_json(Path(digits["run_dir"]) / "evaluation.json")["accuracy"] == digits["accuracy"]


def test_a_run_is_evaluated_and_listed_again(digits, place):
    assert answer("evaluate", "latest", workspace=place / "workspace")["accuracy"] == digits["accuracy"]
    [row] = answer("runs", workspace=place / "workspace")["runs"]
    assert (row["run"], row["state"], row["accuracy"]) == (digits["run"], "finished", digits["accuracy"])


def test_new_files_are_predicted_and_a_broken_one_does_not_spoil_the_rest(digits, place):
    picture, broken = place / "new.png", place / "broken.png"
    draw_picture((0, 0, 0), seed=3).save(picture)
    broken.write_bytes(b"not a picture at all")
    result = answer("predict", digits["run"][:18], picture, broken, workspace=place / "workspace")
    good, bad = result["predictions"]
    assert good["label"] in digits["class_names"] and abs(sum(good["probabilities"].values()) - 1) < 1e-3
    assert (good["answer"], good["reason"]) in ((good["label"], None), (None, "unknown"))
    assert bad["label"] is None and bad["answer"] is None and bad["error"]


def test_signs_are_read_in_three_languages(place):
    result = answer("train", "example:signs", workspace=place / "signs")
    assert result["accuracy"] >= 0.95
    assert len(result["groups"]) == 3 and all(row["support"] >= 20 for row in result["groups"])
    assert all(row["interval"][0] <= row["accuracy"] <= row["interval"][1] for row in result["groups"])


def test_sounds_are_learned_with_the_spectrogram_that_goes_with_the_run_and_pictures_are_refused(place):
    with zipfile.ZipFile(catalogue.draw("sounds", place)) as made, zipfile.ZipFile(place / "calls.zip", "w") as few:
        for name in made.namelist():
            kind = Path(name).stem.partition("-")[0]
            if kind in ("tone", "noise") and name < f"sounds/{kind}-12":
                few.writestr(f"{kind}/{Path(name).name}", made.read(name))
        few.writestr("tone/photo.png", encode(photo(), "PNG"))
    result = answer("train", place / "calls.zip", "--spectrogram", "bands=40", workspace=place / "calls")
    assert (result["modality"], result["received"], result["used"]) == ("sound", 25, 24)
    assert result["refused"] == [{"file": "tone/photo.png", "reason": IMAGE.foreign}]
    assert "-bands40-" in result["pixel_scale"] and result["accuracy"] >= 0.9
    (place / "new.wav").write_bytes(written(tone(0.7, 440)))
    draw_picture((0, 0, 0), seed=3).save(place / "odd.png")
    result = answer("predict", "latest", place / "new.wav", place / "odd.png", workspace=place / "calls")
    heard, refused = result["predictions"]
    assert set(heard["probabilities"]) == {"tone", "noise"}
    assert refused["error"] == SOUND.not_one


@pytest.fixture(scope="module")
def few_digits(place) -> Path:
    """The first sixty of every digit, a third of the example."""
    taken = Counter()
    with zipfile.ZipFile(catalogue.draw("digits", place)) as every, zipfile.ZipFile(place / "few.zip", "w") as few:
        for name in every.namelist():
            taken[name[0]] += 1
            if taken[name[0]] <= 60:
                few.writestr(name, every.read(name))
    return place / "few.zip"


def test_balanced_is_never_below_instant_on_the_pictures_that_choose(place, few_digits):
    result = answer("train", few_digits, "--recipe", "balanced", "--seed", 0, workspace=place / "workspace")
    assert result["validation_accuracy"] >= result["probe"]["validation_accuracy"]
    assert result["accuracy"] >= result["probe"]["test_accuracy"] >= 0.95


def test_every_file_is_used_or_refused_by_name(place):
    folder = draw_folder(place / "odd", {"red": 8, "blue": 8})
    (folder / "red" / "notes.txt").write_text("remember the milk")
    (folder / "red" / ".DS_Store").write_bytes(b"\x00")
    (folder / "blue" / "SHOUTING.JPG").write_bytes((folder / "blue" / "blue-000.png").read_bytes())
    result = answer("train", folder, workspace=place / "odd-workspace")
    assert result["received"] == 19 and result["used"] == 17
    refused = {Path(entry["file"]).name: entry["reason"] for entry in result["refused"]}
    assert set(refused) == {"notes.txt", ".DS_Store"} and all(refused.values())


def test_checking_keeps_nothing_and_finds_a_picture_under_two_labels(place):
    folder = draw_folder(place / "conflict", {"red": 6, "blue": 6})
    (folder / "blue" / "copy.png").write_bytes((folder / "red" / "red-000.png").read_bytes())
    result = answer("check", folder, workspace=place / "never-made")
    assert any(
        {"red", "blue"} <= set(json.dumps(finding).replace('"', " ").replace(",", " ").replace(".", " ").split())
        for finding in result["findings"]
    )
    assert not (place / "never-made").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["train", "nowhere.zip"], "There is no file or folder 'nowhere.zip'."),
        (["train", "example:digits", "--recipe", "magic"], "'magic' is no choice for recipe"),
        (["train", "example:digits", "--backbone", "hal9000"], "hal9000"),
        (["train", "example:cats"], "example"),
        (["train", "example:digits", "--target-accuracy", "95"], "A share between 0 and 1"),
        (["predict", "latest", "picture.jpg"], "yet. 'python -m engine train SOURCE' makes the first;"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(tmp_path, arguments, sentence):
    done = engine(*arguments, workspace=tmp_path / "workspace")
    assert done.returncode == 2 and done.stdout == ""
    assert sentence in done.stderr.splitlines()[-1] and "Traceback" not in done.stderr


def test_a_process_of_its_own_ends_with_the_same_code_and_the_same_sentence(tmp_path):
    command = [sys.executable, "-m", "engine", "train", "nowhere.zip", "--workspace", str(tmp_path / "workspace")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 2 and done.stdout == ""
    assert "There is no file or folder 'nowhere.zip'." in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("classes", "sentence"),
    [
        ({"red": 10}, "one class"),
        ({"red": 10, "blue": 2}, "blue"),
    ],
)
def test_what_cannot_be_trained_is_said_and_leaves_no_project(tmp_path, classes, sentence):
    workspace = tmp_path / "workspace"
    done = engine("train", draw_folder(tmp_path / "pictures", classes), workspace=workspace)
    assert done.returncode == 2 and sentence in done.stderr.splitlines()[-1]
    assert answer("runs", workspace=workspace)["runs"] == []


def test_an_archive_that_is_broken_is_named(tmp_path):
    archive = tmp_path / "broken.zip"
    with zipfile.ZipFile(archive, "w") as pack:
        pack.writestr("cat/1.jpg", b"x" * 1000)
    archive.write_bytes(archive.read_bytes()[:200])
    done = engine("train", archive, workspace=tmp_path / "workspace")
    assert done.returncode == 2 and "broken.zip" in done.stderr.splitlines()[-1]
    left = engine("export-data", "latest", "-o", tmp_path / "data.zip", workspace=tmp_path / "workspace")
    assert "There is no project yet." in left.stderr


def test_a_time_limit_ends_the_training_with_the_best_so_far(place, few_digits):
    result = answer("train", few_digits, "--recipe", "balanced", "--time-limit", 1, workspace=place / "workspace")
    assert result["state"] in ("stopped", "finished") and result["accuracy"] > 0.5


def test_backbones_are_listed_with_the_embedded_one_first(place):
    listed = answer("backbones", workspace=place / "workspace")["backbones"]
    assert listed[0]["key"] == "sprout" and len(listed) >= 14
