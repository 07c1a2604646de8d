"""Bring a project bundle in: all of it or nothing. A bundle from a stranger is hostile until every part was looked at.

Nothing is read before the whole file is known to be as it was written; files lie in a folder of their own until the
last one is checked; then originals and runs are put in place, and the rows stored in one transaction.
"""

import hashlib
import json
import os
import secrets
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.compute
import pyarrow.parquet

from engine.backbones import custom
from engine.backbones.model_import import model_file
from engine.data import versions
from engine.data.importing import archive
from engine.errors import DataError, UserError
from engine.sharing import bundle_format, sealed_file
from engine.sharing.bundle_format import MANIFEST, TABLES, not_ours
from engine.sharing.project_bundle import DIGITS, SEAL, digest_of
from engine.storage import project_rows, runs
from engine.storage.project_rows import Place, Rows
from engine.storage.registry import Registry
from engine.storage.status_file import STATUS
from engine.storage.workspace import Workspace, check_free_space, write_json
from engine.training.recipe import Recipe

MOST_ARRAY_BYTES = 256 * 2**20
NO_BUNDLE = "{name} is no project bundle of Graft. The command bundle makes one."


@dataclass(frozen=True)
class Opened:
    """What came in: the id of the project and its name, so many pictures and runs; `copy` where its ids were taken."""

    project: str
    name: str
    pictures: int
    runs: int
    copy: bool


def open_bundle(workspace: Workspace, registry: Registry, path: Path, *, passphrase: str = "") -> Opened:
    """Bring the project of a bundle in. Raises UserError, and changes nothing, where anything is not as it should be.

    Ids stay as they were; where the registry has some of them already, the project comes in as a copy with new ones.
    """
    check_free_space(workspace.root, 2 * path.stat().st_size)
    staging = workspace.incoming / f"bundle-{secrets.token_hex(6)}"
    staging.mkdir(parents=True)
    try:
        plain = _plain(path, staging, passphrase)
        _check_whole(plain, path.name)
        contents = _Contents(staging)
        for entry in archive.read(plain, staging):
            contents.take(entry)
        rows = contents.checked()
        return _bring_in(workspace, registry, rows, staging)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _plain(path: Path, staging: Path, passphrase: str) -> Path:
    """Return the bundle without its encryption."""
    if not sealed_file.is_sealed(path):
        return path
    if not passphrase:
        raise DataError(sealed_file.NEEDED)
    opened = staging / "plain"
    with path.open("rb") as source, opened.open("wb") as target:
        sealed_file.unseal(source, target, passphrase)
    return opened


def _check_whole(path: Path, name: str) -> None:
    """Refuse a file that is not as it was written, before any of it is read."""
    end = path.stat().st_size - DIGITS
    with path.open("rb") as file:
        start = file.read(4)
        file.seek(max(0, end - len(SEAL)))
        seal = file.read()
    if start != b"PK\x03\x04" and start[:2] != b"PK":
        raise DataError(NO_BUNDLE, name=name)
    if end <= 0 or not seal.startswith(SEAL) or seal[len(SEAL) :].decode("ascii", "replace") != digest_of(path, end):
        raise DataError(sealed_file.DAMAGED)


class _Contents:
    """What was read so far of a bundle; files lie in the staging folder."""

    def __init__(self, staging: Path):
        self._staging = staging
        self._tables: dict[str, bytes] = {}
        self._blobs: set[str] = set()
        self._files: dict[str, set[str]] = {}  # {run: names}

    def take(self, entry: archive.Entry) -> None:
        """Keep one member. Raises DataError for one that does not belong into a bundle."""
        if entry.refused is not None:
            raise not_ours(entry.name[:80]) from entry.refused
        first, *rest = entry.name.split("/")
        if not rest and (first == MANIFEST or (first.endswith(".jsonl") and first.removesuffix(".jsonl") in TABLES)):
            if first in self._tables:
                raise not_ours(first)
            self._tables[first] = entry.content
        elif first == "blobs" and len(rest) == 1:
            self._take_blob(rest[0], entry.content)
        elif first == "runs" and len(rest) == 2:
            self._take_run_file(*rest, entry.content)
        else:
            raise not_ours(entry.name[:80])

    def _take_blob(self, sha256: str, content: bytes) -> None:
        if sha256 in self._blobs or hashlib.sha256(content).hexdigest() != sha256:
            raise not_ours(f"blobs/{sha256[:12]}")
        self._blobs.add(sha256)
        _put(self._staging / "blobs" / sha256, content)

    def _take_run_file(self, run_id: str, name: str, content: bytes) -> None:
        here = self._files.setdefault(run_id, set())
        if not bundle_format.RUN_ID.fullmatch(run_id) or name not in bundle_format.RUN_FILES or name in here:
            raise not_ours(f"runs/{run_id[:40]}/{name[:40]}")
        here.add(name)
        _put(self._staging / "runs" / run_id / name, content)

    def checked(self) -> Rows:
        """Return the rows, after everything has been looked at. Raises DataError where anything is amiss."""
        manifest = _manifest(self._tables.pop(MANIFEST, b""))
        rows = {table: bundle_format.rows_of(table, self._tables.get(f"{table}.jsonl", b"")) for table in TABLES}
        bundle_format.check_together(rows)
        files = len(self._blobs) + sum(map(len, self._files.values()))
        counts = {table: len(rows[table]) for table in TABLES}
        if (manifest.get("tables"), manifest.get("files")) != (counts, files):
            raise not_ours(MANIFEST)
        if not self._blobs <= {row["sha256"] for row in rows["items"]}:
            raise not_ours("blobs")
        if set(self._files) != {row["id"] for row in rows["runs"]}:
            raise not_ours("runs")
        for run_id in self._files:
            check_run(self._staging / "runs" / run_id, most_rows=len(rows["items"]))
        return rows


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _manifest(content: bytes) -> dict:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise not_ours(MANIFEST) from error
    if not isinstance(found, dict) or found.get("format") != bundle_format.FORMAT:
        raise not_ours(MANIFEST)
    if found.get("version") != bundle_format.VERSION:
        raise DataError(
            "The bundle was made by another version of Graft (its form is {version}, this Graft reads {known}). "
            "Open it with that one.",
            version=str(found.get("version"))[:20],
            known=bundle_format.VERSION,
        )
    return found


