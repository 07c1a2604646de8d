"""Imports, from the files that arrived to the items of a dataset: looked at, asked about, brought in, cleaned up.

Every import is a folder `incoming/import-*` of plain files, so that a restart finds it: `job.json` says what is wanted,
`arrival.json` what was seen by names alone (the import then waits for an answer), `account.json` and `used.jsonl` what
a worker read. The folder goes when the import is done, failed or cancelled, and the upload with it.
"""

import logging
import secrets
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.compute.client import Compute
from engine.data import label_kinds, split
from engine.data.importing import preview
from engine.data.importing.copy_search import Print
from engine.data.importing.import_job import ARRIVAL, EXISTING, KNOWN
from engine.data.importing.ingest import NEW_BLOBS, Account, read_account
from engine.data.label_kinds.label_kind import LabelKind
from engine.data.modalities import registry as modalities
from engine.errors import UNEXPECTED, UserError
from engine.storage.liveness import is_alive, is_here, this_process
from engine.storage.registry import Registry
from engine.storage.status_file import STATUS, StatusFile
from engine.storage.workspace import Workspace, read_json, write_json

JOB, SUBMITTER = "job.json", "submitter.json"

log = logging.getLogger("graft")


class Imports:
    """The imports of one workspace. Several threads may use it."""

    def __init__(self, workspace: Workspace, registry: Registry, compute: Callable[[], Compute]):
        self._workspace = workspace
        self._registry = registry
        self._compute = compute
        self._known: dict[str, dict] = {}
        self._lock = threading.Lock()

    def start(
        self, dataset_id: str, source: str | Path, *, title: str = "", ask: bool = False, who: str = "", **options
    ) -> str:
        """Begin to bring `source` in and return the import's id; with `ask`, look at the names and wait for `answer`.

        who: the name of the person, for the history. options: layout, label, loose, several_classes and reading of
        ingest.
        """
        import_id = f"import-{secrets.token_hex(8)}"
        job = {"dataset_id": dataset_id, "source": str(source), "title": title or Path(source).name, "ask": ask}
        job |= {"options": options, "who": who}
        write_json(self._folder(import_id) / JOB, job)
        self._submit(import_id, job)
        return import_id

    def status(self, import_id: str) -> dict:
        """Return {state: running|waiting|done|failed|cancelled, progress, message, values, and when done the account's
        received, used, refused, seconds}."""
        folder = self._folder(import_id)
        known, job = self._known.get(import_id), read_json(folder / JOB)
        if job is None:  # its folder goes when it has ended: what was read first may be out of date
            known = self._known.get(import_id) or self._ended_elsewhere(import_id)
        if known is not None and known["state"] != "running":
            return known
        state = "waiting" if self._waits(folder, job or {}) else "running"
        return {"progress": 0.0, **StatusFile(folder / STATUS).read(), "state": state}

    def running(self, dataset_id: str) -> list[str]:
        """Return the ids of imports into this dataset that are being worked on, whoever began them."""
        return [folder.name for folder, job in self._jobs(dataset_id) if self._is_at_work(folder, job)]

    def titles(self, dataset_id: str) -> list[str]:
        """Return what the imports into this dataset that are being worked on are called."""
        return [job["title"] for folder, job in self._jobs(dataset_id) if self._is_at_work(folder, job)]

    def waiting(self, dataset_id: str) -> list[dict]:
        """Return the imports that wait for an answer, the oldest first: {"id", "title", "arrival"}."""
        found = []
        for folder, job in self._jobs(dataset_id):
            arrival = read_json(folder / ARRIVAL)
            if job["ask"] and arrival:
                found.append({"id": folder.name, "title": job["title"], "arrival": arrival})
        return sorted(found, key=lambda entry: (self._folder(entry["id"]) / SUBMITTER).stat().st_mtime)

    def read_as(self, import_id: str, option: str, answer: str) -> None:
        """Answer a question about how an import that waits is read, and look at it again; it still waits.

        option, answer: as `importing.choices` names them. Raises DataError for an answer that makes no sense.
        """
        with self._lock:
            folder = self._folder(import_id)
            job = read_json(folder / JOB)
            if job is None or not self._waits(folder, job):
                return
            reading = {**job["options"].get("reading", {}), option: answer}
            arrival = preview.look(Path(job["source"]), folder, title=job["title"], reading=reading)
            write_json(folder / JOB, job | {"options": {**job["options"], "reading": reading}})
            write_json(folder / ARRIVAL, arrival)

    def answer(
        self,
        import_id: str,
        *,
        layout: str = "auto",
        label: str | None = None,
        loose: bool = False,
        several_classes: bool | None = None,
    ) -> None:
        """Go on with an import that waits. Nothing happens when somebody else answered it before."""
        with self._lock:
            folder = self._folder(import_id)
            job = read_json(folder / JOB)
            if job is None or not self._waits(folder, job):
                return
            options = {"layout": layout, "label": label, "loose": loose, "several_classes": several_classes}
            options["reading"] = job["options"].get("reading", {})
            job |= {"ask": False, "options": options}
            write_json(folder / JOB, job)
            StatusFile(folder / STATUS).clear()
        self._submit(import_id, job)

    def discard(self, import_id: str) -> None:
        """Forget an import that waits, and delete what was uploaded for it."""
        with self._lock:
            folder = self._folder(import_id)
            job = read_json(folder / JOB)
            if job is None or not self._waits(folder, job):
                return
            self._clean_up(import_id, job)
            self._known[import_id] = {"state": "cancelled", "progress": 0.0, "message": "", "values": {}}

    def recover(self) -> None:
        """Begin the imports again that a server left behind when it died; those that wait for an answer still wait."""
        self._workspace.remove_half_written()
        for folder in self._workspace.incoming.glob("import-*"):
            job = read_json(folder / JOB)
            if job and not self._waits(folder, job) and not is_alive(read_json(folder / SUBMITTER)):
                self._submit(folder.name, job)

    def sources(self) -> set[Path]:
        """Return the uploads that an import still needs, as folders directly below `incoming`."""
        jobs = (read_json(path, {}) for path in self._workspace.incoming.glob(f"import-*/{JOB}"))
        return {top for job in jobs if (top := self._upload_of(job)) is not None}

    # inside

    def _jobs(self, dataset_id: str) -> list[tuple[Path, dict]]:
        paths = sorted(self._workspace.incoming.glob(f"import-*/{JOB}"))
        jobs = [(path.parent, read_json(path, {})) for path in paths]
        return [(folder, job) for folder, job in jobs if job.get("dataset_id") == dataset_id]

    def _is_at_work(self, folder: Path, job: dict) -> bool:
        """Tell whether somebody is at an import; one whose process died is begun again with the next server."""
        who = read_json(folder / SUBMITTER)
        return not self._waits(folder, job) and (is_alive(who) or not is_here(who))

    def _ended_elsewhere(self, import_id: str) -> dict:
        """Return the end of an import that another process has brought in, or that somebody cancelled there."""
        found = self._registry.import_account(import_id)
        if found is None:
            return {"state": "cancelled", "progress": 0.0, "message": "", "values": {}}
        told = {"message": found["layout"].get("template", ""), "values": found["layout"].get("values", {})}
        account = {name: found[name] for name in ("received", "used", "refused", "seconds")}
        return {"state": "done", "progress": 1.0, **told, **account}

    def _waits(self, folder: Path, job: dict) -> bool:
        return bool(job.get("ask")) and (folder / ARRIVAL).exists()

    def _submit(self, import_id: str, job: dict) -> None:
        self._known[import_id] = {"state": "running"}
        folder = self._folder(import_id)
        write_json(folder / SUBMITTER, this_process())
        wanted: dict[str, Any] = {"queue": "ingest", "key": import_id}
        wanted["on_done"] = lambda error: self._finish(import_id, job, error)
        if job.get("ask"):
            self._compute().submit("preview_import", job["source"], folder, job["title"], **wanted)
            return
        write_json(folder / EXISTING, [list(pair) for pair in self._registry.content(job["dataset_id"])])
        write_json(folder / KNOWN, self._registry.columns(job["dataset_id"], *Print._fields))
        options = self._as_the_dataset(job)
        self._compute().submit("import", job["source"], self._workspace, folder, options, **wanted)

    def _as_the_dataset(self, job: dict) -> dict:
        """Return the options of an import; where pictures may show several classes, those that come may too."""
        known = self._registry.dataset_options(job["dataset_id"])
        settled = known.get("pixel_scale") and self._is_settled(job["dataset_id"], known)
        scale = {"pixel_scale": known["pixel_scale"]} if settled else {}
        modality = self._modality(job["dataset_id"], known)
        return {**job["options"], **scale, "modality": modality, **label_kinds.of(known).IMPORT_OPTIONS}

    def _scale(self, dataset_id: str, account: Account, *, chosen: bool) -> str:
        """Return the scale that suits all files from now on, those that were there included; "" where there is none."""
        told, known = account.layout.get("pixel_scale", ""), self._registry.dataset_options(dataset_id)
        if not told or chosen or self._is_settled(dataset_id, known):
            return told
        facts = [each for (each,) in self._registry.columns(dataset_id, "facts")]
        everything = [*facts, *(record.facts for record in account.used)]
        return modalities.named(account.layout["modality"]).scale_of_facts(everything) or told

    def _is_settled(self, dataset_id: str, known: dict) -> bool:
        """Tell whether a scale stays: somebody chose it, something learned by it, or no file can change it.

        Clips that are recorded one by one must not all be cut to the length of the first.
        """
        if known.get("pixel_scale_chosen") or any(run.dataset_id == dataset_id for run in self._registry.runs()):
            return True
        return not modalities.named(self._modality(dataset_id, known) or modalities.FIRST).plays

    def _modality(self, dataset_id: str, known: dict) -> str:
        """Return what kind of files the dataset holds; "" while there are none, so that the first ones decide."""
        items = self._registry.items(dataset_id, limit=1) or self._registry.items(dataset_id, removed=True, limit=1)
        return (known.get("modality") or items[0].modality) if items else ""

    def _finish(self, import_id: str, job: dict, error: Exception | None) -> None:
        try:
            if error is not None:
                raise error
            if job.get("ask"):
                self._known.pop(import_id, None)
                return
            status = self._store(import_id, job)
        except UserError as problem:
            status = _failed(problem)
        except Exception as problem:
            log.exception("import %s", import_id)
            status = _failed(UserError(UNEXPECTED, error=repr(problem)))
        if status["state"] == "failed":
            self._remove_new_blobs(import_id)
        self._clean_up(import_id, job)
        self._known[import_id] = status

    def _store(self, import_id: str, job: dict) -> dict:
        account = read_account(self._folder(import_id))
        dataset_id = job["dataset_id"]
        with self._lock:
            self._let_hold(dataset_id, label_kinds.of_account(account.layout))
            chosen = "pixel_scale" in job["options"].get("reading", {})
            if scale := self._scale(dataset_id, account, chosen=chosen):
                self._registry.set_dataset_options(dataset_id, pixel_scale=scale)
            if scale and chosen:
                self._registry.set_dataset_options(dataset_id, pixel_scale_chosen=True)
            if account.used:
                self._registry.set_dataset_options(dataset_id, modality=account.used[0].modality)
            records = self._with_splits(dataset_id, account.used)
            layout = account.layout | {"moved": split.followed_copies(records)}
            account_facts = (account.refused, account.seconds, layout)
            who = job.get("who", "")
            self._registry.add_import(dataset_id, import_id, job["title"], records, *account_facts, who=who)
        account.require_used()
        return _done(account)

    def _let_hold(self, dataset_id: str, came: LabelKind) -> None:
        """Let the dataset hold labels of the kind that came. DataError where those that are there do not allow it."""
        there = self._registry.dataset_options(dataset_id)
        wanted = {**there, **came.ADOPTED_OPTIONS}
        if label_kinds.of(wanted) is not label_kinds.of(there):
            came.check_can_begin([label for (label,) in self._registry.columns(dataset_id, "label")])
            self._registry.set_dataset_options(dataset_id, **came.ADOPTED_OPTIONS)

    def _with_splits(self, dataset_id: str, records: list) -> list:
        options = split.options_of(self._registry.dataset_options(dataset_id))
        parts = split.assign(records, existing=self._registry.items(dataset_id), **options)
        pairs = zip(records, parts, strict=True)
        return [replace(record, split=part, given_split=record.split) for record, part in pairs]

    def _remove_new_blobs(self, import_id: str) -> None:
        """Delete the originals that a failed import wrote, except those that a dataset or another import may use."""
        path = self._folder(import_id) / NEW_BLOBS
        others = [job for job in self._workspace.incoming.glob(f"import-*/{NEW_BLOBS}") if job != path]
        if not path.exists() or others:
            return
        written = set(path.read_text(encoding="ascii").split())
        for sha256 in written - self._registry.stored_content():
            self._workspace.blob_path(sha256).unlink(missing_ok=True)
            self._workspace.thumbnail_path(sha256).unlink(missing_ok=True)

    def _clean_up(self, import_id: str, job: dict) -> None:
        shutil.rmtree(self._folder(import_id), ignore_errors=True)
        if (upload := self._upload_of(job)) is not None:
            shutil.rmtree(upload, ignore_errors=True)

    def _upload_of(self, job: dict) -> Path | None:
        source = Path(job.get("source", ""))
        if self._workspace.incoming not in source.parents:
            return None
        return self._workspace.incoming / source.relative_to(self._workspace.incoming).parts[0]

    def _folder(self, import_id: str) -> Path:
        return self._workspace.incoming / import_id


def _failed(problem: UserError) -> dict:
    return {"state": "failed", "progress": 0.0, "message": problem.template, "values": problem.values}


def _done(account: Account) -> dict:
    return {
        "state": "done",
        "progress": 1.0,
        "message": account.layout["template"],
        "values": account.layout["values"],
        "received": account.received,
        "used": len(account.used),
        "refused": account.refused,
        "questions": account.layout.get("questions", []),
        "seconds": account.seconds,
    }
