"""What a member does on their share page, and what readers do with the tracked link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.circle import Person
from bot.domain.link import web_address
from bot.domain.member import Member
from bot.domain.message import AUTHOR
from bot.domain.network import Network
from bot.domain.post import Post
from bot.domain.share import Share
from bot.domain.visitor import visitor_hash
from bot.locales import language_of
from handlers.sharing.service import COALESCE, link, opening
from storage import messages, people, posts, shares
from storage.transaction import CircleTransaction, Transaction


class Closed(StrEnum):
    """Why there is nothing left to share on a page."""

    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class PageView:
    """What one member shares on one network. `link` is the one their readers follow; `instance` is their
    Mastodon server, empty for none."""

    language: str
    network: Network
    post: Post
    words: str
    link: str
    instance: str = ""
    closed: Closed | None = None


@dataclass(frozen=True, slots=True)
class Visitor:
    """A reader. The address comes hashed, is hashed again under the day's salt, and is kept nowhere;
    `fresh_salt` is 64 random hexadecimal digits, in case they are the first of the day."""

    address: str
    agent: str
    fresh_salt: str


def open_page(tx: Transaction, token: str, site: str, now: datetime, human: bool) -> PageView | None:
    """The page behind a token, None if there is none. The first time a human opens it, that is recorded:
    the composer was opened, which is not yet posting."""
    if (found := shares.by_page(tx, token)) is None:
        return None
    circle_id, share = found
    post = posts.load(CircleTransaction(tx, circle_id), share.post_id)
    person, member = people.load(CircleTransaction(tx, circle_id), share.person_id)
    if post is None:
        return None
    closed = _closed(post, member, now)
    if human and closed is None and share.opened_at is None:
        _open(CircleTransaction(tx, circle_id), share, now)
    return PageView(
        language=language_of(person.language),
        network=Network(share.network),
        post=post,
        words=_words(CircleTransaction(tx, circle_id), post, person),
        link=link(site, share),
        instance=member.preferences.instance if member else "",
        closed=closed,
    )


def _closed(post: Post, member: Member | None, now: datetime) -> Closed | None:
    if post.withdrawn_at is not None:
        return Closed.WITHDRAWN
    if not post.live(now):
        return Closed.EXPIRED
    return None if member else Closed.LEFT


def _words(tx: CircleTransaction, post: Post, person: Person) -> str:
    return posts.words(tx, post.id, person.id) or opening(post, person.id)


def _open(tx: CircleTransaction, share: Share, now: datetime) -> None:
    if not shares.mark_first_opening(tx, share, now):
        return
    messages.redraw_for(tx, share.person_id, share.post_id, now)


def follow(tx: Transaction, token: str, visitor: Visitor | None, now: datetime) -> str | None:
    """Where a tracked link leads, None if nowhere. A visitor is counted once a link and UTC day; without one
    (a crawler, a preview) nothing is. A withdrawn post still leads there, and counts: the link is out in
    the world, and whoever follows it came from a post that exists."""
    if (found := shares.by_link(tx, token)) is None:
        return None
    circle_id, share = found
    post = posts.load(CircleTransaction(tx, circle_id), share.post_id)
    url = web_address(post.copy.url) if post else ""
    if url and visitor is not None and _count(tx, token, visitor, now):
        _tell(CircleTransaction(tx, circle_id), share, now)
    return url or None


def _count(tx: Transaction, token: str, visitor: Visitor, now: datetime) -> bool:
    day = now.date().isoformat()
    salt = bytes.fromhex(shares.salt(tx, day, visitor.fresh_salt))
    return shares.count_click(tx, token, day, visitor_hash(salt, visitor.address, visitor.agent), now)


def _tell(tx: CircleTransaction, share: Share, now: datetime) -> None:
    """The member's own count, and the post's for its author; clicks that follow each other are one
    change. Whoever left the circle is told nothing any more."""
    _, member = people.load(tx, share.person_id)
    if member:
        messages.redraw_for(tx, share.person_id, share.post_id, now, after=COALESCE)
    messages.redraw(tx, AUTHOR, share.post_id, now, after=COALESCE)
