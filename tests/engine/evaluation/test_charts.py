"""Answers read from a run's files, and the figures drawn from them."""

import subprocess
import sys

import pytest

from engine.evaluation import honest_number, results
from engine.evaluation.charts import comparison as comparison_charts
from engine.evaluation.charts import per_class
from engine.evaluation.charts.confusion_cells import STEPS, contrast, matrix_part, shades
from engine.storage import runs
from tests.support.run_files import add_run, fill_project, finish_run, idle_graft

MATRIX = [[8, 2, 0], [1, 9, 0], [3, 0, 7]]
FACTS = {"class_names": ["apple", "pear", "plum"], "confusion_matrix": MATRIX}


@pytest.fixture
def finished(workspace):
    """A finished run of three classes, written by hand."""
    here = idle_graft(workspace)
    project = fill_project(here)
    run_id = add_run(here, project)
    finish_run(here, run_id)
    yield workspace.run_dir(run_id)
    here.close()


def test_most_confused_pairs_come_largest_first_with_their_share_of_the_class():
    pairs = results.most_confused(FACTS)
    assert [(p.true, p.predicted, p.count, p.fraction) for p in pairs] == [
        ("plum", "apple", 3, 0.3),
        ("apple", "pear", 2, 0.2),
        ("pear", "apple", 1, 0.1),
    ]


def test_a_cell_opens_exactly_its_pictures_the_surest_first(finished):
    facts, table = results.evaluation(finished), results.predictions(finished)
    for i, true in enumerate(facts["class_names"]):
        for j, predicted in enumerate(facts["class_names"]):
            rows = results.cell(table, true, predicted)
            assert len(rows) == facts["confusion_matrix"][i][j]
            assert all((row.label, row.predicted) == (true, predicted) for row in rows)
            assert [row.probability for row in rows] == sorted((row.probability for row in rows), reverse=True)


def test_confident_mistakes_are_all_wrong_and_the_surest_first(finished):
    mistakes = results.confident_mistakes(results.predictions(finished), limit=4)
    assert mistakes and all(row.label != row.predicted for row in mistakes)
    sureness = [row.probability for row in mistakes]
    assert sureness == sorted(sureness, reverse=True)


def test_samples_take_every_class_in_turn(finished):
    assert [row.label for row in results.samples(results.predictions(finished), 4)] == [
        "apple",
        "pear",
        "plum",
        "apple",
    ]


def test_a_run_without_predictions_has_no_rows_instead_of_an_error(tmp_path):
    assert len(results.predictions(tmp_path)) == 0
    assert results.samples(results.predictions(tmp_path)) == []
    assert results.evaluation(tmp_path) is None


def test_a_new_evaluation_is_read_again(finished):
    first = results.evaluation(finished)
    runs.write_json(finished / runs.EVALUATION, {**first, "accuracy": 0.123456})
    assert results.evaluation(finished)["accuracy"] == 0.123456


def test_twenty_three_of_twenty_five_is_called_too_few_to_tell_and_asks_for_more_pictures():
    facts = {
        "task": "one",
        "accuracy": 23 / 25,
        "accuracy_interval": [0.74, 0.99],
        "counts": {"test": 25},
        "per_class": [{"class": "cat", "support": 15}, {"class": "dog", "support": 10}],
        "baselines": {"majority": 0.4, "before_fine_tuning": 0.8},
    }
    number = honest_number.honest_number(facts)
    assert number.is_wide
    assert (number.largest, number.majority) == ("cat", 0.6)
    assert 300 < number.more_needed < 600


@pytest.mark.parametrize(
    ("share", "words"), [(0.92, "92"), (1.0, "100"), (0.996, "99.6"), (0.9999, "99.9"), (0.004, "0.4"), (0.0, "0")]
)
def test_a_share_is_never_rounded_to_perfection(share, words):
    assert honest_number.per_hundred(share) == words


