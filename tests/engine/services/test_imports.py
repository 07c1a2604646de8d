"""Imports from the front door: asked about, interrupted, repeated and added to what is there."""

import os
import shutil
import time

import psutil
import pytest

from engine import settings
from engine.cli import check
from engine.data.importing import ingest, preview, sources
from engine.data.modalities.sounds import mel
from engine.errors import DataError, UserError
from engine.graft import Graft
from engine.services.imports import SUBMITTER
from engine.storage.liveness import this_process
from engine.storage.workspace import write_json
from tests.support.odd_archives import tar_of, zip_of
from tests.support.odd_files import encode, photo
from tests.support.pictures import draw_folder
from tests.support.run_files import add_run, idle_graft
from tests.support.sound_files import tone, written
from tests.support.taught_workers import process_of
from tests.support.work_now import WorkNow


@pytest.fixture
def graft(workspace):
    graft = opened(workspace)
    yield graft
    graft.registry.close()


def opened(workspace) -> Graft:
    graft = idle_graft(workspace)
    graft._compute.__init__()
    graft._compute.set_result(WorkNow())
    return graft


def dataset_of(graft: Graft) -> str:
    return graft.registry.create_project("Shapes").dataset_id


def uploaded(graft: Graft, content: bytes, name: str = "shapes.zip"):
    """Put a file where the upload route would have put it."""
    path = graft.workspace.incoming / "upload-1" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def discs(*classes: str, each: int = 6, seed: int = 0) -> list[tuple[str, bytes]]:
    return [
        (f"{label}/{number}.png", encode(photo(seed + 100 * place + number), "PNG"))
        for place, label in enumerate(classes)
        for number in range(each)
    ]


def bring_in(graft: Graft, dataset_id: str, path, **options) -> dict:
    return graft.wait_for_import(graft.start_import(dataset_id, path, **options))


def test_a_source_without_a_usable_picture_is_an_error_of_the_check(tmp_path):
    (tmp_path / "notes.bin").write_bytes(bytes(40))
    checked = check.check(str(tmp_path), "auto", quick=True, tell=lambda words, status: None)
    first = checked.findings[0]
    assert not checked.account.used and (first["kind"], first["severity"]) == ("no_pictures", "error")


# what arrived is shown first


def test_what_arrived_is_told_and_nothing_is_stored_until_somebody_says_so(graft):
    dataset_id = dataset_of(graft)
    members = [
        (f"{part}/{group}/{name}", content)
        for part in ("train", "test")
        for group in ("a", "b")
        for name, content in discs("red", "blue")
    ]
    path = uploaded(graft, zip_of(*members, ("notes.txt", b"hello"), ("__MACOSX/x", b"x")))
    import_id = graft.start_import(dataset_id, path, ask=True)
    [entry] = graft.imports.waiting(dataset_id)
    seen = entry["arrival"]
    assert (seen["pictures"], seen["others"]["names"], seen["system"]) == (48, ["notes.txt"], 1)
    best = seen["choices"][0]
    assert best["kind"] == seen["recommended"] == "split/group/class"
    assert (best["num_classes"], best["num_groups"], best["splits"]) == (2, 2, {"train": 24, "test": 24})
    assert best["classes"] == [["blue", 24], ["red", 24]]
    assert graft.registry.imports(dataset_id) == [] and not any(graft.workspace.blobs.iterdir())
    assert graft.imports.status(import_id)["state"] == "waiting" and graft.imports.running(dataset_id) == []
    graft.imports.answer(import_id, layout=best["kind"])
    graft.imports.answer(import_id, layout="class")  # a colleague's browser, a moment later
    assert graft.registry.counts(dataset_id).keys() == {"red", "blue"}
    assert len(graft.registry.imports(dataset_id)) == 1
    assert list(graft.workspace.incoming.iterdir()) == []


def test_every_choice_gives_exactly_what_it_promised(graft, tmp_path):
    files = [(f"{group}/{name}", content) for group in ("a", "b") for name, content in discs("red", "blue", "green")]
    (tmp_path / "p.zip").write_bytes(zip_of(*files, ("stray.png", encode(photo(999), "PNG"))))
    for choice in preview.look(tmp_path / "p.zip", tmp_path)["choices"]:
        dataset_id = dataset_of(graft)
        bring_in(graft, dataset_id, tmp_path / "p.zip", layout=choice["kind"])
        counts = {label: sum(parts.values()) for label, parts in graft.registry.counts(dataset_id).items()}
        assert list(map(tuple, choice["classes"])) == list(counts.items())
        assert dict(map(tuple, choice["groups"])) == graft.registry.groups(dataset_id)