def check_run(run_dir: Path, *, most_rows: int) -> None:
    """Raise DataError unless every file of a run is what its name says."""
    for path in sorted(run_dir.iterdir()):
        try:
            _check_file(path, most_rows)
        except (ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError) as error:
            raise not_ours(f"runs/{run_dir.name}/{path.name}") from error
        except (pyarrow.ArrowException, zipfile.BadZipFile, UserError) as error:
            raise not_ours(f"runs/{run_dir.name}/{path.name}") from error
    needed = {runs.RECIPE, runs.SNAPSHOT, STATUS}
    if not all((run_dir / name).exists() for name in needed):
        raise not_ours(f"runs/{run_dir.name}")


def _check_file(path: Path, most_rows: int) -> None:
    if path.name in bundle_format.PARQUET_FILES:
        _check_table(path, most_rows)
    elif path.name == runs.MODEL:
        model_file.read_plan(path)  # layers from a list, sizes that fit; Keras' safe mode loads it later
    elif path.name in bundle_format.ARRAYS:
        _check_arrays(path)
    elif path.name == runs.EVENTS:
        for line in path.read_text("utf-8").splitlines():
            if not isinstance(json.loads(line), dict):
                raise TypeError("no event")
    elif path.name in bundle_format.JSON_FILES:
        _check_json(path)
    else:
        path.read_text("utf-8")


def _check_json(path: Path) -> None:
    found = json.loads(path.read_text("utf-8"))
    if path.name in bundle_format.LISTS:
        _check_numbers(found)
        return
    if not isinstance(found, dict):
        raise TypeError("no mapping")
    if path.name == bundle_format.KEPT_MODEL:
        _check_kept(path, found)
    if path.name == runs.RECIPE:
        Recipe.from_dict(found)
    if path.name == STATUS:
        if found["state"] not in bundle_format.ENDED:
            raise ValueError("a state that begins a training")
        bundle_format.check_sentence({"template": found["message"], "values": found["values"]})
        if found.get("error"):
            bundle_format.check_sentence(found["error"])


def _check_numbers(found) -> None:
    if not isinstance(found, list) or not all(type(one) in (int, float) and 0 <= one <= 1 for one in found):
        raise TypeError("no list of thresholds")


def _check_kept(path: Path, found: dict) -> None:
    """Refuse to let a model answer that is not there."""
    if found.keys() != {"answers"} or found["answers"] not in bundle_format.ANSWERING:
        raise ValueError("no model of a run")
    if found["answers"] != bundle_format.ANSWERING[0] and not (path.parent / bundle_format.NGRAM).exists():
        raise ValueError("no such model beside the network")


def _check_table(path: Path, most_rows: int) -> None:
    """Refuse a table of other columns, or of more rows than there are pictures, before it is read."""
    about = pyarrow.parquet.read_metadata(path)
    names = set(about.schema.to_arrow_schema().names)
    size = sum(about.row_group(group).total_byte_size for group in range(about.num_row_groups))
    if about.num_rows > most_rows or size > MOST_ARRAY_BYTES or not {"item", "sha256", "label"} <= names:
        raise ValueError("no table of a run")
    pyarrow.parquet.read_table(path).validate(full=True)


def _check_arrays(path: Path) -> None:
    with zipfile.ZipFile(path) as file:
        if sum(info.file_size for info in file.infolist()) > MOST_ARRAY_BYTES:
            raise ValueError("too large")
    with np.load(path, allow_pickle=False) as arrays:
        for name in arrays.files:
            arrays[name]


