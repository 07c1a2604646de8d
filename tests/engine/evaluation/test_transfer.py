"""What one group is worth to another: rows learned from, columns asked about, by groups that never mix."""

import numpy as np

from engine.evaluation import transfer
from engine.training.recipe import Recipe
from engine.training.snapshot import Snapshot

EACH = 20  # pictures of a class in a group: fifteen to learn from, five to ask about


def drawn(groups: tuple[str, ...], turned: str = "") -> tuple[Snapshot, np.ndarray]:
    """Return pictures of two classes in every group, and features that tell them apart; the other way in `turned`."""
    generator, rows, features = np.random.default_rng(0), [], []
    for group in groups:
        for label in (0, 1):
            for number in range(EACH):
                rows.append((group, label, "train" if number < 15 else "test"))
                way = (1 - 2 * label) * (-1 if group == turned else 1)
                features.append([3.0 * way, *generator.normal(size=3)])
    own, y, splits = (
        np.array(column, dtype) for column, dtype in zip(zip(*rows, strict=True), (object, int, object), strict=True)
    )
    names = np.array([str(place) for place in range(len(rows))], object)
    items = np.arange(len(rows))
    labels = np.array(["ab"[label] for label in y], object)
    boxes = np.array([None] * len(rows), object)
    return Snapshot(items, names, names, own, splits, labels, y, boxes, ("a", "b")), np.array(features, np.float32)


def measured(groups: tuple[str, ...], turned: str = "") -> dict | None:
    snapshot, features = drawn(groups, turned)
    test = snapshot.rows("test")
    return transfer.measure(snapshot, Recipe(), features[snapshot.rows("train")], test, features[test])


def test_groups_that_are_alike_teach_each_other_and_one_that_is_turned_around_teaches_the_opposite():
    found = measured(("French", "German", "mirrored"), turned="mirrored")
    assert found["groups"] == ["French", "German", "mirrored"] and found["test"] == [10, 10, 10]
    assert found["accuracy"] == [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    low, high = found["intervals"][0][0]
    assert 0.6 < low < 1.0 and high == 1.0
    assert found["without"][2] == 0.0, "nothing of the others helps the one that is turned around"


def test_one_group_alone_or_very_many_give_no_table():
    assert measured(("only",)) is None
    assert measured(tuple(f"group {number}" for number in range(transfer.MOST_GROUPS + 1))) is None
