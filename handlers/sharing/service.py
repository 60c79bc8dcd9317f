"""What a member makes of a post: words of their own, a share, later, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from bot.chat.text import Mention
from bot.context import Context, Scope
from bot.domain.circle import Person
from bot.domain.errors import (
    ButtonGone,
    CameBack,
    OverByThen,
    PostGone,
    PostOver,
    QuestionMissing,
    WordsMissing,
    WordsTooLong,
)
from bot.domain.member import Member, working_time
from bot.domain.message import AUTHOR, PICTURE, QUESTION, REMINDER, Message
from bot.domain.network import Network, over
from bot.domain.post import UNANSWERED, Post
from bot.domain.share import Share, Stance, moments, next_morning
from handlers.sharing.cards import ALIKE, Outlet, View
from storage import circles, messages, people, posts, recurring, shares
from storage.messages import Recipient
from storage.transaction import CircleTransaction, Transaction

COALESCE = timedelta(seconds=20)
"""The author's figures move at most this often."""


def post(scope: Scope, post_id: str) -> Post:
    """Raises PostGone: unknown here, or somebody else's circle, which is the same."""
    found = posts.load(scope.tx, post_id)
    if found is None or found.published_at is None:
        raise PostGone
    return found


def live(ctx: Context, post_id: str) -> Post:
    """A post that can still be shared, for a member. Raises MembersOnly, PostGone or PostOver."""
    ctx.as_member()
    found = post(ctx, post_id)
    if found.withdrawn_at is not None:
        raise PostGone
    if not found.live(ctx.now):
        raise PostOver(day=ctx.t.day(found.copy.last_day))
    return found


@dataclass(frozen=True, slots=True)
class Taken:
    """What members made of a post, each by person; whoever did nothing of a kind is not among them."""

    words: Mapping[str, str]
    stances: Mapping[str, Stance]
    shares: Mapping[str, Sequence[Share]]
    clicks: Mapping[str, int]


def taken(tx: CircleTransaction, post_id: str, person_ids: Collection[str]) -> Taken:
    theirs = tx, post_id, person_ids
    return Taken(
        posts.words_of(*theirs),
        posts.stances(*theirs),
        shares.of_members(*theirs),
        shares.clicks_of(*theirs),
    )


def view(scope: Scope, person: Person, member: Member, post: Post, readers: Collection[str] = ()) -> View:
    """What this member's card shows today. `readers`: all whose view of it is wanted."""
    theirs = scope.once(taken, post.id, readers or (person.id,))
    own = theirs.words.get(person.id, "")
    words = own or opening(post, person.id)
    author, _ = scope.once(people.load, post.author_id)
    topics = {topic.id: topic for topic in scope.once(circles.topics)}
    stance = theirs.stances.get(person.id, Stance())
    mine = _shares(scope, person, member, post, theirs.shares.get(person.id, ()))
    return View(
        post=post,
        topic=topics[post.copy.topic_id].name(scope.t.language),
        author=Mention(author.address, author.name),
        words=words,
        own=bool(own),
        outlets=tuple(_outlet(scope, words, share) for share in mine),
        stance=stance,
        clicks=theirs.clicks.get(person.id, 0),
        moments=_moments(scope, person, member, post) if stance.waits(scope.now) else (),
    )


def opening(post: Post, person_id: str) -> str:
    """Different people start from different openings, each always from the same one."""
    number = int.from_bytes(hashlib.sha256(f"{post.id}{person_id}".encode()).digest()[:4], "big")
    return post.copy.openings[number % len(post.copy.openings)]


def link(site: str, share: Share) -> str:
    """The address readers follow."""
    return f"{site}/r/{share.link_token}"


def networks(member: Member, post: Post) -> list[Network]:
    """The member's own that this post is meant for, in their order of choice."""
    meant = post.copy.networks
    return [Network(network) for network in member.preferences.networks if not meant or network in meant]


def _shares(scope: Scope, person: Person, member: Member, post: Post, made: Sequence[Share]) -> list[Share]:
    """One a network the member has today, and those already posted on; tokens are made as needed."""
    wanted = networks(member, post)
    known = {share.network: share for share in made}
    if missing := [network for network in wanted if network not in known]:
        shares.offer(scope.tx, post.id, [(person.id, network) for network in missing])
        known = {s.network: s for s in shares.of_member(scope.tx, post.id, person.id)}
    posted_elsewhere = [s for n, s in known.items() if n not in wanted and s.posted_at]
    return [*(known[network] for network in wanted), *posted_elsewhere]


def _outlet(scope: Scope, words: str, share: Share) -> Outlet:
    network = Network(share.network)
    return Outlet(
        network=network,
        page=f"{scope.site}/s/{share.page_token}",
        over=_over(network, words, scope.site),
        opened=share.opened_at is not None,
        posted_at=share.posted_at,
    )


