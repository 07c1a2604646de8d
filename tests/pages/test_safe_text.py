"""Names that people typed, where Graft shows them."""

from engine.data.layout import clean_name, without_tails
from pages.session.safe_text import isolated, md_escape, set_off
from tests.support.app_pages import matrix_on, open_tab, words
from tests.support.run_files import add_run, fill_project, finish_run

IN_SPRING, IN_AUTUMN, ON_A_LAWN = (
    clean_name(f"{bird}, photographed from the bank of a quick mountain river in {season}")
    for bird, season in (
        ("Grey wagtail on a wet stone", "spring"),
        ("Grey wagtail on a wet stone", "autumn"),
        ("White wagtail walking over a lawn", "spring"),
    )
)


def test_a_name_from_right_to_left_keeps_the_number_beside_it_in_its_place():
    name = "\u062a\u0641\u0627\u062d"  # apple, in Arabic
    assert isolated(name) == f"\u2068{name}\u2069" == md_escape(name)
    assert isolated("apple") == "apple" and isolated(5) == "5"


def test_a_name_as_short_as_a_digit_is_set_off_in_a_sentence():
    assert set_off("5") == "“5”" and set_off("cat") == "cat"
    assert set_off("*") == "“\\*”"


def test_the_letters_that_tell_long_names_apart_are_shown_only_where_two_begin_alike():
    text = f"{ON_A_LAWN} taken for {IN_SPRING} (99 %)"
    short, spring = ON_A_LAWN[:72], IN_SPRING[:72]
    assert short.endswith("…") and without_tails(text, [ON_A_LAWN, IN_SPRING]) == f"{short} taken for {spring} (99 %)"
    assert without_tails(text, [ON_A_LAWN, IN_SPRING, IN_AUTUMN]) == f"{short} taken for {IN_SPRING} (99 %)"
    assert without_tails(text, []) == text, "a name that is not known may have a rival"


def test_a_long_class_name_is_shown_without_them_in_the_matrix_the_list_and_the_pictures(graft):
    project = fill_project(graft, classes=("apple", IN_SPRING, ON_A_LAWN))
    run_id = add_run(graft, project)
    finish_run(graft, run_id)
    at = open_tab("Confusions", **{f"confusion-chosen-{run_id}": (1, 2)})
    shown = words(at) + str(at.radio(key=f"confused-pairs-{run_id}").options) + str(matrix_on(at)["down"])
    assert "photographed from the bank" in shown
    assert IN_SPRING[72:] not in shown and ON_A_LAWN[72:] not in shown
