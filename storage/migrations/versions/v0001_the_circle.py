"""The circle, its people, posts, shares and messages"""

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
        "charter",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("purpose", sa.Text(), server_default="", nullable=False),
        sa.Column("members_promise", sa.Text(), server_default="", nullable=False),
        sa.Column("organisation_promises", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_charter_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "version", "language", name=op.f("pk_charter")),
    )
    op.create_table(
        "topic",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name_fr", sa.Text(), server_default="", nullable=False),
        sa.Column("name_en", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_topic_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "id", name=op.f("pk_topic")),
    )
    op.create_table(
        "workspace",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_workspace_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "id", name=op.f("pk_workspace")),
        sa.UniqueConstraint("platform", "external_id", name=op.f("uq_workspace_platform_external_id")),
    )
    op.create_table(
        "person",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("workspace_id", sa.String(length=32), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("chosen_language", sa.Text(), server_default="", nullable=False),
        sa.Column("platform_language", sa.Text(), server_default="", nullable=False),
        sa.Column("zone", sa.Text(), server_default="", nullable=False),
        sa.Column("role", sa.Text(), server_default="", nullable=False),
        sa.Column("guest", sa.Boolean(), nullable=False),
        sa.Column("reachable", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["circle_id", "workspace_id"],
            ["workspace.circle_id", "workspace.id"],
            name=op.f("fk_person_circle_id_workspace_id"),
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_person_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "id", name=op.f("pk_person")),
        sa.UniqueConstraint("workspace_id", "external_id", name=op.f("uq_person_workspace_id_external_id")),
    )
    op.create_table(
        "consent",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
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
        sa.Column("published_at", sa.DateTime(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(), nullable=True),
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
            batch_op.f("ix_post_published_at_publish_at"), ["published_at", "publish_at"], unique=False
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
        sa.Column("expires_at", sa.DateTime(), nullable=True),
        sa.Column("shown_at", sa.DateTime(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(), nullable=True),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
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
        batch_op.create_index(batch_op.f("ix_message_state_due_at"), ["state", "due_at"], unique=False)

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
            ["circle_id", "post_id"],
            ["post.circle_id", "post.id"],
            name=op.f("fk_share_circle_id_post_id"),
        ),
        sa.ForeignKeyConstraint(
            ["circle_id", "person_id"],
            ["person.circle_id", "person.id"],
            name=op.f("fk_share_circle_id_person_id"),
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
            ["circle_id", "post_id"],
            ["post.circle_id", "post.id"],
            name=op.f("fk_stance_circle_id_post_id"),
        ),
        sa.ForeignKeyConstraint(
            ["circle_id", "person_id"],
            ["person.circle_id", "person.id"],
            name=op.f("fk_stance_circle_id_person_id"),
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_stance_circle_id")),
        sa.PrimaryKeyConstraint("circle_id", "post_id", "person_id", name=op.f("pk_stance")),
    )
    op.create_table(
        "words",
        sa.Column("circle_id", sa.String(length=32), nullable=False),
        sa.Column("post_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["circle_id", "post_id"],
            ["post.circle_id", "post.id"],
            name=op.f("fk_words_circle_id_post_id"),
        ),
        sa.ForeignKeyConstraint(
            ["circle_id", "person_id"],
            ["person.circle_id", "person.id"],
            name=op.f("fk_words_circle_id_person_id"),
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


def downgrade() -> None:
    op.drop_table("click")
    op.drop_table("words")
    op.drop_table("stance")
    op.drop_table("share")
    op.drop_table("question")
    with op.batch_alter_table("follow", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_follow_circle_id_person_id_topic_id"))

    op.drop_table("follow")
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_message_state_due_at"))
        batch_op.drop_index(batch_op.f("ix_message_circle_id_subject_id_person_id"))
        batch_op.drop_index(batch_op.f("ix_message_circle_id_person_id_counts_shown_at"))

    op.drop_table("message")
    op.drop_table("member")
    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_draft_state_created_at"))

    op.drop_table("draft")
    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_post_published_at_publish_at"))

    op.drop_table("post")
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consent_circle_id_person_id"))

    op.drop_table("consent")
    op.drop_table("person")
    op.drop_table("workspace")
    op.drop_table("topic")
    op.drop_table("charter")
    op.drop_table("salt")
    op.drop_table("notebook")
    op.drop_table("inbox")
    op.drop_table("code")
    op.drop_table("circle")
    op.drop_table("bucket")