@pytest.mark.parametrize("name", ["set.zip", "set.tar.gz"])
def test_a_table_that_names_the_pictures_is_preferred_and_says_what_it_gives(tmp_path, name):
    table = b"file,label,group,split\n" + b"".join(b"red/%d.png,disc,g%d,train\n" % (n, n % 2) for n in range(6))
    make = zip_of if name.endswith("zip") else tar_of
    (tmp_path / name).write_bytes(make(("items.csv", table), *discs("red")))
    seen = preview.look(tmp_path / name, tmp_path)
    assert seen["recommended"] == "table"
    assert seen["choices"][0] | {"classes": [], "groups": []} == {
        "kind": "table",
        "classes": [],
        "num_classes": 1,
        "groups": [],
        "num_groups": 2,
        "splits": {"train": 6},
        "without_class": 0,
        "tables": ["items.csv"],
        "rows_without_class": 0,
        "missing": 0,
    }


@pytest.mark.parametrize(
    "header",
    ["Dateiname;Klasse;Sprecher;Teil", "Bild;Kategorie;Patient;Teil", "fichier;Catégorie;groupe;Partie"],
)
def test_a_table_is_understood_in_german_and_french_too(tmp_path, header):
    words = ("Entraînement", "Test") if "fichier" in header else ("Training", "Test")
    rows = [f"{n}.png;{'rot' if n % 2 else 'blau'};g{n % 3};{words[n % 2]}" for n in range(6)]
    table = "\n".join([header, *rows, "6.png;;g1;Test", "7.png;rot;g1;Test"]).encode()
    pictures = [(f"{n}.png", photo_bytes(n)) for n in range(7)]
    (tmp_path / "a.zip").write_bytes(zip_of(("liste.csv", table), *pictures))
    best = preview.look(tmp_path / "a.zip", tmp_path)["choices"][0]
    assert (best["kind"], best["num_classes"], best["num_groups"]) == ("table", 2, 3)
    assert best["splits"] == {"train": 3, "test": 3}
    assert (best["rows_without_class"], best["missing"]) == (1, 1)


def test_a_table_that_is_not_understood_says_which_column_it_lacks(tmp_path):
    (tmp_path / "a.zip").write_bytes(zip_of(("list.csv", b"thing,class\nx,1\n"), *discs("red", "blue")))
    seen = preview.look(tmp_path / "a.zip", tmp_path)
    assert seen["others"]["count"] == 0
    [unread] = seen["unread"]
    assert "thing, class, but none that names files" in str(DataError(unread["template"], **unread["values"]))


def test_pictures_outside_of_class_folders_come_in_without_a_class_when_that_is_wanted(graft, tmp_path):
    files = zip_of(*discs("red", "blue"), ("1.png", photo_bytes(801)), ("2.png", photo_bytes(802)))
    for loose in (True, False):
        dataset_id = dataset_of(graft)
        import_id = graft.start_import(dataset_id, uploaded(graft, files), ask=True)
        [best, *_] = graft.imports.waiting(dataset_id)[0]["arrival"]["choices"]
        assert best["without_class"] == 2
        graft.imports.answer(import_id, layout="class", loose=loose)
        assert graft.registry.unlabelled(dataset_id) == (2 if loose else 0)
        assert len(graft.registry.imports(dataset_id)[0]["refused"]) == (0 if loose else 2)


def test_pictures_that_follow_a_copy_into_another_part_are_counted(graft, tmp_path):
    copy = photo_bytes(900)
    members = [
        (f"{part}/{name}", content)
        for part, seed in (("train", 0), ("test", 500))
        for name, content in discs("red", "blue", seed=seed)
    ]
    (tmp_path / "a.zip").write_bytes(zip_of(*members, ("train/red/c.png", copy), ("test/red/c.png", copy)))
    dataset_id = dataset_of(graft)
    bring_in(graft, dataset_id, tmp_path / "a.zip")
    [entry] = graft.registry.imports(dataset_id)
    assert entry["layout"]["moved"] == 1


