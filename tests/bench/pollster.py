"""Ours with one poll in which many have voted, in a process of its own: what a vote more costs, and a look at
the counts."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from functools import partial
from itertools import count
from statistics import median

from sqlalchemy import select

from bot.app import Cercle, Clock
from bot.chat.action import Action, pack
from bot.chat.event import Click, Sender
from bot.context import Reading
from bot.domain.poll import POLL, Option
from bot.locales import Translator
from handlers.polls.cards import TakeBack, Vote
from handlers.polls.handlers import draw_poll
from storage import circles, messages, polls, tables
from storage.transaction import CircleTransaction, Transaction
from tests.bench import chats, crowd
from tests.bench.sender import SITE, bot, tuesday
from tests.bench.servers import seconds
from tests.bench.talk import Json, given, obey

PLACE = chats.place("nod", 0)
CHANNEL = f"nod:{PLACE}:C1"
ASKED = {"question": "Shall we meet on Thursdays?", "options": "Yes\nNo\nEvery second one"}


class Polling:
    def __init__(self, cercle: Cercle, now: Clock) -> None:
        self._cercle = cercle
        self._database = cercle.database
        self._now = now
        self._keys = count()

    async def obey(self, told: Json) -> Json:
        match told["do"]:
            case "start":
                await self._cercle.start(by_itself=False)
                return {}
            case "fill":
                await self._fill(told["votes"], told["members"])
                return {}
            case "vote":
                return {"seconds": await self._vote(told["after"], told["voters"])}
            case "draw":
                return {"seconds": await self._database.read(partial(self._draw, cards=told["cards"]))}
            case other:
                raise ValueError(other)

    # filling

    async def _fill(self, votes: int, members: int) -> None:
        """A poll in a channel, opened by the first member; so many of them voted."""
        users = chats.users(members)
        gather = partial(
            crowd.gather, platform="nod", place=PLACE, users=users, networks="linkedin", now=self._now()
        )
        await self._database.transact(gather)
        await crowd.ask(self._cercle.dispatch, _sender(users[0]), CHANNEL, **ASKED)
        await self._database.transact(partial(crowd.have_voted, users=users[:votes]))
        await self._cercle.pump.drain()

    # voting

    async def _vote(self, after: int, voters: int) -> float:
        """Seconds in which so many who come after the others vote, and take it back."""
        options = await self._database.read(_options)
        users = chats.users(after + voters)[after:]
        began = time.perf_counter()
        for does in (Vote, TakeBack):
            presses = (self._press(user, does(options[n % len(options)].id)) for n, user in enumerate(users))
            await asyncio.gather(*presses)
        return time.perf_counter() - began

    async def _press(self, user: str, action: Action) -> None:
        await self._cercle.dispatch(Click(str(next(self._keys)), _sender(user), pack(action), CHANNEL))

    # looking

    def _draw(self, tx: Transaction, cards: int) -> float:
        """Seconds for the card in the channel, the median of so many."""
        poll, m = crowd.poll(tx), tables.message.c
        its = (m.subject_id == poll.id, m.kind == POLL.name)
        bound = CircleTransaction(tx, poll.circle_id)
        message = messages.load(bound, tx.execute(select(m.id).where(*its)).scalar_one())
        assert message is not None
        circle = circles.circle(bound)
        t = Translator(circle.language, circle.zone)
        reading = Reading(bound, self._now(), circle, t, SITE, message, None, None)
        return median(seconds(partial(draw_poll, replace(reading, known={}))) for _ in range(cards))


def _options(tx: Transaction) -> tuple[Option, ...]:
    poll = crowd.poll(tx)
    return polls.options(CircleTransaction(tx, poll.circle_id), poll)


def _sender(user: str) -> Sender:
    return Sender("nod", PLACE, user, user.title(), "en-GB", "UTC")


async def main(told: Json) -> None:
    now = tuesday(told["began"])
    async with bot(told, now) as cercle:
        await obey(Polling(cercle, now).obey)


if __name__ == "__main__":
    asyncio.run(main(given()))
