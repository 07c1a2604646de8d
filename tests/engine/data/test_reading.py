"""Whatever arrives is read rightly, or asked about: split names, tables, rows, names in zips, in several guises."""

import unicodedata
from collections import Counter

import pytest

from engine.data.importing.choices import Choices
from engine.data.layout import recognise
from engine.data.split_names import are_splits, of_values, splits_of, typed
from engine.errors import DataError
from tests.support.drawn_sets import asked, brought_in, classes, drawn, numbered, reasons, splits, zipped, zipped_in

IMAGES = [f"img{n}.png" for n in range(12)]


def table(*rows: str, header: str = "file,label") -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def halves(first: str, second: str, mark: str = ",") -> list[str]:
    """Return a line for each of IMAGES, every other one with the same label."""
    return [f"{name}{mark}{second if place % 2 else first}" for place, name in enumerate(IMAGES)]


@pytest.mark.parametrize(
    ("names", "meant"),
    [
        (("training_set", "test_set"), ("train", "test")),
        (("train_images", "test_images", "valid_images"), ("train", "test", "validation")),
        (("seg_train", "seg_test", "seg_pred"), ("train", "test", None)),
        (("train", "validate", "test1"), ("train", "validation", "test")),
        (("train2017", "val2017"), ("train", "validation")),
        (("Training", "PublicTest", "PrivateTest"), ("train", "validation", "test")),
        (("train", "dev", "eval"), ("train", "validation", "test")),
        (("train", "eval", "test"), ("train", "validation", "test")),
        (("TrainSet", "HoldOut"), ("train", "test")),
        (("Trainingsdaten", "Testdaten", "Validierung"), ("train", "test", "validation")),
        (("apprentissage", "validation", "essai"), ("train", "validation", "test")),
        (("entrenamiento", "prueba"), ("train", "test")),
        (("训练集", "测试集"), ("train", "test")),
        (("animals_train", "animals_test"), ("train", "test")),
    ],
)
def test_splits_are_known_as_people_call_them(names, meant):
    assert tuple(splits_of(names).values()) == meant
    assert are_splits(names)


@pytest.mark.parametrize(
    "names",
    [("train", "bus"), ("train station", "bus station"), ("valid", "invalid"), ("trainer", "tester"), ("a", "b")],
)
def test_classes_that_only_sound_like_splits_stay_classes(names):
    assert not are_splits(names)


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        (
            numbered("training_set/training_set/cat", "training_set/training_set/dog", "test_set/test_set/cat"),
            "split/class",
        ),
        (numbered("seg_train/seg_train/sea", "seg_train/seg_train/ice", "seg_test/seg_test/sea"), "split/class"),
        (numbered("data/data/cat", "data/data/dog"), "class"),
        (numbered("train/images/cat", "train/images/dog", "val/images/cat", "train/masks/cat"), "split/class"),
    ],
)
def test_a_folder_alone_in_one_of_its_own_name_is_passed_over(files, kind):
    found = recognise(files)
    assert found.kind == kind
    assert {found.parse(path)[0] for path in files} - {None} in ({"cat", "dog"}, {"sea", "ice"})


@pytest.mark.parametrize(
    ("files", "offered"),
    [
        (
            drawn(*(f"train/{c}.{n}.jpg" for c in ("cat", "dog") for n in range(5)), "test1/1.jpg", "test1/2.jpg"),
            "split/name",
        ),
        (drawn(*(f"images/{c}_{n}.jpg" for c in ("ant", "bee") for n in range(5)), "masks/ant_0.png"), "name"),
        (drawn(*(f"{n}_{c}.jpg" for c in ("ant", "bee") for n in range(5))), "name"),
    ],
)
def test_labels_in_file_names_are_offered_where_folders_give_none(files, offered, tmp_path, workspace):
    account = brought_in(tmp_path, workspace, files)
    assert set(classes(account)) == {None}
    answer, others = asked(account)["layout"]
    assert offered in others
    (tmp_path / "again").mkdir()
    read = brought_in(tmp_path / "again", workspace, files, layout=offered, loose=True)
    assert len(set(classes(read)) - {None}) == 2


@pytest.mark.parametrize(
    "files",
    [
        numbered("images", "masks"),
        numbered("JPEGImages", "SegmentationClass"),
        numbered("images/train", "images/val"),
        numbered("train_1", "train_2"),
    ],
)
def test_nobody_is_led_to_train_on_folders_that_are_no_classes(files, tmp_path, workspace):
    account = brought_in(tmp_path, workspace, files)
    assert set(classes(account)) == {None}
    assert "layout" in asked(account)