# ids


def _bring_in(workspace: Workspace, registry: Registry, rows: Rows, staging: Path) -> Opened:
    """Put what was checked in place; where the rows cannot be stored, take away what was put."""
    place, names = _place(registry, rows, workspace)
    moved = _renamed(rows, place, names)
    for run in rows["runs"]:
        _rename_run(staging / "runs" / run["id"], names, place.moved)
    placed: list[Path] = []
    try:
        for blob in sorted((staging / "blobs").glob("*")):
            _move(blob, workspace.blob_path(blob.name), placed)
        for run in rows["runs"]:
            _move(staging / "runs" / run["id"], workspace.run_dir(names.get(run["id"], run["id"])), placed)
        registry.add_project_rows(moved)
    except BaseException:
        for path in placed:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        raise
    [project] = moved["projects"]
    return Opened(place.project, project["name"], len(rows["items"]), len(rows["runs"]), bool(names) or place.moved > 0)


def _move(source: Path, target: Path, placed: list[Path]) -> None:
    if target.exists() and source.is_file():
        return  # the same content lies there already
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        raise DataError("Somebody brought in the same at this moment. Nothing was stored; try again.")
    os.replace(source, target)
    placed.append(target)


def _place(registry: Registry, rows: Rows, workspace: Workspace) -> tuple[Place, dict[str, str]]:
    """Return the ids that the project gets, and new names {old: new} of imports and runs where any id was taken."""
    ids = {table: [row["id"] for row in rows[table]] for table in ("projects", "datasets", "imports", "runs")}
    there = any(registry.taken(table, own) for table, own in ids.items())
    there = there or any(workspace.run_dir(run_id).exists() for run_id in ids["runs"])
    moved = registry.room_for_items([row["id"] for row in rows["items"]])
    if not there:
        return Place(ids["projects"][0], ids["datasets"][0], moved), {}
    names = {own: f"import-{secrets.token_hex(8)}" for own in ids["imports"]}
    names |= {own: f"{own[:15]}-{secrets.token_hex(3)}" for own in ids["runs"]}
    return Place(secrets.token_hex(6), secrets.token_hex(6), moved), names


def _renamed(rows: Rows, place: Place, names: dict[str, str]) -> Rows:
    """Return the rows as they are stored here."""
    own = {"dataset_id": place.dataset}
    items = [{**row, **own, "id": row["id"] + place.moved} for row in rows["items"]]
    imports = [{**row, **own, "id": names.get(row["id"], row["id"])} for row in rows["imports"]]
    changes = [{**row, **own, **_moved_change(row, place.moved, names)} for row in rows["changes"]]
    ran = [{**row, **own, "project_id": place.project, "id": names.get(row["id"], row["id"])} for row in rows["runs"]]
    return {
        "projects": [{**rows["projects"][0], "id": place.project}],
        "datasets": [{**rows["datasets"][0], "id": place.dataset, "project_id": place.project}],
        "items": items,
        "imports": imports,
        "changes": changes,
        "runs": ran,
    }


def _moved_change(row: dict, by: int, names: dict[str, str]) -> dict:
    sample = [item + by for item in json.loads(row["sample"] or "[]")]
    return {
        "before": project_rows.moved_values(row["before"], by),
        "after": None if row["after"] is None else project_rows.moved_values(row["after"], by),
        "sample": json.dumps(sample) if by else row["sample"],
        "import_id": names.get(row["import_id"] or "", row["import_id"]),
    }


def _rename_run(run_dir: Path, names: dict[str, str], moved: int) -> None:
    """Let the files of a run name other runs and pictures as they are called here; nothing where ids stay."""
    if names:
        _rename_others(run_dir, names)
    if not moved:
        return
    for name in bundle_format.PARQUET_FILES:
        if (run_dir / name).exists():
            table = pyarrow.parquet.read_table(run_dir / name)
            column = pyarrow.compute.add(table.column("item"), pyarrow.scalar(moved, pyarrow.int64()))
            table = table.set_column(table.schema.get_field_index("item"), "item", column)
            pyarrow.parquet.write_table(table, run_dir / name)
    left_out = versions.left_out(run_dir)
    versions.leave_out(run_dir, {**left_out, "items": [item + moved for item in left_out["items"]]})
    if (run_dir / versions.FACTS).exists():
        versions.note_pictures(run_dir, versions.of_run(run_dir))


def _rename_others(run_dir: Path, names: dict[str, str]) -> None:
    earlier = runs.earlier(run_dir)
    if earlier in names:
        runs.follow(run_dir, names[earlier])
    recipe = runs.read_recipe(run_dir)
    started_from = str(recipe.get("backbone", "")).removeprefix(custom.RUN)
    if started_from in names:
        write_json(run_dir / runs.RECIPE, {**recipe, "backbone": custom.key_of_run(names[started_from])})
