"""A dataset goes out as a zip and comes in again as it was: labels, groups, splits, and names that fit."""

import io
import json
import zipfile
from collections import Counter
from concurrent.futures import Future

import pytest
from starlette.testclient import TestClient

from engine import graft as graft_module
from engine import settings
from engine.cli.parser import main
from engine.data import dataset_zip
from engine.graft import Graft
from engine.services.uploads import Uploads
from engine.storage.registry import Item, Registry
from tests.support.pictures import COLOURS, draw_picture
from tests.support.work_now import WorkNow

GROUPS = ("morning", "evening")


@pytest.fixture
def graft(workspace):
    workers: Future = Future()
    workers.set_result(WorkNow())
    opened = Graft(workspace, Registry(settings.current().database_url), workers, Uploads(workspace, 10**7))
    yield opened
    opened.registry.close()


def picture(seed: int, kind: str = "PNG") -> bytes:
    sink = io.BytesIO()
    draw_picture(list(COLOURS.values())[seed % 4], seed, (40, 30)).save(sink, kind)
    return sink.getvalue()


def bring(graft: Graft, source, **options) -> str:
    project = graft.registry.create_project(source.stem)
    graft.wait_for_import(graft.start_import(project.dataset_id, source, **options))
    return project.dataset_id


def content(graft: Graft, dataset_id: str) -> Counter:
    """Return what must come back: bytes, label, group and split of every picture."""
    items = graft.registry.items(dataset_id)
    return Counter((item.sha256, item.label, item.group, item.split) for item in items)


def names(graft: Graft, dataset_id: str) -> list[str]:
    return sorted(item.name.rsplit("/", 1)[-1] for item in graft.registry.items(dataset_id))


def written(graft: Graft, dataset_id: str, target) -> zipfile.ZipFile:
    dataset_zip.write(graft.workspace, graft.registry.items(dataset_id), target)
    return zipfile.ZipFile(target)


def relabel(graft: Graft, dataset_id: str, item_ids, **values) -> None:
    graft.registry.change_items(dataset_id, item_ids, {"template": "x", "values": {}}, **values)


@pytest.fixture
def odd_folder(tmp_path):
    """Pictures whose names and classes go wrong elsewhere, in two groups, some of them twice."""
    folder = tmp_path / "odd"
    files = ["a, b.png", "it's.jpg", "über grün.png", "日本.png", "x.png", "X (2).png", "no suffix", "1.5.png"]
    for seed, group in enumerate(GROUPS):
        for number, label in enumerate(("cat", "dog")):
            (folder / group / label).mkdir(parents=True)
            for count, name in enumerate(files):
                kind = "JPEG" if name.endswith("jpg") else "PNG"
                (folder / group / label / name).write_bytes(picture(1000 * seed + 100 * number + count, kind))
    (folder / "morning" / "cat" / "copy.png").write_bytes((folder / "morning" / "cat" / "x.png").read_bytes())
    return folder


LABELS = (
    "train",
    "CON",
    "..",
    "ends.",
    "a,b",
    'say "hi"',
    "items.csv",
    "Cat",
    "cat ",
    "unlabelled",
    "no class",
    "=1+1",
)


def test_what_goes_out_comes_in_again_identically(graft, odd_folder, tmp_path):
    dataset_id = bring(graft, odd_folder)
    items = graft.registry.items(dataset_id)
    for label, item in zip(LABELS, items, strict=False):
        relabel(graft, dataset_id, [item.id], label=label.strip())
    relabel(graft, dataset_id, [item.id for item in items[-4:-1]], label=None)
    relabel(graft, dataset_id, [items[-1].id], removed=True)
    written(graft, dataset_id, tmp_path / "out.zip").close()
    again = bring(graft, tmp_path / "out.zip")
    assert content(graft, again) == content(graft, dataset_id)
    assert graft.registry.unlabelled(again) == 3
    assert graft.registry.imports(again)[0]["refused"] == []
    assert all(item.given_split == item.split for item in graft.registry.items(again))


