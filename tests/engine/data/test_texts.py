"""Texts come in as lines of tables or as files, every one of them used or refused by name, and are drawn to be read."""

import json

import numpy as np
import pytest

from engine.data import dataset_zip
from engine.data.importing import preview
from engine.data.importing.ingest import Account, ingest
from engine.data.modalities import fonts, registry, text, text_drawing
from engine.errors import DataError
from engine.storage.registry import Item
from tests.support.drawn_sets import brought_in, reasons
from tests.support.odd_files import encode, photo

GURMUKHI = "ਉਸਨੇ ਆਪਣੇ ਫਲਾਂ ਦੇ ਸਟੰਪ ਕੀਤਾ"
SENTENCES = {
    "English": "Where is the station?",
    "Greek": "Πού είναι ο σταθμός;",
    "Russian": "Где находится вокзал?",
    "Arabic": "أين المحطة يا صديقي؟",
    "Hindi": "स्टेशन कहाँ है मेरे दोस्त?",
    "Bengali": "স্টেশন কোথায় আমার বন্ধু?",
    "Tamil": "நிலையம் எங்கே உள்ளது?",
    "Telugu": "స్టేషన్ ఎక్కడ ఉంది?",
    "Thai": "สถานีอยู่ที่ไหน",
    "Khmer": "តើស្ថានីយ៍នៅឯណា",
    "Chinese": "车站在哪里?",
    "Korean": "역이 어디에 있습니까?",
}


def labels(account: Account) -> dict[str, str | None]:
    return {one.name: one.label for one in account.used}


def table(*lines: str) -> bytes:
    return "\n".join(lines).encode()


def test_a_table_of_sentences_is_found_by_itself_and_every_line_accounted_for(tmp_path, workspace):
    lines = [
        "sentence,language",
        "Good morning to you,English",
        ",English",
        f"{GURMUKHI},Punjabi",
        "Guten Morgen,German",
    ]
    (tmp_path / "greetings.csv").write_bytes(table(*lines, "12 345,German", "Guten Morgen,German"))
    account = ingest(tmp_path / "greetings.csv", workspace)
    assert (account.received, len(account.used)) == (6, 3)
    assert [(one.name, one.label, one.modality) for one in account.used] == [
        ("Good morning to you", "English", "text"),
        ("Guten Morgen", "German", "text"),
        ("Guten Morgen", "German", "text"),
    ]
    assert workspace.blob_path(account.used[0].sha256).read_text("utf-8") == "Good morning to you"
    refused = reasons(account)
    assert refused["greetings.csv:3"] == text.EMPTY
    assert "the script Gurmukhi" in refused["greetings.csv:4"]
    assert refused["greetings.csv:6"] == text.NO_LETTERS
    assert account.layout["modality"] == "text" and not account.layout["questions"]


def test_a_column_that_only_looks_like_texts_is_asked_about_and_the_answer_obeyed(tmp_path, workspace):
    lines = ["what,said,who", *(f"a {n} and more words,the story number {n} is much longer,x{n % 2}" for n in range(8))]
    path = tmp_path / "talk.csv"
    path.write_bytes(table(*lines))
    first = preview.look(path, tmp_path)
    questions = {one["option"]: (one["answer"], one["others"]) for one in first["questions"]}
    assert questions == {"text_column": ("said", ["what"]), "label_column": ("who", ["what"])}
    assert (first["pictures"], first["modality"], first["choices"][0]["num_classes"]) == (8, "text", 2)
    account = ingest(path, workspace, reading={"text_column": "what", "label_column": "who"})
    assert labels(account)["a 3 and more words"] == "x1"


@pytest.mark.parametrize("reading", [{}, {"text_column": "text"}])
def test_a_text_column_of_numbers_is_a_sentence(tmp_path, workspace, reading):
    (tmp_path / "n.csv").write_bytes(table("text,label", *(f"{n}.5,a" for n in range(9))))
    with pytest.raises(DataError, match="The column text of n.csv holds numbers, not texts"):
        ingest(tmp_path / "n.csv", workspace, reading=reading).require_used()


def test_texts_without_a_class_column_say_so_and_go_into_a_class_that_is_given(tmp_path, workspace):
    path = tmp_path / "lines.jsonl"
    path.write_text("".join(json.dumps({"text": f"line {word}"}) + "\n" for word in ("one", "two")), encoding="utf-8")
    with pytest.raises(DataError, match="but no column that gives a class"):
        ingest(path, workspace).require_used()
    assert {one.label for one in ingest(path, workspace, label="mine").used} == {"mine"}


