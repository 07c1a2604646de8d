"""Results: the honest number in words, and every part of the page."""

import pytest

from engine.evaluation import beside_network
from engine.storage import runs
from engine.storage.workspace import write_json
from engine.training.baselines import ngram
from pages.sections.evaluation.mistakes import confusion
from tests.support.app_pages import component_with, open_page, open_tab, words
from tests.support.run_files import add_run, finish_run


def test_the_honest_number_is_a_sentence_with_interval_and_both_baselines(graft, finished):
    facts = runs.read_evaluation(graft.workspace.run_dir(finished))
    said = words(open_page("evaluation"))
    assert f"On {facts['counts']['test']} pictures it never saw, it is right" in said
    assert "Giving every picture the same answer would be right 33" in said
    assert "Untrained, the network is right" in said


def test_a_small_test_set_is_called_too_small(finished):
    assert "more test pictures would narrow it" in words(open_page("evaluation"))


@pytest.mark.parametrize(
    "tab", ["Pictures", "Classes", "Groups", "How sure", "“I don’t know”", "Robustness", "Curves", "About this run"]
)
def test_every_part_of_the_results_opens(finished, tab):
    at = open_tab(tab)
    assert not at.exception


def test_the_ngrams_beside_a_run_on_texts_are_told_and_can_be_kept(graft, finished):
    folder = graft.workspace.run_dir(finished)
    facts = runs.read_evaluation(folder)
    beside = {"accuracy": 0.99, "accuracy_interval": [0.95, 0.999], "validation_accuracy": 0.98}
    beside |= {"only_network": 1, "only_ngram": 40, "chance": 1e-8}
    write_json(folder / runs.EVALUATION, {**facts, "baselines": {**facts["baselines"], "ngram": beside}})
    (folder / ngram.FILE).write_bytes(b"")
    at = open_page("evaluation")
    said = words(at)
    assert "the n-grams are right 99 times in 100 (between 95 and 99.9)" in said
    assert "40 test texts are right by the n-grams alone, 1 by the network alone" in said
    assert "the n-grams are better here" in said and "language, script and style" in said
    at.segmented_control(key=f"answers-{finished}").set_value("ngram").run()
    assert beside_network.kept(folder) == "ngram"
    assert "stay those of the network" in words(at)


def with_copies(graft, run_id: str, *, left_out: bool) -> dict:
    """Let a run have found that five of its test pictures are copies of training pictures; return what it keeps."""
    folder = graft.workspace.run_dir(run_id)
    items = graft.registry.items(graft.registry.run(run_id).dataset_id)
    by_split = {split: [item.id for item in items if item.split == split][:5] for split in ("train", "test")}
    copies = {"test": by_split["test"], "learned": by_split["train"], "left_out": left_out}
    runs.write_json(folder / runs.EVALUATION, {**runs.read_evaluation(folder), "copies": copies})
    return copies


def test_copies_it_learned_from_stand_in_red_instead_of_the_padlock_and_one_press_moves_them(graft, finished):
    copies = with_copies(graft, finished, left_out=False)
    at = open_page("evaluation")
    assert "**5 of these" in at.error[0].value and "flatters this number" in at.error[0].value
    said = words(at)
    assert "never saw" not in said and "used for nothing but this number" not in said
    at.button(key="copies-apart").click().run()
    assert not at.exception
    moved = graft.registry.items_by_id(copies["learned"]).values()
    assert {item.split for item in moved} == {"test"}
    assert not [button for button in at.button if button.key == "copies-apart"], "there is nothing left to move"


def test_copies_that_were_not_learned_from_are_said_in_grey(graft, finished):
    with_copies(graft, finished, left_out=True)
    at = open_page("evaluation")
    said = words(at)
    assert "5 pictures were not learned from: they are copies of test pictures" in said and not at.error
    assert "pictures it never saw" in said


def test_no_button_promises_what_would_leave_a_class_without_pictures(graft, project, finished):
    copies = with_copies(graft, finished, left_out=False)
    folder = graft.workspace.run_dir(finished)
    every = [item.id for item in graft.registry.items(project.dataset_id) if item.split == "train"]
    copies = {**copies, "learned": every}
    runs.write_json(folder / runs.EVALUATION, {**runs.read_evaluation(folder), "copies": copies})
    at = open_page("evaluation")
    assert "Bring in other test pictures" in at.error[0].value
    assert not [button for button in at.button if button.key == "copies-apart"]


