"""Telling what became of the latest posts, of what recurs, and of one's own messages; trying again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.context import Context, Scope
from bot.domain.errors import ButtonGone
from bot.domain.message import UNDELIVERED, State
from bot.domain.post import Post
from bot.domain.story import Failure, Failures, Letter, Missed, Story, Subject, grouped
from storage import messages, posts, slots, stories

LATEST = 5
FAILURES = 200
"""Messages that are looked at to group them."""
OWN = 8
TO_EVERYBODY = frozenset(
    {"post", "poll", "pulse", "pace", "round", "recap", "gathering", "gathered", "meeting", "minutes"}
    | {"kudos_week", "poll_week"}
)
"""Kinds of messages whose reader is one of many, so that they say nothing about that reader."""
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
    return grouped(map(_as_told, stories.failures(scope.tx, scope.now - RECENT, FAILURES)))


def _as_told(failure: Failure) -> Failure:
    """What only some people are sent says something about them: a thank-you, a reminder that they asked for,
    or one that they have not answered. So it is a message like any other."""
    told = failure.target.in_channel or failure.subject.kind in TO_EVERYBODY
    return failure if told else replace(failure, subject=Subject(""))


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
