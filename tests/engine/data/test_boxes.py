"""Boxes come in from every usual tool, each is accounted for, and they go out again as they were."""

import json

import pytest

from engine.data import dataset_zip
from engine.data.boxes.geometry import Box, from_text, turned
from engine.data.importing.ingest import ingest
from engine.data.label_kinds import detection
from engine.errors import DataError
from engine.storage.registry import Item
from engine.storage.workspace import Workspace
from tests.support.box_sets import BLUE, RED, SIZE, coco, picture, turned_picture, voc, zipped


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    return Workspace(tmp_path / "workspace").create()


@pytest.fixture
def brought(tmp_path, workspace):
    """Bring files in as a zip; return the account and the boxes by the picture's name."""

    def bring(files: dict, **options):
        account = ingest(str(zipped(tmp_path / "set.zip", files)), workspace, **options)
        return account, {record.name.rpartition("/")[2]: from_text(record.boxes) for record in account.used}

    return bring


def counted(account) -> tuple[int, int, int, int]:
    told = account.layout["boxes"]
    assert told["received"] == told["used"] + told["refused"]
    return told["received"], told["used"], told["clipped"], told["refused"]


def reasons(account) -> str:
    return " ".join(str(DataError(one["reason"], **one["values"])) for one in account.layout["boxes"]["reasons"])


def near(boxes, *expected, within=0.01) -> bool:
    assert [box.label for box in boxes] == [box.label for box in expected]
    pairs = zip(boxes, expected, strict=True)
    return all(abs(a - b) <= within for box, other in pairs for a, b in zip(box[1:], other[1:], strict=True))


# formats


def test_coco_gives_x_y_width_height_and_its_category_ids_may_have_holes(brought):
    images = [{"id": 7, "file_name": "a.jpg", "width": 60, "height": 40}, {"id": 9, "file_name": "empty.jpg"}]
    boxes = [
        {"id": 1, "image_id": 7, "category_id": 90, "bbox": [10, 5, 20, 10]},
        {"id": 2, "image_id": 7, "category_id": 3, "bbox": [0, 0, 5, 5]},
        {"id": 3, "image_id": 7, "category_id": 4, "bbox": [0, 0, 5, 5]},
        {"id": 4, "image_id": 5, "category_id": 3, "bbox": [0, 0, 5, 5]},
    ]
    told = coco(images, boxes, [{"id": 3, "name": BLUE}, {"id": 90, "name": RED}])
    files = {"train/_annotations.coco.json": told, "train/a.jpg": picture(), "train/empty.jpg": picture(1)}
    account, found = brought(files)
    assert near(found["a.jpg"], Box(RED, 10, 5, 20, 10), Box(BLUE, 0, 0, 5, 5))
    assert (account.received, len(account.used), account.refused) == (2, 2, [])
    assert {record.split for record in account.used} == {"train"}
    assert counted(account) == (4, 2, 0, 2)
    assert "category 4" in reasons(account)
    assert "image 5" in reasons(account)


def test_a_picture_without_objects_counts_and_shows_none_of_the_classes(brought):
    images = [{"id": 1, "file_name": "a.jpg"}]
    account, found = brought({"x.json": coco(images, [], [{"id": 1, "name": RED}]), "a.jpg": picture()})
    assert found == {"a.jpg": ()}
    assert account.used[0].label == detection.joined([])


def test_a_polygon_without_a_box_gives_the_box_around_it(brought):
    polygon = {"id": 1, "image_id": 1, "category_id": 1, "segmentation": [[10, 5, 30, 8, 20, 25]]}
    told = coco([{"id": 1, "file_name": "a.jpg"}], [polygon], [{"id": 1, "name": RED}])
    assert near(brought({"x.json": told, "a.jpg": picture()})[1]["a.jpg"], Box(RED, 10, 5, 20, 20))


@pytest.mark.parametrize(
    "named",
    [
        {"data.yaml": f"train: ../train/images\nnc: 2\nnames: ['{BLUE}', '{RED}']\n"},
        {"data.yaml": f"path: .\nnames:\n  0: {BLUE}\n  1: {RED}\n"},
        {"data.yaml": f"names:\n- {BLUE}\n- {RED}\nroboflow:\n  version: 1\n"},
        {"train/labels/classes.txt": f"{BLUE}\n{RED}\n"},
    ],
)
def test_yolo_gives_fractions_around_the_centre_and_its_names_stand_in_another_file(brought, named):
    files = {
        **named,
        "train/images/a.jpg": picture(),
        "train/labels/a.txt": "1 0.5 0.5 0.5 0.25\n0 0.1 0.1 0.5 0.1 0.5 0.5\n",
        "valid/images/a.jpg": picture(1),
        "valid/labels/a.txt": "0 0.25 0.25 0.1 0.1\n7 0.5 0.5 0.1 0.1\n",
        "test/images/none.jpg": picture(2),
        "test/labels/none.txt": "",
        "test/images/untold.jpg": picture(3),
    }
    account, _found = brought(files)
    assert (account.received, len(account.used)) == (4, 4)
    assert sorted(record.split for record in account.used) == ["test", "test", "train", "validation"]
    own = {record.name: from_text(record.boxes) for record in account.used}
    assert near(own["train/images/a.jpg"], Box(RED, 15, 15, 30, 10), Box(BLUE, 6, 4, 24, 16))
    assert near(own["valid/images/a.jpg"], Box(BLUE, 12, 8, 6, 4))
    assert own["test/images/none.jpg"] == own["test/images/untold.jpg"] == ()
    assert "class 7" in reasons(account)


