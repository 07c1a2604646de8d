"""Two models on the same pictures: what turned right and wrong, and whether that is more than chance."""

import numpy as np
import pytest
from scipy import stats

from engine.data import versions
from engine.evaluation import compare
from engine.evaluation.charts import comparison as comparison_charts
from engine.evaluation.metrics import sign_flips
from engine.storage import runs
from engine.storage.workspace import read_json, write_json
from tests.support.run_files import add_run, fill_project, finish_run, idle_graft

SUMMARY = {"template": "x", "values": {}}


@pytest.fixture
def graft(workspace):
    opened = idle_graft(workspace)
    yield opened
    opened.close()


@pytest.fixture
def project(graft):
    return fill_project(graft)


def run(graft, project, **finished):
    """Return the folder of a finished run on the pictures as they are now."""
    items = [item for item in graft.registry.items(project.dataset_id) if item.is_used]
    run_id = add_run(graft, project)
    folder = graft.workspace.run_dir(run_id)
    folder = folder.rename(folder.with_name(f"{run_id}-{len(list(folder.parent.iterdir())):03}"))
    runs.write_snapshot(folder, items)
    versions.note(folder, items)
    finish_run(graft, folder.name, **finished)
    return folder


@pytest.mark.parametrize(("b", "c"), [(0, 0), (1, 0), (5, 5), (3, 9), (0, 6), (12, 30), (700, 800), (0, 4000)])
def test_mcnemars_exact_p_is_scipys_binomial_test(b, c):
    expected = stats.binomtest(b, b + c, 0.5).pvalue if b + c else 1.0
    assert compare.mcnemar(b, c) == pytest.approx(expected, rel=1e-9, abs=1e-300)


def test_mcnemar_by_hand():
    # 6 turned right, none wrong: 2 * (1/2)^6; 1 of 5: 2 * (1 + 5) / 32
    assert compare.mcnemar(0, 6) == 2 / 64
    assert compare.mcnemar(1, 4) == 12 / 32


@pytest.mark.parametrize(("p", "said"), [(0.013, 77), (0.5, 2), (1.0, 1), (0.00026, 3800), (0.0, 1_000_000)])
def test_odds_can_be_said_aloud(p, said):
    assert compare.odds(p) == said


def test_what_turned_right_and_wrong_adds_up_to_the_difference(graft, project):
    old, new = run(graft, project, accuracy=0.5, seed=1), run(graft, project, accuracy=0.9, seed=2)
    found = compare.compare([old, new])
    assert len(found.pictures) == 27 and found.left_out == (0, 0) and found.relabelled == 0
    before, after = found.accuracies()
    assert (after - before) * 27 == pytest.approx(len(found.turned_right()) - len(found.turned_wrong()))
    assert all(one.right == (False, True) for one in found.turned_right())
    assert found.chance() == compare.mcnemar(len(found.turned_right()), len(found.turned_wrong()))
    classes = found.per_class()
    assert [row["class"] for row in classes] == ["apple", "pear", "plum"]
    assert sum(row["support"] * row["recall"][1] for row in classes) == pytest.approx(after * 27)
    assert compare.same_test([old, new])


def test_only_test_pictures_that_both_share_are_compared_and_todays_labels_judge(graft, project):
    old = run(graft, project, accuracy=1.0)
    tested = sorted(graft.registry.tested(project.dataset_id))
    graft.registry.change_items(project.dataset_id, tested[:2], SUMMARY, ambiguous=True)
    graft.registry.change_items(project.dataset_id, tested[2:3], SUMMARY, label="plum")
    new = run(graft, project, accuracy=1.0)
    found = compare.compare([old, new])
    assert not compare.same_test([old, new])
    assert (
        len(found.pictures) == 25
        and found.left_out == (2, 0)
        and found.relabelled == 1
        and found.mistakes_gone == (0, 0)
    )
    assert [one.item for one in found.turned_right()] == tested[2:3]
    assert found.accuracies() == [24 / 25, 1.0]


def test_a_class_that_was_renamed_is_no_mistake_of_the_older_model(graft, project):
    old = run(graft, project, accuracy=1.0)
    pears = [item.id for item in graft.registry.items(project.dataset_id, label="pear")]
    graft.registry.change_items(project.dataset_id, pears, SUMMARY, label="quince")
    found = compare.compare([old, run(graft, project, accuracy=1.0)])
    assert found.renamed == {"pear": "quince"}
    assert found.accuracies() == [1.0, 1.0] and found.relabelled == 0


def test_a_class_that_was_divided_is_called_by_no_new_name_whatever_its_test_pictures_became(graft, project):
    old = run(graft, project, accuracy=1.0)
    pears = graft.registry.items(project.dataset_id, label="pear")
    # all test pictures go to one class, others to another
    quinces = [item.id for item in pears if item.split == "test" or item.id % 2]
    graft.registry.change_items(project.dataset_id, quinces, SUMMARY, label="quince")
    graft.registry.change_items(
        project.dataset_id, [i.id for i in pears if i.id not in quinces], SUMMARY, label="nashi"
    )
    found = compare.compare([old, run(graft, project, accuracy=1.0)])
    assert found.renamed == {} and found.divided == {"pear": ("nashi", "quince")}
    assert found.accuracies() == [18 / 27, 1.0], "9 of 27 were called by a name that says nothing now"


