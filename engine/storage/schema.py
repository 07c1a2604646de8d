"""The tables of the registry, and how a database is opened and brought up to date."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy import orm

from engine.errors import UserError


class Base(orm.DeclarativeBase):
    pass


class ProjectRow(Base):
    __tablename__ = "projects"
    id: orm.Mapped[str] = orm.mapped_column(sa.String(32), primary_key=True)
    name: orm.Mapped[str] = orm.mapped_column(sa.String(200))
    created: orm.Mapped[str] = orm.mapped_column(sa.String(32))


class DatasetRow(Base):
    __tablename__ = "datasets"
    id: orm.Mapped[str] = orm.mapped_column(sa.String(32), primary_key=True)
    project_id: orm.Mapped[str] = orm.mapped_column(sa.String(32), sa.ForeignKey("projects.id"), index=True)
    created: orm.Mapped[str] = orm.mapped_column(sa.String(32))
    options: orm.Mapped[str] = orm.mapped_column(sa.Text, default="{}")
    # Counts every write, so that nothing computed outlives it.
    revision: orm.Mapped[int | None] = orm.mapped_column(sa.Integer, default=0)


class ItemRow(Base):
    __tablename__ = "items"
    id: orm.Mapped[int] = orm.mapped_column(sa.Integer, primary_key=True)
    dataset_id: orm.Mapped[str] = orm.mapped_column(sa.String(32), sa.ForeignKey("datasets.id"))
    sha256: orm.Mapped[str] = orm.mapped_column(sa.String(64))
    name: orm.Mapped[str] = orm.mapped_column(sa.Text)
    label: orm.Mapped[str | None] = orm.mapped_column(sa.String(300))
    group: orm.Mapped[str | None] = orm.mapped_column("group_name", sa.String(300))
    split: orm.Mapped[str | None] = orm.mapped_column(sa.String(16))
    # What a folder or a table said, whatever the split is now.
    given_split: orm.Mapped[str | None] = orm.mapped_column(sa.String(16))
    bytes: orm.Mapped[int | None] = orm.mapped_column(sa.Integer, default=0)
    modality: orm.Mapped[str] = orm.mapped_column(sa.String(16), default="image", server_default="image")
    # What its modality knows, JSON.
    facts: orm.Mapped[str] = orm.mapped_column(sa.Text, default="{}", server_default="{}")
    added: orm.Mapped[str] = orm.mapped_column(sa.String(32))
    removed: orm.Mapped[bool] = orm.mapped_column(sa.Boolean, default=False)
    # Nobody could say for sure: left out of trainings.
    ambiguous: orm.Mapped[bool | None] = orm.mapped_column(sa.Boolean, default=False)
    # Where objects are (engine.data.boxes.geometry), JSON.
    boxes: orm.Mapped[str | None] = orm.mapped_column(sa.Text)
    __table_args__ = (sa.Index("items_of_class", "dataset_id", "removed", "label", "id"),)


class ImportRow(Base):
    __tablename__ = "imports"
    id: orm.Mapped[str] = orm.mapped_column(sa.String(32), primary_key=True)
    dataset_id: orm.Mapped[str] = orm.mapped_column(sa.String(32), sa.ForeignKey("datasets.id"), index=True)
    created: orm.Mapped[str] = orm.mapped_column(sa.String(32))
    source: orm.Mapped[str] = orm.mapped_column(sa.Text)
    received: orm.Mapped[int] = orm.mapped_column(sa.Integer)
    used: orm.Mapped[int] = orm.mapped_column(sa.Integer)
    refused: orm.Mapped[str] = orm.mapped_column(sa.Text)
    seconds: orm.Mapped[float | None] = orm.mapped_column(sa.Float, default=0.0)
    layout: orm.Mapped[str | None] = orm.mapped_column(sa.Text)  # how the files were read, JSON


class RunRow(Base):
    __tablename__ = "runs"
    id: orm.Mapped[str] = orm.mapped_column(sa.String(64), primary_key=True)
    project_id: orm.Mapped[str] = orm.mapped_column(sa.String(32), sa.ForeignKey("projects.id"), index=True)
    dataset_id: orm.Mapped[str] = orm.mapped_column(sa.String(32))
    name: orm.Mapped[str] = orm.mapped_column(sa.String(200))
    created: orm.Mapped[str] = orm.mapped_column(sa.String(32))
    owner: orm.Mapped[str] = orm.mapped_column(sa.String(200), default="")


class ChangeRow(Base):
    __tablename__ = "changes"
    id: orm.Mapped[int] = orm.mapped_column(sa.Integer, primary_key=True)
    dataset_id: orm.Mapped[str] = orm.mapped_column(sa.String(32), sa.ForeignKey("datasets.id"), index=True)
    created: orm.Mapped[str] = orm.mapped_column(sa.String(32))
    summary: orm.Mapped[str] = orm.mapped_column(sa.Text)
    before: orm.Mapped[str] = orm.mapped_column(sa.Text)
    after: orm.Mapped[str | None] = orm.mapped_column(sa.Text)
    options: orm.Mapped[str | None] = orm.mapped_column(sa.Text)
    undone: orm.Mapped[bool] = orm.mapped_column(sa.Boolean, default=False)
    who: orm.Mapped[str | None] = orm.mapped_column(sa.String(200), default="")
    kind: orm.Mapped[str | None] = orm.mapped_column(sa.String(16), default="items")
    import_id: orm.Mapped[str | None] = orm.mapped_column(sa.String(32), default="")
    pictures: orm.Mapped[int | None] = orm.mapped_column(sa.Integer, default=0)
    sample: orm.Mapped[str | None] = orm.mapped_column(sa.Text, default="[]")


# The table in which Alembic keeps the version, as it makes it itself.
VERSIONS = sa.Table("alembic_version", sa.MetaData(), sa.Column("version_num", sa.String(32), primary_key=True))
HEAD = "0003"  # the newest of engine/storage/migrations/versions
LOCK = 0x67726166  # any number, the same for every Graft: who holds it may change the tables of a PostgreSQL database
WAIT_SECONDS = 600  # for another process that brings a large database up to date


def open_database(url: str) -> sa.Engine:
    """Return the database, its tables made or brought up to date. Raises UserError where it cannot be opened."""
    engine = sa.create_engine(url)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _sqlite_pragmas)
    try:
        if _version(engine) != HEAD:
            _bring_up_to_date(engine)
    except sa.exc.OperationalError as error:
        raise UserError(
            "The registry {url} cannot be opened ({reason}). Check GRAFT_DATABASE_URL or GRAFT_WORKSPACE.",
            url=engine.url.render_as_string(hide_password=True),
            reason=str(error.orig),
        ) from error
    return engine


def _sqlite_pragmas(connection, _record) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _version(database: sa.Engine | sa.Connection) -> str | None:
    """Return the version of the tables, None where there are none or they are from before they had one."""
    if not sa.inspect(database).has_table(VERSIONS.name):
        return None
    query = sa.select(VERSIONS.c.version_num)
    if isinstance(database, sa.Connection):
        return database.scalar(query)
    with database.connect() as connection:
        return connection.scalar(query)


def _bring_up_to_date(engine: sa.Engine) -> None:
    """Make the tables, or change those of an older version: all of it or nothing, one process at a time."""
    with _alone(engine) as connection:
        version = _version(connection)  # another process may have been quicker
        if version == HEAD:
            return
        if version is None and not sa.inspect(connection).has_table(ProjectRow.__tablename__):
            Base.metadata.create_all(connection)
            VERSIONS.create(connection)
            connection.execute(VERSIONS.insert().values(version_num=HEAD))
            return
        from engine.storage import migrations  # costs half a second

        if version is not None and version not in migrations.known():
            raise UserError(
                "The registry {url} was written by a newer Graft (its version is {version}, this Graft knows {known}). "
                "Open it with that one, or choose another folder with GRAFT_WORKSPACE.",
                url=engine.url.render_as_string(hide_password=True),
                version=version,
                known=HEAD,
            )
        migrations.upgrade(connection)


@contextmanager
def _alone(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Yield a connection that nobody else writes beside, inside a transaction that ends with it."""
    own = sa.create_engine(engine.url, poolclass=sa.NullPool)  # what is set here stays here
    if engine.dialect.name != "sqlite":
        with own.begin() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
            yield connection
        return
    # SQLite's driver begins no transaction before a change of tables: it is begun by hand, with the right to write.
    with own.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in (f"PRAGMA busy_timeout={1000 * WAIT_SECONDS}", "PRAGMA foreign_keys=OFF", "BEGIN IMMEDIATE"):
            connection.exec_driver_sql(statement)
        try:
            yield connection
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")
