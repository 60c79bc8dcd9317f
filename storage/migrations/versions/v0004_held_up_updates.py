"""An update that was held up has not the last word"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

THERE = sa.text("redraw_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("message", sa.Column("redraw_at", sa.DateTime(), nullable=True))
    op.create_index(
        "ix_message_redraw_at", "message", ["redraw_at"], sqlite_where=THERE, postgresql_where=THERE
    )


def downgrade() -> None:
    op.drop_index("ix_message_redraw_at", "message")
    op.drop_column("message", "redraw_at")
