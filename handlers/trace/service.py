"""Telling what became of the latest posts, of what recurs, and of one's own messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.context import Context
from bot.domain.post import Post
from bot.domain.share import Tally
from bot.domain.story import Failure, Letter, Missed
from storage import posts, shares, slots, stories

LATEST = 5
FAILURES = 5
OWN = 8
RECENT = timedelta(days=30)

Told = Sequence[tuple[Post, Tally]]


def posts_told(ctx: Context) -> Told:
    """The circle's latest, and what each did. Raises CommsOnly."""
    ctx.as_comms()
    return [(post, shares.tally(ctx.tx, post.id)) for post in posts.latest(ctx.tx, LATEST)]


def failures(ctx: Context, told: Told) -> tuple[list[Failure], int]:
    """The latest cards of these posts that did not arrive, and how many there are in all."""
    ids = [post.id for post, _ in told]
    return stories.failures(ctx.tx, ids, FAILURES), stories.count_failures(ctx.tx, ids)


def missed(ctx: Context) -> list[Missed]:
    return slots.skipped(ctx.tx, (ctx.now - RECENT).date())


def own(ctx: Context) -> list[Letter]:
    return stories.to(ctx.tx, ctx.person.id, OWN)
