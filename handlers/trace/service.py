"""Telling what became of the latest contents, and of one's own messages."""

from __future__ import annotations

from collections.abc import Sequence

from bot.context import Context
from bot.domain.content import Content
from bot.domain.errors import ButtonGone
from bot.domain.message import UNDELIVERED
from bot.domain.story import Failure, Letter, Story
from storage import contents, messages, stories

LATEST = 5
FAILURES = 5
OWN = 8

Told = Sequence[tuple[Content, Story]]


def contents_told(ctx: Context) -> Told:
    """The circle's latest, each with its story. Raises CommsOnly."""
    ctx.as_comms()
    latest = contents.latest(ctx.tx, ctx.circle.id, LATEST)
    told = stories.of_contents(ctx.tx, ctx.circle.id, [content.id for content in latest])
    return [(content, told[content.id]) for content in latest]


def failures(ctx: Context, told: Told) -> list[Failure]:
    return stories.failures(ctx.tx, ctx.circle.id, [content.id for content, _ in told], FAILURES)


def own(ctx: Context) -> list[Letter]:
    return stories.to(ctx.tx, ctx.circle.id, ctx.person.id, OWN)


def resend(ctx: Context, message_id: str) -> None:
    """Try a card again that did not arrive. Raises CommsOnly or ButtonGone."""
    ctx.as_comms()
    if stories.content_of(ctx.tx, ctx.circle.id, message_id) is None:
        raise ButtonGone
    if not messages.revive(ctx.tx, ctx.circle.id, message_id, ctx.now):
        raise ButtonGone
    messages.bump(ctx.tx, ctx.circle.id, UNDELIVERED, ctx.circle.id, ctx.now)
