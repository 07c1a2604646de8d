"""Numbers a person will trust: each is checked against a case worked out by hand."""

import numpy as np
import pytest

from engine.evaluation import evaluators
from engine.evaluation.metrics import intervals
from engine.evaluation.metrics import single_label as metrics


def test_wilson_interval_of_23_right_out_of_25():
    low, high = metrics.wilson_interval(23, 25)
    assert (round(low, 2), round(high, 2)) == (0.75, 0.98)
    assert metrics.wilson_interval(0, 0) == (0.0, 1.0)
    low, high = metrics.wilson_interval(10, 10)
    assert high == pytest.approx(1.0) and 0.69 < low < 0.73


def test_pictures_for_a_margin_worked_out_by_hand():
    # at one half 0.25 * (1.96 / 0.05)^2; 90 of 100 is pulled to 0.8852: 0.8852 * 0.1148 * (1.96 / 0.03)^2
    assert intervals.pictures_for_margin(0.5, 100, 0.05) == 385
    assert intervals.pictures_for_margin(0.9, 100, 0.03) == 434
    low, high = intervals.wilson_interval(round(0.885 * 434), 434)
    assert (high - low) / 2 == pytest.approx(0.03, abs=0.001), "so many pictures give that margin"
    assert intervals.pictures_for_margin(1.0, 25, 0.05) > 25, "25 of 25 is not all that is to be known"


@pytest.mark.parametrize("pictures", [20, 60, 300])
def test_the_interval_of_f1_holds_the_truth_in_about_19_of_20_cases(pictures):
    shares = [0.25, 0.06, 0.04, 0.65]  # found, missed, false alarms, the others
    truth = 0.5 / (0.5 + 0.1)
    drawn = np.random.default_rng(0).multinomial(pictures, shares, 2000)[:, :3].tolist()
    held = [low <= truth <= high for low, high in (intervals.f1_interval(*counts) for counts in drawn)]
    assert 0.93 < np.mean(held) < 0.98
    assert intervals.f1_interval(0, 0, 0) == (0.0, 1.0) and intervals.f1_interval(9, 0, 0)[1] == 1.0


def test_confusion_matrix_has_true_classes_in_rows():
    matrix = metrics.confusion_matrix(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0]), 4)
    assert matrix.tolist() == [[1, 1, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]


def test_macro_f1_ignores_classes_without_pictures():
    y_true, y_pred = np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0])
    assert metrics.macro_f1(y_true, y_pred, 3) == pytest.approx((0.8 + 2 / 3) / 2)
    assert metrics.balanced_accuracy(y_true, y_pred, 3) == 0.75


def test_calibration_error_is_the_gap_between_confidence_and_accuracy():
    sure = np.tile([0.9, 0.1], (10, 1))
    y_true = np.array([0] * 6 + [1] * 4)
    assert metrics.calibration_error(y_true, sure) == pytest.approx(0.3)


def test_log_loss_survives_zero_and_missing_probabilities():
    loss = metrics.log_loss(np.array([0, 1]), np.array([[0.0, 1.0], [0.5, np.nan]]))
    assert np.isfinite(loss) and loss > 20


def test_majority_baseline_answers_with_the_commonest_training_class():
    assert metrics.majority_accuracy(np.array([2, 2, 1]), np.array([2, 1, 1, 1])) == 0.25


def test_nearest_class_mean_finds_the_closer_class():
    train = np.array([[0.0, 1.0], [0.1, 1.0], [1.0, 0.0], [1.0, 0.1]])
    probabilities = evaluators.of("one").nearest_class_mean(
        np.array([[0.0, 2.0], [3.0, 0.0]]), train, np.array([0, 0, 1, 1])
    )
    assert probabilities.argmax(axis=1).tolist() == [0, 1]
    assert probabilities.sum(axis=1) == pytest.approx([1, 1])


def test_pictures_of_groups_that_were_not_learned_from_count_for_as_little_as_they_differ():
    right = np.array([1] * 40 + [1] * 20 + [0] * 20 + [1] * 40)
    groups = np.array(["a"] * 40 + ["b"] * 40 + ["c"] * 40, object)
    plain = metrics.wilson_interval(100, 120)
    apart = metrics.accuracy_interval(right, groups, {"d", "e"})
    assert apart["interval_groups"] == 3 and apart["accuracy_interval"][0] < plain[0] - 0.2
    # Groups that were learned from, or none, leave it to the pictures.
    known = metrics.accuracy_interval(right, groups, {"a"})
    assert known == {"accuracy_interval": pytest.approx(list(plain)), "interval_groups": 0}
    nameless = metrics.accuracy_interval(right, np.full(120, None), {"a"})
    assert nameless == known
    # Few groups that happen to agree are no proof that all do; many that agree are believed more.
    three, twelve = (_by_groups([36] * number)[0] for number in (3, 12))
    assert three < twelve < metrics.wilson_interval(36 * 12, 40 * 12)[0] < 0.9


def test_groups_near_100_percent_are_not_taken_for_so_many_pictures():
    none, one, three = (_by_groups([100 - wrong, 100], 100) for wrong in (0, 1, 3))
    assert none[0] < 0.5 and none[0] >= one[0] >= three[0] > none[0] - 0.1
    assert none[1] == 1.0 and three[1] > 0.99


def test_one_right_answer_more_lowers_neither_end_of_the_interval():
    rng = np.random.default_rng(1)
    for _draw in range(12):
        counts = rng.integers(20, 40, rng.integers(2, 6))
        low, high = _by_groups(counts)
        for group in range(len(counts)):
            more = _by_groups(counts + np.eye(len(counts), dtype=int)[group])
            assert more[0] >= low - 1e-3 and more[1] >= high - 1e-3, counts


def test_copies_in_the_test_part_count_once():
    right, groups = np.array([1] * 40 + [0] * 10), np.full(50, None)
    names = np.array([f"{number:02}" for number in range(50)], object)
    once = metrics.accuracy_interval(right, groups, (), names)
    twice = metrics.accuracy_interval(np.tile(right, 2), np.tile(groups, 2), (), np.tile(names, 2))
    assert twice["accuracy_interval"] == pytest.approx(once["accuracy_interval"])
    of_group = np.repeat(np.array(list("abcde"), object), 10)
    once = metrics.accuracy_interval(right, of_group, (), names)
    twice = metrics.accuracy_interval(np.tile(right, 2), np.tile(of_group, 2), (), np.tile(names, 2))
    assert twice["accuracy_interval"] == pytest.approx(once["accuracy_interval"], abs=0.01)


def _by_groups(counts, size: int = 40) -> list[float]:
    """Return the interval of so many right answers in each of groups of one size."""
    right = np.concatenate([np.arange(size) < count for count in counts])
    groups = np.repeat(np.array([f"{place}" for place in range(len(counts))], object), size)
    return metrics.accuracy_interval(right, groups, ())["accuracy_interval"]


def test_the_interval_of_groups_holds_the_truth_about_as_often_as_it_says():
    rng, held, plain_held = np.random.default_rng(0), 0, 0
    for _draw in range(60):
        shares = rng.beta(17, 3, 6)  # 0.85 on average, 0.08 up and down
        right = (rng.random((6, 40)) < shares[:, None]).astype(int).ravel()
        low, high = metrics.accuracy_interval(right, np.repeat(list("abcdef"), 40).astype(object), ())[
            "accuracy_interval"
        ]
        held += low <= 0.85 <= high
        low, high = metrics.wilson_interval(int(right.sum()), 240)
        plain_held += low <= 0.85 <= high
    assert held / 60 >= 0.9 and plain_held / 60 < 0.85
