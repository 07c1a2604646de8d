"""What people did to a dataset: every change with its values before and after, so that it can be undone and redone.

A change is undone only from the very values it left, and redone only from those it found: nothing that came in between
is ever lost. The functions work inside a transaction of the registry.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy import orm

from engine.errors import UserError
from engine.storage.schema import ChangeRow, DatasetRow, ItemRow

CHANGEABLE = {"label", "group", "split", "removed", "ambiguous", "boxes"}
CHUNK = 500  # ids in one statement; SQLite allows 32,766 variables, older builds 999
SAMPLED = 8  # pictures that an entry of the history shows

Values = dict[int, dict]  # {item id: {column: value}}


@dataclass(frozen=True)
class Change:
    """One thing a person did to a dataset. `kind` is "items" or "import"; `sample` are ids of some of its pictures."""

    id: int
    dataset_id: str
    created: str
    summary: dict
    undone: bool
    who: str = ""
    kind: str = "items"
    pictures: int = 0
    sample: tuple[int, ...] = ()
    import_id: str = ""


SHOWN = ("id", "dataset_id", "created", "undone", "who", "kind", "pictures", "import_id")


def claim(session: orm.Session, dataset_id: str) -> None:
    """Count the dataset's revision up. Done first, this makes two writers wait for each other."""
    session.execute(
        sa.update(DatasetRow)
        .where(DatasetRow.id == dataset_id)
        .values(revision=sa.func.coalesce(DatasetRow.revision, 0) + 1)
    )


def change(
    session: orm.Session, dataset_id: str, after: Values, summary: dict, *, who: str = "", options: dict | None = None
) -> int:
    """Set columns of items and options of the dataset; return the id of the change.

    Items that do not exist are left out, values that are so already do not count.
    """
    columns = set().union(*after.values())
    if not columns <= CHANGEABLE:
        raise ValueError(f"Items cannot be changed in {sorted(columns)}.")
    claim(session, dataset_id)
    found = _read(session, after)
    new = {key: {c: v for c, v in after[key].items() if found[key][c] != v} for key in after if key in found}
    new = {key: values for key, values in new.items() if values}
    before = {key: {column: found[key][column] for column in values} for key, values in new.items()}
    before_options = set_options(session, dataset_id, options or {})
    _write(session, new)
    return record(
        session, dataset_id, summary, before, new, who=who, options=[before_options, options] if options else None
    )


def record(
    session: orm.Session,
    dataset_id: str,
    summary: dict,
    before: Values,
    after: Values,
    *,
    who: str = "",
    options: list[dict] | None = None,
    import_id: str = "",
) -> int:
    """Enter into the history what has been done; return the id. `options` are those before and after."""
    row = ChangeRow(
        dataset_id=dataset_id,
        created=datetime.now(UTC).isoformat(timespec="microseconds"),
        summary=json.dumps(summary, ensure_ascii=False),
        before=_pack(before),
        after=_pack(after),
        options=json.dumps(options, ensure_ascii=False) if options else None,
        undone=False,
        who=who[:200],
        kind="import" if import_id else "items",
        import_id=import_id,
        pictures=len(after),
        sample=json.dumps(list(after)[:SAMPLED]),
    )
    session.add(row)
    session.flush()
    return row.id


def record_import(
    session: orm.Session, dataset_id: str, import_id: str, source: str, item_ids: Sequence[int], *, who: str = ""
) -> None:
    """Enter that pictures came in; undoing takes them out as a person could."""
    one = len(item_ids) == 1
    summary = {
        "template": "brought in {n} picture from {source}" if one else "brought in {n} pictures from {source}",
        "values": {"n": len(item_ids), "source": source},
    }
    record(
        session,
        dataset_id,
        summary,
        {item_id: {"removed": True} for item_id in item_ids},
        {item_id: {"removed": False} for item_id in item_ids},
        who=who,
        import_id=import_id,
    )


def entries(session: orm.Session, dataset_id: str, *, limit: int, offset: int = 0) -> list[Change]:
    """Return what was done, newest first, without the values."""
    columns = [getattr(ChangeRow, name) for name in (*SHOWN, "summary", "sample")]
    query = sa.select(*columns).where(ChangeRow.dataset_id == dataset_id)
    rows = session.execute(query.order_by(ChangeRow.id.desc()).offset(offset).limit(limit)).mappings()
    return [_entry(row) for row in rows]


def undo(session: orm.Session, change_id: int) -> None:
    """Put everything back as it was before the change. Raises UserError where a later change stands on it."""
    row = session.get(ChangeRow, change_id)
    if row is None or row.undone:
        return
    claim(session, row.dataset_id)
    if blocking := blockers(session, change_id):
        last = json.loads(blocking[0].summary)
        raise UserError(
            "A later change concerns the same pictures: {change}. Undo that first.",
            change=UserError(last["template"], **last["values"]),
        )
    before = _unpack(row.before)
    if row.after is None:  # entered by an older version: what it left is what is there now
        found = _read(session, before)
        row.after = _pack({key: found[key] for key in before if key in found})
    elif any(_differs(session, row, "after")):
        raise UserError("These pictures have changed since, so this can no longer be undone by itself.")
    _put(session, row, before, 0)
    row.undone = True


def redo(session: orm.Session, change_id: int) -> None:
    """Do an undone change again. Raises UserError where the pictures are no longer as it found them."""
    row = session.get(ChangeRow, change_id)
    if row is None or not row.undone or row.after is None:
        return
    claim(session, row.dataset_id)
    if any(_differs(session, row, "before")):
        raise UserError(
            "These pictures have changed since, so this cannot be done again. Redo the earlier change first, or undo "
            "the later one."
        )
    if row.kind == "import" and _is_there_again(session, row):
        raise UserError("These pictures have come in again since. Redoing this would bring them twice.")
    _put(session, row, _unpack(row.after), 1)
    row.undone = False


