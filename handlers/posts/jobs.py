"""The jobs of posts: they read the pages behind new links, publish planned posts, close posts that are over
and look after questions that wait for an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

from bot.context import Occasion, Timed
from bot.crash import crash
from bot.domain.message import DRAFT
from bot.domain.post import UNANSWERED, Found
from handlers.posts import service
from handlers.posts.cards import PICTURE_REFUSED
from storage import messages, people, posts
from storage.engines.database import Database
from storage.messages import Recipient
from storage.transaction import CircleTransaction, Transaction

ReadPage = Callable[[str], Awaitable[Found | str]]
"""A link to what its page says, or the catalogue key of why it could not be read. Never raises."""

LEASE = timedelta(seconds=60)
"""Longer than the door out ever waits for a page."""
AT_ONCE = 4


async def read_pages(database: Database, read: ReadPage, now: Callable[[], datetime]) -> int:
    """Read the pages that wait, and have each author told; tells how many."""
    claimed = await database.transact(partial(posts.claim_drafts, now=now(), lease=LEASE, limit=AT_ONCE))

    async def one(circle_id: str, draft_id: str, url: str) -> None:
        found = await read(url)
        crash("post-read")
        await database.transact(
            lambda tx: tell_author(CircleTransaction(tx, circle_id), draft_id, found, now())
        )

    await asyncio.gather(*(one(*draft) for draft in claimed))
    return len(claimed)


def tell_author(tx: CircleTransaction, draft_id: str, found: Found | str, now: datetime) -> None:
    page, problem = (None, found) if isinstance(found, str) else (found, "")
    if page is not None and page.unshown:
        problem = PICTURE_REFUSED
    if not posts.fill_draft(tx, draft_id, page, problem):
        return
    draft = posts.draft(tx, draft_id)
    assert draft is not None
    author, _ = people.load(tx, draft.author_id)
    reader = Recipient.of(author)
    messages.request(tx, DRAFT, draft_id, [reader], now)


def publish_due(tx: Transaction, now: datetime) -> int:
    """Publish what was planned for a moment that has come; tells how many."""
    planned = posts.due(tx, now)
    for circle_id, post_id in planned:
        service.publish(CircleTransaction(tx, circle_id), post_id, now)
        crash("post-publishing")
    return len(planned)


def close_due(tx: Transaction, now: datetime) -> int:
    """Close the posts whose end has come. Return how many there were."""
    over = posts.over(tx, now)
    for circle_id, post_id in over:
        service.close(CircleTransaction(tx, circle_id), post_id, now)
    return len(over)


def _keep_question(occasion: Occasion) -> datetime | None:
    return service.keep_question(occasion.tx, occasion.subject_id, occasion.circle.zone, occasion.now)


QUESTIONS = Timed(UNANSWERED, _keep_question, in_each_circle=False)