def test_an_archive_without_folders_may_be_one_class(graft, tmp_path):
    dataset_id = dataset_of(graft)
    path = uploaded(graft, zip_of(("1.png", photo_bytes(1)), ("2.png", photo_bytes(2))), "cats.zip")
    import_id = graft.start_import(dataset_id, path, ask=True)
    flat, label = graft.imports.waiting(dataset_id)[0]["arrival"]["choices"]
    assert (flat["kind"], label["kind"], label["label"]) == ("flat", "label", "cats")
    graft.imports.answer(import_id, layout="flat", label="cats")
    assert list(graft.registry.counts(dataset_id)) == ["cats"]


def photo_bytes(seed: int) -> bytes:
    return encode(photo(seed), "PNG")


def test_a_tar_that_takes_too_long_is_known_by_its_first_files(tmp_path, monkeypatch):
    (tmp_path / "a.tar.gz").write_bytes(tar_of(*discs("red", "blue")))
    monkeypatch.setattr(preview, "SECONDS", 0)
    seen = preview.look(tmp_path / "a.tar.gz", tmp_path)
    assert (seen["complete"], seen["pictures"]) == (False, 1)


def test_what_arrived_survives_a_restart_and_is_deleted_when_cancelled(graft, workspace):
    dataset_id = dataset_of(graft)
    path = uploaded(graft, zip_of(*discs("red", "blue")))
    import_id = graft.start_import(dataset_id, path, ask=True)
    os.utime(path.parent, (0, 0))  # a weekend later
    later = opened(workspace)
    later.recover()
    assert [entry["id"] for entry in later.imports.waiting(dataset_id)] == [import_id] and path.exists()
    later.imports.discard(import_id)
    assert later.imports.status(import_id)["state"] == "cancelled"
    assert list(workspace.incoming.iterdir()) == [] and later.registry.imports(dataset_id) == []
    later.registry.close()


def test_an_archive_that_cannot_be_read_fails_at_the_first_look(graft):
    path = uploaded(graft, b"PK\3\4 no archive")
    with pytest.raises(UserError, match="damaged"):
        graft.wait_for_import(graft.start_import(dataset_of(graft), path, ask=True))
    assert list(graft.workspace.incoming.iterdir()) == []


# folders on the server


def test_a_folder_on_the_server_is_found_only_below_the_allowed_ones(tmp_path, monkeypatch):
    allowed, secret = tmp_path / "allowed", tmp_path / "secret"
    (allowed / "pets").mkdir(parents=True)
    secret.mkdir()
    (allowed / "way out").symlink_to(secret)
    (allowed / "circle").symlink_to(allowed / "circle")
    monkeypatch.setenv("GRAFT_SERVER_FOLDERS", f"{allowed}{os.pathsep}{tmp_path / 'other'}")
    settings.current.cache_clear()
    roots = settings.current().server_folders
    settings.current.cache_clear()
    assert roots == (allowed, tmp_path / "other")
    assert sources.on_server(" pets ", roots) == sources.on_server(str(allowed / "pets"), roots) == allowed / "pets"
    roots = roots[:1]
    for typed in ("../secret", "way out", str(secret), "/etc/passwd", "pets/../../secret", "a\0b", "~/x"):
        with pytest.raises(DataError, match="does not lie in a folder that this server allows"):
            sources.on_server(typed, roots)
    with pytest.raises(DataError, match="does not exist on the server"):
        sources.on_server("cats", roots)
    with pytest.raises(DataError):
        sources.on_server("circle", roots)


def test_originals_of_a_server_folder_are_copied_and_stay_where_they_were(graft, class_folder):
    dataset_id = dataset_of(graft)
    graft.imports.answer(graft.start_import(dataset_id, class_folder, ask=True), layout="class")
    assert sum(map(len, graft.registry.counts(dataset_id).values())) and len(list(class_folder.rglob("*.png"))) == 24
    shutil.rmtree(class_folder)
    assert all(graft.workspace.blob_path(item.sha256).exists() for item in graft.registry.items(dataset_id))


def test_without_the_setting_there_are_no_server_folders():
    assert settings.current().server_folders == ()


# adding to what is there


def splits_of(graft: Graft, dataset_id: str) -> dict[str, str]:
    return {item.name: item.split for item in graft.registry.items(dataset_id)}


