"""A run's results as tables: every test picture, every cell, and no folder of anybody's machine."""

import csv
import io
import json
import zipfile

import pytest

from engine.cli.predict import as_csv
from engine.sharing import result_tables
from engine.storage import runs
from tests.support.command_line import engine
from tests.support.run_files import add_run, fill_project, finish_run


@pytest.fixture
def run_dir(graft):
    folder = graft.workspace.run_dir(add_run(graft, fill_project(graft, classes=("=apple", "pear", "plum"))))
    finish_run(graft, folder.name)
    return folder


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_matrix_classes_and_predictions_are_those_of_the_run(run_dir):
    facts, made = runs.read_evaluation(run_dir), result_tables.tables(run_dir)
    matrix = rows_of(made["matrix.csv"])
    assert [[int(n) for n in row[1:]] for row in matrix[1:]] == facts["confusion_matrix"]
    assert [row[0] for row in rows_of(made["classes.csv"])[1:]] == ["'=apple", "pear", "plum"], "no cell is a formula"
    predictions = rows_of(made["predictions.csv"])
    test = [row for row in predictions[1:] if row[2] == "test"]
    assert len(test) == facts["counts"]["test"] and not [row for row in test if "/" in row[0]]
    right = sum(row[4] == row[5] for row in test) / len(test)
    assert right == pytest.approx(facts["accuracy"])
    whole = json.loads(made["results.json"])
    assert whole["accuracy"] == facts["accuracy"] and whole["confusion_matrix"] == facts["confusion_matrix"]
    assert set(whole["predictions"][0]["probabilities"]) == {"=apple", "pear", "plum"}
    with zipfile.ZipFile(io.BytesIO(result_tables.zipped(run_dir))) as archive:
        assert set(archive.namelist()) == {"matrix.csv", "classes.csv", "predictions.csv", "results.json"}


def test_the_command_writes_them_into_a_folder(run_dir, tmp_path):
    done = engine("evaluate", run_dir.name, "--tables", tmp_path / "tables", workspace=run_dir.parents[1])
    assert done.returncode == 0 and len(list((tmp_path / "tables").iterdir())) == 4


def test_answers_of_a_folder_are_a_table_with_a_row_a_file():
    answers = [
        {"file": "=a.png", "answer": "pear", "reason": None, "probabilities": {"pear": 0.9, "plum": 0.1}},
        {"file": "b.txt", "answer": None, "reason": "unreadable", "error": "no picture", "probabilities": {}},
        {"file": "c.png", "labels": ["pear", "plum"], "probabilities": {"pear": 0.9, "plum": 0.8}},
    ]
    assert rows_of(as_csv(answers, ["pear", "plum"])) == [
        ["file", "answer", "reason", "error", "pear", "plum"],
        ["'=a.png", "pear", "", "", "0.9", "0.1"],
        ["b.txt", "", "unreadable", "no picture", "", ""],
        ["c.png", "pear|plum", "", "", "0.9", "0.8"],
    ]
