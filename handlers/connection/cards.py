"""What is said to the leads about a workspace that does not accept us."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.chat.card import Card, text
from bot.domain.circle import Connection
from bot.locales import Translator


def disconnected(t: Translator, connection: Connection, now: datetime) -> Card:
    """What is so, what is safe, and what to do; one line once it is over."""
    chat = connection.platform.title()
    if connection.lost_at is None:
        return Card(t("connection.back_title", chat=chat), (text(t("connection.back")),))
    since = t.near(connection.lost_at, now)
    return Card(
        t("connection.lost_title", chat=chat),
        (text(t("connection.lost", chat=chat, moment=since)), text(t("connection.mend", chat=chat))),
    )


def examples(t: Translator) -> dict[str, Card]:
    now = datetime(2026, 11, 24, 9, tzinfo=UTC)
    return {
        "disconnected": disconnected(t, Connection("slack", now), now),
        "connected_again": disconnected(t, Connection("slack", None), now),
    }
