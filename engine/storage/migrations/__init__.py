"""How the tables of the registry changed from version to version, a file a change in `versions`, told by Alembic.

Imported only where a database is of another version than this Graft (see engine.storage.schema): Alembic costs half a
second. A new change is a new file in `versions`, whose `down_revision` is the newest so far, and its name in
engine.storage.schema.HEAD. Migrations describe the tables of their time in their own words and never import the models.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory


def config(connection: sa.Connection | None = None) -> Config:
    """Return how Alembic finds the migrations, and the connection it works on."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


def known() -> list[str]:
    """Return the versions that this Graft knows, newest first."""
    return [script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()]


def upgrade(connection: sa.Connection, to: str = "head") -> None:
    """Bring the database of a connection up to a version, inside the transaction that is open there."""
    command.upgrade(config(connection), to)
