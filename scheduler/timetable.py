"""Everything that happens by the clock, in one readable place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from handlers.content import jobs as content
from handlers.content.jobs import ReadPage
from storage import inbox, messages, shares
from storage.database import Database, Transaction


@dataclass(frozen=True, slots=True)
class Tools:
    """What jobs work with. `rung` is called when one may have made a message due."""

    database: Database
    read_page: ReadPage
    now: Callable[[], datetime]
    rung: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    every: timedelta
    run: Callable[[Tools], Awaitable[object]]


async def read_pages(tools: Tools) -> int:
    done = await content.read_pages(tools.database, tools.read_page, tools.now)
    if done:
        tools.rung()
    return done


async def publish_planned(tools: Tools) -> int:
    done = await tools.database.transact(partial(content.publish_due, now=tools.now()))
    if done:
        tools.rung()
    return done


async def forget(tools: Tools) -> None:
    await tools.database.transact(partial(_forget, now=tools.now()))


def _forget(tx: Transaction, now: datetime) -> None:
    """Keys of events that nobody sends again, salts that tie a hash to a person, paces long free."""
    inbox.forget(tx, now - timedelta(days=7))
    shares.forget_salts(tx, (now - timedelta(days=2)).date().isoformat())
    messages.forget_buckets(tx, now - timedelta(hours=1))


TIMETABLE: tuple[Job, ...] = (
    Job("read the pages behind new links", timedelta(seconds=1), read_pages),
    Job("publish what was planned", timedelta(seconds=5), publish_planned),
    Job("forget what need not be kept", timedelta(hours=1), forget),
)