def test_new_pictures_get_a_part_and_old_ones_keep_theirs(graft, tmp_path):
    dataset_id = dataset_of(graft)
    bring_in(graft, dataset_id, draw_folder(tmp_path / "first", {"red": 20, "blue": 20}))
    before = splits_of(graft, dataset_id)
    (tmp_path / "more.zip").write_bytes(zip_of(*discs("red", "green", each=10, seed=5000)))
    bring_in(graft, dataset_id, tmp_path / "more.zip")
    after = splits_of(graft, dataset_id)
    assert {name: after[name] for name in before} == before
    counts = graft.registry.counts(dataset_id)
    assert set(counts["green"]) == {"train", "validation", "test"} and len(after) == 60


def test_copies_of_old_pictures_follow_them_and_groups_stay_whole(graft, tmp_path):
    dataset_id = dataset_of(graft)
    members = [
        (f"g{group}/{name}", content)
        for group in range(8)
        for name, content in discs("red", "blue", each=3, seed=1000 * group)
    ]
    (tmp_path / "a.zip").write_bytes(zip_of(*members))
    bring_in(graft, dataset_id, tmp_path / "a.zip", layout="group/class")
    before = splits_of(graft, dataset_id)
    again = [
        ("g0/red/new.png", photo_bytes(77777)),
        ("g9/blue/copy.png", encode(photo(3101), "BMP")),
        ("g10/red/other.png", photo_bytes(88888)),
    ]
    (tmp_path / "b.zip").write_bytes(zip_of(*again))
    bring_in(graft, dataset_id, tmp_path / "b.zip", layout="group/class")
    after = splits_of(graft, dataset_id)
    assert {name: after[name] for name in before} == before
    assert after["g0/red/new.png"] == before["g0/red/0.png"]  # a group that is there already
    assert after["g9/blue/copy.png"] == before["g3/blue/1.png"]  # the same picture, saved in another format


def test_the_same_archive_again_adds_nothing_twice(graft, tmp_path):
    dataset_id = dataset_of(graft)
    (tmp_path / "a.zip").write_bytes(zip_of(*discs("red", "blue")))
    assert bring_in(graft, dataset_id, tmp_path / "a.zip")["used"] == 12
    assert bring_in(graft, dataset_id, tmp_path / "a.zip")["used"] == 0
    assert len(graft.registry.items(dataset_id)) == 12


# interruptions


def test_an_import_whose_server_was_killed_is_completed_by_the_next_one(workspace):
    first = opened(workspace)
    dataset_id = dataset_of(first)
    first.compute.dead = True  # killed before the worker could tell
    import_id = first.start_import(dataset_id, uploaded(first, zip_of(*discs("red", "blue"))))
    write_json(workspace.incoming / import_id / SUBMITTER, {"pid": 2**22 + 1, "process_started": 0.0})
    (workspace.blobs / "ab").mkdir(parents=True)
    half = workspace.blobs / "ab" / ".abc.1234.part"
    half.write_bytes(b"half a picture")
    os.utime(half, (0, 0))
    first.registry.close()

    second = opened(workspace)
    second.recover()
    assert second.imports.status(import_id)["state"] == "done"
    assert len(second.registry.items(dataset_id)) == 12
    second.recover()
    assert len(second.registry.items(dataset_id)) == 12 and list(workspace.incoming.iterdir()) == []
    assert list(workspace.blobs.rglob("*.part")) == []
    second.registry.close()


def test_an_import_that_ends_between_two_reads_or_in_another_process_is_never_at_work_for_ever(graft, workspace):
    dataset_id = dataset_of(graft)
    import_id = graft.start_import(dataset_id, uploaded(graft, zip_of(*discs("red", "blue"))))
    elsewhere = opened(workspace)
    status = elsewhere.imports.status(import_id)
    assert (status["state"], status["received"], status["used"], status["refused"]) == ("done", 12, 12, [])
    assert elsewhere.imports.status("import-cancelled")["state"] == "cancelled"
    graft.compute.dead = True
    begun = graft.start_import(dataset_id, uploaded(graft, zip_of(*discs("green"))))
    assert elsewhere.imports.running(dataset_id) == [begun]
    write_json(workspace.incoming / begun / SUBMITTER, {**this_process(), "pid": 2**22 + 1})
    assert elsewhere.imports.running(dataset_id) == [], "its process is gone: the next server begins it again"
    elsewhere.registry.close()


