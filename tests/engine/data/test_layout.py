"""Folders and tables are understood as people use them; names are cleaned, never interpreted."""

import pytest

from engine.data import layout
from engine.data.importing import tables
from engine.data.importing.row_matching import Files, match
from engine.errors import DataError


def paths(*folders: str, each: int = 2) -> list[str]:
    return [f"{folder}/{number}.jpg" for folder in folders for number in range(each)]


@pytest.mark.parametrize(
    ("files", "kind", "path", "expected"),
    [
        (paths("cats", "dogs"), "class", "cats/0.jpg", ("cats", None, None)),
        (paths("set/cats", "set/dogs"), "class", "set/dogs/0.jpg", ("dogs", None, None)),
        (paths("a/b/cats", "a/b/dogs"), "class", "a/b/cats/0.jpg", ("cats", None, None)),
        (paths("cats"), "class", "cats/0.jpg", ("cats", None, None)),
        (["1.jpg", "2.jpg"], "flat", "1.jpg", (None, None, None)),
        (paths("train/cats", "test/cats"), "split/class", "test/cats/0.jpg", ("cats", None, "test")),
        (paths("Training/a", "VALID/a", "testing/b"), "split/class", "VALID/a/0.jpg", ("a", None, "validation")),
        (paths("x/train/a", "x/dev/b"), "split/class", "x/dev/b/1.jpg", ("b", None, "validation")),
        (paths("train/a", "train/b"), "split/class", "train/b/1.jpg", ("b", None, "train")),
        (paths("cats/train", "cats/test", "dogs/train"), "class/split", "cats/test/1.jpg", ("cats", None, "test")),
        (paths("en/yes", "en/no", "de/yes", "de/no"), "group/class", "de/yes/0.jpg", ("yes", "de", None)),
        (paths("Greek/c1", "Greek/c2", "Latin/c1"), "class", "Greek/c2/0.jpg", ("Greek", None, None)),
        (
            paths("train/en/yes", "train/en/no", "train/de/yes", "train/de/no", "test/en/yes", "test/de/no"),
            "split/group/class",
            "test/de/no/0.jpg",
            ("no", "de", "test"),
        ),
        ([*paths("set/cats", "set/dogs", each=20), "set/cover.jpg"], "class", "set/cats/0.jpg", ("cats", None, None)),
        (paths("set/cats", "set/dogs", "set", each=5), "class", "set/cats/0.jpg", ("cats", None, None)),
        (paths("train/a", "test/a", "odd"), "split/class", "odd/0.jpg", (None, None, None)),
    ],
)
def test_layouts_are_recognised(files, kind, path, expected):
    found = layout.recognise(files)
    assert found.kind == kind
    assert found.parse(path) == expected


def test_an_explicit_layout_overrides_what_is_found():
    files = paths("Greek/c1", "Latin/c1", "Latin/c9")
    assert layout.recognise(files, "group/class").parse("Latin/c9/0.jpg") == ("c9", "Latin", None)
    assert layout.recognise(files, "class/group").parse("Latin/c9/0.jpg") == ("Latin", "c9", None)


def test_unknown_layout_names_the_known_ones():
    with pytest.raises(DataError, match="Choose one of: auto, class, split/class"):
        layout.recognise([], "tree")


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("![x](http://y)", "![x](http://y)"),
        ("  two\n words\t", "two words"),
        ("a\u202eb\x00c", "abc"),
        ("Ka\u0308fer", "Käfer"),
        ("", "unnamed"),
        ("\x00", "unnamed"),
        (".", "."),  # a table may call classes so: no name of a class is ever a path, and these two are not one
        ("..", ".."),
        ("x" * 500, "x" * 71 + "…" + "c38c2bf3"),
        ("broken \udc80", "broken ?"),
    ],
)
def test_class_names_are_printable_and_short(name, clean):
    assert layout.clean_name(name) == clean


