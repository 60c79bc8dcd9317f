"""Everything that happens by the clock, in one readable place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial

import structlog

from handlers.content import jobs as content
from handlers.content.jobs import ReadPage
from scheduler import slots
from scheduler.slots import Schedule, Work
from storage import inbox, paces, shares
from storage import slots as kept
from storage.database import Database, Transaction

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
class Daily:
    """Once on each local date, in all processes together. `work` changes the database and nothing else."""

    schedule: Schedule
    work: Work


async def tick(job: Job, tools: Tools) -> None:
    """One run; a failure is logged with the job's name, and the next tick tries again."""
    try:
        await job.run(tools)
    except Exception:
        log.exception("job.failed", job=job.name)


async def read_pages(tools: Tools) -> int:
    return await content.read_pages(tools.database, tools.read_page, tools.now)


async def publish_planned(tools: Tools) -> int:
    return await tools.database.transact(partial(content.publish_due, now=tools.now()))


async def keep_dates(tools: Tools) -> int:
    kept_now = [await slots.keep(tools.database, daily.schedule, daily.work, tools.now) for daily in DAILY]
    return sum(kept_now)


def forget(tx: Transaction, now: datetime) -> None:
    """Keys of events that nobody sends again, salts that tie a hash to a person, paces long free."""
    inbox.forget(tx, now - timedelta(days=7))
    shares.forget_salts(tx, (now - timedelta(days=2)).date().isoformat())
    paces.forget(tx, now - timedelta(hours=1))
    kept.forget(tx, (now - timedelta(days=366)).date())


TIMETABLE: tuple[Job, ...] = (
    Job("read the pages behind new links", timedelta(seconds=1), read_pages),
    Job("publish what was planned", timedelta(seconds=5), publish_planned),
    Job("keep the day's dates", timedelta(seconds=15), keep_dates),
)

DAILY: tuple[Daily, ...] = (Daily(Schedule("forget what need not be kept", time(3, 30)), forget),)
