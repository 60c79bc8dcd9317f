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
from storage.database import connect, is_file
from storage.transaction import CircleTransaction, Transaction
from tests.house import House, asked, said
from tests.test_races import Crowd

GENERAL = "playground:playground:#general"


@pytest.fixture
async def crowd(house: House) -> AsyncIterator[Crowd]:
    others = [] if is_file(house.url) else [connect(house.url)]
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


def counted(tx: Transaction) -> tuple[list[int], int, list[int], int]:
    """The counters, and what counting gives."""
    poll, options = _poll(tx)
    v = tables.vote.c
    found = Counter(tx.execute(select(v.option_id)).scalars())
    voters = tx.execute(select(func.count(v.voter.distinct()))).scalar_one()
    votes = [option.votes for option in polls.options(CircleTransaction(tx, poll.circle_id), poll)]
    return votes, poll.voters, [found[option] for option in options], voters


@pytest.mark.parametrize("rules", [("anonymous", "live"), ("many",)])
async def test_one_person_who_clicks_everywhere_at_once(crowd: Crowd, rules: tuple[str, ...]) -> None:
    _, options = await opened(crowd, *rules)
    await crowd.hear([click(0, "hugo", Vote(options[0]))])
    acts = [(TakeBack if n % 7 == 6 else Vote)(options[n % 3]) for n in range(1, 41)]
    await crowd.hear(click(n, "hugo", act) for n, act in enumerate(acts, 1))
    votes, voters, found, people = await crowd.house.database.read(counted)
    assert (votes, voters) == (found, people)
    assert sum(votes) <= (3 if "many" in rules else 1)


async def test_forty_people_at_once_are_forty_votes(crowd: Crowd) -> None:
    _, options = await opened(crowd, "anonymous")
    await crowd.hear(click(n, f"u{n % 40}", Vote(options[n % 40 % 3])) for n in range(120))
    votes, voters, found, people = await crowd.house.database.read(counted)
    assert votes == found == [14, 13, 13]
    assert voters == people == 40


async def test_what_was_answered_with_a_choice_is_in_the_count_when_it_closes(crowd: Crowd) -> None:
    """Votes and the closing at the same moment: each vote is counted, or its sender is told it came late."""
    poll, options = await opened(crowd, "anonymous")
    crowd.house.clock.now = poll.closes_at
    database = crowd.databases[-1]
    before = crowd.house.clock.now.replace(year=2025)
    for dispatcher in crowd.dispatchers:
        dispatcher._now = lambda: before
    close = partial(jobs.keep_time, now=crowd.house.clock())
    voting = crowd.hear(click(n, f"u{n}", Vote(options[0])) for n in range(60))
    replies, *_ = await asyncio.gather(voting, *(database.transact(close) for _ in range(4)))
    taken = [reply for reply in replies if isinstance(reply, Say) and "Votre choix" in said(reply)]
    assert all("est clos" in said(reply) for reply in replies if reply not in taken)
    votes, voters, found, _ = await crowd.house.database.read(counted)
    assert votes == [len(taken), 0, 0]
    assert voters == len(taken)
    assert found == [0, 0, 0]


async def test_an_option_added_by_eight_at_once_is_there_once(crowd: Crowd) -> None:
    poll, _ = await opened(crowd, "live", "open_options")
    answers = Answers({"options": "Plus tard"})
    sends = [click(n, f"u{n}", AddOption(poll.id)) for n in range(8)]
    await crowd.hear(Submission(one.key, one.sender, one.action, answers) for one in sends)
    assert await crowd.count(tables.poll_option) == 4