def test_a_part_of_the_matrix_has_its_counts_and_shares_of_whole_rows():
    part = matrix_part(MATRIX, [0, 2], [2, 0])
    assert (part.rows, part.columns) == ([0, 2], [2, 0])
    assert part.counts == [[0, 8], [7, 3]] and part.shares == [[0.0, 0.8], [0.7, 0.3]]
    assert matrix_part([[0, 0], [0, 1]], [0, 1], [0, 1]).shares == [[0.0, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize("dark", [False, True])
def test_numbers_in_the_matrix_can_be_read_on_every_shade(dark):
    for shade in shades(dark).values():
        assert len(shade) == STEPS + 1
        for background, text in shade:
            assert contrast(text, background) >= 4.5
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert shades(dark)["hit"][1:] != shades(dark)["mistake"][1:]


def test_the_hardest_classes_are_those_with_most_mistakes():
    assert results.hardest_classes(FACTS, 2) == [0, 1]


def test_per_class_bars_stand_in_the_order_given_with_their_support(finished):
    rows = results.evaluation(finished)["per_class"]
    bars, precision, recall = per_class.per_class_figure(rows).data
    assert [row["f1"] for row in rows] == list(reversed(bars.x))
    assert [row["precision"] for row in rows] == list(reversed(precision.x))
    assert [row["recall"] for row in rows] == list(reversed(recall.x))
    ticks = per_class.per_class_figure(rows).layout.yaxis.ticktext
    assert ticks[-1] == f"{rows[0]['class']} ({rows[0]['support']})"


LONG = ["Roman oil lamp with handle, red clay", "Roman oil lamp with handle, grey clay", "coin"]


def test_names_alike_in_their_first_letters_are_told_apart_beside_an_axis_and_full_on_hover():
    shown = per_class.told_apart(LONG)
    assert shown == ["Roman oil …, red clay", "Roman oil … grey clay", "coin"]
    middle = [f"{'a' * 30}{letter}{'b' * 30}" for letter in "xy"]
    assert per_class.told_apart(middle) == ["aaaaa…aaxbbbbbbbbbbbb…", "aaaaa…aaybbbbbbbbbbbb…"]
    assert all(len(name) <= per_class.LONGEST_NAME for name in per_class.told_apart([*middle, *LONG]))
    assert per_class.told_apart(LONG[:1], among=LONG) == per_class.told_apart(LONG)[:1], (
        "nor taken for one that is not shown"
    )
    assert per_class.told_apart(["<b>"]) == ["&lt;b&gt;"]
    rows = [{"class": name, "support": 3, "f1": 0.5, "precision": 0.5, "recall": 0.5} for name in LONG]
    for figure in (
        per_class.per_class_figure(rows),
        per_class.before_and_after_figure([{**r, "before_recall": 0} for r in rows]),
    ):
        assert len(set(figure.layout.yaxis.ticktext)) == 3
        assert [row[0] for row in figure.data[-1].customdata] == LONG[::-1]
        assert figure.data[-1].hovertemplate.startswith("%{customdata[0]}: %{x:.1%}")
    compared = comparison_charts.recalls_figure(
        [{"class": n, "support": 3, "recall": [0, 1]} for n in LONG], ["a", "b"]
    )
    assert list(compared.data[1].text) == LONG[::-1] and len(set(compared.layout.yaxis.ticktext)) == 3


def test_group_bars_carry_their_interval(finished):
    groups = results.evaluation(finished)["groups"]
    bar = per_class.groups_figure(groups).data[0]
    low, high = groups[-1]["interval"]
    assert bar.x[0] + bar.error_x.array[0] == pytest.approx(high)
    assert bar.x[0] - bar.error_x.arrayminus[0] == pytest.approx(low)


def test_curves_show_training_and_validation_of_every_epoch(finished):
    metrics = runs.read_metrics(finished)
    figure = per_class.curve_figure(metrics, "accuracy")
    assert [trace.name for trace in figure.data] == ["training", "validation"]
    assert list(figure.data[1].y) == [row["validation_accuracy"] for row in metrics]


def test_the_axis_of_accuracies_that_hardly_differ_names_no_percent_twice():
    rows = [{"accuracy": 0.995, "validation_accuracy": value} for value in (0.99, 0.995, 1.0)]
    assert per_class.curve_figure(rows, "accuracy").layout.yaxis.dtick == 0.01
    perfect = per_class.curve_figure([{"accuracy": 1.0, "validation_accuracy": 1.0}] * 3, "accuracy").layout.yaxis
    assert perfect.range[0] < 0.96 and 1 < perfect.range[1] < 1.02
    assert per_class.curve_figure([*rows, {"accuracy": 0.4}], "accuracy").layout.yaxis.dtick is None


def test_the_words_of_a_figure_are_translated():
    figure = per_class.curve_figure([{"loss": 1.0}], "loss", _=lambda text: f"«{text}»")
    assert figure.layout.yaxis.title.text == "«loss»"


def test_reading_predictions_brings_no_pandas_into_the_server(finished):
    code = (
        "import sys, pathlib; from engine.evaluation import results as r; "
        "t = r.predictions(pathlib.Path(sys.argv[1])); r.samples(t); r.confident_mistakes(t); "
        "print('pandas' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", code, str(finished)], text=True).strip() == "False"


@pytest.mark.parametrize("module", ["engine.evaluation.charts.per_class", "engine.evaluation.results"])
def test_drawing_needs_no_framework_and_no_pandas(module):
    code = f"import sys, {module}; print([m for m in ('tensorflow', 'keras', 'sklearn', 'pandas') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
