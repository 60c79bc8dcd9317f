"""What recurs in circles has rows with an indexed next instant"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SET = "next_at IS NOT NULL"
PLANNED = "published_at IS NULL AND withdrawn_at IS NULL"
REPEATS = "repeats <> ''"
TO_REMIND = "ix_poll_closed_at_reminded_at_place_closes_at"

SERIES = """
INSERT INTO recurring (circle_id, kind, subject_id, next_at, set_at)
SELECT circle_id, 'poll', series, MAX(opened_at), MAX(opened_at)
FROM poll WHERE repeats <> '' GROUP BY circle_id, series
"""
"""Other rows are made when the programme starts."""


def upgrade() -> None:
    op.create_table(
        "recurring",
        sa.Column("circle_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject_id", sa.String(32), nullable=False),
        sa.Column("next_at", sa.DateTime(), nullable=True),
        sa.Column("set_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name="fk_recurring_circle_id"),
        sa.PrimaryKeyConstraint("circle_id", "kind", "subject_id", name="pk_recurring"),
    )
    _partial("recurring", ["next_at"], SET)
    op.create_index("ix_recurring_set_at", "recurring", ["set_at"])
    op.execute(SERIES)
    op.drop_index("ix_post_published_at_publish_at", "post")
    _partial("post", ["publish_at"], PLANNED)
    op.create_index(TO_REMIND, "poll", ["closed_at", "reminded_at", "place", "closes_at"])
    op.drop_index("ix_poll_repeats", "poll")
    op.create_index("ix_poll_circle_id_series", "poll", ["circle_id", "series"])
    op.create_index("ix_pulse_closed_at_closes_at", "pulse", ["closed_at", "closes_at"])


def _partial(table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    name = f"ix_{table}_{'_'.join(columns)}"
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_index("ix_pulse_closed_at_closes_at", "pulse")
    op.drop_index("ix_poll_circle_id_series", "poll")
    _partial("poll", ["repeats"], REPEATS)
    op.drop_index(TO_REMIND, "poll")
    op.drop_index("ix_post_publish_at", "post")
    op.create_index("ix_post_published_at_publish_at", "post", ["published_at", "publish_at"])
    op.drop_table("recurring")