def test_masks_beside_pictures_are_no_pictures(tmp_path, workspace):
    account = brought_in(tmp_path, workspace, numbered("images/cat", "images/dog", "masks/cat"))
    assert classes(account) == {"cat": 4, "dog": 4}
    assert all("masks" in reason for name, reason in reasons(account).items() if name.startswith("masks"))


@pytest.mark.parametrize(
    "names",
    [
        ("animals-20240101T120000Z-001.zip", "animals-20240101T120000Z-002.zip"),
        ("animals.part1.zip", "animals.part2.zip"),
        ("animals-001.zip", "animals-002.zip"),
    ],
)
def test_parts_of_one_download_are_one(names, tmp_path, workspace):
    parts = {
        name: zipped(drawn(*(f"animals/{c}/{name}-{n}.png" for c in ("cat", "dog") for n in range(3))))
        for name in names
    }
    assert classes(brought_in(tmp_path, workspace, parts)) == {"cat": 6, "dog": 6}


def test_zips_of_speakers_stay_groups(tmp_path, workspace):
    zips = {f"speaker{n}.zip": zipped(numbered("one", "two", each=2)) for n in (1, 2)}
    account = brought_in(tmp_path, workspace, zips)
    assert {(record.group, record.label) for record in account.used} >= {("speaker1", "one"), ("speaker2", "two")}


@pytest.mark.parametrize(
    ("column", "values", "answer"),
    [
        ("split", "000000001122", "0=train,1=validation,2=test"),
        ("is_test", "FFFFFFFFFTTT", "F=train,T=test"),
        ("is_valid", "000000000111", "0=train,1=validation"),
        ("set", "111111112233", "1=train,2=validation,3=test"),
    ],
)
def test_numbers_and_flags_of_splits_are_asked_about(column, values, answer, tmp_path, workspace):
    lines = [f"{line},{value}" for line, value in zip(halves("a", "b"), values, strict=True)]
    files = {"labels.csv": table(*lines, header=f"file,label,{column}"), **drawn(*IMAGES)}
    account = brought_in(tmp_path, workspace, files)
    assert asked(account)["split_values"][0] == answer
    assert splits(account).keys() == set(typed(answer).values())
    (tmp_path / "other").mkdir()
    other = asked(account)["split_values"][1][0]
    turned = brought_in(tmp_path / "other", workspace, files, reading={"split_values": other})
    assert [record.split for record in turned.used] != [record.split for record in account.used]


def test_a_split_that_is_not_understood_is_named_and_can_be_told(tmp_path, workspace):
    lines = [f"{line},{'train' if n < 8 else 'spare'}" for n, line in enumerate(halves("a", "b"))]
    files = {"labels.csv": table(*lines, header="file,label,usage"), **drawn(*IMAGES)}
    account = brought_in(tmp_path, workspace, files)
    (question,) = account.layout["questions"]
    assert "spare" in question["about"].format(**question["values"])
    assert splits(account) == {"train": 8, None: 4}
    (tmp_path / "told").mkdir()
    assert splits(brought_in(tmp_path / "told", workspace, files, reading={"split_values": "spare=test"})) == {
        "train": 8,
        "test": 4,
    }


def test_a_folder_beside_those_of_splits_is_named(tmp_path, workspace):
    account = brought_in(tmp_path, workspace, numbered("train/a", "train/b", "test/a", "test/b", "extra/a"))
    assert "extra" in str(account.layout["questions"])
    assert splits(account) == {"train": 8, "test": 8, None: 4}


def test_a_split_of_no_known_name_is_a_sentence():
    with pytest.raises(DataError, match="VALUE=train"):
        Choices.from_options({"split_values": "0=maybe"})


def test_values_of_splits_are_read_in_the_languages_of_the_interface():
    assert of_values("teil", Counter({"Training": 3, "Prüfung": 2})).splits == {"Training": "train", "Prüfung": "test"}
    assert of_values("partie", Counter(["entraînement", "essai"])).splits == {"entraînement": "train", "essai": "test"}


# rows name files


