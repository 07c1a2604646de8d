"""Shares on the pages: one rule for figures, one for intervals, and none claims all or nothing by rounding."""

import json

import pytest

from engine.storage import runs
from pages.session import i18n
from pages.shared import percentages
from tests.support.app_pages import open_page, open_tab, words
from tests.support.run_files import add_run, fill_project, finish_run


@pytest.mark.parametrize(
    ("share", "words"), [(0.9, "90.0 %"), (0.9996, "99.9 %"), (0.0002, "0.1 %"), (1, "100.0 %"), (None, "–")]
)
def test_a_figure_has_one_decimal_and_is_never_rounded_to_perfection(share, words):
    assert percentages.percent(share) == words


@pytest.mark.parametrize(
    ("ends", "words"),
    [((0.94, 0.986), "94–99"), ((0.97, 0.998), "97–99.8"), ((0.002, 0.1), "0.2–10"), ((0.9, 1), "90–100")],
)
def test_an_interval_claims_100_or_0_only_where_it_reaches_it(ends, words):
    assert percentages.interval(ends) == words


def test_shares_have_the_decimal_sign_of_the_language(monkeypatch):
    monkeypatch.setattr(i18n, "language", lambda: "de")
    assert percentages.with_interval(0.99, (0.97, 0.998)) == "99,0 % (97–99,8)"


def test_one_interval_is_the_same_in_the_sentence_the_picker_and_every_table(graft):
    run_id = add_run(graft, fill_project(graft))
    finish_run(graft, run_id)
    folder = graft.workspace.run_dir(run_id)
    facts = runs.read_evaluation(folder)
    runs.write_json(folder / runs.EVALUATION, {**facts, "accuracy": 0.99, "accuracy_interval": [0.97, 0.998]})
    assert "it is right 99 times in 100 (between 97 and 99.8)" in words(open_page("evaluation"))
    at = open_tab("Compare")
    assert "99.0 % (97–99.8)" in at.selectbox(key="run-picker").options[0]
    tables = [json.loads(part.proto.json)[0] for part in at.get("bidi_component") if '"columns"' in part.proto.json]
    cells = {cell["text"] for table in tables for row in table["rows"] for cell in row["cells"]}
    assert {"99.0 %", "97–99.8 %"} <= cells
