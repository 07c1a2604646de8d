"""Whatever comes in is accounted for: received is used and refused together, by name, with a reason."""

import dataclasses
import io
import json
import os
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from engine.data.importing.ingest import Account, ingest
from engine.data.modalities import image
from engine.data.modalities.image_facts import image_facts
from engine.errors import DataError, UserError
from engine.storage import workspace as workspace_module
from tests.support import odd_files
from tests.support.archives import tar_of, zip_of
from tests.support.odd_files import encode, photo


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def pictures(*names: str) -> dict[str, bytes]:
    return {name: encode(photo(index + 100), "PNG") for index, name in enumerate(names)}


def reasons(account: Account) -> dict[str, str]:
    return {entry["file"]: str(DataError(entry["reason"], **entry["values"])) for entry in account.refused}


def labels(account: Account) -> dict[str, tuple]:
    return {record.name: (record.label, record.group, record.split) for record in account.used}


def check_sum(account: Account) -> None:
    assert account.received == len(account.used) + len(account.refused)
    assert Account.from_dict(json.loads(json.dumps(account.to_dict()))) == account


def bring_in_everything_odd(path: Path, workspace) -> Account:
    account = ingest(path, workspace)
    check_sum(account)
    return account


@pytest.mark.parametrize("make", [zip_of, tar_of, None])
def test_every_odd_file_is_used_or_refused_by_name(tmp_path, workspace, make):
    files = {f"set/odd/{name}": content for name, content in odd_files.all_files().items()}
    if make:
        path = tmp_path / "odd"
        path.write_bytes(make(files))
    else:
        path = write(tmp_path / "odd", files)
    account = bring_in_everything_odd(path, workspace)
    assert account.received == len(files) >= 50
    assert {record.name for record in account.used} == {f"set/odd/{name}" for name in odd_files.USED}
    assert {entry["file"]: entry["reason"] for entry in account.refused} == {
        f"set/odd/{name}": reason for name, (_, reason) in odd_files.REFUSED.items()
    }


def test_records_say_what_is_stored_and_originals_are_kept(tmp_path, workspace):
    content = odd_files.turned_by_exif()
    account = ingest(write(tmp_path / "in", {"cats/a.jpg": content}), workspace)
    (record,) = account.used
    assert (record.label, record.modality, record.bytes) == ("cats", "image", len(content))
    known = image_facts(record)
    assert (known.width, known.height) == (24, 40)
    assert workspace.blob_path(record.sha256).read_bytes() == content
    assert len(known.pixels_hash) == 64 and known.phash


def test_large_pictures_get_a_thumbnail_file(tmp_path, workspace):
    ingest(write(tmp_path / "in", {"a/1.jpg": encode(photo(1, 600, 300), "JPEG")}), workspace)
    (path,) = workspace.thumbnails.rglob("*.jpg")
    assert image.open_image(path).size == (160, 80)


def test_the_same_picture_in_another_format_has_the_same_pixels(tmp_path, workspace):
    files = {"a/1.png": encode(photo(1), "PNG"), "a/2.bmp": encode(photo(1), "BMP"), "a/3.png": encode(photo(2), "PNG")}
    first, second, third = map(image_facts, ingest(write(tmp_path / "in", files), workspace).used)
    assert first.pixels_hash == second.pixels_hash != third.pixels_hash


def test_files_in_no_class_folder_are_refused(tmp_path, workspace):
    account = ingest(write(tmp_path / "in", pictures("cats/1.png", "dogs/2.png", "cover.png")), workspace)
    assert "class folder" in reasons(account)["cover.png"]
    assert labels(account) == {"cats/1.png": ("cats", None, None), "dogs/2.png": ("dogs", None, None)}
    check_sum(account)


def test_loose_pictures_have_no_class_until_a_box_gives_one(tmp_path, workspace):
    folder = write(tmp_path / "in", pictures("1.png", "sub/2.png"))
    assert set(labels(ingest(folder, workspace, layout="flat")).values()) == {(None, None, None)}
    boxed = ingest(folder, workspace, label=" My\n class ")
    assert set(labels(boxed).values()) == {("My class", None, None)}


def test_what_is_already_there_is_refused_but_may_join_another_class(tmp_path, workspace):
    folder = write(tmp_path / "in", pictures("cats/1.png", "dogs/2.png"))
    first = ingest(folder, workspace)
    existing = {(record.sha256, record.label) for record in first.used}
    again = ingest(folder, workspace, existing=existing)
    assert again.used == [] and "already in this dataset" in reasons(again)["cats/1.png"]
    assert len(ingest(folder, workspace, label="pets", existing=existing).used) == 2
    check_sum(again)


