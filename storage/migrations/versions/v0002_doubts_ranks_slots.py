"""What may have arrived is looked for; who goes first; the days of what recurs"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def columns() -> tuple[sa.Column[object], ...]:
    """Of `message`. A column belongs to one statement only."""
    return (
        sa.Column("claimed_version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tried_at", sa.DateTime(), nullable=True),
        sa.Column("look_at", sa.DateTime(), nullable=True),
        sa.Column("looks", sa.Integer(), server_default="0", nullable=False),
    )


def upgrade() -> None:
    op.create_table(
        "slot",
        sa.Column("schedule", sa.String(length=120), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("schedule", "local_date", name=op.f("pk_slot")),
    )
    for column in columns():
        op.add_column("message", column)
    op.execute("UPDATE message SET priority = priority + 3 WHERE shown_version > 0")
    op.drop_index("ix_message_state_due_at", "message")
    op.create_index(
        "ix_message_state_workspace_id_priority_due_at",
        "message",
        ["state", "workspace_id", "priority", "due_at"],
    )
    for name in ("lease_until", "look_at"):
        there = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"ix_message_{name}", "message", [name], sqlite_where=there, postgresql_where=there)


def downgrade() -> None:
    """What was in doubt becomes what the older shape knows: unknown."""
    op.drop_index("ix_message_look_at", "message")
    op.drop_index("ix_message_lease_until", "message")
    op.drop_index("ix_message_state_workspace_id_priority_due_at", "message")
    op.create_index("ix_message_state_due_at", "message", ["state", "due_at"])
    op.execute("UPDATE message SET state = 'unknown' WHERE state = 'ambiguous'")
    op.execute("UPDATE message SET priority = 0 WHERE priority > 2")
    with op.batch_alter_table("message") as batch:
        for column in reversed(columns()):
            batch.drop_column(column.name)
    op.drop_table("slot")