def test_voc_counts_from_one_with_both_corners_inside_and_its_lists_give_the_splits(brought):
    files = {}
    for number, split in enumerate(("train", "val", "test")):
        files[f"ImageSets/Main/{split}.txt"] = f"p{number}\n"
        files[f"JPEGImages/p{number}.jpg"] = picture(number)
        files[f"Annotations/p{number}.xml"] = voc("renamed.jpg", [(RED, 11, 6, 30, 15)])
    files["ImageSets/Main/trainval.txt"] = "p0\np1\n"
    account, found = brought(files)
    assert [record.split for record in account.used] == ["train", "validation", "test"]
    assert near(found["p0.jpg"], Box(RED, 10, 5, 20, 10))


def test_voc_of_a_tool_that_counts_from_nought_is_not_moved(brought):
    files = {"a.xml": voc("a.jpg", [(RED, 0, 5, 20, 15)]), "a.jpg": picture()}
    assert near(brought(files)[1]["a.jpg"], Box(RED, 0, 5, 20, 10))


def test_a_table_of_boxes_has_a_line_a_box_and_an_empty_line_is_a_picture_without(brought):
    lines = ["file,label,xmin,ymin,xmax,ymax", f"a.jpg,{RED},10,5,30,15", f"a.jpg,{BLUE},1,2,3,4", "b.jpg,,,,,"]
    files = {"boxes.csv": "\n".join(lines), "a.jpg": picture(), "b.jpg": picture(1)}
    account, found = brought(files)
    assert near(found["a.jpg"], Box(RED, 10, 5, 20, 10), Box(BLUE, 1, 2, 2, 2))
    assert found["b.jpg"] == ()
    assert counted(account) == (2, 2, 0, 0)


def test_label_studio_gives_per_cent_and_puts_something_before_the_names(brought):
    value = {"x": 50, "y": 25, "width": 25, "height": 50, "rotation": 0, "rectanglelabels": [RED]}
    polygon = {"points": [[10, 10], [20, 10], [20, 30]], "polygonlabels": [BLUE]}
    result = [{"type": "rectanglelabels", "value": value}, {"type": "polygonlabels", "value": polygon}]
    tasks = [
        {"id": 1, "data": {"image": "/data/upload/3/0123abcd-a.jpg"}, "annotations": [{"result": result}]},
        {"id": 2, "data": {"image": "/data/local-files/?d=pictures/b%20c.jpg"}, "annotations": [{"result": []}]},
    ]
    files = {"project.json": json.dumps(tasks), "a.jpg": picture(), "b c.jpg": picture(1)}
    _account, found = brought(files)
    assert near(found["a.jpg"], Box(RED, 30, 10, 15, 20), Box(BLUE, 6, 4, 6, 8))
    assert found["b c.jpg"] == ()


# traps


def test_boxes_outside_turned_round_or_of_no_size_are_accounted_for(brought):
    objects = [
        (RED, 30, 20, 11, 6),  # turned round
        (RED, 50, 30, 90, 60),  # reaches out
        (RED, 100, 100, 120, 120),  # outside
        (RED, 10, 10, 10, 5),  # of no width, counted from one: one pixel
        (RED, "nan", 1, 5, 5),
        ("", 1, 1, 5, 5),
    ]
    account, found = brought({"a.xml": voc("a.jpg", objects), "a.jpg": picture()})
    assert near(found["a.jpg"], Box(RED, 10, 5, 20, 15), Box(RED, 49, 29, 11, 11), Box(RED, 9, 4, 1, 6))
    assert counted(account) == (6, 3, 1, 3)
    assert "outside of its picture, which has 60 x 40" in reasons(account)


def test_a_box_of_no_size_is_refused_with_its_size(brought):
    boxes = [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 10, 0, 5]}]
    told = coco([{"id": 1, "file_name": "a.jpg"}], boxes, [{"id": 1, "name": RED}])
    account, _found = brought({"x.json": told, "a.jpg": picture()})
    assert "no size: 0.0 x 5" in reasons(account)


