"""Results: the honest number in words, and every part of the page."""

import pytest

from engine.evaluation import beside_network
from engine.storage import runs
from engine.storage.workspace import write_json
from engine.training.baselines import ngram
from tests.support.app_pages import open_page, open_tab, words


def test_the_honest_number_is_a_sentence_with_interval_and_both_baselines(graft, finished):
    facts = runs.read_evaluation(graft.workspace.run_dir(finished))
    said = words(open_page("evaluation"))
    assert f"On {facts['counts']['test']} pictures it never saw, it is right" in said
    assert "Always answering one and the same class: 33." in said
    assert "The same network without training, by likeness to each class" in said


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
