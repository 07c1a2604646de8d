"""A project as plain rows: all that the registry knows of it, to be handed on and to come in elsewhere."""

import json
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import orm

from engine.storage import history
from engine.storage.schema import ChangeRow, DatasetRow, ImportRow, ItemRow, ProjectRow, RunRow

OF_DATASET = {"items": ItemRow, "imports": ImportRow, "changes": ChangeRow}
ROWS = 5000  # stored with one statement
# Ids of items that are kept on another machine: larger ones would leave too few for what comes after them.
LARGEST_KEPT = 100_000_000

Rows = dict[str, list[dict]]


@dataclass(frozen=True)
class Place:
    """The ids of a project in a registry: its own, its dataset's, and by how much those of its items are moved."""

    project: str
    dataset: str
    moved: int = 0


def read(session: orm.Session, project_id: str) -> Rows | None:
    """Return {table: rows as {column: value}} of a project, in the order they came; None where there is none."""
    project = session.get(ProjectRow, project_id)
    dataset = session.scalar(sa.select(DatasetRow).where(DatasetRow.project_id == project_id))
    if project is None or dataset is None:
        return None
    rows = {"projects": [_plain(project)], "datasets": [_plain(dataset)]}
    for name, table in OF_DATASET.items():
        query = sa.select(*_columns(table)).where(table.dataset_id == dataset.id).order_by(table.id)
        rows[name] = [dict(row) for row in session.execute(query).mappings()]
    query = sa.select(*_columns(RunRow)).where(RunRow.project_id == project_id).order_by(RunRow.created)
    return {**rows, "runs": [dict(row) for row in session.execute(query).mappings()]}


def taken(session: orm.Session, table: str, ids: list[str]) -> set[str]:
    """Return which of these ids a table has already: projects, datasets, imports or runs."""
    column = {"projects": ProjectRow, "datasets": DatasetRow, "imports": ImportRow, "runs": RunRow}[table].id
    found: set[str] = set()
    for some in history.chunks(ids):
        found |= set(session.scalars(sa.select(column).where(column.in_(some))))
    return found


def room_for_items(session: orm.Session, ids: list[int]) -> int:
    """Return by how much ids of items are to be moved so that none is taken; 0 where they may stay."""
    if not ids:
        return 0
    low, high = min(ids), max(ids)
    here = sa.select(sa.func.count()).where(ItemRow.id.between(low, high))
    if high <= LARGEST_KEPT and not session.scalar(here):
        return 0
    return (session.scalar(sa.select(sa.func.max(ItemRow.id))) or 0) + 1 - low


def add(session: orm.Session, rows: Rows) -> None:
    """Store the rows of a project, with the ids they have; changes get new ones in their order."""
    session.execute(sa.insert(ProjectRow), rows["projects"])
    session.execute(sa.insert(DatasetRow), rows["datasets"])
    changes = [{name: value for name, value in row.items() if name != "id"} for row in rows["changes"]]
    for table, own in ((ItemRow, rows["items"]), (ImportRow, rows["imports"]), (ChangeRow, changes)):
        for start in range(0, len(own), ROWS):
            session.execute(sa.insert(table), own[start : start + ROWS])
    if rows["runs"]:
        session.execute(sa.insert(RunRow), rows["runs"])
    if session.get_bind().dialect.name == "postgresql":  # which counts by itself, whatever is there
        count = "SELECT setval(pg_get_serial_sequence('items', 'id'), (SELECT max(id) FROM items))"
        session.execute(sa.text(count))


def moved_values(text: str, by: int) -> str:
    """Return the values of a change for items whose ids are larger by `by`; as it is where they are not."""
    stored = json.loads(text)
    if not by:
        return text
    if isinstance(stored, dict):  # as older versions wrote them
        return json.dumps({str(int(item) + by): values for item, values in stored.items()}, ensure_ascii=False)
    moved = [[values, [item + by for item in items]] for values, items in stored]
    return json.dumps(moved, ensure_ascii=False, separators=(",", ":"))


def _plain(row) -> dict:
    return {column.key: getattr(row, column.key) for column in sa.inspect(type(row)).column_attrs}


def _columns(table) -> list:
    return [getattr(table, column.key).label(column.key) for column in sa.inspect(table).column_attrs]