def undo_with_later(session: orm.Session, change_id: int) -> list[int]:
    """Undo the later changes that stand on this one, the newest first, then the change itself; return their ids."""
    undone = []
    while blocking := blockers(session, change_id):
        undone += undo_with_later(session, blocking[0].id)
        session.flush()
    undo(session, change_id)
    return [*undone, change_id]


def blockers(session: orm.Session, change_id: int) -> list[ChangeRow]:
    """Return the later changes that stand on what this one left, newest first; without them it can be undone."""
    row = session.get(ChangeRow, change_id)
    if row is None or row.undone:
        return []
    touched, options = _differs(session, row, "after")
    if row.after is None:
        touched = {(key, column) for key, values in _unpack(row.before).items() for column in values}
    if not touched and not options:
        return []
    later = sa.select(ChangeRow).where(
        ChangeRow.dataset_id == row.dataset_id, ChangeRow.id > change_id, ChangeRow.undone.is_(False)
    )
    return [
        other for other in session.scalars(later.order_by(ChangeRow.id.desc())) if _touches(other, touched, options)
    ]


def _touches(row: ChangeRow, touched: set[tuple[int, str]], options: set[str]) -> bool:
    if options & set(_options(row)[1]):
        return True
    return any((key, column) in touched for key, values in _unpack(row.before).items() for column in values)


def _differs(session: orm.Session, row: ChangeRow, side: str) -> tuple[set[tuple[int, str]], set[str]]:
    """Return (item, column) and the options that are not as the change left them (`after`) or found them (`before`)."""
    expected = _unpack(getattr(row, side) or "[]")
    found = _read(session, expected)
    pairs = {
        (key, column)
        for key, values in expected.items()
        for column, value in values.items()
        if key in found and found[key][column] != value
    }
    wanted = _options(row)[0 if side == "before" else 1]
    now = options_of(session, row.dataset_id)
    return pairs, {name for name, value in wanted.items() if now.get(name) != value}


def _put(session: orm.Session, row: ChangeRow, values: Values, side: int) -> None:
    _write(session, values)
    set_options(session, row.dataset_id, _options(row)[side])


def _is_there_again(session: orm.Session, row: ChangeRow) -> bool:
    own = set(_unpack(row.after or "[]"))
    query = sa.select(ItemRow.id, ItemRow.sha256, ItemRow.label).where(ItemRow.dataset_id == row.dataset_id)
    gone = session.execute(query.where(ItemRow.removed.is_(True))).all()
    wanted = {(sha256, label) for item_id, sha256, label in gone if item_id in own}
    there = session.execute(query.where(ItemRow.removed.is_(False))).all()
    return any((sha256, label) in wanted for _, sha256, label in there)


def options_of(session: orm.Session, dataset_id: str) -> dict:
    """Return the choices that belong to the dataset."""
    row = session.execute(sa.select(DatasetRow.options).where(DatasetRow.id == dataset_id)).scalar()
    return json.loads(row or "{}")


def set_options(session: orm.Session, dataset_id: str, options: dict) -> dict:
    """Set options, None taking one away; return what they were."""
    if not options:
        return {}
    now = options_of(session, dataset_id)
    merged = {name: value for name, value in {**now, **options}.items() if value is not None}
    session.execute(sa.update(DatasetRow).where(DatasetRow.id == dataset_id).values(options=json.dumps(merged)))
    return {name: now.get(name) for name in options}


def _options(row: ChangeRow) -> list[dict]:
    return json.loads(row.options) if row.options else [{}, {}]


def _read(session: orm.Session, item_ids: Iterable[int]) -> Values:
    columns = sorted(CHANGEABLE)
    selected = [ItemRow.id, *(getattr(ItemRow, column) for column in columns)]
    found: Values = {}
    for ids in chunks(list(item_ids)):
        for item_id, *values in session.execute(sa.select(*selected).where(ItemRow.id.in_(ids))):
            found[item_id] = dict(zip(columns, values, strict=True))
    return found


def _write(session: orm.Session, values: Values) -> None:
    """Set columns of items: one statement for items that get the same."""
    for same, item_ids in _grouped(values):
        for ids in chunks(item_ids):
            session.execute(
                sa.update(ItemRow).where(ItemRow.id.in_(ids)).values(**same),
                execution_options={"synchronize_session": False},
            )


def _grouped(values: Values) -> list[tuple[dict, list[int]]]:
    groups = defaultdict(list)
    for item_id, columns in values.items():
        groups[tuple(sorted(columns.items()))].append(item_id)
    return [(dict(columns), item_ids) for columns, item_ids in groups.items()]


def _pack(values: Values) -> str:
    """Return [[columns, ids], ...] as JSON: thousands of items that get the same take little room."""
    return json.dumps(_grouped(values), ensure_ascii=False, separators=(",", ":"))


def _unpack(text: str) -> Values:
    """Return {id: columns}; older versions wrote {id: columns} itself."""
    stored = json.loads(text)
    if isinstance(stored, dict):
        return {int(item_id): columns for item_id, columns in stored.items()}
    return {item_id: columns for columns, item_ids in stored for item_id in item_ids}


def _entry(row) -> Change:
    return Change(
        **{name: row[name] for name in ("id", "dataset_id", "created", "undone")},
        summary=json.loads(row["summary"]),
        who=row["who"] or "",
        kind=row["kind"] or "items",
        pictures=row["pictures"] or 0,
        sample=tuple(json.loads(row["sample"] or "[]")),
        import_id=row["import_id"] or "",
    )


def chunks(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    """Return `ids` in pieces that fit into one statement."""
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