def save_words(ctx: Context, post_id: str, typed: str) -> None:
    """Keep a member's own words. Raises WordsMissing, or WordsTooLong when they fit on none of the
    networks the member has for it; on which they do not fit, the card says."""
    found = live(ctx, post_id)
    if not typed:
        raise WordsMissing
    own = view(ctx, ctx.person, ctx.as_member(), found)
    tried = replace(own, words=typed)
    outlets = [_measured(ctx, tried, outlet) for outlet in own.outlets]
    if outlets and all(outlet.over for outlet in outlets):
        roomiest = min(outlets, key=lambda outlet: outlet.over)
        raise WordsTooLong(
            over=ctx.t.number(roomiest.over),
            network=roomiest.network.label,
            limit=ctx.t.number(roomiest.network.limit or 0),
        )
    posts.save_words(ctx.tx, post_id, ctx.person.id, typed, ctx.now)
    redraw(ctx, post_id)


def _measured(ctx: Context, view: View, outlet: Outlet) -> Outlet:
    return replace(outlet, over=_over(outlet.network, view.words, ctx.site))


@lru_cache(ALIKE)
def _over(network: Network, words: str, site: str) -> int:
    """With a link like everybody's: their tokens differ, but not in length."""
    return over(network, words, f"{site}/r/{'x' * 22}")


def later(ctx: Context, post_id: str) -> None:
    """Put aside until the member's next morning, or sooner if that is too late for it. Raises OverByThen,
    CameBack, MembersOnly or PostGone."""
    found, member = live(ctx, post_id), ctx.as_member()
    possible = _moments(ctx, ctx.person, member, found)
    if not possible:
        raise OverByThen(day=ctx.t.day(found.copy.last_day))
    usual = next_morning(working_time(ctx.person.zone, member), ctx.now)
    _put_aside(ctx, found, usual if usual in possible else possible[0])


def _moments(scope: Scope, person: Person, member: Member, post: Post) -> tuple[datetime, ...]:
    """When it may come back: while it is shared."""
    wanted = moments(working_time(person.zone, member), scope.now)
    return tuple(moment for moment in wanted if moment < post.copy.expires_at)


def choose_moment(ctx: Context, post_id: str, minutes: int) -> None:
    """Have it come back at another moment than was proposed. Raises ButtonGone for one that has gone by, or
    is too late; CameBack, MembersOnly or PostGone."""
    found = live(ctx, post_id)
    if not ctx.now.timestamp() < 60 * minutes < found.copy.expires_at.timestamp():
        raise ButtonGone
    _put_aside(ctx, found, datetime.fromtimestamp(60 * minutes, UTC))


def _put_aside(ctx: Context, post: Post, until: datetime) -> None:
    """It comes back once: put aside again before that, it comes at the new moment; after that, no more."""
    posts.take_stance(ctx.tx, post.id, ctx.person.id, later_until=until)
    reader = Recipient.of(ctx.person)
    when = {"due_at": until, "expires_at": post.copy.expires_at}
    made = messages.request(ctx.tx, REMINDER, post.id, [reader], ctx.now, **when)
    again = ctx.tx, REMINDER, post.id, ctx.person.id, until
    if not made and not messages.reschedule(*again):
        raise CameBack
    redraw(ctx, post.id)


def bring_back(ctx: Context, post_id: str) -> None:
    live(ctx, post_id)
    posts.take_stance(ctx.tx, post_id, ctx.person.id)
    redraw(ctx, post_id)


def decline(ctx: Context, post_id: str) -> None:
    """Not for me. Nobody is told."""
    live(ctx, post_id)
    posts.take_stance(ctx.tx, post_id, ctx.person.id, declined_at=ctx.now)
    redraw(ctx, post_id)


def redraw(ctx: Context, post_id: str) -> None:
    messages.redraw_for(ctx.tx, ctx.person.id, post_id, ctx.now)


def tell_author_of_picture(tx: Transaction, pictureless: Sequence[Message], now: datetime) -> None:
    """Have the author of each post told, once, that a chat does not show its picture."""
    for circle_id, post_id in {(message.circle_id, message.subject_id) for message in pictureless}:
        in_circle = CircleTransaction(tx, circle_id)
        if (found := posts.load(in_circle, post_id)) is not None:
            author, _ = people.load(in_circle, found.author_id)
            messages.request(in_circle, PICTURE, post_id, [Recipient.of(author)], now)


def posted(ctx: Context, post_id: str, network: str, at: datetime | None) -> None:
    """The member says it is posted, or takes that back with None. Raises ButtonGone for a network of
    somebody else's choosing."""
    ctx.as_member()
    post(ctx, post_id)
    mine = shares.of_member(ctx.tx, post_id, ctx.person.id)
    share = next((share for share in mine if share.network == network), None)
    if share is None:
        raise ButtonGone
    shares.mark(ctx.tx, share, posted_at=at)
    redraw(ctx, post_id)
    messages.redraw(ctx.tx, AUTHOR, post_id, ctx.now, after=COALESCE)


def ask(ctx: Context, post_id: str, question: str) -> None:
    """Send a question to whoever answers for the post. Raises QuestionMissing."""
    found = live(ctx, post_id)
    if not question:
        raise QuestionMissing
    question_id = posts.ask(ctx.tx, post_id, ctx.person.id, question, ctx.now)
    readers = map(Recipient.of, people.who_answer(ctx.tx, found.author_id))
    messages.request(ctx.tx, QUESTION, question_id, readers, ctx.now)
    recurring.start(ctx.tx, UNANSWERED, question_id, ctx.now)
