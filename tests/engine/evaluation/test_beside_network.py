"""A run on texts also learns character n-grams; both are compared, and the one that is kept answers."""

import hashlib
import json

import numpy as np
import pytest

from engine.cli import keep as keeping
from engine.data.examples.sentences import PHRASES
from engine.errors import UserError
from engine.evaluation import beside_network, evaluators, predict
from engine.evaluation.reliability import nearest_examples
from engine.storage import runs
from engine.storage.registry import Item
from engine.storage.workspace import Workspace, write_atomic
from engine.training.baselines import ngram
from tests.support import tiny_runs
from tests.support.tiny_runs import SPLITS

LANGUAGES = ("English", "Greek", "German")


def texts(workspace: Workspace, each: int = 20) -> list[Item]:
    """Return items of sentences, `each` of every language."""
    items = []
    for language in LANGUAGES:
        who, does, when = PHRASES[language]
        for number in range(each):
            text = f"{who[number % 6]} {does[number % 8]} {when[number // 8]}."
            sha256 = hashlib.sha256(text.encode()).hexdigest()
            write_atomic(workspace.blob_path(sha256), text)
            split = SPLITS[number % len(SPLITS)]
            items.append(Item(sha256, text, language, split=split, id=len(items) + 1, modality="text"))
    return items


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    workspace = Workspace(tmp_path_factory.mktemp("texts")).create()
    return workspace, tiny_runs.train(workspace, texts(workspace), image_size=96)


def test_the_ngrams_stand_beside_the_network_with_interval_and_chance(run):
    _workspace, run_dir = run
    facts = runs.read_evaluation(run_dir)
    assert (facts["modality"], facts["fit"]) == ("text", "letterbox")
    beside = facts["baselines"]["ngram"]
    low, high = beside["accuracy_interval"]
    assert low <= beside["accuracy"] <= high and 0 < beside["chance"] <= 1
    gap = (beside["only_ngram"] - beside["only_network"]) / facts["counts"]["test"]
    assert beside["accuracy"] - facts["accuracy"] == pytest.approx(gap)
    assert {"majority", "before_fine_tuning"} <= facts["baselines"].keys()
    assert any("Character n-grams on the same texts" in line for line in evaluators.of("one").lines(facts))


def test_the_model_that_is_kept_answers_and_can_be_changed_back(run, capsys):
    workspace, run_dir = run
    asked = ["Η αδελφή μου ψάχνει το κλειδί.".encode(), b"My sister waters the flowers."]
    network = predict.predict(run_dir, asked)
    beside_network.keep(run_dir, beside_network.NGRAM)
    ngrams = predict.predict(run_dir, asked)
    assert not np.allclose(network, ngrams)
    assert [sorted(LANGUAGES)[place] for place in ngrams.argmax(axis=1)] == ["Greek", "English"]
    assert all(answer["unknown"] is None for answer in nearest_examples.answers(run_dir, workspace, asked))
    beside_network.keep(run_dir, beside_network.NETWORK)
    assert np.allclose(predict.predict(run_dir, asked), network)


def test_a_picture_is_no_question_to_a_model_of_texts(run):
    with pytest.raises(UserError, match="This project holds"):
        predict.predict(run[1], [b"\x89PNG\r\n\x1a\n"])


def test_kept_ngrams_are_plain_arrays_that_answer_as_the_fitted_ones():
    written, y = ["aa ab", "ab aa", "zz zy", "zy zz"], np.array([0, 0, 1, 1])
    fitted = ngram.fit(written, y, 2)
    answers = fitted.probabilities(["aa", "zz", "nothing known 1"])
    assert answers[0, 0] > 0.5 > answers[1, 0]
    assert answers.sum(axis=1) == pytest.approx(1)


def test_ngrams_are_read_back_without_running_anything(tmp_path):
    fitted = ngram.fit(["aa", "bb"], np.array([0, 1]), 2)
    fitted.save(tmp_path / ngram.FILE)
    with np.load(tmp_path / ngram.FILE, allow_pickle=False) as kept:
        assert json.loads(kept["vocabulary"].tobytes().decode()) == list(fitted.vocabulary)
    assert np.allclose(ngram.load(tmp_path).probabilities(["ab"]), fitted.probabilities(["ab"]))


def test_a_run_without_ngrams_has_nothing_to_keep(tmp_path):
    class Options:
        run, model, json = str(tmp_path), "ngram", False

    with pytest.raises(UserError):
        keeping.keep(Options)
