"""Ours: the whole bot with a database behind it and one chat in front, in a process of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import uvloop
from sqlalchemy import insert, select

from bot import logs
from bot.app import DRAWINGS, Cercle, Chat, Clock
from bot.chat.action import pack
from bot.chat.event import Sender, Submission
from bot.chat.form import Answers
from bot.chat.messenger import Limit
from bot.chat.reply import Say
from bot.clients.http import GuardedClient
from bot.domain.message import PRIORITIES, State
from bot.serving import spare
from handlers.posts.cards import Compose
from scheduler.pump import Pump
from storage import tables
from storage.engines.connect import connect
from storage.notebook import Notebook
from storage.seal import Seal
from storage.transaction import Transaction
from tests.bench import chats, crowd
from tests.bench.crowd import Crowd
from tests.bench.talk import Json, given, obey

SITE = "http://127.0.0.1:8000"
TUESDAY = datetime(2026, 11, 24, 10, tzinfo=UTC)
"""In everybody's working time, on whatever day the bench runs."""
SECRET = "s" * 32
LOOK_EVERY = 0.01
ONE_A_DAY = 1 / 86_400


def tuesday(began: float) -> Clock:
    """A clock that showed ten on a Tuesday at `began`, in seconds since 1970: the same for all processes."""
    return lambda: TUESDAY + timedelta(seconds=time.time() - began)


class Sending:
    def __init__(self, cercle: Cercle, told: Json, now: Clock) -> None:
        (self._chat,) = cercle.platforms
        self._cercle = cercle
        self._database = cercle.database
        self._port: int = told["port"]
        self._networks: str = told["networks"]
        self._now = now
        self._crowds: list[Crowd] = []

    async def obey(self, told: Json) -> Json:
        match told["do"]:
            case "start":
                await self._cercle.start(by_itself=told["by_itself"])
                spare()
                return {}
            case "gather":
                return await self._gather(told["workspaces"], told["members"])
            case "publish":
                return {"waiting": await self._publish(told["author"]), "at": time.time()}
            case "drained":
                return {"at": await self._drained()}
            case "slice":
                return {"seconds": await self._slice(told["cards"])}
            case "accept":
                return {"seconds": await self._accept()}
            case other:
                raise ValueError(other)

    # filling

    async def _gather(self, workspaces: int, members: int) -> Json:
        """Circles of so many, all of whom have been written to before."""
        for number in range(workspaces):
            place, users = chats.place(self._chat.name, number), chats.users(members)
            self._crowds.append(await self._database.transact(partial(self._meet, place=place, users=users)))
        return {}

    def _meet(self, tx: Transaction, place: str, users: list[str]) -> Crowd:
        name = self._chat.name
        if met := chats.met(name, place, [crowd.LEAD, *users], self._port):
            tx.execute(insert(tables.notebook), met)
        return crowd.gather(tx, name, place, users, self._networks, self._now())

    async def _publish(self, author: bool) -> int:
        """A post in each circle, with the card of its `author` or without."""
        publish = crowd.publish_and_tell if author else crowd.publish
        works = [partial(publish, crowd=one, now=self._now()) for one in self._crowds]
        return sum([await self._database.transact(work) for work in works])

    # sending

    async def _drained(self) -> float:
        """When all that waits was written down as standing there."""
        while await self._database.read(_some_are_missing):
            await asyncio.sleep(LOOK_EVERY)
        return time.time()

    async def _slice(self, cards: int) -> float:
        """Seconds for so many of those that wait, which then wait again: the pace stops the pump there."""
        assert isinstance(self._chat, chats.Nodding)
        self._chat.pace = replace(chats.FREE, send=Limit(ONE_A_DAY, burst=cards))
        pump = Pump(self._database, [self._chat], DRAWINGS, SITE, self._now)
        began = time.perf_counter()
        sent = await pump.drain()
        took = time.perf_counter() - began
        assert sent >= cards, sent
        await self._database.transact(crowd.unsend)
        return took

    # accepting

    async def _accept(self) -> float:
        """Seconds from the submission of a post to its commit, a row for each member included."""
        of = self._crowds[0]
        draft = await self._database.transact(partial(self._read_link, of=of))
        lead = Sender(self._chat.name, chats.place(self._chat.name, 0), crowd.LEAD, "Lead", "en-GB", "UTC")
        form = Answers(crowd.composed(of.topic, self._now()))
        event = Submission(f"compose-{draft}", lead, pack(Compose(draft)), form)
        began = time.perf_counter()
        answer = await self._cercle.dispatch(event)
        took = time.perf_counter() - began
        assert isinstance(answer.reply, Say), answer.reply
        return took

    def _read_link(self, tx: Transaction, of: Crowd) -> str:
        return crowd.read_link(tx, of, self._now())


_m = tables.message.c
_missing = [
    select(_m.id).where(which).limit(1)
    for which in ((_m.state == State.WAITING) & (_m.priority < PRIORITIES), _m.state == State.SENDING)
]


def _some_are_missing(tx: Transaction) -> bool:
    """Not to be asked while cards leave: to find the last of thousands costs PostgreSQL more than they do."""
    return any(tx.execute(query).first() for query in _missing)


def chat(notebook: Notebook, told: Json, now: Clock) -> Chat:
    port, pace = told["port"], chats.FREE if told["free"] else None
    match told["chat"]:
        case "slack":
            return chats.slack(notebook, port, pace)
        case "teams":
            return chats.teams(notebook, port, pace, now)
        case "nod":
            return chats.Nodding()
        case other:
            raise ValueError(other)


@asynccontextmanager
async def bot(told: Json, now: Clock) -> AsyncIterator[Cercle]:
    """Not started."""
    logs.configure("WARNING")
    cercle = Cercle(
        connect(told["url"], Seal.of_secret(SECRET)),
        SITE,
        connect=lambda _, notebook: [chat(notebook, told, now)],
        client=GuardedClient(),
        secret=SECRET,
        now=now,
    )
    try:
        yield cercle
    finally:
        await cercle.hush()
        await cercle.stop()


async def main(told: Json) -> None:
    now = tuesday(told["began"])
    async with bot(told, now) as cercle:
        await obey(Sending(cercle, told, now).obey)


if __name__ == "__main__":
    uvloop.run(main(given()))
