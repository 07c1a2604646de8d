"""A report is one file: it says the honest number, shows the pictures behind the matrix, and tells nothing more."""

import json
import re
import zipfile
from pathlib import Path

import pytest

from engine import translation
from engine.cli import parser
from engine.sharing import html_report
from engine.storage import runs
from engine.storage.workspace import Workspace, read_json, write_json
from tests.conftest import use_workspace

KEPT = Path(__file__).parents[2] / "support" / "workspaces" / "0.0-8a73e94.zip"


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Workspace:
    """A workspace with digits trained twice, and shapes of which a picture may show several."""
    folder = tmp_path_factory.mktemp("reported")
    with zipfile.ZipFile(KEPT) as archive:
        archive.extractall(folder)
    return use_workspace(folder)


@pytest.fixture(scope="module")
def run_of(kept) -> dict[str, Path]:
    found = sorted((kept.root / "runs").iterdir())
    return {runs.read_recipe(path)["task"]: path for path in reversed(found)}


def test_the_command_writes_one_file_that_fetches_nothing(kept, run_of, tmp_path, capsys):
    target = tmp_path / "digits.html"
    assert parser.main(["report", run_of["one"].name, "-o", str(target), "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    text = target.read_text(encoding="utf-8")
    assert told["file"] == str(target) and told["bytes"] == target.stat().st_size < 3_000_000
    assert not re.findall(r'(?:src|href)="(?!#)', text) and "<script" not in text
    assert all(url.startswith('"data:image/jpeg;base64,') for url in re.findall(r"url\(([^)]{25})", text))


def test_it_says_the_honest_number_with_its_interval_in_three_languages(kept, run_of):
    evaluation = runs.read_evaluation(run_of["one"])
    said = f"On {evaluation['counts']['test']} pictures it never saw, it is right"
    assert said in html_report.render(run_of["one"], kept)
    for language in ("de", "fr"):
        text = html_report.render(run_of["one"], kept, language=language)
        assert f'lang="{language}"' in text and translation.translate("How it was made", language) in text
        assert said not in text


def test_every_number_of_the_matrix_leads_to_its_pictures(kept, run_of):
    text = html_report.render(run_of["one"], kept)
    links, cells = set(re.findall(r'href="#(c\d+-\d+)"', text)), set(re.findall(r'class="cell" id="(c\d+-\d+)"', text))
    matrix = runs.read_evaluation(run_of["one"])["confusion_matrix"]
    assert links == cells == {f"c{i}-{j}" for i, row in enumerate(matrix) for j, count in enumerate(row) if count}
    styles = {int(number) for number in re.findall(r"class=\"picture p(\d+)\"", text)}
    assert styles == {int(number) for number in re.findall(r"^\.p(\d+) \{", text, re.MULTILINE)}


def test_names_of_files_folders_and_people_are_not_in_it(kept, run_of):
    text = html_report.render(run_of["one"], kept)
    names = [row["name"] for row in runs.read_snapshot(run_of["one"]).to_pylist()]
    assert not [name for name in names if name in text]
    assert str(kept.root) not in text and run_of["one"].name not in text


def test_names_that_people_typed_cannot_become_part_of_the_page(kept, run_of, tmp_path):
    copy = tmp_path / "runs" / "marked"
    copy.mkdir(parents=True)
    for path in run_of["one"].iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    evil = '<img src=x onerror="alert(1)">'
    facts = read_json(copy / runs.EVALUATION)
    facts["groups"] = [{"group": evil, "support": 10, "accuracy": 0.5, "interval": [0.2, 0.8]}]
    write_json(copy / runs.EVALUATION, facts)
    text = html_report.render(copy, kept, title=f"</title>{evil}")
    assert evil not in text and text.count("&lt;img src=x") >= 3


def test_pictures_that_show_several_classes_are_reported_class_by_class(kept, run_of):
    text = html_report.render(run_of["several"], kept)
    assert "names exactly the right classes" in text and 'class="matrix"' not in text
    assert all(f"<td>{name}</td>" in text for name in runs.read_evaluation(run_of["several"])["class_names"])


def test_a_run_without_results_is_refused_in_words(kept, tmp_path, capsys):
    folder = tmp_path / "runs" / "waiting"
    folder.mkdir(parents=True)
    write_json(folder / runs.STATUS, {"state": "queued", "message": "", "values": {}})
    assert parser.main(["report", str(folder), "-o", str(tmp_path / "x.html")]) == 2
    assert "Wait until its training has ended" in capsys.readouterr().err
    assert not (tmp_path / "x.html").exists()
