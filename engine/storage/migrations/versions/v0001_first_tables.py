"""The tables as they were before they had a version: made where they are missing, and so are columns of them.

Until then every new column was added on opening, so a database of that time may lack some of them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

metadata = sa.MetaData()
projects = sa.Table(
    "projects",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("created", sa.String(32), nullable=False),
)
datasets = sa.Table(
    "datasets",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("project_id", sa.String(32), sa.ForeignKey("projects.id"), index=True, nullable=False),
    sa.Column("created", sa.String(32), nullable=False),
    sa.Column("options", sa.Text, nullable=False),
    sa.Column("revision", sa.Integer),
)
items = sa.Table(
    "items",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("dataset_id", sa.String(32), sa.ForeignKey("datasets.id"), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("label", sa.String(300)),
    sa.Column("group_name", sa.String(300)),
    sa.Column("split", sa.String(16)),
    sa.Column("given_split", sa.String(16)),
    sa.Column("width", sa.Integer),
    sa.Column("height", sa.Integer),
    sa.Column("bytes", sa.Integer),
    sa.Column("pixels_hash", sa.String(64)),
    sa.Column("phash", sa.String(128)),
    sa.Column("sharpness", sa.Float),
    sa.Column("brightness", sa.Float),
    sa.Column("contrast", sa.Float),
    sa.Column("added", sa.String(32), nullable=False),
    sa.Column("removed", sa.Boolean, nullable=False),
    sa.Column("ambiguous", sa.Boolean),
    sa.Index("items_of_class", "dataset_id", "removed", "label", "id"),
)
imports = sa.Table(
    "imports",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("dataset_id", sa.String(32), sa.ForeignKey("datasets.id"), index=True, nullable=False),
    sa.Column("created", sa.String(32), nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("received", sa.Integer, nullable=False),
    sa.Column("used", sa.Integer, nullable=False),
    sa.Column("refused", sa.Text, nullable=False),
    sa.Column("seconds", sa.Float),
    sa.Column("layout", sa.Text),
)
runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("project_id", sa.String(32), sa.ForeignKey("projects.id"), index=True, nullable=False),
    sa.Column("dataset_id", sa.String(32), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("created", sa.String(32), nullable=False),
    sa.Column("owner", sa.String(200), nullable=False),
)
changes = sa.Table(
    "changes",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("dataset_id", sa.String(32), sa.ForeignKey("datasets.id"), index=True, nullable=False),
    sa.Column("created", sa.String(32), nullable=False),
    sa.Column("summary", sa.Text, nullable=False),
    sa.Column("before", sa.Text, nullable=False),
    sa.Column("after", sa.Text),
    sa.Column("options", sa.Text),
    sa.Column("undone", sa.Boolean, nullable=False),
    sa.Column("who", sa.String(200)),
    sa.Column("kind", sa.String(16)),
    sa.Column("import_id", sa.String(32)),
    sa.Column("pictures", sa.Integer),
    sa.Column("sample", sa.Text),
)


def upgrade() -> None:
    connection = op.get_bind()
    metadata.create_all(connection)
    inspector = sa.inspect(connection)
    for table in metadata.sorted_tables:
        present = {column["name"] for column in inspector.get_columns(table.name)}
        for column in table.columns:
            if column.name not in present:  # rows of that time have no value for it
                op.add_column(table.name, sa.Column(column.name, column.type, nullable=True))
