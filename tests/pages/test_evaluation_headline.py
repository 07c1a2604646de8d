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
