"""The month of a circle: polls, pulses, rounds, kudos, the board, rituals"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
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
        batch_op.create_index(
            batch_op.f("ix_poll_closed_at_closes_at"), ["closed_at", "closes_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_poll_repeats"),
            ["repeats"],
            unique=False,
            sqlite_where=sa.text("repeats <> ''"),
            postgresql_where=sa.text("repeats <> ''"),
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
            ["circle_id", "post_id"],
            ["post.circle_id", "post.id"],
            name=op.f("fk_whisper_circle_id_post_id"),
        ),
        sa.ForeignKeyConstraint(
            ["circle_id", "giver_id"],
            ["person.circle_id", "person.id"],
            name=op.f("fk_whisper_circle_id_giver_id"),
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
    with op.batch_alter_table("circle", schema=None) as batch_op:
        batch_op.add_column(sa.Column("cadence", sa.Integer(), server_default="2", nullable=False))
        batch_op.add_column(sa.Column("weekly_ceiling", sa.Integer(), server_default="20", nullable=False))
        batch_op.add_column(sa.Column("trust_floor", sa.Integer(), server_default="3", nullable=False))
        batch_op.add_column(sa.Column("slowed_at", sa.DateTime(), nullable=True))

    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("not_before", sa.DateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_column("not_before")

    with op.batch_alter_table("circle", schema=None) as batch_op:
        batch_op.drop_column("slowed_at")
        batch_op.drop_column("trust_floor")
        batch_op.drop_column("weekly_ceiling")
        batch_op.drop_column("cadence")

    op.drop_table("vote")
    with op.batch_alter_table("whisper", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_whisper_circle_id_giver_id_made_at"))

    op.drop_table("whisper")
    op.drop_table("voice")
    with op.batch_alter_table("thanks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_thanks_circle_id_receiver_id"))

    op.drop_table("thanks")
    op.drop_table("poll_words")
    with op.batch_alter_table("poll_option", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_poll_option_circle_id_poll_id"))

    op.drop_table("poll_option")
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_finding_circle_id_theme_id"))
        batch_op.drop_index(batch_op.f("ix_finding_circle_id_gathering_id"))

    op.drop_table("finding")
    with op.batch_alter_table("theme", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_theme_circle_id_created_at"))

    op.drop_table("theme")
    with op.batch_alter_table("round", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_round_closed_at_closes_at"))

    op.drop_table("round")
    with op.batch_alter_table("poll_draft", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_poll_draft_made_at"))

    op.drop_table("poll_draft")
    with op.batch_alter_table("poll", schema=None) as batch_op:
        batch_op.drop_index(
            batch_op.f("ix_poll_repeats"),
            sqlite_where=sa.text("repeats <> ''"),
            postgresql_where=sa.text("repeats <> ''"),
        )
        batch_op.drop_index(batch_op.f("ix_poll_closed_at_closes_at"))

    op.drop_table("poll")
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
    op.drop_table("wall")
    with op.batch_alter_table("pulse_words", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pulse_words_circle_id_pulse_id"))

    op.drop_table("pulse_words")
    op.drop_table("pulse_answer")
    op.drop_table("ritual")
    op.drop_table("recap")
    with op.batch_alter_table("pulse", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pulse_circle_id_opened_at"))

    op.drop_table("pulse")
    with op.batch_alter_table("meeting", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_meeting_circle_id_starts_at"))

    op.drop_table("meeting")
