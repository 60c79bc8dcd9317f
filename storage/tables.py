"""The tables, one a noun. Every row belongs to a circle, and every reference carries the circle with it: a
row of one circle cannot point at a row of another, whatever the code does."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, time
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    Time,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def new_id() -> str:
    """128 random bits in 22 characters: safe behind a button and in an address."""
    return secrets.token_urlsafe(16)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant; anything naive is refused."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive instant says nothing")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


Id = String(32)


def _id() -> Column[str]:
    return Column("id", Id, primary_key=True)


def _circle(primary: bool = True) -> Column[str]:
    return Column("circle_id", Id, ForeignKey("circle.id"), primary_key=primary, nullable=False)


def _of(table: str, *names: str, ondelete: str | None = None) -> ForeignKeyConstraint:
    """A reference to `table` inside the same circle; `names` are this table's columns for its id."""
    return ForeignKeyConstraint(
        ["circle_id", *names], [f"{table}.circle_id", f"{table}.id"], ondelete=ondelete
    )


def _moment(name: str, required: bool = False) -> Column[Any]:
    return Column(name, Instant, nullable=not required)


def _text(name: str, default: str = "") -> Column[str]:
    return Column(name, Text, nullable=False, default=default, server_default=default)


def _whole(name: str, default: int = 0) -> Column[int]:
    return Column(name, Integer, nullable=False, default=default, server_default=str(default))


def _yes(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, default=False)


def _only_where(condition: str, *columns: str) -> Index:
    """Few rows at a time are like that."""
    return Index(None, *columns, sqlite_where=text(condition), postgresql_where=text(condition))


def _only_where_set(column: str) -> Index:
    return _only_where(f"{column} IS NOT NULL", column)


circle = Table(
    "circle",
    metadata,
    _id(),
    _text("name"),
    _text("language", "fr"),
    _text("zone", "UTC"),
    _moment("created_at", required=True),
    _whole("cadence", 2),
    _whole("weekly_ceiling", 20),
    _whole("trust_floor", 3),
    _moment("slowed_at"),
)

charter = Table(
    "charter",
    metadata,
    _circle(),
    Column("version", Integer, primary_key=True),
    Column("language", String(10), primary_key=True),
    _text("purpose"),
    _text("members_promise"),
    _text("organisation_promises"),
)

workspace = Table(
    "workspace",
    metadata,
    _circle(),
    _id(),
    Column("platform", String(20), nullable=False),
    Column("external_id", String(200), nullable=False),
    _moment("disconnected_at"),
    Column("disconnection", Id),
    UniqueConstraint("platform", "external_id"),
    _only_where_set("disconnected_at"),
)
"""`disconnected_at`: since when the platform does not accept us there. `disconnection`: the id of the last
time."""

person = Table(
    "person",
    metadata,
    _circle(),
    _id(),
    _text("chosen_language"),
    _text("role"),
)

account = Table(
    "account",
    metadata,
    _circle(),
    _id(),
    Column("person_id", Id, nullable=False),
    Column("workspace_id", Id, nullable=False),
    Column("external_id", String(200), nullable=False),
    _text("address"),
    _text("name"),
    _text("language"),
    _text("zone"),
    Column("guest", Boolean, nullable=False, default=False),
    Column("reachable", Boolean, nullable=False, default=True),
    Column("receives", Boolean, nullable=False, default=True),
    _of("person", "person_id"),
    _of("workspace", "workspace_id"),
    UniqueConstraint("workspace_id", "external_id"),
    Index(None, "circle_id", "address"),
    Index(
        "ix_account_receives",
        "circle_id",
        "person_id",
        unique=True,
        sqlite_where=text("receives = 1"),
        postgresql_where=text("receives"),
    ),
)
"""`receives`: the one account of a person that messages go to."""

member = Table(
    "member",
    metadata,
    _circle(),
    Column("person_id", Id, primary_key=True),
    _moment("joined_at", required=True),
    Column("consent_version", Integer, nullable=False),
    _moment("paused_until"),
    Column("weekly_ceiling", Integer, nullable=False),
    Column("day_start", Time, nullable=False, default=time(9)),
    Column("day_end", Time, nullable=False, default=time(18)),
    Column("days", String(7), nullable=False, default="01234"),
    _text("country"),
    _text("networks"),
    _text("instance"),
    _of("person", "person_id"),
)