def facts_of(graft, run_id: str, **changes) -> dict:
    """Change what a run says of itself, as the evaluation of another run would."""
    folder = graft.workspace.run_dir(run_id)
    facts = {**runs.read_evaluation(folder), **changes}
    runs.write_json(folder / runs.EVALUATION, facts)
    return facts


@pytest.mark.parametrize(
    ("interval", "recalls", "said"),
    [
        ([0.92, 0.99], (0.95, 0.9, 0.99), "Good] It is right at least 90 times in 100"),
        ([0.85, 0.90], (0.95, 0.9, 0.99), "Usable with care] It could be right only 85 times in 100"),
        ([0.92, 0.99], (0.95, 0.7, 0.99), "Usable with care] It finds **pear** only 70 times in 100"),
        ([0.92, 0.99], (0.95, 0.4, 0.99), "Not yet] It finds **pear** only 40 times in 100"),
        ([0.20, 0.60], (0.95, 0.9, 0.99), "Not yet] It may be no better than giving every picture the same answer"),
    ],
)
def test_the_verdict_says_which_rule_decided(graft, finished, interval, recalls, said):
    rows = runs.read_evaluation(graft.workspace.run_dir(finished))["per_class"]
    rows = [{**row, "recall": recall, "support": 40} for row, recall in zip(rows, recalls, strict=True)]
    facts_of(graft, finished, accuracy=interval[1] - 0.02, accuracy_interval=interval, per_class=rows)
    assert said in words(open_page("evaluation"))


def test_the_weakest_class_shows_six_of_its_mistakes_and_leads_to_all_of_them_in_one_press(graft, project):
    run_id = add_run(graft, project)
    finish_run(graft, run_id, accuracy=0.3)
    at = open_page("evaluation")
    assert "Weakest class: " in {metric.label[:15] for metric in at.metric}
    shown = component_with(at, '"tiles"')["tiles"]
    assert len(shown) == 6 and all(tile["tone"] == "bad" for tile in shown)
    at.button(key="weakest-all").click().run()
    assert not at.exception and "taken for something else" in words(at)
    assert at.query_params["tab"] == "confusions" and at.query_params["cell"].endswith("-x")


def test_a_class_chosen_in_the_table_opens_its_mistakes(graft, finished):
    at = open_tab("Classes")
    assert component_with(at, '"sortable"')["choose"] == "rows"
    at = open_tab("Confusions", **{f"confusion-chosen-{finished}": (1, confusion.ALL)})
    assert "**pear, taken for something else**" in words(at)


def test_one_step_is_named_that_helps_most(graft, project, finished):
    assert "Train with the recipe Balanced" in words(open_page("evaluation"))
    items = graft.registry.items(project.dataset_id)
    rare = [item.id for item in items if item.label == "plum" and item.split == "train"][8:]
    graft.registry.change_items(project.dataset_id, rare, {"template": "x", "values": {}}, removed=True)
    run_id = add_run(graft, project)
    finish_run(graft, run_id)
    rows = runs.read_evaluation(graft.workspace.run_dir(run_id))["per_class"]
    rows = [{**row, "recall": 0.3 if row["class"] == "plum" else 0.9} for row in rows]
    facts_of(graft, run_id, per_class=rows)
    said = words(open_page("evaluation", current_run=run_id))
    assert "More pictures of **plum**: it has 8 to learn from, other classes about" in said


def test_what_one_group_is_worth_to_another_is_a_table_with_words(graft, finished):
    folder = graft.workspace.run_dir(finished)
    found = {"groups": ["French", "German"], "train": [20, 20], "test": [10, 10]}
    found |= {"accuracy": [[0.9, 0.4], [0.5, 0.8]], "without": [0.5, 0.4]}
    found |= {"intervals": [[[0.7, 1.0], [0.2, 0.6]], [[0.3, 0.7], [0.6, 0.9]]]}
    found |= {"without_intervals": [[0.3, 0.7], [0.2, 0.6]]}
    write_json(folder / runs.EVALUATION, {**runs.read_evaluation(folder), "transfer": found})
    at = open_tab("Groups")
    assert not at.exception
    assert "What one group is worth to another" in words(at)
    assert "If **French** were missing from training" in words(at) and "90 times" in words(at)
