"""Many at the same moment, in as many processes as the database allows: the first one wins, the others find
what it left, and nobody is told that something went wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import pytest
from sqlalchemy import Table, func, select

from bot.app import ROUTER
from bot.chat.action import pack
from bot.chat.event import Command, Event, HomeOpened, Sender, Submission
from bot.chat.form import Answers
from bot.chat.reply import Reply, Say
from bot.context import Occasion
from bot.dispatch import Dispatcher
from bot.domain.circle import Role
from bot.domain.meeting import ANNOUNCEMENT, REMINDER
from bot.domain.message import POST
from bot.domain.network import Network
from bot.domain.recap import RECAP
from bot.domain.rhythm import USUAL, Ritual, mark
from handlers.posts import jobs
from handlers.posts.cards import AnswerQuestion, OpenCompose
from handlers.recap import jobs as recap
from handlers.rhythm.cards import SaveRhythm
from handlers.sharing.cards import AskAuthor
from handlers.team.cards import NameTeam
from handlers.team.service import first_code
from scheduler import recurring
from scheduler.timetable import RECURRING
from storage import circles, posts, shares, tables
from storage.engines.connect import connect, is_file
from storage.engines.database import Database
from storage.transaction import CircleTransaction, Transaction
from tests.databases import SEAL
from tests.house import PEOPLE, SITE, House, asked, filled, said

T = TypeVar("T")
APOLOGY = "Quelque chose n’a pas marché"


@dataclass
class Crowd:
    """A house, and a second process beside it where there may be one."""

    house: House
    databases: Sequence[Database]

    def __post_init__(self) -> None:
        self.dispatchers = [
            Dispatcher(database, ROUTER, SITE, self.house.clock, self.house.replies)
            for database in self.databases
        ]

    async def hear(self, events: Iterable[Event]) -> list[Reply]:
        """All of them at once, dealt out to the processes."""
        answers = (self.dispatchers[n % len(self.dispatchers)](event) for n, event in enumerate(events))
        replies = [answer.reply for answer in await asyncio.gather(*answers)]
        assert APOLOGY not in str(replies)
        return replies

    async def at_once(self, times: int, work: Callable[[Transaction], T]) -> list[T]:
        doors = (self.databases[n % len(self.databases)] for n in range(times))
        return await asyncio.gather(*(door.transact(work) for door in doors))

    async def tick(self, times: int, now: datetime) -> None:
        """What recurs, at the same moment in all processes."""
        doors = (self.databases[n % len(self.databases)] for n in range(times))
        await asyncio.gather(*(recurring.keep(door, RECURRING, lambda: now) for door in doors))

    async def count(self, table: Table, **where: object) -> int:
        matching = (table.c[name] == value for name, value in where.items())
        question = select(func.count()).select_from(table).where(*matching)
        return await self.databases[0].read(lambda tx: tx.execute(question).scalar_one())

    async def circle_id(self) -> str:
        return await self.databases[0].read(lambda tx: tx.execute(select(tables.circle.c.id)).scalar_one())


@pytest.fixture
async def crowd(house: House) -> AsyncIterator[Crowd]:
    others = [] if is_file(house.url) else [connect(house.url, SEAL)]
    for other in others:
        other.open()
    yield Crowd(house, [house.database, *others])
    for other in others:
        other.close()


async def test_the_first_twenty_of_a_workspace_find_one_circle(crowd: Crowd) -> None:
    """Each of them twice, in five workspaces one after the other."""
    for place in range(5):
        senders = [Sender("slack", f"T{place}", f"U{n}", f"U{n}", "fr", "Europe/Paris") for n in range(10)]
        replies = await crowd.hear(HomeOpened(f"{place}-{n}", senders[n % 10]) for n in range(20))
        assert None not in replies
    assert await crowd.count(tables.circle) == 5
    assert await crowd.count(tables.workspace) == 5
    assert await crowd.count(tables.person) == 50
    assert await crowd.count(tables.charter) == 10


async def test_one_event_heard_fifty_times_at_once_has_its_effect_once(crowd: Crowd) -> None:
    await crowd.house.with_lead()
    event = Command("key", crowd.house.sender("camille"), "post https://example.org/alternants")
    replies = await crowd.hear([event] * 50)
    assert len([reply for reply in replies if reply is not None]) == 1
    assert await crowd.count(tables.draft) == 1


async def test_one_code_makes_one_lead(crowd: Crowd) -> None:
    code = await crowd.house.database.transact(partial(first_code, now=crowd.house.clock()))
    senders = [persona.sender for persona in PEOPLE]
    replies = await crowd.hear(Command(f"key-{n}", s, f"lead {code}") for n, s in enumerate(senders))
    assert await crowd.count(tables.person, role=Role.LEAD) == 1
    assert len({said(reply) for reply in replies}) > 1


async def test_of_the_codes_of_processes_that_start_together_one_works(crowd: Crowd) -> None:
    await crowd.house.opens_home("camille")
    codes = await crowd.at_once(8, partial(first_code, now=crowd.house.clock()))
    assert None not in codes
    assert await crowd.count(tables.code) == 1


async def test_one_draft_becomes_one_post(crowd: Crowd) -> None:
    compose = await composing(crowd.house)
    replies = await crowd.hear(compose(f"key-{n}") for n in range(10))
    assert await crowd.count(tables.post) == 1
    assert len({said(reply) for reply in replies}) == 2


async def test_of_many_answers_to_one_question_one_goes_out(crowd: Crowd) -> None:
    house = crowd.house
    await house.with_lead()
    await house.with_member("tom")
    team = ("camille", "ines", "hugo", "lou")
    named = Answers({"leads": tuple(house.sender(who).address for who in team)})
    await crowd.hear([Submission("team", house.sender("camille"), pack(NameTeam()), named)])
    await house.with_post()
    await house.settle()
    post = await house.database.read(lambda tx: tx.execute(select(tables.post.c.id)).scalar_one())
    ask = Submission("ask", house.sender("tom"), pack(AskAuthor(post)), Answers({"question": "Why?"}))
    await crowd.hear([ask])
    question = await house.database.read(lambda tx: tx.execute(select(tables.question.c.id)).scalar_one())
    packed = pack(AnswerQuestion(question))
    replies = await crowd.hear(
        Submission(f"answer-{who}", house.sender(who), packed, Answers({"answer": who})) for who in team
    )
    assert replies.count(None) == 1
    told = [str(reply) for reply in replies if reply is not None]
    assert len([each for each in told if "entre-temps" in each]) == 3


async def test_what_was_planned_is_published_once(crowd: Crowd) -> None:
    for who in ("ines", "hugo", "lou"):
        await crowd.house.with_member(who)
    day = {"publish_date": "2026-11-25", "publish_time": "10:00"}
    compose = await composing(crowd.house, **day)
    await crowd.hear([compose("key")])
    assert await crowd.count(tables.message, kind=POST.name) == 0
    crowd.house.clock.pass_(days=2)
    done = await crowd.at_once(4, partial(jobs.publish_due, now=crowd.house.clock()))
    assert sum(done) == 1
    assert await crowd.count(tables.message, kind=POST.name) == 3


async def test_each_page_is_read_by_one(crowd: Crowd) -> None:
    await crowd.house.with_lead()
    commands = (f"post https://example.org/{n}" for n in range(40))
    camille = crowd.house.sender("camille")
    await crowd.hear(Command(f"key-{n}", camille, post) for n, post in enumerate(commands))
    claim = partial(posts.claim_drafts, now=crowd.house.clock(), lease=timedelta(seconds=60), limit=8)
    read = [draft for claimed in await crowd.at_once(4, claim) for draft in claimed]
    while rest := await crowd.house.database.transact(claim):
        read += rest
    assert len(read) == len(set(read)) == 40


async def test_somebody_who_enters_twice_at_once_is_in_once(crowd: Crowd) -> None:
    house = crowd.house
    form = asked(await house.says("ines", "/cercle join"))
    answers = Answers({**filled(form), "consent": True, "networks": ("linkedin", "x")})
    replies = await crowd.hear(
        Submission(f"key-{n}", house.sender("ines"), pack(form.action), answers) for n in range(8)
    )
    assert None not in replies
    assert await crowd.count(tables.member) == 1
    assert await crowd.count(tables.follow) == len(set(filled(form)["topics"]))  # type: ignore[arg-type]


async def test_a_reader_is_counted_once_a_day(crowd: Crowd) -> None:
    compose = await composing(crowd.house)
    await crowd.house.with_member("ines")
    await crowd.hear([compose("key")])
    link = await crowd.house.database.read(
        lambda tx: tx.execute(select(tables.share.c.link_token).limit(1)).scalar_one()
    )
    visit = partial(
        shares.count_click, link_token=link, day="2026-11-24", visitor="v", now=crowd.house.clock()
    )
    assert sum(await crowd.at_once(20, visit)) == 1


async def test_tokens_are_made_once_a_member_and_network(crowd: Crowd) -> None:
    compose = await composing(crowd.house, publish_date="2026-11-25")
    await crowd.house.with_member("ines")
    await crowd.hear([compose("key")])
    circle_id = await crowd.circle_id()

    def offer(tx: Transaction) -> None:
        post = posts.latest(CircleTransaction(tx, circle_id), 1)[0]
        ines = tx.execute(select(tables.member.c.person_id)).scalar_one()
        shares.offer(CircleTransaction(tx, circle_id), post.id, [(ines, network) for network in Network])

    await crowd.at_once(12, offer)
    assert await crowd.count(tables.share) == len(Network)


async def test_one_salt_a_day(crowd: Crowd) -> None:
    fresh = iter(f"salt-{n}" for n in range(99))
    salts = await crowd.at_once(12, lambda tx: shares.salt(tx, "2026-11-24", next(fresh)))
    assert len(set(salts)) == 1


async def composing(house: House, **values: str) -> Callable[[str], Submission]:
    """A draft of Camille's, and the form that makes a post of it, to be sent under any key."""
    await house.with_lead()
    await house.says("camille", "/cercle post https://example.org/alternants")
    await house.settle()
    form = asked(await house.presses("camille", OpenCompose, house.card("camille")))
    known = await house.database.read(lambda tx: circles.topics(CircleTransaction(tx, _only_circle(tx))))
    topic = known[0].id
    given = {"title": "Titre", "why": "Parce que.", "opening_1": "J’étais là.", "topic": topic, **values}
    answers = Answers({**filled(form), **given})
    camille = house.sender("camille")
    return lambda key: Submission(key, camille, pack(form.action), answers)


