"""What recurs, once on each local date: whatever the number of processes, whatever the clocks do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

import structlog

from bot.crash import crash
from bot.domain.schedule import Schedule, Slot, due, since
from storage import slots
from storage.engines.database import Database
from storage.transaction import Transaction

log = structlog.get_logger()

Work = Callable[[Transaction, datetime], object]
"""Changes the database and nothing else."""


async def keep(database: Database, schedule: Schedule, work: Work, now: Callable[[], datetime]) -> int:
    """Do what is due, each slot in the transaction that takes it, so that of any number of processes one does
    it, and whatever fails is due again. Tells how many this one did."""
    done = 0
    for slot in await database.transact(partial(_due, schedule=schedule, now=now())):
        done += await database.transact(partial(take, schedule=schedule, slot=slot, work=work, now=now()))
    return done


def _due(tx: Transaction, *, schedule: Schedule, now: datetime) -> list[Slot]:
    return due(schedule, now, slots.taken(tx, schedule.name, since(schedule, now)))


def take(tx: Transaction, *, schedule: Schedule, slot: Slot, work: Work, now: datetime) -> bool:
    """Do the work of that slot, or mark the slot as skipped if it is too late. Returns whether the work was
    done: another process may have taken the slot."""
    if not slots.win(tx, schedule.name, slot.local_date, now, skipped=slot.late):
        return False
    if slot.late:
        log.warning("slot.skipped", schedule=schedule.name, date=slot.local_date.isoformat())
        return False
    crash("slots.won")
    work(tx, now)
    crash("slots.worked")
    return True