def test_unpacked_and_dropped_as_a_folder_it_is_the_same_too(graft, odd_folder, tmp_path):
    dataset_id = bring(graft, odd_folder)
    with written(graft, dataset_id, tmp_path / "out.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
    assert content(graft, bring(graft, tmp_path / "unpacked")) == content(graft, dataset_id)


def test_the_second_export_is_the_first_one_byte_for_byte(graft, odd_folder, tmp_path):
    dataset_id = bring(graft, odd_folder)
    written(graft, dataset_id, tmp_path / "one.zip").close()
    written(graft, dataset_id, tmp_path / "two.zip").close()
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_pictures_are_the_original_bytes_under_their_own_names_in_class_folders(graft, odd_folder, tmp_path):
    dataset_id = bring(graft, odd_folder)
    with written(graft, dataset_id, tmp_path / "out.zip") as archive:
        assert archive.read("cat/日本.png") in {(odd_folder / g / "cat" / "日本.png").read_bytes() for g in GROUPS}
        assert {info.compress_type for info in archive.infolist() if info.filename != "items.csv"} == {0}
        assert archive.read("items.csv").decode().splitlines()[0] == "file,label,group,split"
    again = bring(graft, tmp_path / "out.zip")
    kept = set(names(graft, dataset_id)) & set(names(graft, again))
    assert kept == set(names(graft, dataset_id)), "the first of several pictures with one name keeps it"


def item(name: str, label: str | None = "a") -> Item:
    return Item(sha256="0", name=name, label=label)


def test_no_name_in_the_zip_is_one_that_a_system_cannot_unpack():
    labels = [*LABELS, "CAT", "x" * 300, "...", "a:b", "NUL.txt", ".hidden", "__MACOSX", "Thumbs.db", None]
    files = ["..", "con.png", "a?.png", "A?.png", "a_.png", "y" * 300 + ".jpeg", ".png", "dot.", "é.png", "e\u0301.png"]
    paths = dataset_zip.members([item(f"folder/{file}", label) for label in labels for file in files])
    assert len({path.casefold() for path in paths}) == len(labels) * len(files)
    folders = {path.split("/")[0] for path in paths}
    assert len({folder.casefold() for folder in folders}) == len(labels)
    for part in {part for path in paths for part in path.split("/")}:
        assert part == part.strip() and not part.endswith(".") and len(part) <= 130, part
        assert not set(part) & set('<>:"/\\|?*') and part not in ("", ".", "..", "items.csv")
        assert part.split(".")[0].upper() not in ("CON", "NUL") and not part.startswith(".")
    assert not folders & {"train", "test", "val"}


def test_a_picture_whose_original_is_gone_is_named_and_the_others_go_out(graft, odd_folder, tmp_path):
    dataset_id = bring(graft, odd_folder)
    gone = next(item for item in graft.registry.items(dataset_id) if item.name.endswith("日本.png"))
    graft.workspace.blob_path(gone.sha256).unlink()
    made = dataset_zip.write(graft.workspace, graft.registry.items(dataset_id), tmp_path / "out.zip")
    assert made.missing == (gone.name,) and made.pictures == len(graft.registry.items(dataset_id)) - 1


def test_the_page_downloads_what_a_worker_packed_as_long_as_nothing_has_changed(graft, odd_folder, monkeypatch):
    from engine.api import datasets

    monkeypatch.setattr(graft_module, "current", lambda: graft)
    dataset_id = bring(graft, odd_folder)
    assert graft.dataset_exports.status(dataset_id)["state"] == "none"
    graft.dataset_exports.start(dataset_id)
    state = _when_done(graft, dataset_id)
    assert (state["state"], state["pictures"], state["missing"]) == ("done", 33, [])
    address = f"/api/export/{dataset_id}/{state['version']}"
    routes = _routes(datasets)
    answer = routes.get(address)
    assert answer.headers["content-disposition"].startswith("attachment") and "odd.zip" in str(answer.headers)
    assert len(zipfile.ZipFile(io.BytesIO(answer.content)).namelist()) == 34
    relabel(graft, dataset_id, [1], label="lion")
    assert graft.dataset_exports.status(dataset_id)["state"] == "none"
    assert routes.get(f"/api/export/{dataset_id}/999").status_code == 404


def _when_done(graft: Graft, dataset_id: str) -> dict:
    for thread in graft_module.threading.enumerate():
        if thread.name == "pack":
            thread.join()
    return graft.dataset_exports.status(dataset_id)


def _routes(datasets) -> TestClient:
    from starlette.applications import Starlette
    from starlette.routing import Route

    return TestClient(Starlette(routes=[Route("/api/export/{dataset_id}/{version}", datasets.dataset_zip)]))


def test_the_command_line_exports_a_project_by_name(graft, odd_folder, tmp_path, capsys):
    bring(graft, odd_folder)
    target = tmp_path / "out.zip"
    assert main(["export-data", "odd", "-o", str(target), "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["file"] == str(target) and told["pictures"] == 33
    assert main(["export-data", "even", "-o", str(target)]) == 2
    assert "There is no project called even; these are there:" in capsys.readouterr().err
    graft.registry.create_project("odd")
    assert main(["export-data", "odd", "-o", str(target)]) == 2
    refusal = capsys.readouterr().err
    assert "2 projects are called odd." in refusal
    assert all(f"{project.id}  {project.created[:10]}" in refusal for project in graft.registry.projects())