def test_system_files_are_known_anywhere_in_a_path():
    for path in ("__MACOSX/a/._1.jpg", "a/.DS_Store", "a/.ipynb_checkpoints/1.jpg", "THUMBS.DB", ".git/x"):
        assert layout.is_system_file(path)
    assert not layout.is_system_file("a.b/c.jpg")


def read_rows(name: str, content: bytes) -> list[tables.Row]:
    return tables.read(name, content).rows


ROWS = [("a.jpg", "cat", "en", "test"), ("b.jpg", "dog", "de", "train")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", b"file,label,group,split\na.jpg,cat,en,test\nb.jpg,dog,de,train\n"),
        ("t.csv", b"\xef\xbb\xbfImage Path;Class;Domain;Set\r\na.jpg;cat;en;Testing\r\nb.jpg;dog;de;training\r\n"),
        ("t.tsv", b"filename\tcategory\tspeaker\tsubset\na.jpg\tcat\ten\ttest\n\nb.jpg\tdog\tde\ttrain"),
        ("t.csv", "file,label,group,split\na.jpg,cat,en,test\nb.jpg,dog,de,train".encode("utf-16")),
        ("t.csv", b'label|extra|path|group|split\n"cat"|1|a.jpg|en|test\ndog|2|b.jpg|de|train'),
        (
            "t.jsonl",
            (
                b'{"file": "a.jpg", "label": "cat", "group": "en", "split": "TEST"}\n\n'
                b'{"split": "train", "group": "de", "class": "dog", "image": "b.jpg"}'
            ),
        ),
    ],
)
def test_tables_are_read_however_they_were_saved(name, content):
    assert [(row.file, row.label, row.group, row.split) for row in tables.read(name, content).rows] == ROWS


def test_table_saved_by_excel_on_windows_keeps_its_umlauts():
    (row,) = tables.read("t.csv", "file;label\na.jpg;Käfer".encode("cp1252")).rows
    assert row.label == "Käfer"


def test_split_of_a_table_may_be_its_name():
    assert tables.read("data/test.csv", b"file,label\na.jpg,x").rows[0].split == "test"


@pytest.mark.parametrize("content", [b"", b"sentence,language\nhello,English\n", b"\x00\xff", b"file,label\n", b"a\nb"])
def test_table_without_the_columns_says_which_are_needed(content):
    with pytest.raises(DataError, match="columns 'file' and 'label'"):
        tables.read("t.csv", content)


def test_bad_lines_are_refused_one_by_one_with_their_number():
    content = b"file,label\na.jpg,cat\n,dog\nb.jpg\n/etc/passwd,cat\n../x.jpg,cat\nC:\\x.jpg,cat\n"
    rows = tables.read("t.csv", content).rows
    assert [row.where for row in rows if row.refused] == ["t.csv:3", "t.csv:4"]
    problems = [tables.problem_of(row, found) for row, found in zip(rows, match(rows, Files(["b.jpg"])), strict=True)]
    assert ["outside" in str(problem) for problem in problems] == [False, False, False, True, True, True]


def test_bad_json_lines_are_refused_one_by_one():
    rows = read_rows("t.jsonl", b'{"file": "a", "label": 1}\nnot json\n[1]\n{"file": "b"}\n' + b"[" * 5000)
    assert [bool(row.refused) for row in rows] == [False, True, True, True, True]
    assert rows[0].label == "1"


def test_files_are_found_beside_the_table_from_the_top_or_by_a_unique_name():
    names = ["set/images/1.jpg", "set/images/2.JPG", "other/2.JPG", "set/images/0003.jpg"]
    rows = read_rows("set/t.csv", b"file,label\nimages/1.jpg,a\nset/images/1.jpg,a\n1.JPG,a\n0003,a\n2.jpg,a\nx.jpg,a")
    assert tables.match(rows, names) == [0, 0, 0, 3, None, None]
