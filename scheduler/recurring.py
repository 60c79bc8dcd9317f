"""What recurs in circles: the rows whose instant has come are looked at, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import assert_never

import structlog

from bot.context import Dated, Feature, Occasion, Recurring, Timed
from bot.domain.schedule import due, next_instant, since
from scheduler.slots import take
from storage import circles, recurring, slots
from storage.engines.database import Database
from storage.recurring import Key
from storage.transaction import CircleTransaction, Transaction

log = structlog.get_logger()

AT_ONCE = 100
"""Rows that are read together."""
AGAIN = timedelta(minutes=1)
"""How long what failed waits, so that it does not keep others from their turn."""

Declared = Mapping[str, Recurring]
"""What recurs, by its kind."""


def declared(features: Iterable[Feature]) -> Declared:
    """What the features declare, and the row that gives a circle those."""
    found = [each for feature in features for each in feature.recurring]
    in_each = [recurring.CIRCLE, *(each.kind for each in found if each.in_each_circle)]
    fill = Timed(recurring.CIRCLE, partial(_fill, kinds=in_each))
    return {each.kind: each for each in (fill, *found)}


def _fill(occasion: Occasion, kinds: Iterable[str]) -> None:
    recurring.add(occasion.tx, kinds, occasion.now)


async def begin(database: Database, known: Declared, now: datetime) -> None:
    """Have a row for whatever recurs in each circle: this version may know more than the one before it."""
    kinds = [each.kind for each in known.values() if each.in_each_circle]
    await database.transact(partial(recurring.add_everywhere, kinds=kinds, now=now))


async def keep(database: Database, known: Declared, now: Callable[[], datetime]) -> int:
    """Look at every row that is due, and return how many dates were kept. A row that stays due although no
    date was kept, by a mistake in its rule, waits for the next tick and stops no other row."""
    kept, going = 0, True
    seen: set[Key] = set()
    while going:
        keys = await database.read(partial(recurring.due, kinds=known, now=now(), limit=AT_ONCE))
        looked = [await _look(database, known, key, now) for key in keys]
        kept += sum(each for each in looked if each)
        going = any(looked) or not seen.issuperset(keys)
        seen.update(keys)
    return kept


async def _look(database: Database, known: Declared, key: Key, now: Callable[[], datetime]) -> int | None:
    """How many dates were kept; None where another process has the row. A failure concerns that row alone."""
    try:
        return await database.transact(partial(_turn, what=known[key.kind], key=key, now=now()))
    except Exception:
        log.exception("recurring.failed", kind=key.kind, circle=key.circle_id)
    await database.transact(partial(_postpone, key=key, now=now()))
    return 0


def _postpone(tx: Transaction, *, key: Key, now: datetime) -> None:
    recurring.set_next(CircleTransaction(tx, key.circle_id), key, now + AGAIN, now)


def _turn(tx: Transaction, *, what: Recurring, key: Key, now: datetime) -> int | None:
    """Hold the row, then read the circle: a change of the circle either came before and is seen, or waits for
    this transaction and has the row looked at again."""
    bound = CircleTransaction(tx, key.circle_id)
    if not recurring.hold(bound, key, now):
        return None
    match what:
        case Timed():
            kept, next_at = 0, what.work(_occasion(bound, key, now))
        case Dated():
            kept = _keep_dates(_occasion(bound, key, now), what)
            next_at = _next(_occasion(bound, key, now), what)
        case _:
            assert_never(what)
    if next_at is not None and next_at <= now:
        raise ValueError(f"the next instant of {key.kind} is not later than now")
    if next_at is None and key.subject_id:
        recurring.end(bound, key)
    else:
        recurring.set_next(bound, key, next_at, now)
    return kept


def _occasion(tx: CircleTransaction, key: Key, now: datetime) -> Occasion:
    return Occasion(tx, now, circles.circle(tx), key.subject_id)


def _keep_dates(occasion: Occasion, what: Dated) -> int:
    """Do what is due, and mark what is too late. Returns how many dates were kept."""
    schedule = what.schedule(occasion)
    if schedule is None:
        return 0
    tx, now = occasion.tx, occasion.now

    def work(_: Transaction, __: datetime) -> None:
        what.work(occasion)

    waiting = due(schedule, now, slots.taken(tx, schedule.name, since(schedule, now)))
    return sum(take(tx, schedule=schedule, slot=slot, work=work, now=now) for slot in waiting)


def _next(occasion: Occasion, what: Dated) -> datetime | None:
    """The rule is read anew: the work may have changed it."""
    schedule = what.schedule(occasion)
    return next_instant(schedule, occasion.now) if schedule else None
