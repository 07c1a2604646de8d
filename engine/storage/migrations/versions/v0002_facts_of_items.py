"""Items say what kind of file they are, and what is known of it moves from columns of pictures into one of facts."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

MOVED = ("width", "height", "pixels_hash", "phash", "sharpness", "brightness", "contrast")


def upgrade() -> None:
    op.add_column("items", sa.Column("modality", sa.String(16), nullable=False, server_default="image"))
    op.add_column("items", sa.Column("facts", sa.Text, nullable=False, server_default="{}"))
    made = {"sqlite": sa.func.json_object, "postgresql": sa.func.json_build_object}[op.get_bind().dialect.name]
    items = sa.table("items", *map(sa.column, ("facts", *MOVED)))
    pairs = [part for name in MOVED for part in (sa.literal(name), items.c[name])]
    op.execute(sa.update(items).values(facts=sa.cast(made(*pairs), sa.Text)))
    with op.batch_alter_table("items") as table:
        for name in MOVED:
            table.drop_column(name)