def test_four_models_disagree_where_their_answers_differ(graft, project):
    folders = [run(graft, project, accuracy=0.6, seed=seed) for seed in range(4)]
    found = compare.compare(folders)
    assert {one.item for one in found.disagreements()} == {
        one.item for one in found.pictures if len(set(one.answers)) > 1
    }
    assert found.interval(0)[0] < found.accuracies()[0] < found.interval(0)[1]
    figure = comparison_charts.recalls_figure(found.per_class(), ["a", "b", "c", "d"])
    assert len(figure.data) == 5
    np.testing.assert_allclose(figure.data[1].x, [row["recall"][0] for row in reversed(found.per_class())])
    rows = [{"validation_loss": 0.5, "validation_accuracy": 0.8}, {"validation_loss": 0.4, "validation_accuracy": 0.9}]
    curves = comparison_charts.curves_figure([("a", rows), ("b", rows[:1])], "accuracy")
    assert [list(line.y) for line in curves.data] == [[0.8, 0.9], [0.8]]


def test_what_a_model_costs_is_read_from_its_files(graft, project):
    folder = run(graft, project)
    assert compare.cost(folder) == {"seconds": 3.2, "model_mb": 5e-6, "images_per_second": 900.0}


def test_an_ambiguous_picture_is_in_no_training_and_the_mark_can_be_undone(graft, project):
    items = graft.registry.items(project.dataset_id)
    change = graft.registry.change_items(project.dataset_id, [items[0].id], SUMMARY, ambiguous=True)
    assert graft.registry.items(project.dataset_id)[0].ambiguous
    seen = versions.of_run(graft.workspace.run_dir(graft.start_run(project.id, {"name": "instant"}, after="x")))
    assert items[0].id not in {picture.item for picture in seen} and len(seen) == len(items) - 1
    graft.registry.undo(change)
    assert graft.registry.items(project.dataset_id)[0].is_used


def test_one_group_that_turned_over_is_no_proof_however_many_pictures_it_has():
    """Thirty pictures of one speaker are one thing that happened; McNemar's test would call it beyond doubt."""
    assert compare.mcnemar(0, 30) < 1e-8
    assert sign_flips.p_value([30, 0, 0]) == 1.0
    assert sign_flips.p_value([5] * 6) == 2 / 2**6
    assert sign_flips.p_value([]) == 1.0
    assert sign_flips.p_value([3, -3]) == 1.0


def test_many_groups_are_drawn_and_come_close_to_every_combination():
    differences = [4, 3, 5, -1, 2, 6, 1, 2, 3, -2, 1, 4]
    exact = sign_flips.p_value(differences)
    assert sign_flips.p_value([*differences, 0]) == exact  # a group that did not change says nothing
    assert sign_flips.p_value([5] * 30) == pytest.approx(1 / 10_001)
    drawn = sign_flips.p_value([*differences, 1, -1])
    assert drawn == pytest.approx(exact, abs=0.02)


def test_false_alarms_by_groups_are_as_rare_as_promised():
    """Two equally good models whose luck differs from group to group: by pictures one in three is "proof"."""
    rng = np.random.default_rng(0)
    alarms = {"pictures": 0, "groups": 0}
    for _draw in range(300):
        gain = rng.normal(0, 0.1, 8)
        won = rng.binomial(40, np.clip(0.1 + gain / 2, 0, 1))
        lost = rng.binomial(40, np.clip(0.1 - gain / 2, 0, 1))
        alarms["pictures"] += compare.mcnemar(int(won.sum()), int(lost.sum())) < compare.CHANCE
        alarms["groups"] += sign_flips.p_value(list(won - lost)) < compare.CHANCE
    assert alarms["groups"] / 300 < 0.08 < alarms["pictures"] / 300


def test_where_groups_were_kept_apart_the_comparison_goes_by_them(graft, project):
    folders = [run(graft, project, accuracy=0.5, seed=1), run(graft, project, accuracy=0.9, seed=2)]
    by_pictures = compare.compare(folders)
    assert not by_pictures.by_groups and by_pictures.chance() == compare.mcnemar(
        len(by_pictures.turned_wrong()), len(by_pictures.turned_right())
    )
    for folder in folders:
        path = folder / runs.EVALUATION
        write_json(path, {**read_json(path), "interval_groups": 2})
        (folder / runs.PREDICTIONS).touch()
    found = compare.compare(folders)
    assert found.by_groups
    sums: dict = {}
    for one in found.pictures:
        unit = one.group or one.item
        sums[unit] = sums.get(unit, 0) + one.right[1] - one.right[0]
    assert found.chance() == sign_flips.p_value(list(sums.values()))
