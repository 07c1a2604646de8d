"""Which classes stand side by side in a confusion matrix, and how it is drawn when there are many."""

import itertools

import numpy as np
import pytest

from engine.evaluation.charts import class_order, confusion_overview


def planted(size: int, families: int) -> list[list[int]]:
    """Return a matrix in which class i is confused only with classes of its family, i modulo `families`."""
    kin = np.arange(size)[:, None] % families == np.arange(size)[None, :] % families
    return (kin * 3 + np.eye(size, dtype=int) * 20).tolist()


@pytest.mark.parametrize(("size", "families"), [(12, 3), (40, 4), (100, 10), (200, 20)])
def test_classes_that_are_confused_come_together(size, families):
    order = class_order.similar_order(planted(size, families))
    assert sorted(order) == list(range(size))
    changes = sum(one % families != other % families for one, other in itertools.pairwise(order))
    assert changes == families - 1


@pytest.mark.parametrize("size", [31, 100, 200])
def test_every_class_is_in_one_group_small_enough_for_a_screen(size):
    rng = np.random.default_rng(0)
    groups = class_order.similar_groups(rng.integers(0, 5, (size, size)).tolist())
    assert sorted(itertools.chain(*groups)) == list(range(size))
    assert all(len(group) <= class_order.LARGEST_GROUP for group in groups)
    assert len(groups) <= 2 * size / class_order.LARGEST_GROUP + 1


def test_families_become_the_groups():
    groups = class_order.similar_groups(planted(100, 10))
    assert sorted(tuple(sorted(group)) for group in groups) == [tuple(range(i, 100, 10)) for i in range(10)]


def test_a_chain_of_confusions_is_laid_end_to_end():
    matrix = np.diag([20] * 5)
    for one, other in ((0, 3), (3, 1), (1, 4), (4, 2)):
        matrix[one, other] = 4
    assert class_order.similar_order(matrix.tolist()) in ([0, 3, 1, 4, 2], [2, 4, 1, 3, 0])


def test_without_mistakes_the_order_stays():
    assert class_order.similar_order(np.diag([5] * 9).tolist()) == list(range(9))
    assert class_order.similar_order([[3]]) == [0]


def test_confusion_counts_in_both_directions_as_a_share_of_the_class():
    similar = class_order.confusability([[8, 2], [0, 0]])
    assert similar.tolist() == [[0, 0.1], [0.1, 0]]


def test_groups_by_name_keep_the_order_and_are_of_nearly_equal_size():
    groups = class_order.groups_by_name(100)
    assert [*itertools.chain(*groups)] == list(range(100))
    assert {len(group) for group in groups} == {14, 15}


def test_the_whole_of_a_hundred_classes_has_a_row_name_a_group_and_a_point_a_filled_cell():
    matrix, names = planted(100, 10), [f"class {n:03}" for n in range(100)]
    groups = class_order.similar_groups(matrix)
    figure = confusion_overview.confusion_overview_figure(matrix, names, groups)
    hits, mistakes, points = figure.data
    assert hits.z.shape == (100, 100) and len(figure.layout.yaxis.ticktext) == 10
    assert np.isfinite(hits.z).sum() == 100 and np.isfinite(mistakes.z).sum() == 9900
    words = [words for _row, _column, words in points.customdata]
    assert "class 000, taken for class 010: 3" in words and "class 000, recognised: 23" in words
    assert sum("taken for class" in text for text in words) == 900


def test_a_click_anywhere_in_the_whole_leads_to_the_groups_that_meet_there():
    matrix, names = planted(200, 20), [f"class {n:03}" for n in range(200)]
    groups = class_order.similar_groups(matrix)
    points = confusion_overview.confusion_overview_figure(matrix, names, groups).data[2]
    of_group = [place for place, group in enumerate(groups) for _member in group]
    for x, y, (row, column, _words) in zip(points.x, points.y, points.customdata, strict=True):
        assert (row, column) == (of_group[y], of_group[x])
    met = {(row, column) for row, column, _words in points.customdata}
    assert len(met) == len(groups) ** 2


def test_names_of_classes_stay_text_in_the_whole_too():
    names = ["<i>one</i>", *(f"class {n}" for n in range(31))]
    matrix = planted(32, 4)
    figure = confusion_overview.confusion_overview_figure(matrix, names, class_order.similar_groups(matrix))
    assert "<i>" not in figure.to_json()
