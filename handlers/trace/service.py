"""Telling what became of the latest posts, of what recurs, and of one's own messages; trying again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.context import Context, Scope
from bot.domain.errors import ButtonGone
from bot.domain.message import UNDELIVERED, State
from bot.domain.post import Post
from bot.domain.story import Failures, Letter, Missed, Story, grouped
from storage import messages, posts, slots, stories

LATEST = 5
FAILURES = 200
"""Messages that are looked at to group them."""
OWN = 8
RECENT = timedelta(days=30)

Told = Sequence[tuple[Post, Story]]


def posts_told(ctx: Context) -> Told:
    """The circle's latest, each with its story. Raises CommsOnly."""
    ctx.as_comms()
    latest = posts.latest(ctx.tx, LATEST)
    told = stories.of_posts(ctx.tx, [post.id for post in latest])
    return [(post, told[post.id]) for post in latest]


def failures(scope: Scope) -> tuple[Failures, ...]:
    """What did not arrive lately, and needs somebody."""
    return grouped(stories.failures(scope.tx, scope.now - RECENT, FAILURES))


def retry(ctx: Context, message_id: str) -> None:
    """Try again a message that did not arrive, or perhaps did. Raises CommsOnly or ButtonGone."""
    ctx.as_comms()
    if not messages.retry_undelivered(ctx.tx, message_id, ctx.now):
        raise ButtonGone
    messages.redraw(ctx.tx, UNDELIVERED, ctx.circle.id, ctx.now)


def retry_all(ctx: Context, state: str) -> None:
    """Try again everything that did not arrive, or everything that perhaps did. Raises CommsOnly, or
    ButtonGone if nothing is left."""
    ctx.as_comms()
    if state not in (State.DEAD, State.UNKNOWN) or not messages.retry_all(ctx.tx, State(state), ctx.now):
        raise ButtonGone
    messages.redraw(ctx.tx, UNDELIVERED, ctx.circle.id, ctx.now)


def missed(ctx: Context) -> list[Missed]:
    return slots.skipped(ctx.tx, (ctx.now - RECENT).date())


def own(ctx: Context) -> list[Letter]:
    return stories.to(ctx.tx, ctx.person.id, OWN)
