"""The registry: projects, datasets, items, imports and runs. Only the server and the command line open it."""

import json
import secrets
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy import orm

from engine.errors import UserError
from engine.storage import history
from engine.storage import project_rows as whole
from engine.storage.history import Change
from engine.storage.schema import ChangeRow, DatasetRow, ImportRow, ItemRow, ProjectRow, RunRow, open_database

UNLABELLED = ""
ROWS = 5000  # items stored with one statement: a dict for each of 100,000 at once would cost the server 200 MB
ASIDE = {
    "check",
    "recipe",
    "fit",
    "pixel_scale",
    "pixel_scale_chosen",
    "modality",
    "model",
}  # options that say nothing about the items: what was looked at, chosen


@dataclass(frozen=True)
class ItemRecord:
    """One picture as it was brought in, before it is stored.

    modality: what kind of file it is; facts: what that modality knows of it (see engine.data.modalities), as JSON text
    that is read only where it is asked for: 100,000 dicts would cost the server 110 MB. boxes: around objects, as text
    (engine.data.boxes.geometry).
    """

    sha256: str
    name: str
    label: str | None
    group: str | None = None
    split: str | None = None
    given_split: str | None = None
    bytes: int = 0
    modality: str = "image"
    facts: str = "{}"
    boxes: str | None = None


@dataclass(frozen=True)
class Item(ItemRecord):
    """One picture of a dataset."""

    id: int = 0
    dataset_id: str = ""
    added: str = ""
    removed: bool = False
    ambiguous: bool = False

    @property
    def is_used(self) -> bool:
        """Whether a training would see it: it has a class, and nobody marked it as really ambiguous."""
        return self.label is not None and not self.ambiguous


@dataclass(frozen=True)
class Project:
    id: str
    name: str
    created: str
    dataset_id: str


@dataclass(frozen=True)
class Run:
    id: str
    project_id: str
    dataset_id: str
    name: str
    created: str
    owner: str