def test_copies_inside_one_import_are_all_kept(tmp_path, workspace):
    content = encode(photo(1), "PNG")
    account = ingest(write(tmp_path / "in", {"a/1.png": content, "a/2.png": content}), workspace)
    assert len(account.used) == 2
    assert sum(path.is_file() for path in workspace.blobs.rglob("*")) == 1


def test_single_picture_and_zip_with_any_name(tmp_path, workspace):
    (tmp_path / "one").write_bytes(encode(photo(1), "PNG"))
    assert [record.name for record in ingest(tmp_path / "one", workspace).used] == ["one"]
    (tmp_path / "two").write_bytes(zip_of(pictures("a/1.png", "b/2.png")))
    assert ingest(tmp_path / "two", workspace).layout["values"]["classes"] == 2


def test_zips_in_a_folder_are_its_classes(tmp_path, workspace):
    files = {
        "cats.zip": zip_of(pictures("1.png")),
        "dogs.zip": zip_of(pictures("2.png", "3.png")),
        "bad.zip": b"PK\3\4",
    }
    account = ingest(write(tmp_path / "in", files), workspace)
    assert Counter(record.label for record in account.used) == {"dogs": 2, "cats": 1}
    assert "damaged" in reasons(account)["bad.zip"]
    check_sum(account)


def test_links_in_a_folder_stay_inside_it(tmp_path, workspace):
    secret = write(tmp_path / "secret", pictures("a.png"))
    folder = write(tmp_path / "in", pictures("cats/1.png"))
    (folder / "cats/out.png").symlink_to(secret / "a.png")
    (folder / "cats/all").symlink_to(secret, target_is_directory=True)
    (folder / "cats/inside.png").symlink_to(folder / "cats/1.png")
    os.mkfifo(folder / "cats/pipe.png")
    account = ingest(folder, workspace)
    assert set(labels(account)) == {"cats/1.png", "cats/inside.png"}
    assert "leads out" in reasons(account)["cats/out.png"] and "leads out" in reasons(account)["cats/all"]
    assert "Not an ordinary file" in reasons(account)["cats/pipe.png"]
    check_sum(account)


def test_names_that_are_no_text_are_shown_and_stored_safely(tmp_path, workspace):
    folder = write(tmp_path / "in", pictures("cats/1.png"))
    os.rename(folder / "cats/1.png", os.fsencode(folder / "cats") + b"/\xff\x1b[31m.png")
    (record,) = ingest(folder, workspace).used
    assert record.name.isprintable() and record.name.encode()
    assert record.label == "cats"


TABLE = b"file,label,group,split\npictures/1.png,cat,en,train\npictures/2.png,dog,de,test\npictures/9.png,dog,de,test\n"


@pytest.mark.parametrize("place", ["archive", "folder", "table"])
def test_table_labels_the_pictures_and_names_what_is_missing(tmp_path, workspace, place):
    files = {"labels.csv": TABLE, **pictures("pictures/1.png", "pictures/2.png")}
    source = write(tmp_path / "in", files)
    if place == "archive":
        source = tmp_path / "a.zip"
        source.write_bytes(zip_of({f"set/{name}": content for name, content in files.items()}))
    account = ingest(source / "labels.csv" if place == "table" else source, workspace)
    assert sorted(labels(account).values()) == [("cat", "en", "train"), ("dog", "de", "test")]
    (missing,) = reasons(account).items()
    assert missing[0].endswith("labels.csv:4") and "pictures/9.png is missing" in missing[1]
    assert account.layout["kind"] == "table"
    check_sum(account)


def test_pictures_and_lines_a_table_gets_wrong_are_each_named(tmp_path, workspace):
    table = b"file,label\n1.png,cat\n1.png,dog\n1.png,cat\nbad.png,cat\n2.png\n/etc/passwd,x\n"
    files = {"t.csv": table, "bad.png": b"", **pictures("1.png", "2.png", "3.png")}
    account = ingest(write(tmp_path / "in", files), workspace)
    found = reasons(account)
    assert labels(account) == {"1.png": ("cat", None, None)}
    assert "twice, as cat and as dog" in found["t.csv:3"]
    assert "no label for 2.png" in found["t.csv:6"] and "outside" in found["t.csv:7"]
    assert "0 bytes" in found["bad.png"] and "No line of the table" in found["3.png"]
    check_sum(account)


