"""The tables of the registry, and how a database is opened and brought up to date."""

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


def open_database(url: str) -> sa.Engine:
    engine = sa.create_engine(url)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _sqlite_pragmas)
    try:
        _migrate(engine)
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


def _migrate(engine: sa.Engine) -> None:
    """Create what is missing: tables, indexes, and columns that a newer version of Graft added."""
    Base.metadata.create_all(engine)
    inspector = sa.inspect(engine)
    with engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            present = {column["name"] for column in inspector.get_columns(table.name)}
            for column in table.columns:
                if column.name not in present:
                    kind = column.type.compile(engine.dialect)
                    connection.execute(sa.text(f'ALTER TABLE {table.name} ADD COLUMN "{column.name}" {kind}'))
