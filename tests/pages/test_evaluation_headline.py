"""Results: the honest number in words, and every part of the page."""

import pytest

from engine.storage import runs
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