def _only_circle(tx: Transaction) -> str:
    found: str = tx.execute(select(tables.circle.c.id)).scalar_one()
    return found


async def test_of_leads_who_change_the_month_at_once_one_is_heard(crowd: Crowd) -> None:
    """Each saw the usual one; whoever comes second is told of the first."""
    await crowd.house.with_lead()
    leads = [persona.sender for persona in PEOPLE]
    await crowd.hear(Command(f"hello-{n}", sender, "help") for n, sender in enumerate(leads))
    role = tables.person.update().values(role=Role.LEAD)
    await crowd.house.database.transact(lambda tx: tx.execute(role))
    chosen = dict.fromkeys(Ritual, "2") | {"weekday": "3"}
    packed = pack(SaveRhythm(mark(USUAL)))
    sent = (
        Submission(f"key-{n}", sender, packed, Answers({**chosen, "at": f"1{n}:00"}))
        for n, sender in enumerate(leads)
    )
    replies = await crowd.hear(sent)
    assert len([reply for reply in replies if isinstance(reply, Say)]) == 1
    rows = await crowd.databases[0].read(lambda tx: tx.execute(select(tables.ritual.c.at).distinct()).all())
    assert len(rows) == 1


async def test_a_meeting_is_planned_and_told_once_by_many(crowd: Crowd) -> None:
    await crowd.house.with_lead()
    await crowd.house.with_member("ines")
    for span in (timedelta(0), timedelta(days=21), timedelta(days=27)):
        await crowd.tick(12, crowd.house.clock() + span)
    assert await crowd.count(tables.meeting) == 1
    assert await crowd.count(tables.message, kind=ANNOUNCEMENT.name) == 1
    assert await crowd.count(tables.message, kind=REMINDER.name) == 1


async def test_a_month_has_one_recap_by_many(crowd: Crowd) -> None:
    await crowd.house.with_lead()
    await crowd.house.with_member("ines")
    now = crowd.house.clock() + timedelta(days=28)

    def make(tx: Transaction) -> bool:
        (circle,) = circles.every(tx)
        return recap.make(Occasion(CircleTransaction(tx, circle.id), now, circle, ""))

    made = await crowd.at_once(12, make)
    assert sum(made) == 1
    assert await crowd.count(tables.recap) == 1
    assert await crowd.count(tables.message, kind=RECAP.name) == 1