class Registry:
    """Every read and write of the database. Methods return frozen records, never rows. Threads may share it."""

    def __init__(self, url: str):
        self._engine = open_database(url)
        self._session = orm.sessionmaker(self._engine, expire_on_commit=False)

    def close(self) -> None:
        self._engine.dispose()

    # projects

    def create_project(self, name: str) -> Project:
        """Create a project with one empty dataset. Raises UserError for an empty name."""
        name = _clean_name(name)
        project = ProjectRow(id=_new_id(), name=name, created=_now())
        dataset = DatasetRow(id=_new_id(), project_id=project.id, created=_now(), options="{}")
        with self._write() as session:
            session.add(project)
            session.flush()
            session.add(dataset)
        return Project(project.id, name, project.created, dataset.id)

    def projects(self) -> list[Project]:
        """Return all projects, newest first."""
        query = sa.select(ProjectRow, DatasetRow.id).join(DatasetRow, DatasetRow.project_id == ProjectRow.id)
        with self._session() as session:
            rows = session.execute(query.order_by(ProjectRow.created.desc())).all()
        return [Project(row.id, row.name, row.created, dataset_id) for row, dataset_id in rows]

    def project(self, project_id: str) -> Project | None:
        return next((project for project in self.projects() if project.id == project_id), None)

    def rename_project(self, project_id: str, name: str) -> None:
        with self._write() as session:
            session.execute(sa.update(ProjectRow).where(ProjectRow.id == project_id).values(name=_clean_name(name)))

    def delete_project(self, project_id: str) -> list[str]:
        """Delete a project with its items; return the ids of its runs, whose directories the caller removes."""
        run_ids = [run.id for run in self.runs(project_id)]
        with self._write() as session:
            datasets = session.scalars(sa.select(DatasetRow.id).where(DatasetRow.project_id == project_id)).all()
            for table in (ItemRow, ImportRow, ChangeRow):
                session.execute(sa.delete(table).where(table.dataset_id.in_(datasets)))
            session.execute(sa.delete(RunRow).where(RunRow.project_id == project_id))
            session.execute(sa.delete(DatasetRow).where(DatasetRow.project_id == project_id))
            session.execute(sa.delete(ProjectRow).where(ProjectRow.id == project_id))
        return run_ids

    def project_rows(self, project_id: str) -> whole.Rows | None:
        """Return all that is known of a project as plain rows (see engine.storage.project_rows); None without one."""
        with self._session() as session:
            return whole.read(session, project_id)

    def taken(self, table: str, ids: list[str]) -> set[str]:
        """Return which of these ids "projects", "datasets", "imports" or "runs" have already."""
        with self._session() as session:
            return whole.taken(session, table, ids)

    def room_for_items(self, ids: list[int]) -> int:
        """Return by how much ids of items are to be moved so that none is taken."""
        with self._session() as session:
            return whole.room_for_items(session, ids)

    def add_project_rows(self, rows: whole.Rows) -> None:
        """Store a project from elsewhere in one transaction. Raises UserError where an id was taken meanwhile."""
        try:
            with self._write() as session:
                whole.add(session, rows)
        except sa.exc.IntegrityError as error:
            raise UserError("Somebody brought in the same at this moment. Nothing was stored; try again.") from error

    def dataset_options(self, dataset_id: str) -> dict:
        """Return choices that belong to the dataset, such as how groups are split."""
        with self._session() as session:
            return history.options_of(session, dataset_id)

    def set_dataset_options(self, dataset_id: str, **options) -> None:
        """Set options outside the history: those that say nothing about the items, or before there are any."""
        with self._write() as session:
            if not options.keys() <= ASIDE:
                history.claim(session, dataset_id)
            history.set_options(session, dataset_id, options)

    # items

    def add_import(
        self,
        dataset_id: str,
        import_id: str,
        source: str,
        records: Sequence[ItemRecord],
        refused: list[dict],
        seconds: float = 0.0,
        layout: dict | None = None,
        who: str = "",
    ) -> None:
        """Store an import and its items in one transaction: all of it or nothing. Doing it twice adds nothing.

        layout: how the files were read, {"kind", "template", "values"} as in ingest.Account.
        """
        added = _now()
        with self._write() as session:
            history.claim(session, dataset_id)
            if session.get(ImportRow, import_id) is not None:
                return
            session.add(
                ImportRow(
                    id=import_id,
                    dataset_id=dataset_id,
                    created=added,
                    source=source,
                    received=len(records) + len(refused),
                    used=len(records),
                    refused=json.dumps(refused, ensure_ascii=False),
                    seconds=seconds,
                    layout=json.dumps(layout or {}, ensure_ascii=False),
                )
            )
            new: list[int] = []
            for start in range(0, len(records), ROWS):
                stored = {"dataset_id": dataset_id, "added": added, "removed": False}
                rows = [{**vars(record), **stored} for record in records[start : start + ROWS]]
                new += session.scalars(sa.insert(ItemRow).returning(ItemRow.id), rows).all()
            if new:
                history.record_import(session, dataset_id, import_id, source, new, who=who)

    def imports(self, dataset_id: str) -> list[dict]:
        """Return the accounts of all imports, newest first (the columns of ImportRow)."""
        query = sa.select(ImportRow).where(ImportRow.dataset_id == dataset_id).order_by(ImportRow.created.desc())
        with self._session() as session:
            return [_account(row) for row in session.scalars(query)]

    def import_account(self, import_id: str) -> dict | None:
        """Return the account of one import, None while it is not in."""
        with self._session() as session:
            row = session.get(ImportRow, import_id)
            return None if row is None else _account(row)

    def items(
        self,
        dataset_id: str,
        *,
        label: str | None = None,
        removed: bool = False,
        offset: int = 0,
        limit: int | None = None,
    ) -> list[Item]:
        """Return items in the order they came, of one class (`UNLABELLED`: those without one) or of all."""
        query = _items_query().where(ItemRow.dataset_id == dataset_id, ItemRow.removed == removed)
        if label is not None:
            query = query.where(ItemRow.label.is_(None) if label == UNLABELLED else ItemRow.label == label)
        with self._session() as session:
            rows = session.execute(query.order_by(ItemRow.id).offset(offset).limit(limit)).all()
        return [Item(*row) for row in rows]

    def items_by_id(self, item_ids: Sequence[int]) -> dict[int, Item]:
        found: dict[int, Item] = {}
        with self._session() as session:
            for ids in history.chunks(item_ids):
                rows = session.execute(_items_query().where(ItemRow.id.in_(ids)))
                found |= {item.id: item for item in (Item(*row) for row in rows)}
        return found

    def columns(self, dataset_id: str, *names: str) -> list[tuple]:
        """Return some columns of all items that are not removed, one tuple an item: ten times as fast as `items`."""
        query = sa.select(*(getattr(ItemRow, name) for name in names)).order_by(ItemRow.id)
        with self._session() as session:
            found = session.execute(query.where(ItemRow.dataset_id == dataset_id, ItemRow.removed.is_(False)))
            return list(map(tuple, found))

    def version(self, dataset_id: str) -> str:
        """Return a text that is another one whenever anything about the dataset's items has changed."""
        with self._session() as session:
            return str(session.scalar(sa.select(DatasetRow.revision).where(DatasetRow.id == dataset_id)) or 0)

    def content(self, dataset_id: str) -> set[tuple[str, str | None]]:
        """Return (sha256, label) of everything in the dataset, removed items left out."""
        query = sa.select(ItemRow.sha256, ItemRow.label).where(
            ItemRow.dataset_id == dataset_id, ItemRow.removed.is_(False)
        )
        with self._session() as session:
            return {(sha256, label) for sha256, label in session.execute(query)}

    def stored_content(self) -> set[str]:
        """Return the content hashes of all items of all datasets, removed ones too."""
        with self._session() as session:
            return set(session.scalars(sa.select(ItemRow.sha256).distinct()))

    def counts(self, dataset_id: str, by: str = "label", *, used: bool = False) -> dict[str, dict[str, int]]:
        """Return {class: {split: number of items}} in alphabetical order; or by="group". `used`: without ambiguous."""
        column = getattr(ItemRow, by)
        query = (
            sa.select(column, ItemRow.split, sa.func.count())
            .where(ItemRow.dataset_id == dataset_id, ItemRow.removed.is_(False), ItemRow.label.is_not(None))
            .where(column.is_not(None))
            .group_by(column, ItemRow.split)
        )
        query = query.where(ItemRow.ambiguous.is_not(True)) if used else query
        counts: dict[str, dict[str, int]] = {}
        with self._session() as session:
            for label, split, number in session.execute(query):
                counts.setdefault(label, {})[split or ""] = number
        return dict(sorted(counts.items()))

    def unlabelled(self, dataset_id: str) -> int:
        """Return how many items have no class yet."""
        query = sa.select(sa.func.count()).where(
            ItemRow.dataset_id == dataset_id, ItemRow.removed.is_(False), ItemRow.label.is_(None)
        )
        with self._session() as session:
            return session.scalar(query) or 0

    def groups(self, dataset_id: str) -> dict[str, int]:
        """Return {group: number of items}, largest first; empty when the dataset has no groups."""
        query = (
            sa.select(ItemRow.group, sa.func.count())
            .where(ItemRow.dataset_id == dataset_id, ItemRow.removed.is_(False), ItemRow.group.is_not(None))
            .group_by(ItemRow.group)
            .order_by(sa.func.count().desc())
        )
        with self._session() as session:
            return {group: number for group, number in session.execute(query) if group is not None}

    def removed(self, dataset_id: str) -> int:
        """Return how many items are taken out and can be restored."""
        query = sa.select(sa.func.count()).where(ItemRow.dataset_id == dataset_id, ItemRow.removed.is_(True))
        with self._session() as session:
            return session.scalar(query) or 0

    def tested(self, dataset_id: str) -> frozenset[int]:
        """Return the ids of the items that a training would be measured on."""
        query = sa.select(ItemRow.id).where(
            ItemRow.dataset_id == dataset_id,
            ItemRow.removed.is_(False),
            ItemRow.label.is_not(None),
            ItemRow.split == "test",
            ItemRow.ambiguous.is_not(True),
        )
        with self._session() as session:
            return frozenset(session.scalars(query))

    # changes a person makes, each of which can be undone and done again (see engine.storage.history)

    def change_items(self, dataset_id: str, item_ids: Sequence[int], summary: dict, *, who: str = "", **values) -> int:
        """Set `label`, `group`, `split`, `removed` or `ambiguous` of items; return the id of the change.

        `summary` is {template, values} to show; `who` the name of the person, where it is known.
        """
        return self.change_each(dataset_id, dict.fromkeys(item_ids, values), summary, who=who)

    def change_each(
        self,
        dataset_id: str,
        changes: dict[int, dict],
        summary: dict,
        *,
        who: str = "",
        options: dict | None = None,
    ) -> int:
        """Set {id: {column: value}} and options of the dataset in one change; return its id."""
        with self._write() as session:
            return history.change(session, dataset_id, changes, summary, who=who, options=options)

    def changes(self, dataset_id: str, limit: int = 20, offset: int = 0) -> list[Change]:
        """Return what was done to the dataset, newest first."""
        with self._session() as session:
            return history.entries(session, dataset_id, limit=limit, offset=offset)

    def blockers(self, change_id: int) -> list[dict]:
        """Return the summaries of later changes that must be undone before this one, newest first."""
        with self._session() as session:
            return [json.loads(row.summary) for row in history.blockers(session, change_id)]

    def undo(self, change_id: int, *, with_later: bool = False) -> None:
        """Put things back as they were before the change, `with_later` together with what stands on it.

        Raises UserError, and changes nothing, where later changes concern the same pictures.
        """
        with self._write() as session:
            (history.undo_with_later if with_later else history.undo)(session, change_id)

    def redo(self, change_id: int) -> None:
        """Do an undone change again. Raises UserError, and changes nothing, where its pictures are others now."""
        with self._write() as session:
            history.redo(session, change_id)

    # runs

    def add_run(self, run: Run) -> None:
        with self._write() as session:
            session.add(RunRow(**asdict(run)))

    def runs(self, project_id: str | None = None) -> list[Run]:
        """Return runs, newest first; of one project or of all."""
        query = sa.select(RunRow).order_by(RunRow.created.desc(), RunRow.id.desc())
        if project_id is not None:
            query = query.where(RunRow.project_id == project_id)
        with self._session() as session:
            return [Run(**{f.name: getattr(row, f.name) for f in fields(Run)}) for row in session.scalars(query)]

    def run(self, run_id: str) -> Run | None:
        with self._session() as session:
            row = session.get(RunRow, run_id)
        return Run(**{f.name: getattr(row, f.name) for f in fields(Run)}) if row else None

    def rename_run(self, run_id: str, name: str) -> None:
        with self._write() as session:
            session.execute(sa.update(RunRow).where(RunRow.id == run_id).values(name=_clean_name(name)))

    def delete_run(self, run_id: str) -> None:
        with self._write() as session:
            session.execute(sa.delete(RunRow).where(RunRow.id == run_id))

    @contextmanager
    def _write(self):
        try:
            with self._session.begin() as session:
                yield session
        except sa.exc.OperationalError as error:
            raise UserError(
                "The registry could not be written ({reason}). Nothing was changed. Make room on the disk, or wait a "
                "moment if another program is using it, and try again.",
                reason=str(error.orig),
            ) from error


def _account(row: ImportRow) -> dict:
    names = ("id", "created", "source", "received", "used", "seconds")
    told = {"refused": json.loads(row.refused), "layout": json.loads(row.layout or "{}")}
    return {name: getattr(row, name) for name in names} | told


def _items_query() -> sa.Select:
    """Return a query for what Item holds, in its order; rows of columns are read four times as fast as objects."""
    return sa.select(*(getattr(ItemRow, each.name) for each in fields(Item)))


def _clean_name(name: str) -> str:
    name = "".join(c for c in " ".join(name.split()) if c.isprintable())[:100]
    if not name:
        raise UserError("The name is empty. Type at least one letter.")
    return name


def _new_id() -> str:
    return secrets.token_hex(6)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
