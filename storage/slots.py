"""Which recurring thing was done on which local date. The key is unique: of any number, one wins."""

from __future__ import annotations

from datetime import date, datetime
from itertools import groupby

from sqlalchemy import bindparam, select

from bot.domain.story import Missed
from storage import tables
from storage.rows import insert_new
from storage.transaction import CircleTransaction, Transaction

_s = tables.slot.c

DONE, SKIPPED = "done", "skipped"


def win(tx: Transaction, schedule: str, local_date: date, now: datetime, *, skipped: bool = False) -> bool:
    """Take that day of that schedule; False if somebody has it. Two at the same instant: the second waits for
    the first one's commit, and wins if there is none."""
    values = {
        "schedule": schedule,
        "local_date": local_date,
        "state": SKIPPED if skipped else DONE,
        "at": now,
    }
    return insert_new(tx, tables.slot, values)


_taken = select(_s.local_date).where(_s.schedule == bindparam("of"), _s.local_date >= bindparam("since"))


def taken(tx: Transaction, schedule: str, since: date) -> frozenset[date]:
    return frozenset(tx.execute(_taken, {"of": schedule, "since": since}).scalars())


def skipped(tx: CircleTransaction, since: date) -> list[Missed]:
    """What was not done in time, from that date on, for that circle and for all: a schedule of one circle
    has the circle's id at the end of its name, after a colon."""
    ours = _s.schedule.not_like("%:%") | _s.schedule.like(f"%:{_like(tx.circle_id)}", escape="!")
    rows = tx.execute(
        select(_s.schedule, _s.local_date)
        .where(_s.state == SKIPPED, _s.local_date >= since, ours)
        .order_by(_s.schedule, _s.local_date)
    ).all()
    return [
        Missed(name, tuple(row.local_date for row in of_it))
        for name, of_it in groupby(rows, key=lambda row: str(row.schedule))
    ]


def _like(text: str) -> str:
    return text.replace("_", "!_")


def forget(tx: Transaction, before: date) -> None:
    tx.execute(tables.slot.delete().where(_s.local_date < before))
