"""Results: the confusion matrix, its groups of classes, and the pictures behind a cell."""

import pytest

from engine.evaluation.charts import class_order
from engine.storage import runs
from tests.support.app_pages import matrix_on, open_tab, table_on, words
from tests.support.run_files import add_run, fill_project, finish_run


@pytest.fixture
def hundred_classes(graft):
    """A project of 100 classes, ten families of which are confused among themselves, and its run."""
    project = fill_project(graft, "Many", classes=[f"class {n:03}" for n in range(100)], per_class=20)
    run_id = add_run(graft, project)
    finish_run(graft, run_id, accuracy=0.5, families=10)
    return project, run_id


def test_a_click_on_a_cell_opens_exactly_its_pictures(graft, finished):
    facts = runs.read_evaluation(graft.workspace.run_dir(finished))
    matrix = facts["confusion_matrix"]
    i, j = next((i, j) for i in range(3) for j in range(3) if i != j and matrix[i][j])
    at = open_tab("Confusions", **{f"confusion-chosen-{finished}": (i, j)})
    names = facts["class_names"]
    assert f"**{names[i]}, taken for {names[j]}** · {matrix[i][j]} picture" in words(at)
    assert matrix_on(at)["selected"] == [i, j]


def test_a_pair_from_the_list_opens_its_pictures_too(finished):
    at = open_tab("Confusions")
    pairs = at.radio(key=f"confused-pairs-{finished}")
    at = (
        pairs.set_value(pairs.options[0]).run()
        if isinstance(pairs.options[0], tuple)
        else pairs.set_value((0, 1)).run()
    )
    assert "taken for" in words(at) and not at.exception


def test_the_matrix_has_every_number_of_the_evaluation(graft, finished):
    facts = runs.read_evaluation(graft.workspace.run_dir(finished))
    shown = matrix_on(open_tab("Confusions"))
    assert shown["down"] == shown["across"] == facts["class_names"]
    assert shown["counts"] == facts["confusion_matrix"] and not shown["share"]
    assert matrix_on(open_tab("Confusions", **{"confusion-view": "shares"}))["share"]


def test_a_hundred_classes_are_seen_in_groups_and_a_group_opens_with_its_names(graft, hundred_classes):
    project, run_id = hundred_classes
    at = open_tab("Confusions", current_project=project.id)
    parts = at.selectbox(key=f"confusion-part-{run_id}")
    assert parts.options[:2] == ["All 100, in groups", "The 20 classes with most mistakes"]
    at.session_state["confusion-view-many"] = "table"
    at.run()
    titles, rows = table_on(at)
    assert len(titles) - 1 == len(rows) == len(parts.options) - 2 <= 14
    matrix = runs.read_evaluation(graft.workspace.run_dir(run_id))["confusion_matrix"]
    assert sum(int(text) for row in rows for text in row[1:]) == sum(map(sum, matrix))
    at.selectbox(key=f"confusion-part-{run_id}").select_index(2).run()
    shown = matrix_on(at)
    assert 2 <= len(shown["down"]) <= 15 and shown["across"] == shown["down"]
    at.button(key=f"confusion-part-{run_id}-back").click().run()
    assert at.session_state[f"confusion-part-{run_id}"] == "all" and not at.exception


def test_where_two_groups_meet_rows_and_columns_differ_and_cells_open_their_pictures(graft, hundred_classes):
    project, run_id = hundred_classes
    facts = runs.read_evaluation(graft.workspace.run_dir(run_id))
    groups = class_order.similar_groups(facts["confusion_matrix"])
    at = open_tab("Confusions", current_project=project.id, **{f"confusion-part-{run_id}": "0-1"})
    shown, names = matrix_on(at), facts["class_names"]
    assert shown["across"] == [names[place] for place in groups[1]]
    assert shown["down"] == [names[place] for place in groups[0]]
    at.session_state[f"confusion-chosen-{run_id}"] = (groups[0][0], groups[1][0])
    at.run()
    assert f"**{names[groups[0][0]]}, taken for {names[groups[1][0]]}** ·" in words(at)


def test_the_list_of_pairs_goes_on_to_the_last_mistake(graft, hundred_classes):
    project, run_id = hundred_classes
    at = open_tab("Confusions", current_project=project.id)
    for _click in range(9):
        if any(button.key == f"pairs-more-{run_id}" for button in at.button):
            at.button(key=f"pairs-more-{run_id}").click().run()
    matrix = runs.read_evaluation(graft.workspace.run_dir(run_id))["confusion_matrix"]
    pairs = sum(bool(count) for i, row in enumerate(matrix) for j, count in enumerate(row) if i != j)
    assert len(at.radio(key=f"confused-pairs-{run_id}").options) == pairs


def test_a_few_classes_stay_by_name_and_can_be_sorted_by_confusion(finished):
    at = open_tab("Confusions")
    at.session_state[f"confusion-order-{finished}"] = "similar"
    at.run()
    assert sorted(matrix_on(at)["across"]) == ["apple", "pear", "plum"] and not at.exception


def test_names_of_classes_are_shown_as_they_are(graft):
    project = fill_project(graft, "Odd", classes=["![x](http://y/z.png)", "<script>alert(1)</script>"])
    run_id = add_run(graft, project)
    finish_run(graft, run_id, accuracy=0.5)
    at = open_tab("Confusions", current_project=project.id)
    assert not at.exception
    pairs = at.radio(key=f"confused-pairs-{run_id}")
    assert all("![x](" not in label for label in pairs.options)