@pytest.mark.parametrize("files", [["train/1.png", "test/2.png"], ["a/1.png", "b/2.png"], ["x/y/1.png", "x/z/2.png"]])
def test_a_row_never_labels_a_file_of_the_same_name_in_another_folder(files, tmp_path, workspace):
    there, other = files
    wrong = f"{there.rpartition('/')[0]}/{other.rpartition('/')[2]}"
    account = brought_in(tmp_path, workspace, {"labels.csv": table(f"{there},x", f"{wrong},y"), **drawn(*files)})
    assert classes(account) == {"x": 1}
    assert other in reasons(account)["labels.csv:3"] and "lies elsewhere" in reasons(account)["labels.csv:3"]


def test_a_bare_name_that_several_files_bear_is_ambiguous_and_not_missing(tmp_path, workspace):
    files = {"labels.csv": table("1.png,x", "9.png,x", "a/2.png,y"), **drawn("a/1.png", "b/1.png", "a/2.png")}
    found = reasons(brought_in(tmp_path, workspace, files, layout="table"))
    assert "Several files are called 1.png" in found["labels.csv:2"]
    assert "9.png is missing" in found["labels.csv:3"]


@pytest.mark.parametrize(
    "written",
    ["/data/upload/1/{}", "C:\\Users\\me\\pictures\\{}", "https://example.org/files/{}", "../elsewhere/{}", "./{}"],
)
def test_foreign_paths_are_matched_by_their_tail(written, tmp_path, workspace):
    rows = [f"{written.format(name)},{'ab'[n % 2]}" for n, name in enumerate(IMAGES)]
    account = brought_in(tmp_path, workspace, {"labels.csv": table(*rows), **drawn(*IMAGES)})
    assert classes(account) == {"a": 6, "b": 6}


@pytest.mark.parametrize("change", ["NFD", "zero width", "case"])
def test_names_are_compared_as_they_look(change, tmp_path, workspace):
    names = [f"Käfer{n}.png" for n in range(4)]
    rows = [f"{name},{'ab'[n % 2]}" for n, name in enumerate(names)]
    if change == "NFD":
        names = [unicodedata.normalize("NFD", name) for name in names]
    if change == "zero width":
        rows = [row.replace("fer", "\u200bfer") for row in rows]
    if change == "case":
        rows = [row.replace(".png", ".PNG") for row in rows]
    files = {"labels.csv": table(*rows), **drawn(*names)}
    assert classes(brought_in(tmp_path, workspace, files)) == {"a": 2, "b": 2}


@pytest.mark.parametrize(
    "placeholder",
    [
        ("sample_submission.csv", table("9.png,0", "10.png,0", header="image_id,label")),
        ("submission.csv", table("9.png,1", "10.png,0")),
        ("example_template.csv", table("9.png,0", "10.png,0")),
    ],
)
def test_a_table_that_shows_how_answers_are_handed_in_labels_nothing(placeholder, tmp_path, workspace):
    name, content = placeholder
    files = {
        "train.csv": table(*(f"{n}.png,{n % 2}" for n in range(8)), header="image_id,label"),
        name: content,
        **drawn(*(f"train_images/{n}.png" for n in range(8)), *(f"test_images/{n}.png" for n in range(9, 30))),
    }
    account = brought_in(tmp_path, workspace, files)
    assert classes(account) == {"0": 4, "1": 4}
    assert name in reasons(account)


# tables as they come


@pytest.mark.parametrize(
    "content",
    [
        b"sep=;\r\nfile;label\r\n" + "\r\n".join(halves("a", "b", ";")).encode(),
        b"# made by hand\n# two classes\nfile,label\n" + "\n".join(halves("a", "b")).encode(),
        b"#file,label\n" + "\n".join(halves("a", "b")).encode(),
        b"file, label\n" + "\n".join(halves("a", "b", ", ")).encode(),
        b"file, label\n"
        + "\n".join(f'{row.split(",")[0]}, "{row.split(",")[1]}"' for row in halves("a", "b")).encode(),
        ("file,label\n" + "\n".join(halves("a", "b"))).encode("utf-16-le"),
        ("file,label\n" + "\n".join(halves("a", "b"))).encode("utf-16-be"),
        "\n".join(halves("a", "b")).encode(),  # no header
        b"id,label\n" + "\n".join(row.replace(".png", "") for row in halves("a", "b")).encode(),
        b"label,picture no\n" + "\n".join(",".join(row.split(",")[::-1]) for row in halves("a", "b")).encode(),
    ],
)
def test_tables_are_read_as_programs_write_them(content, tmp_path, workspace):
    assert classes(brought_in(tmp_path, workspace, {"labels.csv": content, **drawn(*IMAGES)})) == {"a": 6, "b": 6}


