"""Bringing a post: from a link to the members who follow its topic, and back again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from bot.chat.form import Answers
from bot.context import Context
from bot.domain.circle import Topic
from bot.domain.errors import (
    AnswerMissing,
    BadExpiry,
    BadInput,
    BadLink,
    BadPicture,
    BadPublication,
    ButtonGone,
    FormGone,
    LinkMissing,
    NoAlt,
    NoOpening,
    NoTitle,
    NoTopic,
    NoWhy,
    PostGone,
    Problems,
    QuestionAnswered,
)
from bot.domain.link import parse_link
from bot.domain.message import ANSWER, AUTHOR, DRAFT, POST, QUESTION, QUESTION_AGAIN, REMINDER
from bot.domain.network import Network
from bot.domain.picture import may_be_shown
from bot.domain.post import Copy, Draft, DraftState, Post, comes_back_at, end_of_day
from bot.domain.share import Tally
from bot.domain.working_time import week_of, zone_or
from handlers.posts.cards import OPENINGS, Pace
from storage import circles, messages, people, posts, shares
from storage.messages import Recipient
from storage.transaction import CircleTransaction

LATEST = 5
LOOK = timedelta(hours=1)
"""How soon it is seen that the author of a post cannot answer a question any more."""


def start(ctx: Context, typed: str) -> str:
    """Have the page of the link in those words read, and return the link; the page's card comes within
    seconds. Raises CommsOnly, LinkMissing or BadLink."""
    author = ctx.as_comms()
    if not typed:
        raise LinkMissing
    url = parse_link(typed)
    posts.add_draft(ctx.tx, author.id, url, ctx.now)
    return url


def draft(ctx: Context, draft_id: str) -> Draft:
    """Raises CommsOnly; FormGone if it is nobody's, somebody else's, or used already."""
    ctx.as_comms()
    found = posts.draft(ctx.tx, draft_id)
    if found is None or found.author_id != ctx.person.id or found.state is DraftState.PUBLISHED:
        raise FormGone
    return found


def mine(ctx: Context, post_id: str) -> Post:
    """A post its author, or any of the comms team, may change. Raises CommsOnly or PostGone."""
    ctx.as_comms()
    found = posts.load(ctx.tx, post_id)
    if found is None:
        raise PostGone
    return found


def topics(ctx: Context) -> Sequence[Topic]:
    return circles.topics(ctx.tx)


def today(ctx: Context) -> date:
    return ctx.now.astimezone(zone_or(ctx.person.zone)).date()


def compose(ctx: Context, draft_id: str, answers: Answers) -> Post:
    """Publish, now or at a time. Raises Problems, FormGone or CommsOnly."""
    draft(ctx, draft_id)
    copy = _read(ctx, answers, ctx.person.zone)
    if not posts.close_draft(ctx.tx, draft_id):
        raise FormGone
    post_id = posts.add(ctx.tx, ctx.person.id, copy, ctx.now)
    author = Recipient.of(ctx.person)
    messages.request(ctx.tx, AUTHOR, post_id, [author], ctx.now)
    messages.redraw(ctx.tx, DRAFT, draft_id, ctx.now)
    if copy.publish_at is None:
        publish(ctx.tx, post_id, ctx.now)
    return mine(ctx, post_id)


def pace(ctx: Context, post: Post) -> Pace:
    """How many posts the week of this one has, by the circle's clock."""
    moment = post.published_at or post.copy.publish_at or ctx.now
    week = week_of(ctx.circle.zone, moment)
    return Pace(ctx.circle.cadence, posts.count_between(ctx.tx, *week))


def publish(tx: CircleTransaction, post_id: str, now: datetime) -> int:
    """The post and a message for each member who follows its topic, in one transaction; tells how many."""
    post = posts.load(tx, post_id)
    if post is None or not posts.publish(tx, post_id, now):
        return 0
    audience = list(people.members(tx, post.copy.topic_id))
    wanted = set(post.copy.networks or Network)
    offers = [(p.id, n) for p, m in audience for n in m.preferences.networks if n in wanted]
    shares.offer(tx, post_id, offers)
    recipients = (Recipient.of(p) for p, _ in audience)
    messages.redraw(tx, AUTHOR, post_id, now)
    return messages.request(tx, POST, post_id, recipients, now, expires_at=post.copy.expires_at)


def edit(ctx: Context, post_id: str, answers: Answers) -> Post:
    """Correct it; every copy already sent changes where it stands. Its last day stays one by the clock by
    which it was composed. Raises Problems, CommsOnly or PostGone."""
    post = mine(ctx, post_id)
    if post.withdrawn_at is not None:
        raise PostGone
    copy = _read(ctx, answers, post.copy.zone)
    posts.change(ctx.tx, post_id, copy)
    messages.set_expiry(ctx.tx, post_id, copy.expires_at)
    if copy.expires_at > post.copy.expires_at:
        messages.restore(ctx.tx, post_id, ctx.now)
    _redraw(ctx.tx, post_id, ctx.now)
    return mine(ctx, post_id)


def withdraw(ctx: Context, post_id: str) -> None:
    """Take it back: every copy says so, and none leaves any more."""
    mine(ctx, post_id)
    posts.mark(ctx.tx, post_id, withdrawn_at=ctx.now)
    _redraw(ctx.tx, post_id, ctx.now)


def restore(ctx: Context, post_id: str) -> None:
    mine(ctx, post_id)
    posts.mark(ctx.tx, post_id, withdrawn_at=None)
    messages.restore(ctx.tx, post_id, ctx.now)
    _redraw(ctx.tx, post_id, ctx.now)


def close(tx: CircleTransaction, post_id: str, now: datetime) -> None:
    """Have every copy of a post whose end has come say so, the author's too."""
    posts.close(tx, post_id, now)
    _redraw(tx, post_id, now)


