"""Before a training starts, a person is told what is wrong with the pictures and what to do."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from engine.curation import row_checks
from engine.data import file_name_groups, readiness, split
from engine.data.importing import ingest
from engine.errors import DataError
from engine.storage.registry import Item
from tests.support.item_records import record, records
from tests.support.pictures import COLOURS, draw_picture


def kinds(items, refused=()) -> list[str]:
    return [finding["kind"] for finding in row_checks.findings(items, refused)]


def refusal(items) -> str:
    with pytest.raises(DataError) as error:
        readiness.check(items)
    return str(error.value)


def test_good_data_has_no_findings():
    items = records(a=30, b=40)
    assert kinds(items) == []
    readiness.check(items)


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
    (finding,) = [finding for finding in row_checks.findings(items) if finding["kind"] == "conflict"]
    assert finding["severity"] == "error"
    assert sorted(finding["files"]) == ["a3", "wrong"]
    assert finding["message"].format(**finding["values"]) == "The same picture lies in a, b."


def test_findings_come_worst_first_and_every_sentence_can_be_filled_in():
    items = [*records(a=200, A=2, c=10), record("copy", sha256="hash of a1"), record("bare", None)]
    refused = [{"file": "x.txt", "reason": "larger than {limit} MB", "values": {"limit": 5}}]
    found = row_checks.findings(items, refused)
    expected = ["small_class", "no_class", "similar_names", "small_class", "imbalance", "duplicates", "refused"]
    assert [finding["kind"] for finding in found] == expected
    for finding in found:
        assert "{" not in finding["message"].format(**finding["values"]) + finding["fix"].format(**finding["values"])


def test_names_with_markup_or_braces_are_plain_text():
    items = [*records(a=9), *(record(f"x{n}", "{evil} ![x](y) <script>") for n in range(2))]
    assert "{evil} ![x](y) <script>" in refusal(items)


def stored(names: list[str], **values) -> list[Item]:
    """Return items with ids whose class is their first folder."""
    return [
        Item(f"hash of {name}", name, name.split("/")[0], id=number, **values) for number, name in enumerate(names, 1)
    ]


def the(kind: str, items, refused=()) -> dict:
    (finding,) = [finding for finding in row_checks.findings(items, refused) if finding["kind"] == kind]
    return finding


def test_a_conflict_is_fixed_with_one_click_for_each_class():
    items = [*stored([f"{label}/{n}" for label in "ab" for n in range(30)]), Item("hash of a/3", "wrong", "b", id=99)]
    keep_a, keep_b, neither = the("conflict", items)["fixes"]
    assert (keep_a["values"], keep_a["changes"]) == ({"label": "a"}, {99: {"removed": True}})
    assert keep_b["changes"] == {4: {"removed": True}}
    assert set(neither["changes"]) == {4, 99}


def test_planted_copies_across_given_parts_are_all_found_and_the_split_has_moved_them(tmp_path, workspace):
    planted = 6
    for part, start in (("train", 0), ("test", 40)):
        for number in range(start, start + 40):
            path = tmp_path / "set" / part / ("red" if number % 2 else "blue") / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            draw_picture(COLOURS["red" if number % 2 else "blue"], number).save(path)
    for number in range(planted):  # as they are, smaller, or as JPEG
        colour = "red" if number % 2 else "blue"
        picture = draw_picture(COLOURS[colour], number)
        picture = picture.resize((48, 36), Image.Resampling.LANCZOS) if number == 1 else picture
        picture.save(
            tmp_path / "set" / "test" / colour / f"copy-{number}.{'jpg' if number == 2 else 'png'}", quality=90
        )
    used = ingest.ingest(tmp_path / "set", workspace).used
    assert the("across_splits", used)["values"]["count"] == planted
    parts = split.assign(used)
    together = {item.name: part for item, part in zip(used, parts, strict=True)}
    assert all(together[f"train/{'red' if n % 2 else 'blue'}/{n}.png"] == "test" for n in range(planted))
    moved = [
        Item(**{**vars(item), "split": part}, id=n) for n, (item, part) in enumerate(zip(used, parts, strict=True))
    ]
    assert "across_splits" not in kinds(moved)


def test_copies_in_two_parts_are_moved_to_the_most_held_out_one():
    items = [
        *stored([f"a/{n}" for n in range(20)], split="train"),
        Item("hash of a/3", "copy", "a", split="test", id=50),
    ]
    finding = the("across_splits", items)
    assert finding["families"] == [[4, 50]]
    assert finding["fixes"][0]["changes"] == {4: {"split": "test"}}


def measured(tmp_path, workspace, pictures: dict[str, Image.Image]) -> list[str]:
    """Return the names found poor among pictures saved as files, as `kind name`."""
    for name, picture in pictures.items():
        path = tmp_path / "pictures" / "class" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path)
    found = row_checks.findings(ingest.ingest(tmp_path / "pictures", workspace).used)
    kinds = ("blank", "blurred", "dark", "bright", "too_small", "odd_shape")
    return sorted(f"{f['kind']} {file.split('/')[-1][:-4]}" for f in found if f["kind"] in kinds for file in f["files"])


def test_poor_pictures_are_named_for_what_is_wrong_with_them(tmp_path, workspace):
    good = {f"good{n}": draw_picture(COLOURS["red"], n, (160, 120)) for n in range(40)}
    one = draw_picture(COLOURS["blue"], 99, (160, 120))
    poor = {
        "one-colour": Image.new("RGB", (160, 120), (90, 120, 200)),
        "out-of-focus": one.filter(ImageFilter.GaussianBlur(6)),
        "night": one.point(lambda value: value // 16),
        "glare": one.point(lambda value: 230 + value // 12),
        "icon": one.resize((16, 12)),
        "strip": draw_picture(COLOURS["red"], 98, (900, 100)),
    }
    found = measured(tmp_path, workspace, good | poor)
    expected = [
        "blank one-colour",
        "blurred out-of-focus",
        "bright glare",
        "dark night",
        "odd_shape strip",
        "too_small icon",
    ]
    assert found == expected


@pytest.mark.parametrize("style", ["night", "drawings", "digits", "text"])
def test_a_set_that_is_dark_or_small_or_long_by_nature_raises_no_alarm(tmp_path, workspace, style):
    rng = np.random.default_rng(0)
    pictures = {}
    for number in range(30):
        if style == "night":
            picture = draw_picture(COLOURS["blue"], number).point(lambda value: value // 10)
        elif style == "drawings":
            picture = Image.fromarray(255 * (rng.random((21, 21)) > 0.1).repeat(5, 0).repeat(5, 1).astype(np.uint8))
        elif style == "digits":
            ink = np.zeros((28, 28), np.uint8)
            ink[4:24, 8 + number % 9 : 11 + number % 9] = rng.integers(150, 255, (20, 3))
            picture = Image.fromarray(ink)
        else:
            page = np.full((24, int(rng.integers(200, 700))), 255, np.uint8)
            page[6:18:3] = 255 * (rng.random(page[6:18:3].shape) > 0.3)
            picture = Image.fromarray(page)
        pictures[f"{number}"] = picture.convert("RGB")
    assert measured(tmp_path, workspace, pictures) == []


GROUPED = {
    "speaker": [f"{word}/speaker_{s:02}_{n:03}.png" for word in ("yes", "no") for s in range(6) for n in range(5)],
    "video": [f"{word}/video{s}_frame{n:04}.jpg" for word in ("yes", "no") for s in range(6) for n in range(5)],
    "patient": [f"{word}/patient-{s}/{n}.png" for word in ("ill", "well") for s in range(8) for n in range(5)],
    "name": [f"{d}/{d}_{s}_{n}.png" for d in range(4) for s in ("ann", "ben", "cem", "dora", "eva") for n in range(4)],
    "hash": [
        f"{word}/{s:08x}_nohash_{n}.png" for word in ("go", "no") for s in range(10**8, 10**9, 10**8) for n in range(4)
    ],
    "burst": [f"{word}/IMG_{s} burst {n}.jpg" for word in ("a", "b") for s in range(2041, 2050) for n in range(4)],
}
PLAIN = {
    "counter": [f"{label}/img_{n:04}.jpg" for label in "ab" for n in range(40)],
    "class and counter": [f"{label}/{label}.{n}.jpg" for label in ("cat", "dog") for n in range(40)],
    "date": [
        f"{label}/IMG_2021{m:02}{d:02}_1{m:02}{d:02}1.jpg" for label in "ab" for m in range(1, 8) for d in range(1, 9)
    ],
    "day": [f"{label}/2021-05-{d:02}_{n}.jpg" for label in "ab" for d in range(1, 9) for n in range(5)],
    "hash": [f"{label}/{n * 7919**4 % 16**12:012x}.jpg" for label in "ab" for n in range(1, 40)],
    "split folders": [f"train/{label}/{n}.png" for label in "ab" for n in range(30)],
    "size": [f"{label}/photo_{n}_640_480.png" for label in "ab" for n in range(50)],
    "counted people": [f"{label}/person_{n}.png" for label in ("man", "woman") for n in range(30)],
}


@pytest.mark.parametrize("style", GROUPED)
def test_groups_in_file_names_are_offered_with_an_example(style):
    items = stored(GROUPED[style])
    finding = the("name_groups", items)
    assert finding["severity"] == "question"
    assert finding["values"]["file"] in GROUPED[style][finding["items"][0] - 1]
    (use,) = finding["fixes"]
    assert len(use["changes"]) == len(items)
    changes = file_name_groups.with_splits(items, use["changes"])
    sides = {(change["group"], change["split"]) for change in changes.values()}
    assert len(sides) == len({change["group"] for change in changes.values()}), "a group lies in two parts"


@pytest.mark.parametrize("style", PLAIN)
def test_plain_counters_dates_and_hashes_are_no_groups(style):
    label = (lambda name: name.split("/")[1]) if style == "split folders" else (lambda name: name.split("/")[0])
    items = [record(name, label(name)) for name in PLAIN[style]]
    assert "name_groups" not in kinds(items)


def test_imbalance_says_what_can_be_done_and_when():
    fixes = the("imbalance", records(a=200, b=20))["fixes"]
    assert [fix["action"].get("class_balancing") for fix in fixes] == ["weights", "oversample", "focal", None]
    assert all(fix["explain"] for fix in fixes)
