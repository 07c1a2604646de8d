"""What is counted of found objects agrees with COCO's own evaluation, and every mistake has one kind."""

import numpy as np
import pytest

from engine.evaluation.metrics import detection as metrics
from engine.evaluation.metrics import detection_errors
from engine.evaluation.metrics.detection_errors import DOUBLE, INVENTED, MISSED, PLACED, RIGHT, WRONG_CLASS


def drawn(pictures: int = 12, seed: int = 3) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return true and found objects: some found well, some badly, some missed, some invented, confidences with ties."""
    draws = np.random.default_rng(seed)
    truth, found = [], []
    for _picture in range(pictures):
        n = draws.integers(0, 7)
        low, side = draws.uniform(0, 80, (n, 2)), draws.uniform(6, 30, (n, 2))
        true = np.concatenate([low, low + side, draws.integers(0, 3, (n, 1))], axis=1)
        moved = true[draws.random(n) < 0.8].copy()
        moved[:, :4] += draws.normal(0, 2.5, (len(moved), 4))
        m = draws.integers(0, 3)
        low, side = draws.uniform(0, 80, (m, 2)), draws.uniform(6, 30, (m, 2))
        more = np.concatenate([low, low + side, draws.integers(0, 3, (m, 1))], axis=1)
        own = np.concatenate([moved, more])
        score = np.round(draws.random(len(own)), 2)
        rows = np.concatenate([own[:, :4], score[:, None], own[:, 4:]], axis=1)
        truth.append(true)
        found.append(rows[np.argsort(-score, kind="stable")])
    return truth, found


def test_average_precision_is_what_coco_counts():
    faster_coco_eval = pytest.importorskip("faster_coco_eval")
    truth, found = drawn()
    images = [{"id": place + 1, "width": 120, "height": 120} for place in range(len(truth))]
    boxes, claims = [], []
    for place, (true, own) in enumerate(zip(truth, found, strict=True), 1):
        for left, top, right, bottom, label in true.tolist():
            box = [left, top, right - left, bottom - top]
            told = {"id": len(boxes) + 1, "image_id": place, "category_id": int(label) + 1, "bbox": box}
            boxes.append({**told, "area": box[2] * box[3], "iscrowd": 0})
        for left, top, right, bottom, score, label in own.tolist():
            box = [left, top, right - left, bottom - top]
            claims.append({"image_id": place, "category_id": int(label) + 1, "bbox": box, "score": score})
    categories = [{"id": label + 1, "name": str(label)} for label in range(3)]
    known = faster_coco_eval.COCO({"images": images, "annotations": boxes, "categories": categories})
    judge = faster_coco_eval.COCOeval_faster(known, known.loadRes(claims), "bbox", print_function=lambda *_: None)
    judge.run()
    own = metrics.mean_average_precision([metrics.ranked(truth, found, label) for label in range(3)])
    assert own == pytest.approx((judge.stats[1], judge.stats[0]), abs=1e-6)


def test_a_resample_of_every_picture_once_changes_nothing():
    truth, found = drawn()
    one = metrics.ranked(truth, found, 0)
    same = metrics.average_precisions(one, np.ones(len(truth)))
    assert same == pytest.approx(metrics.average_precisions(one))
    twice = metrics.average_precisions(metrics.ranked(truth * 2, found * 2, 0))
    assert metrics.average_precisions(one, np.full(len(truth), 2.0)) == pytest.approx(twice)


def test_every_object_is_judged_once_with_the_kind_of_its_mistake():
    true = np.array(
        [[0, 0, 10, 10, 0], [20, 0, 30, 10, 0], [40, 0, 50, 10, 1], [60, 0, 80, 20, 1], [0, 50, 10, 60, 0]], float
    )
    own = np.array(
        [
            [0, 0, 10, 10, 0.9, 0],
            [1, 0, 11, 10, 0.5, 0],
            [20, 0, 30, 10, 0.8, 1],
            [66, 6, 74, 14, 0.7, 1],
            [90, 90, 99, 99, 0.6, 0],
            [40, 0, 50, 9, 0.6, 1],
        ]
    )
    judged = detection_errors.judge(true, own)
    assert {(one.kind, one.true, one.found) for one in judged} == {
        (RIGHT, 0, 0),
        (DOUBLE, 0, 1),
        (WRONG_CLASS, 1, 2),
        (PLACED, 3, 3),
        (INVENTED, -1, 4),
        (RIGHT, 2, 5),
        (MISSED, 4, -1),
    }
    assert detection_errors.confusion([true], [own], 2) == [[1, 1, 1], [0, 2, 0], [2, 0, 0]]


def test_the_best_threshold_has_the_highest_f1_and_a_dear_miss_lowers_it():
    true = np.array([[0, 0, 10, 10, 0], [20, 0, 30, 10, 0]], float)
    own = np.array([[0, 0, 10, 10, 0.9, 0], [50, 50, 60, 60, 0.6, 0], [20, 0, 30, 10, 0.2, 0]])
    assert metrics.best_thresholds([true], [own], 1)[0] < 0.2
    assert metrics.cheapest_thresholds([true], [own], 1, miss=0.5, alarm=1)[0] > 0.6
    assert metrics.cheapest_thresholds([true], [own], 1, miss=3, alarm=1)[0] < 0.2


def test_pictures_without_objects_and_claims_give_no_error():
    empty = [np.zeros((0, 5))], [np.zeros((0, 6))]
    assert metrics.mean_average_precision([metrics.ranked(*empty, 0)]) == (0.0, 0.0)
    assert metrics.best_thresholds(*empty, 1) == [0.3]
    assert metrics.counts(*empty, 1).tolist() == [[[0, 0, 0]]]
