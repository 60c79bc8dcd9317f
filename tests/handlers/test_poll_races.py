"""Many at the same moment, in as many processes as the database allows: each vote is counted once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from functools import partial

import pytest
from sqlalchemy import func, select

from bot.chat.action import Action, pack
from bot.chat.event import Click, Sender, Submission
from bot.chat.form import Answers
from bot.chat.reply import Say
from bot.domain.poll import Poll
from handlers.polls import jobs
from handlers.polls.cards import AddOption, TakeBack, Vote
from storage import polls, tables
from storage.engines.connect import connect, is_file
from storage.transaction import CircleTransaction, Transaction
from tests.databases import SEAL
from tests.house import House, asked, said
from tests.test_races import Crowd

GENERAL = "playground:playground:#general"


@pytest.fixture
async def crowd(house: House) -> AsyncIterator[Crowd]:
    others = [] if is_file(house.url) else [connect(house.url, SEAL)]
    for other in others:
        other.open()
    await house.with_member("ines")
    yield Crowd(house, [house.database, *others])
    for other in others:
        other.close()


async def opened(crowd: Crowd, *rules: str) -> tuple[Poll, list[str]]:
    form = asked(await crowd.house.says("ines", "/cercle poll", GENERAL))
    await crowd.house.submits("ines", form, question="?", options="a\nb\nc", rules=rules)
    return await crowd.house.database.read(_poll)


def _poll(tx: Transaction) -> tuple[Poll, list[str]]:
    p = tables.poll.c
    circle_id, poll_id = tx.execute(select(p.circle_id, p.id)).one()
    circle = CircleTransaction(tx, circle_id)
    poll = polls.load(circle, poll_id)
    assert poll
    return poll, [option.id for option in polls.options(circle, poll)]


def click(key: int, user: str, action: Action) -> Click:
    sender = Sender("playground", "playground", user, user, "fr-FR", "Europe/Paris")
    return Click(f"key-{key}", sender, pack(action), GENERAL)


def counted(tx: Transaction) -> tuple[int, int, list[int]]:
    """The people that the counter tells, those that counting gives, and the votes that a signed poll has by
    its counters, which have to be those of its rows."""
    poll, options = _poll(tx)
    b, v = tables.ballot.c, tables.vote.c
    found = Counter(tx.execute(select(v.option_id)).scalars())
    people = tx.execute(select(func.count(v.voter.distinct()))).scalar_one()
    people += tx.execute(select(func.count()).where(b.subject_id == poll.id)).scalar_one()
    votes = [option.votes for option in polls.options(CircleTransaction(tx, poll.circle_id), poll)]
    assert poll.closed_at or votes == [found[option] for option in options]
    return poll.voters, people, votes


SECRET, SIGNED = ("anonymous",), ("live",)


@pytest.mark.parametrize("rules", [SECRET, ("many",), ("many", "anonymous"), SIGNED])
async def test_one_person_who_clicks_everywhere_at_once(crowd: Crowd, rules: tuple[str, ...]) -> None:
    _, options = await opened(crowd, *rules)
    await crowd.hear([click(0, "hugo", Vote(options[0]))])
    acts = [(TakeBack if n % 7 == 6 else Vote)(options[n % 3]) for n in range(1, 41)]
    await crowd.hear(click(n, "hugo", act) for n, act in enumerate(acts, 1))
    voters, people, votes = await crowd.house.database.read(counted)
    assert voters == people <= 1
    assert sum(votes) <= (3 if "many" in rules else 1)


@pytest.mark.parametrize("rules", [SECRET, SIGNED])
async def test_forty_people_at_once_are_forty_votes(crowd: Crowd, rules: tuple[str, ...]) -> None:
    _, options = await opened(crowd, *rules)
    await crowd.hear(click(n, f"u{n % 40}", Vote(options[n % 40 % 3])) for n in range(120))
    voters, people, _ = await crowd.house.database.read(counted)
    assert voters == people == 40
    crowd.house.clock.pass_(days=7)
    await crowd.house.settle()
    voters, people, votes = await crowd.house.database.read(counted)
    assert votes == [14, 13, 13]
    assert (voters, people) == (40, 40 if rules == SIGNED else 0)


@pytest.mark.parametrize("rules", [SECRET, SIGNED])
async def test_what_was_answered_with_a_choice_is_in_the_count_when_it_closes(
    crowd: Crowd, rules: tuple[str, ...]
) -> None:
    """Votes and the closing at the same moment: each vote is counted, or its sender is told it came late."""
    poll, options = await opened(crowd, *rules)
    crowd.house.clock.now = poll.closes_at
    database = crowd.databases[-1]
    before = crowd.house.clock.now.replace(year=2025)
    for dispatcher in crowd.dispatchers:
        dispatcher._now = lambda: before
    close = partial(jobs.keep_time, now=crowd.house.clock())
    await crowd.hear(click(n, f"early {n}", Vote(options[0])) for n in range(5))
    voting = crowd.hear(click(n, f"u{n}", Vote(options[0])) for n in range(5, 65))
    replies, *_ = await asyncio.gather(voting, *(database.transact(close) for _ in range(4)))
    taken = [reply for reply in replies if isinstance(reply, Say) and "Votre choix" in said(reply)]
    assert all("est clos" in said(reply) for reply in replies if reply not in taken)
    voters, people, votes = await crowd.house.database.read(counted)
    assert votes == [5 + len(taken), 0, 0]
    assert voters == 5 + len(taken)
    assert people == (voters if rules == SIGNED else 0)


async def test_an_option_added_by_eight_at_once_is_there_once(crowd: Crowd) -> None:
    poll, _ = await opened(crowd, "live", "open_options")
    answers = Answers({"options": "Plus tard"})
    sends = [click(n, f"u{n}", AddOption(poll.id)) for n in range(8)]
    await crowd.hear(Submission(one.key, one.sender, one.action, answers) for one in sends)
    assert await crowd.count(tables.poll_option) == 4
