"""Before a training starts, a person is told what is wrong with the pictures and what to do."""

import pytest

from engine.data import check
from engine.errors import DataError
from tests.test_data_split import record, records


def kinds(items, refused=()) -> list[str]:
    return [finding["kind"] for finding in check.findings(items, refused)]


def refusal(items) -> str:
    with pytest.raises(DataError) as error:
        check.ready_to_train(items)
    return str(error.value)


def test_good_data_has_no_findings():
    items = records(a=30, b=40)
    assert kinds(items) == []
    check.ready_to_train(items)


def test_nothing_to_learn_from_is_said_in_words():
    assert "no pictures with a class" in refusal([])
    assert "no pictures with a class" in refusal([record("1", None)])
    assert "All pictures belong to one class, a." in refusal(records(a=9))


def test_class_with_too_few_different_pictures_says_how_many_are_missing():
    items = [*records(a=9), record("b1", "b"), record("b2", "b", sha256="hash of b1")]
    assert "Class b has 1 different pictures" in refusal(items)
    assert "Add 2 more" in refusal(items)


def test_two_classes_with_the_very_same_pictures_are_refused():
    items = [*records(a=5), *(record(f"copy{n}", "b", sha256=f"hash of a{n}") for n in range(5))]
    assert "Classes a and b hold the very same pictures" in refusal(items)


def test_same_picture_under_two_labels_is_a_conflict_naming_both_files():
    items = [*records(a=30, b=30), record("wrong", "b", sha256="hash of a3")]
    (finding,) = [finding for finding in check.findings(items) if finding["kind"] == "conflict"]
    assert finding["severity"] == "error"
    assert sorted(finding["files"]) == ["a3", "wrong"]
    assert finding["message"].format(**finding["values"]) == "The same picture lies in a, b."


def test_findings_come_worst_first_and_every_sentence_can_be_filled_in():
    items = [*records(a=200, A=2, c=10), record("copy", sha256="hash of a1"), record("bare", None)]
    refused = [{"file": "x.txt", "reason": "larger than {limit} MB", "values": {"limit": 5}}]
    found = check.findings(items, refused)
    expected = ["small_class", "no_class", "similar_names", "small_class", "imbalance", "duplicates", "refused"]
    assert [finding["kind"] for finding in found] == expected
    for finding in found:
        assert "{" not in finding["message"].format(**finding["values"]) + finding["fix"].format(**finding["values"])


def test_names_with_markup_or_braces_are_plain_text():
    items = [*records(a=9), *(record(f"x{n}", "{evil} ![x](y) <script>") for n in range(2))]
    assert "{evil} ![x](y) <script>" in refusal(items)