def test_a_folder_of_text_files_a_class_works_and_a_broken_one_is_named(tmp_path, workspace):
    files = {
        "yes/1.txt": b"Oh yes please",
        "no/1.txt": b"Not at all",
        "no/2.txt": "Nö".encode("cp1252"),
        "no/3.txt": b"",
    }
    account = brought_in(tmp_path, workspace, files)
    assert labels(account) == {"yes/1.txt": "yes", "no/1.txt": "no"}
    assert reasons(account) == {"no/2.txt": text.NOT_UTF_8, "no/3.txt": text.EMPTY}


def test_captions_and_notes_beside_pictures_stay_out(tmp_path, workspace):
    pictures = {f"a/{n}.png": encode(photo(n), "PNG") for n in (1, 2)}
    notes = {f"a/{n}.txt": b"a caption" for n in (1, 2, 3)}
    written = {"about.csv": b"text,label\nsome words,a\n"}
    account = brought_in(tmp_path, workspace, {**pictures, **notes, **written})
    assert {one.name for one in account.used} == set(pictures)
    assert reasons(account)["a/3.txt"] == text.TEXT.foreign and len(account.refused) == account.received - 2


def test_exported_texts_are_files_that_come_in_again(tmp_path, workspace):
    (tmp_path / "s.csv").write_bytes(table("text,label", "Either/or that is it,a", "All's well,b"))
    used = ingest(tmp_path / "s.csv", workspace).used
    items = [Item(one.sha256, one.name, one.label, bytes=one.bytes, modality="text") for one in used]
    dataset_zip.write(workspace, items, tmp_path / "out.zip")
    again = ingest(tmp_path / "out.zip", workspace)
    assert sorted((one.sha256, one.label) for one in again.used) == sorted((one.sha256, one.label) for one in used)


@pytest.mark.parametrize("language", SENTENCES)
def test_every_script_with_a_font_is_drawn_and_in_its_own_font(language):
    words = SENTENCES[language]
    assert all(fonts.font_of(letter) is not None for letter in words if letter.isalpha())
    paper = text_drawing.drawn(words, 96)
    assert paper.shape == (96, 96) and 0.02 < (paper < 128).mean() < 0.5
    top, bottom = paper[:48], paper[48:]
    assert top.min() < 128 and bottom.min() < 128, "a short text is repeated until the square is full"


def test_arabic_is_joined_and_begins_on_the_right():
    line = text_drawing.drawn("سلام", 96, repeat=False)
    columns = np.flatnonzero((line < 128).any(axis=0))
    assert columns.max() > 85 and columns.min() > 40
    apart = sum(text_drawing.drawn(letter, 96, repeat=False).min(axis=0).__lt__(128).sum() for letter in "سلام")
    assert len(columns) < apart, "joined letters take less room than single ones"


def test_a_long_text_is_written_smaller_and_one_that_is_longer_still_shows_its_end():
    short, long = text_drawing.drawn("one two", 96), text_drawing.drawn("one two three four five six seven " * 3, 96)
    assert (long < 128).any(axis=1).sum() != (short < 128).any(axis=1).sum()
    book = "word " * 5000
    assert not np.array_equal(text_drawing.drawn(book + "ΤΕΛΟΣ " * 20, 96), text_drawing.drawn(book, 96))


def test_a_text_is_told_from_what_only_looks_like_one():
    known = {
        b"Plain words.": "text",
        "Grüße, 你好".encode(): "text",
        b"P3 2 2 255 1 2 3": "image",
        b"\x00\x01binary": "image",
        b"%PDF-1.7": "image",
    }
    assert {content: registry.of(content).name for content in known} == known
    cut = ("ä" * 4000).encode()[: registry.HEAD + 1]
    assert registry.of(cut).name == "text", "a letter may be cut where the first bytes end"


def test_nothing_that_mirrors_tilts_or_crops_is_tried_on_texts():
    offered = text.TEXT.augmentations
    assert not (offered.tolerance or offered.stronger or offered.mixtures or offered.without_asking)


def test_words_of_another_direction_stay_in_the_order_of_the_text():
    lines = text_drawing.drawn("abc def مرحبا ghi jkl", 96, repeat=False)
    left = lines[:, :8] < 128
    assert left[16:64].any(), "every line of an English text begins on the left, also one that begins with Arabic"


def test_drawing_is_quick_once_the_words_are_known():
    words = [f"The {place} sentence of many others, drawn twice" for place in range(200)]
    for each in words:
        text_drawing.drawn(each, 96)
    known = text_drawing.stamps.cache_info()
    for each in words:
        text_drawing.drawn(each, 96)
    assert text_drawing.stamps.cache_info().misses == known.misses, "no word is drawn a second time"


def test_a_table_larger_than_any_file_may_be_is_a_sentence_and_never_read(tmp_path, workspace):
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.write(b"text,label\n")
        file.truncate(10**9)  # a hole: it takes no room on the disk
    with pytest.raises(DataError, match=r"huge.csv cannot be used. The file is larger than 256 MB"):
        ingest(path, workspace).require_used()