consent = Table(
    "consent",
    metadata,
    _circle(),
    _id(),
    Column("person_id", Id, nullable=False),
    Column("version", Integer, nullable=False),
    Column("language", String(10), nullable=False),
    _moment("given_at", required=True),
    _moment("withdrawn_at"),
    _of("person", "person_id"),
    Index(None, "circle_id", "person_id"),
)

topic = Table(
    "topic",
    metadata,
    _circle(),
    _id(),
    Column("position", Integer, nullable=False),
)

topic_name = Table(
    "topic_name",
    metadata,
    _circle(),
    Column("topic_id", Id, primary_key=True),
    Column("language", String(10), primary_key=True),
    _text("name"),
    _of("topic", "topic_id", ondelete="CASCADE"),
)

follow = Table(
    "follow",
    metadata,
    _circle(),
    Column("topic_id", Id, primary_key=True),
    Column("person_id", Id, primary_key=True),
    _of("topic", "topic_id"),
    ForeignKeyConstraint(
        ["circle_id", "person_id"], ["member.circle_id", "member.person_id"], ondelete="CASCADE"
    ),
    Index(None, "circle_id", "person_id", "topic_id"),
)

code = Table(
    "code",
    metadata,
    Column("digest", String(64), primary_key=True),
    _moment("made_at", required=True),
    _moment("used_at"),
)

draft = Table(
    "draft",
    metadata,
    _circle(),
    _id(),
    Column("author_id", Id, nullable=False),
    _text("url"),
    Column("state", String(12), nullable=False),
    _text("problem"),
    _text("found_url"),
    _text("title"),
    _text("description"),
    _text("picture_url"),
    _text("picture_alt"),
    _text("site"),
    _moment("created_at", required=True),
    _moment("lease_until"),
    _of("person", "author_id"),
    Index(None, "state", "created_at"),
)

post = Table(
    "post",
    metadata,
    _circle(),
    _id(),
    Column("author_id", Id, nullable=False),
    Column("topic_id", Id, nullable=False),
    _text("url"),
    _text("title"),
    _text("why"),
    Column("openings", JSON, nullable=False),
    _text("networks"),
    _text("picture_url"),
    _text("picture_alt"),
    Column("version", Integer, nullable=False, default=1),
    _moment("created_at", required=True),
    _moment("publish_at", required=True),
    _moment("expires_at", required=True),
    _text("zone", "UTC"),
    _moment("published_at"),
    _moment("withdrawn_at"),
    _moment("closed_at"),
    _of("person", "author_id"),
    _of("topic", "topic_id"),
    _only_where("published_at IS NULL AND withdrawn_at IS NULL", "publish_at"),
    _only_where("published_at IS NOT NULL AND closed_at IS NULL", "expires_at"),
)

words = Table(
    "words",
    metadata,
    _circle(),
    Column("post_id", Id, primary_key=True),
    Column("person_id", Id, primary_key=True),
    _text("text"),
    _moment("saved_at", required=True),
    _of("post", "post_id"),
    _of("person", "person_id"),
)

stance = Table(
    "stance",
    metadata,
    _circle(),
    Column("post_id", Id, primary_key=True),
    Column("person_id", Id, primary_key=True),
    _moment("declined_at"),
    _moment("later_until"),
    _of("post", "post_id"),
    _of("person", "person_id"),
)

share = Table(
    "share",
    metadata,
    _circle(),
    Column("post_id", Id, primary_key=True),
    Column("person_id", Id, primary_key=True),
    Column("network", String(20), primary_key=True),
    Column("page_token", Id, nullable=False, unique=True),
    Column("link_token", Id, nullable=False, unique=True),
    _moment("opened_at"),
    _moment("posted_at"),
    _of("post", "post_id"),
    _of("person", "person_id"),
)

