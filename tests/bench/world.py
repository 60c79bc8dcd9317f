"""A circle whose members all have one post's card before them, made the way it is made in life: a code, a
lead, consents, a link, a form, and the pump, which sends the cards to Slack."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count

from sqlalchemy import func, select

from bot.app import Cercle, connect
from bot.chat.action import pack
from bot.chat.event import Command, Event, Sender, Submission
from bot.chat.form import Answers, Value
from bot.chat.reply import Ask
from bot.clients.http import GuardedClient
from bot.domain.post import Found
from bot.settings import load
from handlers.membership.cards import Join
from handlers.posts.cards import Compose
from handlers.posts.jobs import read_pages
from handlers.team.service import first_code
from storage import circles, tables
from storage.engines.connect import connect as connect_database
from storage.engines.connect import upgrade
from storage.seal import Seal
from storage.transaction import CircleTransaction, Transaction
from tests.bench import people

SITE = "http://127.0.0.1:8000"
LINK = "https://example.org/first-week"
BEFORE = timedelta(hours=2)
"""The world is made in the past, on a clock of its own: Slack's pace allows four cards a second."""


class Clock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


async def make(environ: dict[str, str], users: list[str]) -> str:
    """Fill the database that `environ` names; returns the post's id."""
    clock = Clock(datetime.now(UTC) - BEFORE)
    async with bot(environ, clock) as cercle:
        return await _play(cercle, clock, users)


@asynccontextmanager
async def bot(environ: dict[str, str], clock: Clock) -> AsyncIterator[Cercle]:
    """Ours in Slack, with an empty database, doing nothing by itself."""
    url = environ["CERCLE_DATABASE_URL"]
    upgrade(url)
    slack = load({name: value for name, value in environ.items() if name.startswith("SLACK_")})
    cercle = Cercle(
        connect_database(url, Seal.of_secret(environ["CERCLE_SECRET_KEY"])),
        SITE,
        connect=partial(connect, slack, clock),
        client=GuardedClient(),
        secret=environ["CERCLE_SECRET_KEY"],
        now=clock,
    )
    await cercle.start(by_itself=False)
    try:
        yield cercle
    finally:
        await cercle.hush()
        await cercle.stop()


async def _play(cercle: Cercle, clock: Clock, users: list[str]) -> str:
    code = await cercle.database.transact(partial(first_code, now=clock()))
    await hear(cercle, Command("lead", sender(people.LEAD), f"lead {code}"))
    topics = await cercle.database.transact(_topics)
    for user in users:
        await hear(cercle, Submission(user, sender(user), pack(Join(1)), _wishes(topics)))
    await hear(cercle, Command("post", sender(people.LEAD), f"post {LINK}"))
    await read_pages(cercle.database, _page, clock)
    draft = await cercle.database.transact(lambda tx: tx.execute(select(tables.draft.c.id)).scalar_one())
    form = _composed(topics[0], clock())
    await hear(cercle, Submission("compose", sender(people.LEAD), pack(Compose(draft)), form))
    await _deliver(cercle, clock, len(users))
    return await cercle.database.transact(lambda tx: tx.execute(select(tables.post.c.id)).scalar_one())


async def hear(cercle: Cercle, event: Event) -> None:
    answer = await cercle.dispatch(event)
    assert not isinstance(answer.reply, Ask), answer.reply


async def _deliver(cercle: Cercle, clock: Clock, members: int) -> None:
    """A second at a time, until everybody sees the card."""
    for _ in count():
        await cercle.pump.drain()
        if await cercle.database.transact(_delivered) == members:
            return
        clock.at += timedelta(seconds=1)
        assert clock() < datetime.now(UTC), "the cards did not arrive"


def _delivered(tx: Transaction) -> int:
    message = tables.message.c
    seen = select(func.count()).where(message.kind == "post", message.shown_version > 0)
    return tx.execute(seen).scalar_one()


def _topics(tx: Transaction) -> tuple[str, ...]:
    circle = tx.execute(select(tables.circle.c.id)).scalar_one()
    return tuple(topic.id for topic in circles.topics(CircleTransaction(tx, circle)))


def sender(user: str) -> Sender:
    return Sender("slack", people.WORKSPACE, user, user.title(), people.LOCALE, people.ZONE)


def _wishes(topics: tuple[str, ...]) -> Answers:
    """Everything, at every hour: the bench may run on a Sunday night."""
    wishes: dict[str, Value] = {
        "consent": True,
        "topics": topics,
        "networks": ("linkedin", "bluesky"),
        "ceiling": "5",
        "day_start": "00:00",
        "day_end": "23:59",
        "days": tuple("0123456"),
    }
    return Answers(wishes)


async def _page(url: str) -> Found:
    return Found(url, "A first week", "Three apprentices tell.", "", "", "Example")


def _composed(topic: str, now: datetime) -> Answers:
    form: dict[str, Value] = {
        "url": LINK,
        "title": "How we welcome our apprentices",
        "why": "Three years of apprentices tell of their first week; two of them are colleagues today.",
        "opening_1": "I was their tutor, and I learnt more than they did.",
        "topic": topic,
        "networks": (),
        "picture_url": "https://example.org/first-week.png",
        "picture_alt": "Three people around a workbench",
        "expires": (now + timedelta(days=30)).date().isoformat(),
    }
    return Answers(form)