def test_an_import_that_was_stored_but_not_cleaned_up_is_not_stored_twice(graft, workspace, monkeypatch):
    dataset_id = dataset_of(graft)
    monkeypatch.setattr(graft.imports, "_clean_up", lambda *_: None)  # killed in the very last moment
    import_id = graft.start_import(dataset_id, uploaded(graft, zip_of(*discs("red", "blue"))))
    write_json(workspace.incoming / import_id / SUBMITTER, {"pid": 2**22 + 1, "process_started": 0.0})
    later = opened(workspace)
    later.recover()
    assert len(later.registry.items(dataset_id)) == 12 and len(later.registry.imports(dataset_id)) == 1
    assert list(workspace.incoming.iterdir()) == []
    later.registry.close()


def test_a_disk_that_fills_up_in_the_middle_leaves_nothing(graft, workspace, monkeypatch):
    dataset_id = dataset_of(graft)
    bring_in(graft, dataset_id, uploaded(graft, zip_of(*discs("red", "blue"))))
    before = {path for path in workspace.root.rglob("*") if path.is_file()}
    written = []

    def small_disk(path, content, real=ingest.write_atomic):
        written.append(path)
        if len(written) > 5:
            raise DataError("No space left on device")
        real(path, content)

    monkeypatch.setattr(ingest, "write_atomic", small_disk)
    old_and_new = [*discs("red", "blue"), *discs("green", each=20, seed=9000)]
    with pytest.raises(UserError, match="No space left"):
        bring_in(graft, dataset_id, uploaded(graft, zip_of(*old_and_new)))
    assert {path for path in workspace.root.rglob("*") if path.is_file()} == before
    assert len(graft.registry.items(dataset_id)) == 12 and len(graft.registry.imports(dataset_id)) == 1


@pytest.mark.slow
def test_a_killed_worker_ends_the_import_in_words_and_leaves_nothing(workspace):
    with Graft.open(shared_worker=True) as graft:
        dataset_id = dataset_of(graft)
        worker = psutil.Process(process_of(graft.compute))
        path = uploaded(graft, zip_of(*discs(*"abcdefgh", each=150)))
        import_id = graft.start_import(dataset_id, path)
        while not any(workspace.blobs.rglob("?" * 64)):
            time.sleep(0.005)
        worker.kill()
        with pytest.raises(UserError, match="worker process died"):
            graft.wait_for_import(import_id)
        assert graft.registry.items(dataset_id) == [] and list(workspace.incoming.iterdir()) == []
        assert not any(workspace.blobs.rglob("?" * 64))
        assert bring_in(graft, dataset_id, uploaded(graft, zip_of(*discs("red", "blue"))))["used"] == 12


# sounds


def clip(folder, seconds: float):
    path = folder / f"{seconds}.wav"
    path.write_bytes(written(tone(seconds)))
    return path


def test_clips_that_come_one_by_one_are_not_all_cut_to_the_length_of_the_first(graft, tmp_path):
    dataset_id = dataset_of(graft)

    def seconds() -> float:
        return mel.parsed(graft.registry.dataset_options(dataset_id)["pixel_scale"]).seconds

    for length in (0.4, 1.2):
        bring_in(graft, dataset_id, clip(tmp_path, length), label="call")
    assert seconds() == 1.2
    [project] = graft.registry.projects()
    add_run(graft, project)
    bring_in(graft, dataset_id, clip(tmp_path, 3.0), label="call")
    assert seconds() == 1.2, "something has learned by it"


def test_a_dataset_of_sounds_takes_no_picture_and_a_spectrogram_that_was_chosen_stays(graft, tmp_path):
    dataset_id = dataset_of(graft)
    bring_in(graft, dataset_id, clip(tmp_path, 0.4), label="call")
    graft.registry.set_dataset_options(dataset_id, pixel_scale=mel.Mel(seconds=2).text(), pixel_scale_chosen=True)
    bring_in(graft, dataset_id, clip(tmp_path, 0.7), label="call")
    assert mel.parsed(graft.registry.dataset_options(dataset_id)["pixel_scale"]).seconds == 2
    (tmp_path / "photo.png").write_bytes(encode(photo(), "PNG"))
    with pytest.raises(UserError, match="This is a picture, and this project holds files of another kind"):
        bring_in(graft, dataset_id, tmp_path / "photo.png", label="call")