click = Table(
    "click",
    metadata,
    Column("link_token", Id, ForeignKey("share.link_token"), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("visitor", String(64), primary_key=True),
    _moment("at", required=True),
)

salt = Table(
    "salt",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("value", String(64), nullable=False),
)

question = Table(
    "question",
    metadata,
    _circle(),
    _id(),
    Column("post_id", Id, nullable=False),
    Column("asker_id", Id, nullable=False),
    _text("text"),
    _moment("asked_at", required=True),
    _text("answer"),
    Column("answered_by", Id),
    _moment("answered_at"),
    _of("post", "post_id"),
    _of("person", "asker_id"),
    _of("person", "answered_by"),
)

entry = Table(
    "entry",
    metadata,
    _circle(),
    _id(),
    _moment("at", required=True),
    Column("what", String(60), nullable=False),
    Column("values", JSON, nullable=False),
    Column("person_id", Id),
    _of("person", "person_id"),
    Index(None, "circle_id", "at"),
)

channel = Table(
    "channel",
    metadata,
    _circle(),
    Column("address", Text, primary_key=True),
    _text("name"),
    _moment("closed_at"),
)

wall = Table(
    "wall",
    metadata,
    _circle(),
    Column("workspace_id", Id, primary_key=True),
    _text("address"),
    _of("workspace", "workspace_id"),
)

poll = Table(
    "poll",
    metadata,
    _circle(),
    _id(),
    Column("author_id", Id, nullable=False),
    Column("workspace_id", Id),
    _text("place"),
    _text("question"),
    _yes("many"),
    _yes("anonymous"),
    _yes("live"),
    _yes("open_options"),
    _yes("asks_words"),
    _yes("shared"),
    _text("repeats"),
    Column("series", Id, nullable=False),
    _moment("opened_at", required=True),
    _moment("closes_at", required=True),
    _moment("closed_at"),
    _moment("reminded_at"),
    _text("key"),
    Column("export_token", Id, nullable=False, unique=True),
    _whole("voters"),
    _of("person", "author_id"),
    _of("workspace", "workspace_id"),
    Index(None, "closed_at", "closes_at"),
    Index(None, "closed_at", "reminded_at", "place", "closes_at"),
    Index(None, "circle_id", "series"),
)

poll_draft = Table(
    "poll_draft",
    metadata,
    _circle(),
    _id(),
    Column("author_id", Id, nullable=False),
    Column("workspace_id", Id),
    _text("place"),
    _moment("made_at", required=True),
    _of("person", "author_id"),
    _of("workspace", "workspace_id"),
    Index(None, "made_at"),
)

poll_option = Table(
    "poll_option",
    metadata,
    _circle(),
    _id(),
    Column("poll_id", Id, nullable=False),
    Column("position", Integer, nullable=False),
    _text("label"),
    _whole("votes"),
    _of("poll", "poll_id"),
    Index(None, "circle_id", "poll_id"),
)

vote = Table(
    "vote",
    metadata,
    _circle(),
    Column("poll_id", Id, primary_key=True),
    Column("voter", Id, primary_key=True),
    Column("option_id", Id, primary_key=True),
    _of("poll", "poll_id"),
    _of("poll_option", "option_id"),
)

poll_words = Table(
    "poll_words",
    metadata,
    _circle(),
    Column("poll_id", Id, primary_key=True),
    Column("voter", Id, primary_key=True),
    _text("text"),
    _of("poll", "poll_id"),
)

pulse = Table(
    "pulse",
    metadata,
    _circle(),
    _id(),
    _moment("opened_at", required=True),
    _moment("closes_at", required=True),
    _moment("closed_at"),
    _text("key"),
    _whole("answers"),
    Column("trust", Float),
    Column("pressure", Float),
    Column("energy", Float),
    Index(None, "circle_id", "opened_at"),
    Index(None, "closed_at", "closes_at"),
)

pulse_answer = Table(
    "pulse_answer",
    metadata,
    _circle(),
    Column("pulse_id", Id, primary_key=True),
    Column("voter", Id, primary_key=True),
    Column("trust", Integer, nullable=False),
    Column("pressure", Integer, nullable=False),
    Column("energy", Integer, nullable=False),
    _text("text"),
    _of("pulse", "pulse_id"),
)

pulse_words = Table(
    "pulse_words",
    metadata,
    _circle(),
    _id(),
    Column("pulse_id", Id, nullable=False),
    _text("text"),
    _of("pulse", "pulse_id"),
    Index(None, "circle_id", "pulse_id"),
)

round = Table(
    "round",
    metadata,
    _circle(),
    _id(),
    Column("author_id", Id, nullable=False),
    Column("setting", String(40), nullable=False),
    _text("value"),
    _text("why"),
    _moment("opened_at", required=True),
    _moment("closes_at", required=True),
    _moment("closed_at"),
    _text("outcome"),
    _of("person", "author_id"),
    Index(None, "closed_at", "closes_at"),
)

voice = Table(
    "voice",
    metadata,
    _circle(),
    Column("round_id", Id, primary_key=True),
    Column("person_id", Id, primary_key=True),
    Column("stance", String(10), nullable=False),
    _text("reason"),
    _moment("at", required=True),
    _of("round", "round_id"),
    _of("person", "person_id"),
)

kudos = Table(
    "kudos",
    metadata,
    _circle(),
    _id(),
    Column("giver_id", Id, nullable=False),
    Column("kind", String(20), nullable=False),
    _text("reason"),
    _moment("given_at", required=True),
    _moment("taken_back_at"),
    _of("person", "giver_id"),
    Index(None, "circle_id", "given_at"),
    Index(None, "circle_id", "giver_id", "given_at"),
)

thanks = Table(
    "thanks",
    metadata,
    _circle(),
    Column("kudos_id", Id, primary_key=True),
    Column("receiver_id", Id, primary_key=True),
    Column("state", String(10), nullable=False),
    _moment("answered_at"),
    _of("kudos", "kudos_id"),
    _of("person", "receiver_id"),
    Index(None, "circle_id", "receiver_id"),
)

whisper = Table(
    "whisper",
    metadata,
    _circle(),
    _id(),
    Column("giver_id", Id, nullable=False),
    Column("about_id", Id, nullable=False),
    Column("why", String(20), nullable=False),
    Column("post_id", Id),
    _moment("made_at", required=True),
    _of("person", "giver_id"),
    _of("person", "about_id"),
    _of("post", "post_id"),
    Index(None, "circle_id", "giver_id", "made_at"),
)

gathering = Table(
    "gathering",
    metadata,
    _circle(),
    _id(),
    Column("author_id", Id),
    _yes("anonymous"),
    _moment("opened_at", required=True),
    _moment("closes_at", required=True),
    _moment("closed_at"),
    _yes("spoken"),
    _of("person", "author_id"),
    Index(None, "closed_at", "closes_at"),
)

theme = Table(
    "theme",
    metadata,
    _circle(),
    _id(),
    Column("kind", String(10), nullable=False),
    _text("title"),
    Column("owner_id", Id),
    _text("answer"),
    Column("due_on", Date),
    _moment("answered_at"),
    Column("returned_on", Date),
    _whole("changes"),
    _moment("created_at", required=True),
    _of("person", "owner_id"),
    Index(None, "circle_id", "created_at"),
)

finding = Table(
    "finding",
    metadata,
    _circle(),
    _id(),
    Column("gathering_id", Id, nullable=False),
    Column("theme_id", Id),
    Column("person_id", Id),
    Column("kind", String(10), nullable=False),
    _text("text"),
    _of("gathering", "gathering_id"),
    _of("theme", "theme_id"),
    _of("person", "person_id"),
    Index(None, "circle_id", "gathering_id"),
    Index(None, "circle_id", "theme_id"),
)

ritual = Table(
    "ritual",
    metadata,
    _circle(),
    Column("name", String(20), primary_key=True),
    Column("week", Integer, nullable=False),
    Column("weekday", Integer, nullable=False),
    Column("at", Time, nullable=False),
    _moment("changed_at", required=True),
)

meeting = Table(
    "meeting",
    metadata,
    _circle(),
    _id(),
    Column("falls_on", Date, nullable=False),
    _moment("starts_at", required=True),
    _text("place"),
    Column("stage", String(12), nullable=False),
    _yes("by_hand"),
    _whole("changes"),
    _text("minutes"),
    _whole("notes"),
    Column("token", Id, nullable=False, unique=True),
    UniqueConstraint("circle_id", "falls_on"),
    Index(None, "circle_id", "starts_at"),
)

recap = Table(
    "recap",
    metadata,
    _circle(),
    _id(),
    Column("month", String(7), nullable=False),
    Column("token", Id, nullable=False, unique=True),
    _moment("since", required=True),
    _moment("made_at", required=True),
    UniqueConstraint("circle_id", "month"),
)

WAITING = "state || '' = 'waiting'"
"""The condition of the index by which messages that are due are found, word for word as in a query. With
`state = 'waiting'`, SQLite would take the index that begins with the state and read everything that waits."""

message = Table(
    "message",
    metadata,
    _circle(),
    _id(),
    Column("workspace_id", Id, nullable=False),
    Column("person_id", Id),
    _text("address"),
    Column("kind", String(40), nullable=False),
    Column("subject_id", Id, nullable=False),
    Column("counts", Boolean, nullable=False),
    Column("priority", Integer, nullable=False, default=0),
    Column("wanted_version", Integer, nullable=False, default=1),
    Column("shown_version", Integer, nullable=False, default=0),
    _text("reference"),
    Column("state", String(10), nullable=False),
    _moment("due_at", required=True),
    _moment("not_before"),
    _moment("expires_at"),
    _moment("shown_at"),
    Column("attempt", Integer, nullable=False, default=0),
    Column("fence", Integer, nullable=False, default=0),
    _moment("lease_until"),
    Column("claimed_version", Integer, nullable=False, default=0, server_default="0"),
    _moment("tried_at"),
    _moment("look_at"),
    Column("looks", Integer, nullable=False, default=0, server_default="0"),
    _moment("redraw_at"),
    _text("last_error"),
    _text("obstacle"),
    _moment("created_at", required=True),
    _of("workspace", "workspace_id"),
    _of("person", "person_id"),
    UniqueConstraint("circle_id", "kind", "subject_id", "address"),
    Index(None, "state", "workspace_id", "priority", "due_at"),
    Index(None, "due_at", sqlite_where=text(WAITING), postgresql_where=text(WAITING)),
    _only_where_set("lease_until"),
    _only_where_set("look_at"),
    _only_where_set("redraw_at"),
    Index(None, "circle_id", "person_id", "counts", "shown_at"),
    Index(None, "circle_id", "subject_id", "person_id"),
)

visit = Table(
    "visit",
    metadata,
    _circle(),
    _id(),
    Column("person_id", Id, nullable=False),
    Column("week", Date, nullable=False),
    _moment("left_at"),
    _of("person", "person_id"),
    Index(None, "circle_id", "person_id", "week"),
)
"""One interruption of a person. `week`: the Monday of the reader's own week. `left_at`: when its first send
was claimed."""

visit_item = Table(
    "visit_item",
    metadata,
    _circle(),
    Column("visit_id", Id, primary_key=True),
    Column("kind", String(40), primary_key=True),
    Column("subject_id", Id, primary_key=True),
    Column("position", Integer, nullable=False),
    _of("visit", "visit_id", ondelete="CASCADE"),
    Index(None, "circle_id", "kind", "subject_id"),
)

reply = Table(
    "reply",
    metadata,
    _circle(),
    _id(),
    Column("account_id", Id, nullable=False),
    Column("sealed", LargeBinary),
    Column("poll_id", Id),
    _moment("created_at", required=True),
    _moment("expires_at", required=True),
    _of("account", "account_id"),
    _of("poll", "poll_id"),
    Index(None, "expires_at"),
)
"""An answer that could not be given at once. `sealed`: the card, encrypted; null for an answer about a secret
ballot, which is drawn again from `poll_id`."""

recurring = Table(
    "recurring",
    metadata,
    _circle(),
    Column("kind", String(40), primary_key=True),
    Column("subject_id", Id, primary_key=True),
    _moment("next_at"),
    _moment("set_at", required=True),
    _only_where_set("next_at"),
    Index(None, "set_at"),
)

slot = Table(
    "slot",
    metadata,
    Column("schedule", String(120), primary_key=True),
    Column("local_date", Date, primary_key=True),
    Column("state", String(10), nullable=False),
    _moment("at", required=True),
)

bucket = Table(
    "bucket",
    metadata,
    Column("key", String(300), primary_key=True),
    _moment("free_at", required=True),
)

inbox = Table(
    "inbox",
    metadata,
    Column("key", String(200), primary_key=True),
    _moment("at", required=True),
)

notebook = Table(
    "notebook",
    metadata,
    Column("key", String(300), primary_key=True),
    Column("record", JSON, nullable=False),
)
