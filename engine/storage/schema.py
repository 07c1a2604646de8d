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
    id = sa.Column(sa.String(32), primary_key=True)
    name = sa.Column(sa.String(200), nullable=False)
    created = sa.Column(sa.String(32), nullable=False)


class DatasetRow(Base):
    __tablename__ = "datasets"
    id = sa.Column(sa.String(32), primary_key=True)
    project_id = sa.Column(sa.String(32), sa.ForeignKey("projects.id"), index=True, nullable=False)
    created = sa.Column(sa.String(32), nullable=False)
    options = sa.Column(sa.Text, nullable=False, default="{}")
    revision = sa.Column(sa.Integer, default=0)  # counts every write, so that nothing computed outlives it


class ItemRow(Base):
    __tablename__ = "items"
    id = sa.Column(sa.Integer, primary_key=True)
    dataset_id = sa.Column(sa.String(32), sa.ForeignKey("datasets.id"), nullable=False)
    sha256 = sa.Column(sa.String(64), nullable=False)
    name = sa.Column(sa.Text, nullable=False)
    label = sa.Column(sa.String(300))
    group = sa.Column("group_name", sa.String(300))
    split = sa.Column(sa.String(16))
    given_split = sa.Column(sa.String(16))  # what a folder or a table said, whatever the split is now
    width = sa.Column(sa.Integer, default=0)
    height = sa.Column(sa.Integer, default=0)
    bytes = sa.Column(sa.Integer, default=0)
    pixels_hash = sa.Column(sa.String(64), default="")
    phash = sa.Column(sa.String(128), default="")
    sharpness = sa.Column(sa.Float)
    brightness = sa.Column(sa.Float)
    contrast = sa.Column(sa.Float)
    added = sa.Column(sa.String(32), nullable=False)
    removed = sa.Column(sa.Boolean, nullable=False, default=False)
    ambiguous = sa.Column(sa.Boolean, default=False)  # nobody could say for sure: left out of trainings
    __table_args__ = (sa.Index("items_of_class", "dataset_id", "removed", "label", "id"),)


class ImportRow(Base):
    __tablename__ = "imports"
    id = sa.Column(sa.String(32), primary_key=True)
    dataset_id = sa.Column(sa.String(32), sa.ForeignKey("datasets.id"), index=True, nullable=False)
    created = sa.Column(sa.String(32), nullable=False)
    source = sa.Column(sa.Text, nullable=False)
    received = sa.Column(sa.Integer, nullable=False)
    used = sa.Column(sa.Integer, nullable=False)
    refused = sa.Column(sa.Text, nullable=False)
    seconds = sa.Column(sa.Float, default=0.0)
    layout = sa.Column(sa.Text)  # how the files were read, JSON


class RunRow(Base):
    __tablename__ = "runs"
    id = sa.Column(sa.String(64), primary_key=True)
    project_id = sa.Column(sa.String(32), sa.ForeignKey("projects.id"), index=True, nullable=False)
    dataset_id = sa.Column(sa.String(32), nullable=False)
    name = sa.Column(sa.String(200), nullable=False)
    created = sa.Column(sa.String(32), nullable=False)
    owner = sa.Column(sa.String(200), nullable=False, default="")


class ChangeRow(Base):
    __tablename__ = "changes"
    id = sa.Column(sa.Integer, primary_key=True)
    dataset_id = sa.Column(sa.String(32), sa.ForeignKey("datasets.id"), index=True, nullable=False)
    created = sa.Column(sa.String(32), nullable=False)
    summary = sa.Column(sa.Text, nullable=False)
    before = sa.Column(sa.Text, nullable=False)
    after = sa.Column(sa.Text)
    options = sa.Column(sa.Text)
    undone = sa.Column(sa.Boolean, nullable=False, default=False)
    who = sa.Column(sa.String(200), default="")
    kind = sa.Column(sa.String(16), default="items")
    import_id = sa.Column(sa.String(32), default="")
    pictures = sa.Column(sa.Integer, default=0)
    sample = sa.Column(sa.Text, default="[]")


# The table in which Alembic keeps the version, as it makes it itself.
VERSIONS = sa.Table("alembic_version", sa.MetaData(), sa.Column("version_num", sa.String(32), primary_key=True))
HEAD = "0001"  # the newest of engine/storage/migrations/versions
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
