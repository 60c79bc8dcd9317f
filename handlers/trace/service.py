"""Telling what became of the latest posts, of what recurs, and of one's own messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.context import Context
from bot.domain.post import Post
from bot.domain.story import Failure, Letter, Missed, Story
from storage import posts, slots, stories

LATEST = 5
FAILURES = 5
OWN = 8
RECENT = timedelta(days=30)

Told = Sequence[tuple[Post, Story]]


def posts_told(ctx: Context) -> Told:
    """The circle's latest, each with its story. Raises CommsOnly."""
    ctx.as_comms()
    latest = posts.latest(ctx.tx, LATEST)
    told = stories.of_posts(ctx.tx, [post.id for post in latest])
    return [(post, told[post.id]) for post in latest]


def failures(ctx: Context, told: Told) -> list[Failure]:
    return stories.failures(ctx.tx, [post.id for post, _ in told], FAILURES)


def missed(ctx: Context) -> list[Missed]:
    return slots.skipped(ctx.tx, (ctx.now - RECENT).date())


def own(ctx: Context) -> list[Letter]:
    return stories.to(ctx.tx, ctx.person.id, OWN)
