"""The registry: projects, datasets, items, imports and runs. Only the server and the command line open it."""

import json
import secrets
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy import orm

from engine.errors import UserError
from engine.schema import ChangeRow, DatasetRow, ImportRow, ItemRow, ProjectRow, RunRow, open_database

UNLABELLED = ""
CHANGEABLE = {"label", "group", "split", "removed"}
ASIDE = {"check", "recipe"}  # options that say nothing about the items: what a person has looked at, what to train with
CHUNK = 500  # ids in one statement; SQLite allows 32,766 variables, older builds 999


@dataclass(frozen=True)
class ItemRecord:
    """One picture as it was brought in, before it is stored."""

    sha256: str
    name: str
    label: str | None
    group: str | None = None
    split: str | None = None
    width: int = 0
    height: int = 0
    bytes: int = 0
    pixels_hash: str = ""
    phash: str = ""


@dataclass(frozen=True)
class Item(ItemRecord):
    """One picture of a dataset."""

    id: int = 0
    dataset_id: str = ""
    added: str = ""
    removed: bool = False


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


@dataclass(frozen=True)
class Change:
    """One thing a person did to items, kept so that it can be undone."""

    id: int
    dataset_id: str
    created: str
    summary: dict
    undone: bool


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

    def dataset_options(self, dataset_id: str) -> dict:
        """Return choices that belong to the dataset, such as how groups are split."""
        with self._session() as session:
            row = session.get(DatasetRow, dataset_id)
        return json.loads(row.options) if row else {}

    def set_dataset_options(self, dataset_id: str, **options) -> None:
        merged = json.dumps({**self.dataset_options(dataset_id), **options})
        with self._write() as session:
            session.execute(sa.update(DatasetRow).where(DatasetRow.id == dataset_id).values(options=merged))

    # items

    def add_import(
        self,
        dataset_id: str,
        import_id: str,
        source: str,
        records: Sequence[ItemRecord],
        refused: list[dict],
        seconds: float = 0.0,
    ) -> None:
        """Store an import and its items in one transaction: all of it or nothing. Doing it twice adds nothing."""
        added = _now()
        rows = [{**asdict(record), "dataset_id": dataset_id, "added": added, "removed": False} for record in records]
        with self._write() as session:
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
                )
            )
            if rows:
                session.execute(sa.insert(ItemRow), rows)

    def imports(self, dataset_id: str) -> list[dict]:
        """Return the accounts of all imports, newest first (id, created, source, received, used, refused, seconds)."""
        query = sa.select(ImportRow).where(ImportRow.dataset_id == dataset_id).order_by(ImportRow.created.desc())
        with self._session() as session:
            rows = session.scalars(query).all()
        names = ("id", "created", "source", "received", "used", "seconds")
        return [{**{name: getattr(row, name) for name in names}, "refused": json.loads(row.refused)} for row in rows]

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
        query = sa.select(ItemRow).where(ItemRow.dataset_id == dataset_id, ItemRow.removed == removed)
        if label is not None:
            query = query.where(ItemRow.label.is_(None) if label == UNLABELLED else ItemRow.label == label)
        with self._session() as session:
            rows = session.scalars(query.order_by(ItemRow.id).offset(offset).limit(limit)).all()
        return [_item(row) for row in rows]

    def items_by_id(self, item_ids: Sequence[int]) -> dict[int, Item]:
        found = {}
        with self._session() as session:
            for ids in _chunks(item_ids):
                found |= {row.id: _item(row) for row in session.scalars(sa.select(ItemRow).where(ItemRow.id.in_(ids)))}
        return found

    def columns(self, dataset_id: str, *names: str) -> list[tuple]:
        """Return some columns of all items that are not removed, one tuple an item: ten times as fast as `items`."""
        query = sa.select(*(getattr(ItemRow, name) for name in names)).order_by(ItemRow.id)
        with self._session() as session:
            found = session.execute(query.where(ItemRow.dataset_id == dataset_id, ItemRow.removed.is_(False)))
            return list(map(tuple, found))

    def version(self, dataset_id: str) -> str:
        """Return a text that is another one whenever anything about the dataset's items has changed."""
        numbers = sa.select(
            sa.select(sa.func.count()).where(ImportRow.dataset_id == dataset_id).scalar_subquery(),
            sa.select(sa.func.count()).where(ChangeRow.dataset_id == dataset_id).scalar_subquery(),
            sa.select(sa.func.count()).where(ChangeRow.dataset_id == dataset_id, ChangeRow.undone).scalar_subquery(),
        )
        with self._session() as session:
            parts = [str(part) for part in session.execute(numbers).one()]
        options = {name: v for name, v in self.dataset_options(dataset_id).items() if name not in ASIDE}
        return "-".join([*parts, json.dumps(options)])

    def content(self, dataset_id: str) -> set[tuple[str, str | None]]:
        """Return (sha256, label) of everything in the dataset, removed items left out."""
        query = sa.select(ItemRow.sha256, ItemRow.label).where(
            ItemRow.dataset_id == dataset_id, ItemRow.removed.is_(False)
        )
        with self._session() as session:
            return {tuple(row) for row in session.execute(query)}

    def counts(self, dataset_id: str) -> dict[str, dict[str, int]]:
        """Return {class: {split: number of items}}, classes in alphabetical order."""
        query = (
            sa.select(ItemRow.label, ItemRow.split, sa.func.count())
            .where(ItemRow.dataset_id == dataset_id, ItemRow.removed.is_(False), ItemRow.label.is_not(None))
            .group_by(ItemRow.label, ItemRow.split)
        )
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
            return session.scalar(query)

    def groups(self, dataset_id: str) -> dict[str, int]:
        """Return {group: number of items}, largest first; empty when the dataset has no groups."""
        query = (
            sa.select(ItemRow.group, sa.func.count())
            .where(ItemRow.dataset_id == dataset_id, ItemRow.removed.is_(False), ItemRow.group.is_not(None))
            .group_by(ItemRow.group)
            .order_by(sa.func.count().desc())
        )
        with self._session() as session:
            return dict(map(tuple, session.execute(query).all()))

    def set_splits(self, splits: dict[int, str]) -> None:
        """Set the split of items by id."""
        with self._write() as session:
            rows = [{"id": item_id, "split": split} for item_id, split in splits.items()]
            if rows:
                session.execute(sa.update(ItemRow), rows)

    # changes a person makes, each of which can be undone

    def change_items(self, dataset_id: str, item_ids: Sequence[int], summary: dict, **values) -> int:
        """Set `label` or `removed` of items; return the id of the change. `summary` is {template, values} to show."""
        return self.change_each(dataset_id, dict.fromkeys(item_ids, values), summary)

    def change_each(self, dataset_id: str, changes: dict[int, dict], summary: dict) -> int:
        """Set some of CHANGEABLE of items, {id: {column: value}}, the same columns for all; return the change's id."""
        columns = set().union(*changes.values())
        if not columns <= CHANGEABLE:
            raise ValueError(f"Items cannot be changed in {sorted(columns)}.")
        items = self.items_by_id(list(changes)).values()
        before = {item.id: {key: getattr(item, key) for key in columns} for item in items}
        with self._write() as session:
            change = ChangeRow(
                dataset_id=dataset_id,
                created=_now(),
                summary=json.dumps(summary, ensure_ascii=False),
                before=json.dumps(before, ensure_ascii=False),
                undone=False,
            )
            session.add(change)
            if before:
                session.execute(sa.update(ItemRow), [{"id": item_id, **changes[item_id]} for item_id in before])
            session.flush()
            return change.id

    def changes(self, dataset_id: str, limit: int = 20) -> list[Change]:
        """Return what was done to the items, newest first."""
        query = sa.select(ChangeRow).where(ChangeRow.dataset_id == dataset_id).order_by(ChangeRow.id.desc())
        with self._session() as session:
            rows = session.scalars(query.limit(limit)).all()
        return [Change(row.id, row.dataset_id, row.created, json.loads(row.summary), row.undone) for row in rows]

    def undo(self, change_id: int) -> None:
        """Put the items back as they were before the change."""
        with self._write() as session:
            change = session.get(ChangeRow, change_id)
            if change is None or change.undone:
                return
            rows = [{"id": int(item_id), **values} for item_id, values in json.loads(change.before).items()]
            if rows:
                session.execute(sa.update(ItemRow), rows)
            change.undone = True

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


def _item(row: ItemRow) -> Item:
    return Item(**{field.name: getattr(row, field.name) for field in fields(Item)})


def _clean_name(name: str) -> str:
    name = "".join(c for c in " ".join(name.split()) if c.isprintable())[:100]
    if not name:
        raise UserError("The name is empty. Type at least one letter.")
    return name


def _chunks(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))


def _new_id() -> str:
    return secrets.token_hex(6)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