def _redraw(tx: CircleTransaction, post_id: str, now: datetime) -> None:
    for kind in (POST, REMINDER, AUTHOR):
        messages.redraw(tx, kind, post_id, now)


def _read(ctx: Context, answers: Answers, zone: str) -> Copy:
    """Read the form. `zone`: by whose clock the last day is meant. Raises Problems."""
    problems: list[BadInput] = []

    def check(fine: object, problem: type[BadInput]) -> None:
        if not fine:
            problems.append(problem())

    url = answers.text("url")
    try:
        url = parse_link(url)
    except BadLink as problem:
        problems.append(problem)
    picture = answers.text("picture_url")
    try:
        picture = _picture(ctx, picture)
    except BadPicture as problem:
        problems.append(problem)
    openings = tuple(o for n in range(1, OPENINGS + 1) if (o := answers.text(f"opening_{n}")))
    topic = answers.text("topic")
    expires = _end_of_day(answers.text("expires"), zone)
    check(answers.text("title"), NoTitle)
    check(answers.text("why"), NoWhy)
    check(openings, NoOpening)
    check(topic in {known.id for known in topics(ctx)}, NoTopic)
    check(not picture or answers.text("picture_alt"), NoAlt)
    check(expires and expires > ctx.now, BadExpiry)
    publish_at = None
    try:
        publish_at = _moment(ctx, answers.text("publish_date"), answers.text("publish_time"))
        check(not (publish_at and expires and publish_at >= expires), BadPublication)
    except BadPublication as problem:
        problems.append(problem)
    if problems or expires is None:
        raise Problems(*problems)
    return Copy(
        url=url,
        title=answers.text("title"),
        why=answers.text("why"),
        openings=openings,
        topic_id=topic,
        networks=tuple(n for n in Network if n in answers.many("networks")),
        picture_url=picture,
        picture_alt=answers.text("picture_alt"),
        expires_at=expires,
        zone=zone,
        publish_at=publish_at,
    )


def _picture(ctx: Context, typed: str) -> str:
    """Return the address of the picture, "" for none. Raises BadPicture."""
    if not typed:
        return ""
    try:
        url = parse_link(typed)
    except BadLink:
        raise BadPicture from None
    if not url.startswith(("https://", ctx.site)) or not may_be_shown(url):
        raise BadPicture
    return url


def _end_of_day(day: str, zone: str) -> datetime | None:
    """Return the end of the day that was typed; None for no day."""
    try:
        return end_of_day(date.fromisoformat(day), zone)
    except (ValueError, OverflowError):
        return None


def _moment(ctx: Context, day: str, hour: str) -> datetime | None:
    """When to publish: None for now. An hour alone is today's, a day alone its morning. Raises
    BadPublication for what cannot be read or has gone by."""
    if not day and not hour:
        return None
    try:
        local = datetime.combine(
            date.fromisoformat(day) if day else today(ctx),
            time.fromisoformat(hour) if hour else time(9),
            zone_or(ctx.person.zone),
        )
    except ValueError:
        raise BadPublication from None
    if local <= ctx.now:
        raise BadPublication
    return local.astimezone(UTC)


def latest(ctx: Context) -> list[tuple[Post, Tally]]:
    ctx.as_comms()
    found = posts.latest(ctx.tx, LATEST)
    return [(post, shares.tally(ctx.tx, post.id)) for post in found]


def question(ctx: Context, question_id: str) -> str:
    """Return what was asked. Raises CommsOnly, ButtonGone, or QuestionAnswered if a colleague was quicker."""
    ctx.as_comms()
    row = posts.question(ctx.tx, question_id)
    if row is None:
        raise ButtonGone
    if row.answered_by not in (None, ctx.person.id):
        colleague, _ = people.load(ctx.tx, row.answered_by)
        raise QuestionAnswered(by=colleague.name or ctx.t("kudos.someone"))
    return str(row.text)


def answer(ctx: Context, question_id: str, text: str) -> None:
    """Answer a member's question; they get it as a card. Raises AnswerMissing, CommsOnly, ButtonGone or
    QuestionAnswered."""
    question(ctx, question_id)
    if not text:
        raise AnswerMissing
    if not posts.answer(ctx.tx, question_id, ctx.person.id, text, ctx.now):
        question(ctx, question_id)  # a colleague answered since it was read
    row = posts.question(ctx.tx, question_id)
    assert row is not None
    asker, _ = people.load(ctx.tx, row.asker_id)
    reader = Recipient.of(asker)
    messages.request(ctx.tx, ANSWER, question_id, [reader], ctx.now)
    for kind in (QUESTION, QUESTION_AGAIN, ANSWER):
        messages.redraw(ctx.tx, kind, question_id, ctx.now)


def keep_question(tx: CircleTransaction, question_id: str, zone: str, now: datetime) -> datetime | None:
    """Bring a question to the comms team if its author cannot answer it any more, and bring it back to them
    if nobody has answered it in three working days. Return when to look again, None if there is nothing more
    to do."""
    row = posts.question(tx, question_id)
    post = posts.load(tx, row.post_id) if row else None
    if row is None or post is None or row.answered_at is not None or people.load(tx, row.asker_id)[1] is None:
        return None
    readers = map(Recipient.of, people.who_answer(tx, post.author_id))
    if messages.request(tx, QUESTION, question_id, readers, now):
        messages.redraw(tx, QUESTION, question_id, now)
    back = comes_back_at(row.asked_at, zone)
    if now < back:
        return min(back, now + LOOK)
    messages.request(tx, QUESTION_AGAIN, question_id, map(Recipient.of, people.comms_team(tx)), now)
    return None
