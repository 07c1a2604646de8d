"""Names that people typed, where Graft shows them."""

from pages.elements.names import isolated, md_escape, set_off


def test_a_name_from_right_to_left_keeps_the_number_beside_it_in_its_place():
    name = "\u062a\u0641\u0627\u062d"  # apple, in Arabic
    assert isolated(name) == f"\u2068{name}\u2069" == md_escape(name)
    assert isolated("apple") == "apple" and isolated(5) == "5"


def test_a_name_as_short_as_a_digit_is_set_off_in_a_sentence():
    assert set_off("5") == "“5”" and set_off("cat") == "cat"
    assert set_off("*") == "“\\*”"