def test_boxes_on_a_picture_that_exif_turns_follow_it(brought):
    """It was annotated as it is stored, 60 x 40; upright it is 40 x 60."""
    boxes = [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 5, 20, 10]}]
    stored = coco([{"id": 1, "file_name": "a.jpg", "width": 60, "height": 40}], boxes, [{"id": 1, "name": RED}])
    assert near(brought({"x.json": stored, "a.jpg": turned_picture()})[1]["a.jpg"], Box(RED, 25, 10, 10, 20))
    shown = coco([{"id": 1, "file_name": "a.jpg", "width": 40, "height": 60}], boxes, [{"id": 1, "name": RED}])
    assert near(brought({"x.json": shown, "a.jpg": turned_picture()})[1]["a.jpg"], Box(RED, 10, 5, 20, 10))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_corners_turn_as_pillow_turns_the_picture(orientation):
    from PIL import Image, ImageOps

    stored = Image.new("L", (6, 4))
    stored.paste(255, (1, 0, 3, 1))
    stored.getexif()[0x0112] = orientation
    box = ImageOps.exif_transpose(stored).getbbox()
    left, top, right, bottom = turned((1, 0, 3, 1), (6, 4), orientation)
    assert (min(left, right), min(top, bottom), max(left, right), max(top, bottom)) == box


def test_annotations_of_an_enlarged_picture_are_brought_to_its_size(brought):
    files = {"a.xml": voc("a.jpg", [(RED, 21, 11, 60, 30)], size=(120, 80)), "a.jpg": picture()}
    assert near(brought(files)[1]["a.jpg"], Box(RED, 10, 5, 20, 10))


def test_annotations_without_a_picture_and_pictures_without_annotation_are_refused_by_name(brought):
    files = {"a.xml": voc("a.jpg", [(RED, 1, 1, 5, 5)]), "b.xml": voc("b.jpg", [(RED, 1, 1, 5, 5)])}
    account, _found = brought({**files, "a.jpg": picture(), "c.jpg": picture(1)})
    assert (account.received, len(account.used)) == (3, 1)
    assert {one["file"] for one in account.refused} == {"b.xml", "c.jpg"}
    assert counted(account) == (2, 1, 0, 1)


def test_an_xml_with_entities_is_refused(brought):
    bad = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><annotation>&b;</annotation>'
    account, _found = brought({"a.xml": voc("a.jpg", []), "a.jpg": picture(), "b.xml": bad})
    assert [one["file"] for one in account.refused] == ["b.xml"]


def test_pictures_in_class_folders_beside_other_texts_have_classes_as_ever(brought):
    files = {"cat/a.jpg": picture(), "dog/b.jpg": picture(1), "notes.txt": "1 2 3\n", "readme.json": '{"images": 1}'}
    account, _found = brought(files)
    assert [record.label for record in account.used] == ["cat", "dog"]
    assert all(record.boxes is None for record in account.used)


def test_boxes_that_were_asked_for_and_are_not_there_are_told(brought):
    with pytest.raises(DataError, match="no box in any picture"):
        brought({"a.jpg": picture()}, layout="boxes")


# out again


@pytest.mark.parametrize("form", ["coco", "yolo", "voc"])
def test_what_goes_out_comes_in_again_with_the_same_boxes_and_splits(brought, workspace, tmp_path, form):
    boxes = [
        {"id": 1, "image_id": 1, "category_id": 1, "bbox": [10.25, 5.5, 20.3, 10.1]},
        {"id": 2, "image_id": 2, "category_id": 2, "bbox": [0, 0, *SIZE]},
    ]
    images = [{"id": n, "file_name": f"{split}/p.jpg"} for n, split in enumerate(("train", "val", "test"), 1)]
    told = coco(images, boxes, [{"id": 1, "name": "<red> & co: 1"}, {"id": 2, "name": BLUE}])
    files = {f"{split}/p.jpg": picture(n) for n, split in enumerate(("train", "val", "test"))}
    account, _found = brought({"boxes.json": told, **files})
    items = [Item(**vars(record), id=number) for number, record in enumerate(account.used)]
    dataset_zip.write(workspace, items, tmp_path / "out.zip", label_kind=detection, form=form)
    again = ingest(str(tmp_path / "out.zip"), workspace)
    assert again.refused == []
    assert again.layout["boxes"]["clipped"] == 0
    before = {record.sha256: record for record in account.used}
    for record in again.used:
        assert record.split == before[record.sha256].split
        assert near(from_text(record.boxes), *from_text(before[record.sha256].boxes), within=0.5)


def test_a_form_that_does_not_fit_is_refused(workspace, tmp_path):
    with pytest.raises(DataError, match="coco, yolo, voc"):
        dataset_zip.write(workspace, [], tmp_path / "out.zip", label_kind=detection, form="folders")
