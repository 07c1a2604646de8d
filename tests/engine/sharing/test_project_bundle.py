"""A project goes out as one file and comes in elsewhere as it was, or not at all."""

import hashlib
import json
import random
import sqlite3
import zipfile
from pathlib import Path

import numpy as np
import pytest

from engine.cli import parser
from engine.data import versions
from engine.errors import UserError
from engine.evaluation import beside_network, predict
from engine.sharing import bundle_format, bundle_reader, project_bundle, sealed_file
from engine.storage import runs
from engine.storage.registry import ItemRecord, Registry, Run
from engine.storage.workspace import Workspace, read_json, write_atomic, write_json
from tests.support import tiny_runs

KEPT = Path(__file__).parents[2] / "support" / "workspaces" / "0.0-8a73e94.zip"
WORDS = "correct horse battery"


@pytest.fixture(scope="module", autouse=True)
def cheap_guesses():
    """A key that is quick to derive: what is tested is the file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealed_file, "COST", sealed_file.CHEAPEST)
        yield


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> tuple[Workspace, Registry]:
    """A workspace with digits trained twice and shapes, whose history has undone changes and pictures taken out."""
    folder = tmp_path_factory.mktemp("home")
    with zipfile.ZipFile(KEPT) as archive:
        archive.extractall(folder)
    return Workspace(folder).create(), Registry(f"sqlite:///{folder / 'registry.sqlite'}")


@pytest.fixture(scope="module")
def digits(home, tmp_path_factory) -> dict[str, Path]:
    """The first project as a plain bundle and as an encrypted one."""
    workspace, registry = home
    folder = tmp_path_factory.mktemp("bundles")
    [project] = [project for project in registry.projects() if project.name == "Digits"]
    made = {"id": project.id, "plain": folder / "digits.graft", "sealed": folder / "sealed.graft"}
    project_bundle.write(workspace, registry, project.id, made["plain"])
    project_bundle.write(workspace, registry, project.id, made["sealed"], passphrase=WORDS)
    return made


@pytest.fixture
def elsewhere(tmp_path) -> tuple[Workspace, Registry]:
    workspace = Workspace(tmp_path / "elsewhere").create()
    return workspace, Registry(f"sqlite:///{workspace.root / 'registry.sqlite'}")


def everything(workspace: Workspace) -> set[str]:
    """Return all files of a workspace but the database, and how many rows that has."""
    files = {str(path.relative_to(workspace.root)) for path in workspace.root.rglob("*") if path.is_file()}
    with sqlite3.connect(workspace.root / "registry.sqlite") as database:
        counts = [database.execute(f"SELECT count(*) FROM {name}").fetchone() for name in ("items", "runs", "projects")]  # noqa: S608 - names of ours
    return {name for name in files if not name.startswith("registry.sqlite")} | {str(counts)}


def test_a_project_comes_in_elsewhere_bit_for_bit(home, digits, elsewhere):
    workspace, registry = elsewhere
    opened = bundle_reader.open_bundle(*elsewhere, digits["sealed"], passphrase=WORDS)
    theirs, ours = home[1].project_rows(digits["id"]), registry.project_rows(opened.project)
    assert not opened.copy and theirs is not None and len(theirs["items"]) == opened.pictures == 200
    for rows in (theirs, ours):
        for number, change in enumerate(rows["changes"]):
            change["id"] = number  # their order is kept, their numbers are the database's
    assert ours == theirs and any(change["undone"] for change in ours["changes"])
    for item in ours["items"]:
        path = workspace.blob_path(item["sha256"])
        assert path.read_bytes() == home[0].blob_path(item["sha256"]).read_bytes()
    for run in ours["runs"]:
        here, there = (place.run_dir(run["id"]) for place in (workspace, home[0]))
        assert {p.name: p.read_bytes() for p in here.iterdir()} == {p.name: p.read_bytes() for p in there.iterdir()}


def test_the_same_project_again_is_a_copy_that_names_its_own_pictures_and_runs(home, digits, elsewhere):
    workspace, registry = elsewhere
    bundle_reader.open_bundle(*elsewhere, digits["plain"])
    copy = bundle_reader.open_bundle(*elsewhere, digits["plain"])
    assert copy.copy and copy.project != digits["id"]
    rows = registry.project_rows(copy.project)
    own = {row["id"] for row in rows["items"]}
    [run] = rows["runs"]
    seen = versions.of_run(workspace.run_dir(run["id"]))
    assert {picture.item for picture in seen} <= own and not own & {row["id"] for row in _rows(registry, digits["id"])}
    assert versions.facts(workspace.run_dir(run["id"]))["fingerprint"] == versions.fingerprint(seen)
    [first, *_rest] = registry.changes(rows["datasets"][0]["id"])
    registry.undo(first.id) if not first.undone else registry.redo(first.id)  # history works on the copy


def _rows(registry: Registry, project_id: str) -> list[dict]:
    return (registry.project_rows(project_id) or {})["items"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["plain", "sealed"])
def test_two_hundred_changed_bytes_are_all_refused(digits, elsewhere, tmp_path, kind):
    content, dice = bytearray(digits[kind].read_bytes()), random.Random(5)
    before, path = everything(elsewhere[0]), tmp_path / "changed"
    for _attempt in range(200):
        at, by = dice.randrange(len(content)), dice.randrange(1, 256)
        content[at] ^= by
        path.write_bytes(content)
        content[at] ^= by
        with pytest.raises(UserError):
            bundle_reader.open_bundle(*elsewhere, path, passphrase=WORDS)
    assert everything(elsewhere[0]) == before


def test_truncated_lengthened_and_wrongly_opened_files_are_refused_in_words(digits, elsewhere, tmp_path):
    content, path = digits["sealed"].read_bytes(), tmp_path / "cut"
    before = everything(elsewhere[0])
    for changed in (content[:-1], content[: len(content) // 2], content[:30], content + b"x"):
        path.write_bytes(changed)
        with pytest.raises(UserError, match="has been changed"):
            bundle_reader.open_bundle(*elsewhere, path, passphrase=WORDS)
    with pytest.raises(UserError, match="passphrase is not the right one"):
        bundle_reader.open_bundle(*elsewhere, digits["sealed"], passphrase=WORDS + "s")
    with pytest.raises(UserError, match="is encrypted"):
        bundle_reader.open_bundle(*elsewhere, digits["sealed"])
    path.write_bytes(b"no bundle at all")
    with pytest.raises(UserError, match="no project bundle"):
        bundle_reader.open_bundle(*elsewhere, path)
    with pytest.raises(UserError, match="At least 8"):
        sealed_file.seal(path.open("rb"), (tmp_path / "x").open("wb"), "short")
    assert everything(elsewhere[0]) == before


def test_chunks_of_a_large_file_cannot_be_swapped_or_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(sealed_file, "CHUNK", 64)
    plain, sealed, opened = tmp_path / "plain", tmp_path / "sealed", tmp_path / "opened"
    plain.write_bytes(bytes(range(200)))

    def unseal(content: bytes) -> bytes:
        sealed.write_bytes(content)
        with sealed.open("rb") as source, opened.open("wb") as target:
            sealed_file.unseal(source, target, WORDS)
        return opened.read_bytes()

    with plain.open("rb") as source, sealed.open("wb") as target:
        sealed_file.seal(source, target, WORDS)
    content, head, size = sealed.read_bytes(), sealed_file.HEADER.size, 64 + sealed_file.TAG
    one, two = content[head : head + size], content[head + size : head + 2 * size]
    assert unseal(content) == plain.read_bytes()
    for changed in (two + one, two, one, one + one + two):
        with pytest.raises(UserError):
            unseal(content[:head] + changed + content[head + 2 * size :])
    with pytest.raises(UserError):
        unseal(content[: head + 2 * size])  # cut where a chunk ends


def repacked(source: Path, target: Path, change) -> Path:
    """Write a bundle anew as a stranger could, with members changed and the sum of everything put right."""
    with zipfile.ZipFile(source) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    change(members)
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.comment = project_bundle.SEAL + b"0" * project_bundle.DIGITS
    end = target.stat().st_size - project_bundle.DIGITS
    digest = project_bundle.digest_of(target, end).encode()
    target.write_bytes(target.read_bytes()[:end] + digest)
    return target


def in_first_line(members: dict, table: str, **values) -> None:
    first, *rest = members[table].splitlines()
    members[table] = b"\n".join([json.dumps({**json.loads(first), **values}).encode(), *rest])


def in_run(members: dict, name: str, content: bytes | dict) -> None:
    [run] = {part.split("/")[1] for part in members if part.startswith("runs/")}
    path = f"runs/{run}/{name}"
    if isinstance(content, dict):
        content = json.dumps({**json.loads(members[path]), **content}).encode()
    members[path] = content


def texts(workspace: Workspace) -> list[ItemRecord]:
    """Return records of sentences in two languages, ten of each."""
    made = []
    for number in range(20):
        label, text = (
            ("English", f"The bird eats {number} seeds.") if number % 2 else ("German", f"Der Vogel isst {number}.")
        )
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        write_atomic(workspace.blob_path(sha256), text)
        split = tiny_runs.SPLITS[number // 2]
        made.append(ItemRecord(sha256, text, label, split=split, bytes=len(text), modality="text"))
    return made


@pytest.mark.slow
def test_a_trained_run_answers_elsewhere_as_it_did_by_the_model_that_was_kept(tmp_path, elsewhere):
    home = Workspace(tmp_path / "home").create()
    registry = Registry(f"sqlite:///{home.root / 'registry.sqlite'}")
    project = registry.create_project("Languages")
    registry.add_import(project.dataset_id, "import-abcdef", "texts", texts(home), [])
    run_dir = tiny_runs.train(home, registry.items(project.dataset_id), image_size=64, name="instant")
    registry.add_run(Run(run_dir.name, project.id, project.dataset_id, "Languages", runs.now(), ""))
    beside_network.keep(run_dir, beside_network.NGRAM)
    write_atomic(run_dir / "exports" / "model.onnx", "an export")
    asked = [b"The bird eats seeds.", b"Der Vogel isst."]
    project_bundle.write(home, registry, project.id, tmp_path / "b")
    opened = bundle_reader.open_bundle(*elsewhere, tmp_path / "b")
    there = elsewhere[0].run_dir(run_dir.name)
    assert (opened.runs, opened.pictures) == (1, 20) and not (there / "exports").exists()
    assert (there / runs.MODEL).read_bytes() == (run_dir / runs.MODEL).read_bytes()
    for kept in (beside_network.NGRAM, beside_network.NETWORK):  # the first as it came, then the network
        assert beside_network.kept(there) == beside_network.kept(run_dir) == kept
        assert np.array_equal(predict.predict(there, asked), predict.predict(run_dir, asked))
        for place in (there, run_dir):
            beside_network.keep(place, beside_network.NETWORK)


def without_newer_columns(members: dict) -> None:
    """Take away what the registry did not know in its first version."""
    for table, newer in {
        "datasets": ("revision",),
        "items": ("modality", "facts", "ambiguous", "boxes"),
        "imports": ("seconds", "layout"),
        "changes": ("who", "kind", "import_id", "pictures", "sample"),
        "runs": ("owner",),
    }.items():
        lines = [json.loads(line) for line in members[f"{table}.jsonl"].splitlines()]
        older = [{name: value for name, value in row.items() if name not in newer} for row in lines]
        members[f"{table}.jsonl"] = "\n".join(map(json.dumps, older)).encode()


def test_rows_of_an_older_graft_come_in_with_what_is_usual_for_newer_columns(digits, elsewhere, tmp_path):
    path = repacked(digits["plain"], tmp_path / "older.zip", without_newer_columns)
    opened = bundle_reader.open_bundle(*elsewhere, path)
    rows = elsewhere[1].project_rows(opened.project)
    assert {(row["modality"], row["facts"], row["ambiguous"], row["boxes"]) for row in rows["items"]} == {
        ("image", "{}", False, None)
    }
    assert opened.pictures == 200 and rows["runs"][0]["owner"] == ""
    assert elsewhere[1].changes(rows["datasets"][0]["id"]) and elsewhere[1].items(rows["datasets"][0]["id"])


def test_names_of_files_are_those_that_runs_have():
    from engine.evaluation import detection_results
    from engine.training.baselines import ngram

    assert {beside_network.KEPT, beside_network.PREDICTIONS, ngram.FILE} <= bundle_format.RUN_FILES
    assert detection_results.THRESHOLDS in bundle_format.LISTS <= bundle_format.RUN_FILES
    assert bundle_format.ANSWERING == (beside_network.NETWORK, beside_network.NGRAM)


EVIL = {
    "a file outside": lambda m: m.update({"runs/../../evil": b"x"}),
    "a file of another name": lambda m: in_run(m, "start.py", b"x"),
    "a checkpoint": lambda m: in_run(m, "checkpoint", b"x"),
    "a run nobody lists": lambda m: m.update({"runs/20260101-000000-abcdef/status.json": b"{}"}),
    "a blob of another content": lambda m: m.update({next(n for n in m if n.startswith("blobs/")): b"other"}),
    "a picture that is missing": lambda m: m.pop(next(n for n in m if n.startswith("blobs/"))),
    "a run that would begin": lambda m: in_run(m, "status.json", {"state": "queued"}),
    "a sentence that computes": lambda m: in_run(m, "status.json", {"message": "{a:>9999999999}", "values": {"a": 1}}),
    "a sentence that looks inside": lambda m: in_first_line(
        m, "changes.jsonl", summary='{"template": "{a.__class__}", "values": {"a": 1}}'
    ),
    "boxes that are none": lambda m: in_first_line(m, "items.jsonl", boxes='[["cell", 1, 2, "wide", 4]]'),
    "a box without end": lambda m: in_first_line(m, "items.jsonl", boxes='[["cell", 1, 2, Infinity, 4]]'),
    "a kept model that is not there": lambda m: in_run(m, "kept_model.json", b'{"answers": "ngram"}'),
    "thresholds that are none": lambda m: in_run(m, "detection_thresholds.json", b'["high"]'),
    "a model that is none": lambda m: in_run(m, "model.keras", b"PK\x03\x04 no model"),
    "arrays with code": lambda m: in_run(m, "unknown.npz", b"\x80\x04."),
    "a table that is none": lambda m: in_run(m, "predictions.parquet", b"PAR1"),
    "a recipe without sense": lambda m: in_run(m, "recipe.json", {"epochs": "many", "what": 1}),
    "an item of another dataset": lambda m: in_first_line(m, "items.jsonl", dataset_id="abcdef012345"),
    "a number out of reach": lambda m: in_first_line(m, "items.jsonl", id=2**63),
    "a column of its own": lambda m: in_first_line(m, "projects.jsonl", owner="me"),
    "a change of the past": lambda m: in_first_line(m, "changes.jsonl", before='[[{"sha256": "x"}, [1]]]'),
    "a change of others' pictures": lambda m: in_first_line(m, "changes.jsonl", before='[[{"label": "x"}, [99999]]]'),
    "no manifest": lambda m: m.pop("bundle.json"),
    "a form of tomorrow": lambda m: m.update({"bundle.json": b'{"format": "graft-bundle", "version": 2}'}),
    "brackets without end": lambda m: m.update({"bundle.json": b"[" * 100_000}),
}


@pytest.mark.parametrize("name", EVIL)
def test_a_strangers_bundle_is_refused_whole(digits, elsewhere, tmp_path, name):
    path, before = repacked(digits["plain"], tmp_path / "evil.zip", EVIL[name]), everything(elsewhere[0])
    with pytest.raises(UserError, match="bundle"):
        bundle_reader.open_bundle(*elsewhere, path)
    assert everything(elsewhere[0]) == before


def test_a_bundle_repacked_as_it_was_comes_in(digits, elsewhere, tmp_path):
    path = repacked(digits["plain"], tmp_path / "same.zip", lambda members: None)
    assert bundle_reader.open_bundle(*elsewhere, path).pictures == 200


def test_what_has_not_ended_and_what_names_a_machine_stays_here(home, digits, tmp_path):
    workspace, registry = home
    [run] = (registry.project_rows(digits["id"]) or {})["runs"]
    status = workspace.run_dir(run["id"]) / "status.json"
    before = read_json(status)
    try:
        write_json(status, {**before, "state": "queued"})
        write_json(workspace.run_dir(run["id"]) / runs.SUBMITTER, {"host": "secret-host"})
        made = project_bundle.write(workspace, registry, digits["id"], tmp_path / "b")
        assert (made.runs, made.left_out) == (0, (run["name"],))
        write_json(status, before)
        project_bundle.write(workspace, registry, digits["id"], tmp_path / "b")
        assert b"secret-host" not in (tmp_path / "b").read_bytes()
    finally:
        write_json(status, before)
        (workspace.run_dir(run["id"]) / runs.SUBMITTER).unlink()


def test_the_command_writes_and_opens_with_a_passphrase_from_a_file(home, tmp_path, capsys, workspace):
    words = tmp_path / "words"
    words.write_text(WORDS + "\n")
    out, secret = str(tmp_path / "out.graft"), ["--passphrase-file", str(words), "--json"]
    patch = pytest.MonkeyPatch()
    with patch.context() as at_home:
        from engine import settings

        at_home.setenv("GRAFT_WORKSPACE", str(home[0].root))
        settings.current.cache_clear()
        assert parser.main(["bundle", "Shapes", "-o", out, *secret]) == 0
    settings.current.cache_clear()
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["encrypted"] is True
    assert parser.main(["bundle", "--open", out]) == 2 and "--passphrase-file" in capsys.readouterr().err
    assert parser.main(["bundle", "--open", out, *secret]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["pictures"] == 48 and told["runs"] == 1 and not told["copy"]
    assert parser.main(["bundle"]) == 2 and "either" in capsys.readouterr().err