def test_table_never_reads_outside_its_folder(tmp_path, workspace):
    write(tmp_path, pictures("secret.png"))
    folder = write(tmp_path / "in", {"t.csv": b"file,label\n../secret.png,a\nlink.png,a\n"})
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    account = ingest(folder / "t.csv", workspace)
    assert account.used == []
    check_sum(account)


def test_other_tables_beside_class_folders_are_refused_by_name(tmp_path, workspace):
    files = {
        "notes.csv": b"a,b\n1,2\n",
        "few.csv": b"file,label\n1.png,x\n",
        **pictures("a/1.png", "b/2.png", "b/3.png"),
    }
    account = ingest(write(tmp_path / "in", files), workspace)
    assert account.layout["kind"] == "class" and len(account.used) == 3
    assert "columns" in reasons(account)["notes.csv"] and "1 of 3 pictures" in reasons(account)["few.csv"]
    check_sum(account)
    forced = ingest(tmp_path / "in", workspace, layout="table")
    assert labels(forced) == {"a/1.png": ("x", None, None)}
    check_sum(forced)


def test_layout_table_without_a_table_says_so(tmp_path, workspace):
    with pytest.raises(DataError, match="There is no table"):
        ingest(write(tmp_path / "in", pictures("a/1.png")), workspace, layout="table")


def test_source_that_does_not_exist_is_named(workspace):
    with pytest.raises(DataError, match="/no/such/place does not exist"):
        ingest("/no/such/place", workspace)
    with pytest.raises(DataError, match="Choose one of: digits, signs"):
        ingest("example:cats", workspace)


def test_nothing_usable_is_explained_with_the_first_reason(tmp_path, workspace):
    account = ingest(write(tmp_path / "in", {"a/1.jpg": b"hello", "a/2.jpg": b"world", "a/3.jpg": b""}), workspace)
    with pytest.raises(DataError, match="None of the 3 files in in can be used. a/1.jpg: This is text"):
        account.require_used()


def test_full_disk_ends_the_import_with_a_sentence_and_no_half_files(tmp_path, workspace, monkeypatch):
    folder = write(tmp_path / "in", pictures("a/1.png", "a/2.png"))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(workspace_module.os, "replace", full)
    with pytest.raises(UserError, match="No space left on device"):
        ingest(folder, workspace)
    assert not any(path.is_file() for path in workspace.root.rglob("*"))


def test_disk_that_is_too_small_is_noticed_before_anything_is_read(tmp_path, workspace, monkeypatch):
    usage = dataclasses.make_dataclass("Usage", ["free"])(free=10_000)
    monkeypatch.setattr(workspace_module.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(UserError, match="The disk is nearly full"):
        ingest(write(tmp_path / "in", pictures("a/1.png")), workspace)


def test_progress_is_told_and_can_end_the_import(tmp_path, workspace):
    folder = write(tmp_path / "in", pictures(*(f"a/{n}.png" for n in range(30))))
    calls = []
    ingest(folder, workspace, progress=lambda **status: calls.append(status))
    assert calls[-1] == {"done": 30, "total": 30, "refused": 0}

    def stop(**_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest(folder, workspace, progress=stop)
    assert list(workspace.incoming.iterdir()) == []


def test_order_is_that_of_the_source_although_threads_decode(tmp_path, workspace):
    path = tmp_path / "a.zip"
    names = [f"a/{n}.png" for n in range(100)]
    path.write_bytes(zip_of({name: encode(photo(n, 20 + 9 * (n % 7), 20), "PNG") for n, name in enumerate(names)}))
    assert [record.name for record in ingest(path, workspace).used] == names


def test_gigantic_zip_is_refused_at_once(tmp_path, workspace, monkeypatch):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for number in range(5):
            file.writestr(f"a/{number}.bmp", bytes(20_000_000))
    (tmp_path / "a.zip").write_bytes(buffer.getvalue())
    with pytest.raises(DataError, match="made to do harm"):
        ingest(tmp_path / "a.zip", workspace)
    assert not any(workspace.blobs.iterdir())


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "used", "kind", "classes", "groups"),
    [
        ("clothing.zip", 3781, "split/class", 10, 0),
        ("cifar10-sample.zip", 3000, "split/class", 10, 0),
        ("digit-scripts.zip", 4000, "group/class", 10, 2),
        ("omniglot-alphabets.zip", 4840, "class", 8, 0),
    ],
)
@pytest.mark.slow
def test_real_sets_are_understood(shared_data, workspace, name, used, kind, classes, groups):
    account = ingest(shared_data / name, workspace)
    assert (len(account.used), account.layout["kind"]) == (used, kind)
    assert account.layout["values"] == {"classes": classes, "groups": groups}
