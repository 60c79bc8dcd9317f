"""The tables of version 0.2.0"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bucket",
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("free_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_bucket")),
    )
    op.create_table(
        "circle",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.Text(), server_default="fr", nullable=False),
        sa.Column("zone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("cadence", sa.Integer(), server_default="2", nullable=False),
        sa.Column("weekly_ceiling", sa.Integer(), server_default="20", nullable=False),
        sa.Column("trust_floor", sa.Integer(), server_default="3", nullable=False),
        sa.Column("slowed_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_circle")),
    )
    op.create_table(
        "code",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_code")),
    )
    op.create_table(
        "inbox",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_inbox")),
    )
    op.create_table(
        "notebook",
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_notebook")),
    )
    op.create_table(
        "salt",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_salt")),
    )
    op.create_table(
        "slot",
        sa.Column("schedule", sa.String(length=120), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("schedule", "local_date", name=op.f("pk_slot")),
    )
    op.create_table(
        "channel",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_channel_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "address", name=op.f("pk_channel")),
    )
    op.create_table(
        "charter",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("purpose", sa.Text(), server_default="", nullable=False),
        sa.Column("members_promise", sa.Text(), server_default="", nullable=False),
        sa.Column("organisation_promises", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_charter_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "version", "language", name=op.f("pk_charter")),
    )
    op.create_table(
        "meeting",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("falls_on", sa.Date(), nullable=False),
        sa.Column("starts_at", sa.DateTime(), nullable=False),
        sa.Column("place", sa.Text(), server_default="", nullable=False),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("changes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("minutes", sa.Text(), server_default="", nullable=False),
        sa.Column("notes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_meeting_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "id", name=op.f("pk_meeting")),
        sa.UniqueConstraint("circle_id", "falls_on", name=op.f("uq_meeting_circle_id_falls_on")),
        sa.UniqueConstraint("token", name=op.f("uq_meeting_token")),
    )
    with op.batch_alter_table("meeting", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_meeting_circle_id_starts_at"), ["circle_id", "starts_at"], unique=False
        )

    op.create_table(
        "person",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("chosen_language", sa.Text(), server_default="", nullable=False),
        sa.Column("role", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_person_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "id", name=op.f("pk_person")),
    )
    op.create_table(
        "pulse",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("opened_at", sa.DateTime(), nullable=False),
        sa.Column("closes_at", sa.DateTime(), nullable=False),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("key", sa.Text(), server_default="", nullable=False),
        sa.Column("answers", sa.Integer(), server_default="0", nullable=False),
        sa.Column("trust", sa.Float(), nullable=True),
        sa.Column("pressure", sa.Float(), nullable=True),
        sa.Column("energy", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_pulse_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "id", name=op.f("pk_pulse")),
    )
    with op.batch_alter_table("pulse", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_pulse_circle_id_opened_at"), ["circle_id", "opened_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_pulse_closed_at_closes_at"), ["closed_at", "closes_at"], unique=False
        )

    op.create_table(
        "recap",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_recap_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "id", name=op.f("pk_recap")),
        sa.UniqueConstraint("circle_id", "month", name=op.f("uq_recap_circle_id_month")),
        sa.UniqueConstraint("token", name=op.f("uq_recap_token")),
    )
    op.create_table(
        "recurring",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("next_at", sa.DateTime(), nullable=True),
        sa.Column("set_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_recurring_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "kind", "subject_id", name=op.f("pk_recurring")),
    )
    with op.batch_alter_table("recurring", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_recurring_next_at"),
            ["next_at"],
            unique=False,
            sqlite_where=sa.text("next_at IS NOT NULL"),
            postgresql_where=sa.text("next_at IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_recurring_set_at"), ["set_at"], unique=False)

    op.create_table(
        "ritual",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("week", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("at", sa.Time(), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_ritual_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "name", name=op.f("pk_ritual")),
    )
    op.create_table(
        "topic",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_topic_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "id", name=op.f("pk_topic")),
    )
    op.create_table(
        "workspace",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("disconnected_at", sa.DateTime(), nullable=True),
        sa.Column("disconnection", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_workspace_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "id", name=op.f("pk_workspace")),
        sa.UniqueConstraint("platform", "external_id", name=op.f("uq_workspace_platform_external_id")),
    )
    with op.batch_alter_table("workspace", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_workspace_disconnected_at"),
            ["disconnected_at"],
            unique=False,
            sqlite_where=sa.text("disconnected_at IS NOT NULL"),
            postgresql_where=sa.text("disconnected_at IS NOT NULL"),
        )

    op.create_table(
        "account",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("workspace_id", sa.String(length=32), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column("zone", sa.Text(), server_default="", nullable=False),
        sa.Column("guest", sa.Boolean(), nullable=False),
        sa.Column("reachable", sa.Boolean(), nullable=False),
        sa.Column("receives", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["circle_id", "person_id"],
            ["person.circle_id", "person.id"],
            name=op.f("fk_account_circle_id_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["circle_id", "workspace_id"],
            ["workspace.circle_id", "workspace.id"],
            name=op.f("fk_account_circle_id_workspace_id"),
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_account_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "id", name=op.f("pk_account")),
        sa.UniqueConstraint("workspace_id", "external_id", name=op.f("uq_account_workspace_id_external_id")),
    )
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_account_circle_id_address"), ["circle_id", "address"], unique=False
        )
        batch_op.create_index(
            "ix_account_receives",
            ["circle_id", "person_id"],
            unique=True,
            sqlite_where=sa.text("receives = 1"),
            postgresql_where=sa.text("receives"),
        )

    op.create_table(
        "consent",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("given_at", sa.DateTime(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["circle_id", "person_id"],
            ["person.circle_id", "person.id"],
            name=op.f("fk_consent_circle_id_person_id"),
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_consent_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "id", name=op.f("pk_consent")),
    )
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_consent_circle_id_person_id"), ["circle_id", "person_id"], unique=False
        )

    op.create_table(
        "draft",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("author_id", sa.String(length=32), nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column("found_url", sa.Text(), server_default="", nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("picture_url", sa.Text(), server_default="", nullable=False),
        sa.Column("picture_alt", sa.Text(), server_default="", nullable=False),
        sa.Column("site", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("lease_until", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["circle_id", "author_id"],
            ["person.circle_id", "person.id"],
            name=op.f("fk_draft_circle_id_author_id"),
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_draft_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "id", name=op.f("pk_draft")),
    )
    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_draft_state_created_at"), ["state", "created_at"], unique=False)

    op.create_table(
        "entry",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("what", sa.String(length=60), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["circle_id", "person_id"],
            ["person.circle_id", "person.id"],
            name=op.f("fk_entry_circle_id_person_id"),
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_entry_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "id", name=op.f("pk_entry")),
    )
    with op.batch_alter_table("entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entry_circle_id_at"), ["circle_id", "at"], unique=False)

    op.create_table(
        "gathering",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("author_id", sa.String(length=32), nullable=True),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("opened_at", sa.DateTime(), nullable=False),
        sa.Column("closes_at", sa.DateTime(), nullable=False),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("spoken", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["circle_id", "author_id"],
            ["person.circle_id", "person.id"],
            name=op.f("fk_gathering_circle_id_author_id"),
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_gathering_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "id", name=op.f("pk_gathering")),
    )
    with op.batch_alter_table("gathering", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_gathering_closed_at_closes_at"), ["closed_at", "closes_at"], unique=False
        )

    op.create_table(
        "kudos",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("giver_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("given_at", sa.DateTime(), nullable=False),
        sa.Column("taken_back_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["circle_id", "giver_id"],
            ["person.circle_id", "person.id"],
            name=op.f("fk_kudos_circle_id_giver_id"),
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_kudos_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "id", name=op.f("pk_kudos")),
    )
    with op.batch_alter_table("kudos", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_kudos_circle_id_given_at"), ["circle_id", "given_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_kudos_circle_id_giver_id_given_at"),
            ["circle_id", "giver_id", "given_at"],
            unique=False,
        )

    op.create_table(
        "member",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("joined_at", sa.DateTime(), nullable=False),
        sa.Column("consent_version", sa.Integer(), nullable=False),
        sa.Column("paused_until", sa.DateTime(), nullable=True),
        sa.Column("weekly_ceiling", sa.Integer(), nullable=False),
        sa.Column("day_start", sa.Time(), nullable=False),
        sa.Column("day_end", sa.Time(), nullable=False),
        sa.Column("days", sa.String(length=7), nullable=False),
        sa.Column("country", sa.Text(), server_default="", nullable=False),
        sa.Column("networks", sa.Text(), server_default="", nullable=False),
        sa.Column("instance", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["circle_id", "person_id"],
            ["person.circle_id", "person.id"],
            name=op.f("fk_member_circle_id_person_id"),
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_member_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "person_id", name=op.f("pk_member")),
    )
    op.create_table(
        "message",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("workspace_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=True),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("wanted_version", sa.Integer(), nullable=False),
        sa.Column("shown_version", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=False),
        sa.Column("not_before", sa.DateTime(), nullable=True),
        sa.Column("expires_at", sa.DateTime(), nullable=True),
        sa.Column("shown_at", sa.DateTime(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(), nullable=True),
        sa.Column("claimed_version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tried_at", sa.DateTime(), nullable=True),
        sa.Column("look_at", sa.DateTime(), nullable=True),
        sa.Column("looks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("redraw_at", sa.DateTime(), nullable=True),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.Column("obstacle", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["circle_id", "person_id"],
            ["person.circle_id", "person.id"],
            name=op.f("fk_message_circle_id_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["circle_id", "workspace_id"],
            ["workspace.circle_id", "workspace.id"],
            name=op.f("fk_message_circle_id_workspace_id"),
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_message_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "id", name=op.f("pk_message")),
        sa.UniqueConstraint(
            "circle_id",
            "kind",
            "subject_id",
            "address",
            name=op.f("uq_message_circle_id_kind_subject_id_address"),
        ),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_message_circle_id_person_id_counts_shown_at"),
            ["circle_id", "person_id", "counts", "shown_at"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_message_circle_id_subject_id_person_id"),
            ["circle_id", "subject_id", "person_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_message_due_at"),
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("state || '' = 'waiting'"),
            postgresql_where=sa.text("state || '' = 'waiting'"),
        )
        batch_op.create_index(
            batch_op.f("ix_message_lease_until"),
            ["lease_until"],
            unique=False,
            sqlite_where=sa.text("lease_until IS NOT NULL"),
            postgresql_where=sa.text("lease_until IS NOT NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_message_look_at"),
            ["look_at"],
            unique=False,
            sqlite_where=sa.text("look_at IS NOT NULL"),
            postgresql_where=sa.text("look_at IS NOT NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_message_redraw_at"),
            ["redraw_at"],
            unique=False,
            sqlite_where=sa.text("redraw_at IS NOT NULL"),
            postgresql_where=sa.text("redraw_at IS NOT NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_message_state_workspace_id_priority_due_at"),
            ["state", "workspace_id", "priority", "due_at"],
            unique=False,
        )

    op.create_table(
        "poll",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("author_id", sa.String(length=32), nullable=False),
        sa.Column("workspace_id", sa.String(length=32), nullable=True),
        sa.Column("place", sa.Text(), server_default="", nullable=False),
        sa.Column("question", sa.Text(), server_default="", nullable=False),
        sa.Column("many", sa.Boolean(), nullable=False),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("open_options", sa.Boolean(), nullable=False),
        sa.Column("asks_words", sa.Boolean(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("repeats", sa.Text(), server_default="", nullable=False),
        sa.Column("series", sa.String(length=32), nullable=False),
        sa.Column("opened_at", sa.DateTime(), nullable=False),
        sa.Column("closes_at", sa.DateTime(), nullable=False),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("reminded_at", sa.DateTime(), nullable=True),
        sa.Column("key", sa.Text(), server_default="", nullable=False),
        sa.Column("export_token", sa.String(length=32), nullable=False),
        sa.Column("voters", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["circle_id", "author_id"],
            ["person.circle_id", "person.id"],
            name=op.f("fk_poll_circle_id_author_id"),
        ),
        sa.ForeignKeyConstraint(
            ["circle_id", "workspace_id"],
            ["workspace.circle_id", "workspace.id"],
            name=op.f("fk_poll_circle_id_workspace_id"),
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_poll_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "id", name=op.f("pk_poll")),
        sa.UniqueConstraint("export_token", name=op.f("uq_poll_export_token")),
    )
    with op.batch_alter_table("poll", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_poll_circle_id_series"), ["circle_id", "series"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_poll_closed_at_closes_at"), ["closed_at", "closes_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_poll_closed_at_reminded_at_place_closes_at"),
            ["closed_at", "reminded_at", "place", "closes_at"],
            unique=False,
        )

    op.create_table(
        "poll_draft",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("author_id", sa.String(length=32), nullable=False),
        sa.Column("workspace_id", sa.String(length=32), nullable=True),
        sa.Column("place", sa.Text(), server_default="", nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["circle_id", "author_id"],
            ["person.circle_id", "person.id"],
            name=op.f("fk_poll_draft_circle_id_author_id"),
        ),
        sa.ForeignKeyConstraint(
            ["circle_id", "workspace_id"],
            ["workspace.circle_id", "workspace.id"],
            name=op.f("fk_poll_draft_circle_id_workspace_id"),
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_poll_draft_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "id", name=op.f("pk_poll_draft")),
    )
    with op.batch_alter_table("poll_draft", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_poll_draft_made_at"), ["made_at"], unique=False)

    op.create_table(
        "post",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("author_id", sa.String(length=32), nullable=False),
        sa.Column("topic_id", sa.String(length=32), nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("openings", sa.JSON(), nullable=False),
        sa.Column("networks", sa.Text(), server_default="", nullable=False),
        sa.Column("picture_url", sa.Text(), server_default="", nullable=False),
        sa.Column("picture_alt", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("publish_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("zone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column("published_at", sa.DateTime(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(), nullable=True),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["circle_id", "author_id"],
            ["person.circle_id", "person.id"],
            name=op.f("fk_post_circle_id_author_id"),
        ),
        sa.ForeignKeyConstraint(
            ["circle_id", "topic_id"],
            ["topic.circle_id", "topic.id"],
            name=op.f("fk_post_circle_id_topic_id"),
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_post_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "id", name=op.f("pk_post")),
    )
    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_post_expires_at"),
            ["expires_at"],
            unique=False,
            sqlite_where=sa.text("published_at IS NOT NULL AND closed_at IS NULL"),
            postgresql_where=sa.text("published_at IS NOT NULL AND closed_at IS NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_post_publish_at"),
            ["publish_at"],
            unique=False,
            sqlite_where=sa.text("published_at IS NULL AND withdrawn_at IS NULL"),
            postgresql_where=sa.text("published_at IS NULL AND withdrawn_at IS NULL"),
        )

    op.create_table(
        "pulse_answer",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("pulse_id", sa.String(length=32), nullable=False),
        sa.Column("voter", sa.String(length=32), nullable=False),
        sa.Column("trust", sa.Integer(), nullable=False),
        sa.Column("pressure", sa.Integer(), nullable=False),
        sa.Column("energy", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["circle_id", "pulse_id"],
            ["pulse.circle_id", "pulse.id"],
            name=op.f("fk_pulse_answer_circle_id_pulse_id"),
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_pulse_answer_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "pulse_id", "voter", name=op.f("pk_pulse_answer")),
    )
    op.create_table(
        "pulse_words",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("pulse_id", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["circle_id", "pulse_id"],
            ["pulse.circle_id", "pulse.id"],
            name=op.f("fk_pulse_words_circle_id_pulse_id"),
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_pulse_words_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "id", name=op.f("pk_pulse_words")),
    )
    with op.batch_alter_table("pulse_words", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_pulse_words_circle_id_pulse_id"), ["circle_id", "pulse_id"], unique=False
        )

    op.create_table(
        "round",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("author_id", sa.String(length=32), nullable=False),
        sa.Column("setting", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Text(), server_default="", nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("opened_at", sa.DateTime(), nullable=False),
        sa.Column("closes_at", sa.DateTime(), nullable=False),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("outcome", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["circle_id", "author_id"],
            ["person.circle_id", "person.id"],
            name=op.f("fk_round_circle_id_author_id"),
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_round_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "id", name=op.f("pk_round")),
    )
    with op.batch_alter_table("round", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_round_closed_at_closes_at"), ["closed_at", "closes_at"], unique=False
        )

    op.create_table(
        "theme",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("owner_id", sa.String(length=32), nullable=True),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("answered_at", sa.DateTime(), nullable=True),
        sa.Column("returned_on", sa.Date(), nullable=True),
        sa.Column("changes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["circle_id", "owner_id"],
            ["person.circle_id", "person.id"],
            name=op.f("fk_theme_circle_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_theme_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "id", name=op.f("pk_theme")),
    )
    with op.batch_alter_table("theme", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_theme_circle_id_created_at"), ["circle_id", "created_at"], unique=False
        )

    op.create_table(
        "topic_name",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("topic_id", sa.String(length=32), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["circle_id", "topic_id"],
            ["topic.circle_id", "topic.id"],
            name=op.f("fk_topic_name_circle_id_topic_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_topic_name_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "topic_id", "language", name=op.f("pk_topic_name")),
    )
    op.create_table(
        "visit",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("left_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["circle_id", "person_id"],
            ["person.circle_id", "person.id"],
            name=op.f("fk_visit_circle_id_person_id"),
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_visit_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "id", name=op.f("pk_visit")),
    )
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_visit_circle_id_person_id_week"), ["circle_id", "person_id", "week"], unique=False
        )

    op.create_table(
        "wall",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("workspace_id", sa.String(length=32), nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["circle_id", "workspace_id"],
            ["workspace.circle_id", "workspace.id"],
            name=op.f("fk_wall_circle_id_workspace_id"),
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_wall_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "workspace_id", name=op.f("pk_wall")),
    )
    op.create_table(
        "finding",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("gathering_id", sa.String(length=32), nullable=False),
        sa.Column("theme_id", sa.String(length=32), nullable=True),
        sa.Column("person_id", sa.String(length=32), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["circle_id", "gathering_id"],
            ["gathering.circle_id", "gathering.id"],
            name=op.f("fk_finding_circle_id_gathering_id"),
        ),
        sa.ForeignKeyConstraint(
            ["circle_id", "person_id"],
            ["person.circle_id", "person.id"],
            name=op.f("fk_finding_circle_id_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["circle_id", "theme_id"],
            ["theme.circle_id", "theme.id"],
            name=op.f("fk_finding_circle_id_theme_id"),
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_finding_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "id", name=op.f("pk_finding")),
    )
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_finding_circle_id_gathering_id"), ["circle_id", "gathering_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_finding_circle_id_theme_id"), ["circle_id", "theme_id"], unique=False
        )

    op.create_table(
        "follow",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("topic_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["circle_id", "person_id"],
            ["member.circle_id", "member.person_id"],
            name=op.f("fk_follow_circle_id_person_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["circle_id", "topic_id"],
            ["topic.circle_id", "topic.id"],
            name=op.f("fk_follow_circle_id_topic_id"),
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_follow_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "topic_id", "person_id", name=op.f("pk_follow")),
    )
    with op.batch_alter_table("follow", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_follow_circle_id_person_id_topic_id"),
            ["circle_id", "person_id", "topic_id"],
            unique=False,
        )

    op.create_table(
        "poll_option",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("poll_id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), server_default="", nullable=False),
        sa.Column("votes", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["circle_id", "poll_id"],
            ["poll.circle_id", "poll.id"],
            name=op.f("fk_poll_option_circle_id_poll_id"),
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_poll_option_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "id", name=op.f("pk_poll_option")),
    )
    with op.batch_alter_table("poll_option", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_poll_option_circle_id_poll_id"), ["circle_id", "poll_id"], unique=False
        )

    op.create_table(
        "poll_words",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("poll_id", sa.String(length=32), nullable=False),
        sa.Column("voter", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["circle_id", "poll_id"],
            ["poll.circle_id", "poll.id"],
            name=op.f("fk_poll_words_circle_id_poll_id"),
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_poll_words_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "poll_id", "voter", name=op.f("pk_poll_words")),
    )
    op.create_table(
        "question",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("post_id", sa.String(length=32), nullable=False),
        sa.Column("asker_id", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("answered_by", sa.String(length=32), nullable=True),
        sa.Column("answered_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["circle_id", "answered_by"],
            ["person.circle_id", "person.id"],
            name=op.f("fk_question_circle_id_answered_by"),
        ),
        sa.ForeignKeyConstraint(
            ["circle_id", "asker_id"],
            ["person.circle_id", "person.id"],
            name=op.f("fk_question_circle_id_asker_id"),
        ),
        sa.ForeignKeyConstraint(
            ["circle_id", "post_id"],
            ["post.circle_id", "post.id"],
            name=op.f("fk_question_circle_id_post_id"),
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_question_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "id", name=op.f("pk_question")),
    )
    op.create_table(
        "reply",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("poll_id", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["circle_id", "account_id"],
            ["account.circle_id", "account.id"],
            name=op.f("fk_reply_circle_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["circle_id", "poll_id"], ["poll.circle_id", "poll.id"], name=op.f("fk_reply_circle_id_poll_id")
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_reply_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "id", name=op.f("pk_reply")),
    )
    with op.batch_alter_table("reply", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reply_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "share",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("post_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("network", sa.String(length=20), nullable=False),
        sa.Column("page_token", sa.String(length=32), nullable=False),
        sa.Column("link_token", sa.String(length=32), nullable=False),
        sa.Column("opened_at", sa.DateTime(), nullable=True),
        sa.Column("posted_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["circle_id", "person_id"],
            ["person.circle_id", "person.id"],
            name=op.f("fk_share_circle_id_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["circle_id", "post_id"], ["post.circle_id", "post.id"], name=op.f("fk_share_circle_id_post_id")
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_share_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "post_id", "person_id", "network", name=op.f("pk_share")),
        sa.UniqueConstraint("link_token", name=op.f("uq_share_link_token")),
        sa.UniqueConstraint("page_token", name=op.f("uq_share_page_token")),
    )
    op.create_table(
        "stance",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("post_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("declined_at", sa.DateTime(), nullable=True),
        sa.Column("later_until", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["circle_id", "person_id"],
            ["person.circle_id", "person.id"],
            name=op.f("fk_stance_circle_id_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["circle_id", "post_id"], ["post.circle_id", "post.id"], name=op.f("fk_stance_circle_id_post_id")
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_stance_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "post_id", "person_id", name=op.f("pk_stance")),
    )
    op.create_table(
        "thanks",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("kudos_id", sa.String(length=32), nullable=False),
        sa.Column("receiver_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("answered_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["circle_id", "kudos_id"],
            ["kudos.circle_id", "kudos.id"],
            name=op.f("fk_thanks_circle_id_kudos_id"),
        ),
        sa.ForeignKeyConstraint(
            ["circle_id", "receiver_id"],
            ["person.circle_id", "person.id"],
            name=op.f("fk_thanks_circle_id_receiver_id"),
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_thanks_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "kudos_id", "receiver_id", name=op.f("pk_thanks")),
    )
    with op.batch_alter_table("thanks", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_thanks_circle_id_receiver_id"), ["circle_id", "receiver_id"], unique=False
        )

    op.create_table(
        "visit_item",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("visit_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["circle_id", "visit_id"],
            ["visit.circle_id", "visit.id"],
            name=op.f("fk_visit_item_circle_id_visit_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_visit_item_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "visit_id", "kind", "subject_id", name=op.f("pk_visit_item")),
    )
    with op.batch_alter_table("visit_item", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_visit_item_circle_id_kind_subject_id"),
            ["circle_id", "kind", "subject_id"],
            unique=False,
        )

    op.create_table(
        "voice",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("round_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("stance", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["circle_id", "person_id"],
            ["person.circle_id", "person.id"],
            name=op.f("fk_voice_circle_id_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["circle_id", "round_id"],
            ["round.circle_id", "round.id"],
            name=op.f("fk_voice_circle_id_round_id"),
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_voice_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "round_id", "person_id", name=op.f("pk_voice")),
    )
    op.create_table(
        "whisper",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("giver_id", sa.String(length=32), nullable=False),
        sa.Column("about_id", sa.String(length=32), nullable=False),
        sa.Column("why", sa.String(length=20), nullable=False),
        sa.Column("post_id", sa.String(length=32), nullable=True),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["circle_id", "about_id"],
            ["person.circle_id", "person.id"],
            name=op.f("fk_whisper_circle_id_about_id"),
        ),
        sa.ForeignKeyConstraint(
            ["circle_id", "giver_id"],
            ["person.circle_id", "person.id"],
            name=op.f("fk_whisper_circle_id_giver_id"),
        ),
        sa.ForeignKeyConstraint(
            ["circle_id", "post_id"], ["post.circle_id", "post.id"], name=op.f("fk_whisper_circle_id_post_id")
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_whisper_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "id", name=op.f("pk_whisper")),
    )
    with op.batch_alter_table("whisper", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_whisper_circle_id_giver_id_made_at"),
            ["circle_id", "giver_id", "made_at"],
            unique=False,
        )

    op.create_table(
        "words",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("post_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["circle_id", "person_id"],
            ["person.circle_id", "person.id"],
            name=op.f("fk_words_circle_id_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["circle_id", "post_id"], ["post.circle_id", "post.id"], name=op.f("fk_words_circle_id_post_id")
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_words_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "post_id", "person_id", name=op.f("pk_words")),
    )
    op.create_table(
        "click",
        sa.Column("link_token", sa.String(length=32), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("visitor", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["link_token"], ["share.link_token"], name=op.f("fk_click_link_token")),
        sa.PrimaryKeyConstraint("link_token", "day", "visitor", name=op.f("pk_click")),
    )
    op.create_table(
        "vote",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("poll_id", sa.String(length=32), nullable=False),
        sa.Column("voter", sa.String(length=32), nullable=False),
        sa.Column("option_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["circle_id", "option_id"],
            ["poll_option.circle_id", "poll_option.id"],
            name=op.f("fk_vote_circle_id_option_id"),
        ),
        sa.ForeignKeyConstraint(
            ["circle_id", "poll_id"], ["poll.circle_id", "poll.id"], name=op.f("fk_vote_circle_id_poll_id")
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_vote_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "poll_id", "voter", "option_id", name=op.f("pk_vote")),
    )


def downgrade() -> None:
    op.drop_table("vote")
    op.drop_table("click")
    op.drop_table("words")
    with op.batch_alter_table("whisper", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_whisper_circle_id_giver_id_made_at"))

    op.drop_table("whisper")
    op.drop_table("voice")
    with op.batch_alter_table("visit_item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visit_item_circle_id_kind_subject_id"))

    op.drop_table("visit_item")
    with op.batch_alter_table("thanks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_thanks_circle_id_receiver_id"))

    op.drop_table("thanks")
    op.drop_table("stance")
    op.drop_table("share")
    with op.batch_alter_table("reply", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reply_expires_at"))

    op.drop_table("reply")
    op.drop_table("question")
    op.drop_table("poll_words")
    with op.batch_alter_table("poll_option", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_poll_option_circle_id_poll_id"))

    op.drop_table("poll_option")
    with op.batch_alter_table("follow", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_follow_circle_id_person_id_topic_id"))

    op.drop_table("follow")
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_finding_circle_id_theme_id"))
        batch_op.drop_index(batch_op.f("ix_finding_circle_id_gathering_id"))

    op.drop_table("finding")
    op.drop_table("wall")
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visit_circle_id_person_id_week"))

    op.drop_table("visit")
    op.drop_table("topic_name")
    with op.batch_alter_table("theme", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_theme_circle_id_created_at"))

    op.drop_table("theme")
    with op.batch_alter_table("round", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_round_closed_at_closes_at"))

    op.drop_table("round")
    with op.batch_alter_table("pulse_words", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pulse_words_circle_id_pulse_id"))

    op.drop_table("pulse_words")
    op.drop_table("pulse_answer")
    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.drop_index(
            batch_op.f("ix_post_publish_at"),
            sqlite_where=sa.text("published_at IS NULL AND withdrawn_at IS NULL"),
            postgresql_where=sa.text("published_at IS NULL AND withdrawn_at IS NULL"),
        )
        batch_op.drop_index(
            batch_op.f("ix_post_expires_at"),
            sqlite_where=sa.text("published_at IS NOT NULL AND closed_at IS NULL"),
            postgresql_where=sa.text("published_at IS NOT NULL AND closed_at IS NULL"),
        )

    op.drop_table("post")
    with op.batch_alter_table("poll_draft", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_poll_draft_made_at"))

    op.drop_table("poll_draft")
    with op.batch_alter_table("poll", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_poll_closed_at_reminded_at_place_closes_at"))
        batch_op.drop_index(batch_op.f("ix_poll_closed_at_closes_at"))
        batch_op.drop_index(batch_op.f("ix_poll_circle_id_series"))

    op.drop_table("poll")
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_message_state_workspace_id_priority_due_at"))
        batch_op.drop_index(
            batch_op.f("ix_message_redraw_at"),
            sqlite_where=sa.text("redraw_at IS NOT NULL"),
            postgresql_where=sa.text("redraw_at IS NOT NULL"),
        )
        batch_op.drop_index(
            batch_op.f("ix_message_look_at"),
            sqlite_where=sa.text("look_at IS NOT NULL"),
            postgresql_where=sa.text("look_at IS NOT NULL"),
        )
        batch_op.drop_index(
            batch_op.f("ix_message_lease_until"),
            sqlite_where=sa.text("lease_until IS NOT NULL"),
            postgresql_where=sa.text("lease_until IS NOT NULL"),
        )
        batch_op.drop_index(
            batch_op.f("ix_message_due_at"),
            sqlite_where=sa.text("state || '' = 'waiting'"),
            postgresql_where=sa.text("state || '' = 'waiting'"),
        )
        batch_op.drop_index(batch_op.f("ix_message_circle_id_subject_id_person_id"))
        batch_op.drop_index(batch_op.f("ix_message_circle_id_person_id_counts_shown_at"))

    op.drop_table("message")
    op.drop_table("member")
    with op.batch_alter_table("kudos", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_kudos_circle_id_giver_id_given_at"))
        batch_op.drop_index(batch_op.f("ix_kudos_circle_id_given_at"))

    op.drop_table("kudos")
    with op.batch_alter_table("gathering", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_gathering_closed_at_closes_at"))

    op.drop_table("gathering")
    with op.batch_alter_table("entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_entry_circle_id_at"))

    op.drop_table("entry")
    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_draft_state_created_at"))

    op.drop_table("draft")
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consent_circle_id_person_id"))

    op.drop_table("consent")
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_account_receives", sqlite_where=sa.text("receives = 1"), postgresql_where=sa.text("receives")
        )
        batch_op.drop_index(batch_op.f("ix_account_circle_id_address"))

    op.drop_table("account")
    with op.batch_alter_table("workspace", schema=None) as batch_op:
        batch_op.drop_index(
            batch_op.f("ix_workspace_disconnected_at"),
            sqlite_where=sa.text("disconnected_at IS NOT NULL"),
            postgresql_where=sa.text("disconnected_at IS NOT NULL"),
        )

    op.drop_table("workspace")
    op.drop_table("topic")
    op.drop_table("ritual")
    with op.batch_alter_table("recurring", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recurring_set_at"))
        batch_op.drop_index(
            batch_op.f("ix_recurring_next_at"),
            sqlite_where=sa.text("next_at IS NOT NULL"),
            postgresql_where=sa.text("next_at IS NOT NULL"),
        )

    op.drop_table("recurring")
    op.drop_table("recap")
    with op.batch_alter_table("pulse", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pulse_closed_at_closes_at"))
        batch_op.drop_index(batch_op.f("ix_pulse_circle_id_opened_at"))

    op.drop_table("pulse")
    op.drop_table("person")
    with op.batch_alter_table("meeting", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_meeting_circle_id_starts_at"))

    op.drop_table("meeting")
    op.drop_table("charter")
    op.drop_table("channel")
    op.drop_table("slot")
    op.drop_table("salt")
    op.drop_table("notebook")
    op.drop_table("inbox")
    op.drop_table("code")
    op.drop_table("circle")
    op.drop_table("bucket")