@pytest.mark.parametrize("name", ["train.txt", "labels.lst", "list.txt"])
@pytest.mark.parametrize("line", ["{} {}", "{}\t{}", "{}, {}", "pictures/{} {}"])
def test_lists_of_paths_and_labels_are_read(name, line, tmp_path, workspace):
    rows = [line.format(*row.split(",")) for row in halves("0", "1")]
    pictures = drawn(*(f"pictures/{one}" if "/" in line else one for one in IMAGES))
    account = brought_in(tmp_path, workspace, {name: "\n".join(rows).encode(), **pictures})
    assert classes(account) == {"0": 6, "1": 6}


def test_a_text_that_is_no_list_is_no_table(tmp_path, workspace):
    files = {"README.txt": b"Some pictures\nof a and b\n", "1.txt": b"0 0.5 0.5 0.2 0.2\n", **numbered("a", "b")}
    account = brought_in(tmp_path, workspace, files)
    assert classes(account) == {"a": 4, "b": 4} and "text" in reasons(account)["README.txt"]


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("cp1251", ("кошка", "собака")),
        ("cp1250", ("kočka", "želva")),
        ("mac_roman", ("Schlüssel", "Gefäß")),
        ("cp932", ("ねこ", "いぬ")),
        ("cp1252", ("Käfer", "Bär")),
        ("gb18030", ("正常", "缺陷")),
    ],
)
def test_tables_in_other_code_pages_are_read_and_asked_about(encoding, names, tmp_path, workspace):
    content = ("file;label\r\n" + "\r\n".join(halves(*names, ";"))).encode(encoding)
    account = brought_in(tmp_path, workspace, {"labels.csv": content, **drawn(*IMAGES)})
    assert set(classes(account)) == set(names)
    assert asked(account)["encoding"][0] == encoding


def sheet(rows: list[list], kind: str) -> bytes:
    """Return a spreadsheet by hand: what Excel and LibreOffice write, as small as it can be."""
    if kind == "ods":
        cells = "".join(
            "<table:table-row>"
            + "".join(
                f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
                for cell in row
            )
            + "</table:table-row>"
            for row in rows
        )
        content = (
            '<?xml version="1.0"?><office:document-content '
            'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
            'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
            'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
            f'<table:table table:name="a">{cells}</table:table></office:spreadsheet></office:body>'
            "</office:document-content>"
        )
        manifest = {
            "META-INF/manifest.xml": b"<manifest:manifest "
            b'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry '
            b'manifest:full-path="/" '
            b'manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>'
        }
        return zipped(
            {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": content.encode(), **manifest}
        )
    lines = "".join(
        f'<row r="{y}">'
        + "".join(
            f'<c r="{chr(65 + x)}{y}"><v>{cell}</v></c>'
            if isinstance(cell, int)
            else f'<c r="{chr(65 + x)}{y}" t="inlineStr"><is><t>{cell}</t></is></c>'
            for x, cell in enumerate(row)
        )
        + "</row>"
        for y, row in enumerate(rows, 1)
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    return zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="{package}/content-types"/>'.encode(),
            "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
            f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>'.encode(),
            "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="Labels" sheetId="1" '
            'r:id="rId1"/></sheets></workbook>'.encode(),
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
            f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'.encode(),
            "xl/worksheets/sheet1.xml": (
                f'<worksheet xmlns="{main}"><sheetData>{lines}</sheetData></worksheet>'.encode()
            ),
        }
    )


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
@pytest.mark.parametrize("labels", [("disc", "square"), (0, 1), ("Käfer", "Bär")])
def test_sheets_are_read(kind, labels, tmp_path, workspace):
    rows = [["file", "label"], *([name, labels[n % 2]] for n, name in enumerate(IMAGES))]
    account = brought_in(tmp_path, workspace, {f"labels.{kind}": sheet(rows, kind), **drawn(*IMAGES)})
    assert set(classes(account)) == set(map(str, labels))


