"""Items keep the boxes that somebody drew around objects, as JSON."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("items", sa.Column("boxes", sa.Text, nullable=True))
