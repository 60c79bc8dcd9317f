"""Everything that happens by the clock, in one readable place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import structlog

from bot.domain.schedule import Schedule
from handlers import FEATURES
from handlers.board import jobs as board
from handlers.polls import jobs as polls
from handlers.posts import jobs as posts
from handlers.posts.jobs import ReadPage
from handlers.pulse import jobs as pulse
from handlers.rounds import jobs as rounds
from scheduler import recurring, slots
from scheduler.slots import Work
from storage import inbox, paces, replies, shares
from storage import slots as kept
from storage.engines.database import Database
from storage.transaction import Transaction

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Tools:
    """What jobs work with."""

    database: Database
    read_page: ReadPage
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    every: timedelta
    run: Callable[[Tools], Awaitable[object]]
    """As often as the engine ticks, be it in several processes: what is due stands in the tables."""


@dataclass(frozen=True, slots=True)
class Chore:
    """What is done for all circles together, once on each date of a schedule, by all processes together."""

    schedule: Schedule
    work: Work


async def tick(job: Job, tools: Tools) -> None:
    """One run; a failure is logged with the job's name, and the next tick tries again."""
    try:
        await job.run(tools)
    except Exception:
        log.exception("job.failed", job=job.name)


async def read_pages(tools: Tools) -> int:
    return await posts.read_pages(tools.database, tools.read_page, tools.now)


def what_is_due(work: Callable[[Transaction, datetime], int]) -> Callable[[Tools], Awaitable[int]]:
    """`work` in one transaction at each tick; it tells how much it did."""

    async def run(tools: Tools) -> int:
        return await tools.database.transact(lambda tx: work(tx, tools.now()))

    return run


async def do_chores(tools: Tools) -> int:
    return sum([await slots.keep(tools.database, c.schedule, c.work, tools.now) for c in CHORES])


async def keep_recurring(tools: Tools) -> int:
    return await recurring.keep(tools.database, RECURRING, tools.now)


def forget(tx: Transaction, now: datetime) -> None:
    """Keys of events that nobody sends again, salts that tie a hash to a person, paces long free."""
    inbox.forget(tx, now - timedelta(days=7))
    shares.forget_salts(tx, (now - timedelta(days=2)).date().isoformat())
    paces.forget(tx, now - timedelta(hours=1))
    kept.forget(tx, (now - timedelta(days=366)).date())


TIMETABLE: tuple[Job, ...] = (
    Job("read the pages behind new links", timedelta(seconds=1), read_pages),
    Job("publish what was planned", timedelta(seconds=5), what_is_due(posts.publish_due)),
    Job("close the posts that are over", timedelta(seconds=15), what_is_due(posts.close_due)),
    Job("close polls, and remind of them", timedelta(seconds=5), what_is_due(polls.keep_time)),
    Job("close the pulses that are over", timedelta(seconds=15), what_is_due(pulse.close_due)),
    Job("close the rounds that are over", timedelta(seconds=15), what_is_due(rounds.close_due)),
    Job("close what the circle was asked", timedelta(seconds=15), what_is_due(board.close_due)),
    Job("do the day's chores", timedelta(seconds=15), do_chores),
    Job("forget the answers that nobody fetched", timedelta(minutes=1), what_is_due(replies.forget)),
    Job("keep what recurs in circles", timedelta(seconds=15), keep_recurring),
)

CHORES: tuple[Chore, ...] = (Chore(Schedule("forget what need not be kept", time(3, 30)), forget),)

RECURRING = recurring.declared(FEATURES)