def test_a_sheet_that_cannot_be_read_is_named(tmp_path, workspace):
    account = brought_in(tmp_path, workspace, {"labels.xlsx": zipped({"xl/workbook.xml": b"<x/>"}), **drawn(*IMAGES)})
    assert "sheet that cannot be read" in reasons(account)["labels.xlsx"]


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("labels", ('"disc,red"', '"square,blue"')),
        ("labels", ("\"['disc', 'red']\"", "\"['square', 'blue']\"")),
        ("label", ("disc|red", "square|blue")),
        ("tags", ("disc red", "square red", "disc blue", "square blue")),
    ],
)
def test_several_labels_in_a_cell_are_several(header, cells, tmp_path, workspace):
    rows = [f"{name},{cells[n % len(cells)]}" for n, name in enumerate(IMAGES)]
    content = table(*rows, header=f"file,{header}")
    account = brought_in(tmp_path, workspace, {"labels.csv": content, **drawn(*IMAGES)}, several_classes=None)
    told = account.layout.get("several", False) or "|" in cells[0]
    names = {name for record in account.used for name in (record.label or "").split("|")}
    assert told and {"disc", "red", "square"} <= names
    if "," in cells[0] and "[" not in cells[0]:
        assert asked(account)["label_separator"] == (",", ["none"])


@pytest.mark.parametrize("labels", [("A/B", "A_B"), ("A\\B", "A_B"), ("polar bear", "brown bear"), ("x+y", "x_y")])
def test_two_labels_never_become_one_class(labels, tmp_path, workspace):
    account = brought_in(tmp_path, workspace, {"labels.csv": table(*halves(*labels)), **drawn(*IMAGES)})
    assert classes(account) == {labels[0]: 6, labels[1]: 6}


@pytest.mark.parametrize(
    ("header", "extra"),
    [("disc,square,fold,sex_male", "01"), ("fold,disc,square", "1"), ("disc,square,is_checked", "0")],
)
def test_one_column_a_class_asks_about_other_columns_of_0_and_1(header, extra, tmp_path, workspace):
    columns = header.split(",")
    rows = []
    for n, name in enumerate(IMAGES):
        cells = {"disc": 1 - n % 2, "square": n % 2}
        rows.append(",".join([name, *(str(cells.get(column, (n // 2 + len(column)) % 2)) for column in columns)]))
    account = brought_in(tmp_path, workspace, {"l.csv": table(*rows, header=f"image,{header}"), **drawn(*IMAGES)})
    assert classes(account) == {"disc": 6, "square": 6}
    assert asked(account)["class_columns"][0] == "disc,square"


def test_a_column_that_only_may_be_that_of_the_classes_is_asked_about(tmp_path, workspace):
    account = brought_in(
        tmp_path, workspace, {"l.csv": table(*halves("mel", "nv"), header="image_id,dx"), **drawn(*IMAGES)}
    )
    assert classes(account) == {"mel": 6, "nv": 6}
    assert asked(account)["label_column"][0] == "dx"


# names in zips


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("cp932", ("ねこ", "いぬ")),
        ("cp932", ("表面傷", "表面汚れ", "正常")),  # the second byte of 表 is a backslash
        ("cp850", ("pão", "maçã")),
        ("cp866", ("кошка", "собака")),
        ("gb18030", ("正常", "缺陷")),
        ("cp949", ("고양이", "강아지")),
    ],
)
def test_names_in_zips_are_read_in_one_code_page_and_asked_about(encoding, names, tmp_path, workspace):
    content = zipped_in(encoding, numbered(*names))
    account = brought_in(tmp_path, workspace, content)
    assert set(classes(account)) == set(names)
    answer, others = asked(account)["encoding"]
    assert answer == encoding and others
    (tmp_path / "other").mkdir()
    other = brought_in(tmp_path / "other", workspace, content, reading={"encoding": others[0]})
    assert set(classes(other)) != set(names)


def test_a_zip_that_says_its_names_is_believed(tmp_path, workspace):
    content = zipped_in("cp437", numbered("Äpfel", "Öl"), unicode_field=True)
    account = brought_in(tmp_path, workspace, content)
    assert set(classes(account)) == {"Äpfel", "Öl"} and not asked(account)
    (tmp_path / "utf8").mkdir()
    account = brought_in(tmp_path / "utf8", workspace, zipped_in("utf-8", numbered("Äpfel", "Öl")))
    assert set(classes(account)) == {"Äpfel", "Öl"} and not asked(account)


@pytest.mark.parametrize("marker", [b"PK\x07\x08", b"PK00"])
def test_a_zip_with_the_split_marker_opens(marker, tmp_path, workspace):
    plain = zipped_in("utf-8", numbered("a", "b"))
    assert classes(brought_in(tmp_path, workspace, marker + plain)) == {"a": 4, "b": 4}


def test_a_code_page_that_does_not_exist_is_a_sentence(tmp_path, workspace):
    with pytest.raises(DataError, match="no code page called klingon"):
        brought_in(tmp_path, workspace, numbered("a"), reading={"encoding": "klingon"})
