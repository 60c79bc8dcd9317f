"""Due messages"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_message_due_at"),
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("state || '' = 'waiting'"),
            postgresql_where=sa.text("state || '' = 'waiting'"),
        )


def downgrade() -> None:
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index(
            batch_op.f("ix_message_due_at"),
            sqlite_where=sa.text("state || '' = 'waiting'"),
            postgresql_where=sa.text("state || '' = 'waiting'"),
        )
